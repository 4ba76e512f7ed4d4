"""Vidu's endpoints for pictures: what they accept and refuse, answer and cost.

The rules are those of docs/wire.md, 2.4, 2.5 and 2.11.
"""

from io import BytesIO
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import download
from tests.sandbox.orders import LONG, query_task
from tests.sandbox.stills import still
from tests.sandbox.test_vidu_errors import assert_refused, balance

WIDE, TALL = still(320, 180), still(180, 320)
START, PAIR, REFERENCE = "img2video", "start-end2video", "reference2video"
MODELS = {START: "viduq2-pro", PAIR: "viduq2-pro", REFERENCE: "viduq2"}
IMAGES = {START: [WIDE], PAIR: [WIDE, WIDE], REFERENCE: [WIDE, TALL]}


def post(client: httpx.Client, kind: str, **fields: Any) -> httpx.Response:
    """A good order with some fields set otherwise; None takes a field away."""
    order = {"model": MODELS[kind], "images": IMAGES[kind], "prompt": "A lamp"} | fields
    body = {name: value for name, value in order.items() if value is not None}
    return client.post(f"/ent/v2/{kind}", json=body)


def accepted(client: httpx.Client, kind: str, **fields: Any) -> dict[str, Any]:
    response = post(client, kind, **fields)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def subject(name: str = "vase", count: int = 1, **fields: Any) -> dict[str, Any]:
    return {"name": name, "images": [WIDE] * count} | fields


# An order by its endpoint and fields, and the reason of its refusal; None where it is accepted.
ORDERS: list[tuple[str, dict[str, Any], str | None]] = [
    (START, {"images": None}, "FieldLacking"),
    (START, {"images": []}, "FieldItemCountOutOfRange"),
    (START, {"images": [WIDE, WIDE]}, "FieldItemCountOutOfRange"),
    (START, {"images": WIDE}, "FieldInvalid"),
    (START, {"images": [7]}, "FieldInvalid"),
    (START, {"model": "viduq2"}, "FieldInvalid"),
    (START, {"aspect_ratio": "16:9"}, "FieldUnwanted"),
    (START, {"style": "general"}, "FieldUnwanted"),
    (START, {"subjects": []}, "FieldUnwanted"),
    (START, {"model": "vidu2.0", "duration": 5}, "FieldInvalid"),
    (START, {"model": "vidu2.0", "duration": 8, "resolution": "360p"}, "FieldInvalid"),
    (START, {"model": "viduq2-pro-fast", "resolution": "540p"}, "FieldInvalid"),
    (START, {"is_rec": 1}, "FieldInvalid"),
    (START, {"off_peak": True, "audio": True}, "FieldInvalid"),
    (START, {"audio_type": "music"}, "FieldInvalid"),
    (START, {"wm_position": "3"}, "FieldInvalid"),
    (START, {"wm_url": "a picture"}, "FieldInvalid"),
    (START, {"meta_data": "{"}, "FieldInvalid"),
    (START, {"payload": "x" * 1_048_577}, "FieldInvalid"),
    (PAIR, {"images": [WIDE]}, "FieldItemCountOutOfRange"),
    (PAIR, {"images": [WIDE, still(320, 220)]}, None),
    (PAIR, {"images": [WIDE, still(320, 230)]}, "PageSizeOutOfRange"),
    (PAIR, {"model": "viduq3-pro-fast"}, "FieldInvalid"),
    (PAIR, {"duration": 9}, "FieldInvalid"),
    (PAIR, {"audio": True}, "FieldInvalid"),
    (PAIR, {"aspect_ratio": "16:9"}, "FieldUnwanted"),
    (REFERENCE, {"images": None}, "FieldLacking"),
    (REFERENCE, {"prompt": None}, "FieldLacking"),
    (REFERENCE, {"images": [WIDE] * 8}, "FieldItemCountOutOfRange"),
    (REFERENCE, {"images": [still(127, 200)]}, "PageSizeOutOfRange"),
    (REFERENCE, {"is_rec": True}, "FieldUnwanted"),
    (REFERENCE, {"videos": []}, "FieldUnwanted"),
    (REFERENCE, {"model": "viduq3-pro"}, "FieldInvalid"),
    (REFERENCE, {"model": "viduq3", "duration": 2}, "FieldInvalid"),
    (REFERENCE, {"model": "viduq1", "aspect_ratio": "4:3"}, "FieldInvalid"),
    (REFERENCE, {"model": "viduq3-turbo", "off_peak": True, "audio": False}, "FieldInvalid"),
    (REFERENCE, {"model": "viduq3-turbo", "off_peak": True}, None),
    (REFERENCE, {"model": "viduq3-mix", "off_peak": True}, "FieldInvalid"),
    (REFERENCE, {"model": "viduq3-mix", "off_peak": True, "audio": False}, "FieldInvalid"),
    (REFERENCE, {"model": "viduq3-drama", "aspect_ratio": "1:1"}, "FieldInvalid"),
    (REFERENCE, {"model": "vidu2.0", "images": [WIDE] * 4}, "FieldItemCountOutOfRange"),
    (REFERENCE, {"audio": True}, "FieldInvalid"),
    (REFERENCE, {"images": None, "subjects": [subject()], "audio": True}, None),
    (REFERENCE, {"images": None, "subjects": [{"id": "2", "images": [WIDE]}]}, "FieldLacking"),
    (
        REFERENCE,
        {"model": "viduq2-pro", "images": None, "subjects": [subject()]},
        "FieldUnwanted",
    ),
    (REFERENCE, {"subjects": [subject()]}, "FieldUnwanted"),
    (REFERENCE, {"images": None, "subjects": []}, "FieldItemCountOutOfRange"),
    (REFERENCE, {"images": None, "subjects": [subject(count=4)]}, "FieldItemCountOutOfRange"),
    (REFERENCE, {"images": None, "subjects": [subject(count=0)]}, "FieldItemCountOutOfRange"),
    (
        REFERENCE,
        {"images": None, "subjects": [subject(name, 3) for name in "abc"]},
        "FieldItemCountOutOfRange",
    ),
    (REFERENCE, {"images": None, "subjects": [subject(), subject()]}, "FieldInvalid"),
    (REFERENCE, {"images": None, "subjects": ["vase"]}, "FieldInvalid"),
    (REFERENCE, {"images": None, "subjects": [{"images": [WIDE]}]}, "FieldLacking"),
    (REFERENCE, {"images": None, "subjects": [{"name": "vase"}]}, "FieldLacking"),
    (REFERENCE, {"images": None, "subjects": [subject(colour="red")]}, "FieldUnwanted"),
    (
        REFERENCE,
        {"model": "viduq3-mix", "images": None, "subjects": [subject()]},
        "FieldUnwanted",
    ),
]

UNUSABLE_IMAGES = [
    ("http://127.0.0.1:9/nobody.png", "ImageDownloadFailure"),
    ("data:image/gif;base64,R0lGODlhAQABAAAAACw=", "ImageFormatInvalid"),
    (still(500, 100), "PageSizeOutOfRange"),
]

CREDITS: list[tuple[str, dict[str, Any], int]] = [
    (START, {}, 55),
    (START, {"resolution": "1080p", "duration": 2}, 70),
    (START, {"resolution": "540p", "duration": 1}, 8),
    (START, {"resolution": "540p", "duration": 3}, 15),
    (START, {"is_rec": True}, 65),
    (START, {"is_rec": True, "off_peak": True}, 33),
    (START, {"model": "viduq2-turbo"}, 40),
    (START, {"model": "viduq2-turbo", "duration": 1}, 8),
    (START, {"model": "vidu2.0"}, 20),
    (START, {"model": "vidu2.0", "duration": 8}, 100),
    (START, {"model": "viduq1"}, 80),
    (START, {"audio": True}, 70),
    (START, {"model": "viduq1", "audio": True}, 80),
    (START, {"model": "viduq2-pro-fast"}, 16),
    (START, {"model": "viduq3-pro-fast", "resolution": "1080p"}, 125),
    (PAIR, {"model": "viduq3-pro", "resolution": "1080p"}, 120),
    (PAIR, {"model": "viduq3-pro", "off_peak": True, "resolution": "540p"}, 25),
    (PAIR, {"model": "viduq3-pro", "off_peak": True, "is_rec": True}, 60),
    (REFERENCE, {}, 45),
    (REFERENCE, {"resolution": "1080p", "duration": 10}, 165),
    (REFERENCE, {"model": "viduq3", "duration": 3}, 36),
    (REFERENCE, {"model": "viduq3-turbo", "resolution": "540p"}, 20),
    (REFERENCE, {"model": "viduq3-mix", "duration": 1}, 24),
    (REFERENCE, {"model": "viduq3-drama"}, 100),
    (REFERENCE, {"model": "viduq2-pro", "resolution": "1080p"}, 125),
    (REFERENCE, {"images": None, "subjects": [subject()], "audio": True}, 60),
    (REFERENCE, {"model": "vidu2.0"}, 80),
]


@pytest.mark.parametrize(
    ("kind", "type_"),
    [(START, "img2video"), (PAIR, "headtailimg2video"), (REFERENCE, "character2video")],
)
def test_a_clip_from_pictures_is_made(
    sandbox: Sandbox, client: httpx.Client, kind: str, type_: str
) -> None:
    reply = accepted(client, kind, payload="job-17")
    assert (reply["type"], reply["state"], reply["payload"]) == (type_, "created", "job-17")
    sandbox.advance(LONG)
    body = query_task(client, reply["task_id"])
    assert (body["state"], body["type"]) == ("success", type_)
    with av.open(BytesIO(download(body["creations"][0]["url"]).content), "r") as container:
        assert container.streams.video[0].width == 160


def test_a_clip_from_a_picture_has_the_shape_of_the_picture(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    reply = accepted(client, START, images=[TALL])
    assert reply["aspect_ratio"] == ""
    sandbox.advance(LONG)
    creation = query_task(client, reply["task_id"])["creations"][0]
    assert creation["video"]["resolution"] == {"width": 720, "height": 1280}
    assert Image.open(BytesIO(download(creation["cover_url"]).content)).size == (90, 160)


def test_a_reply_names_pictures_by_their_addresses_and_data_by_nothing(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    first = accepted(client, START)["task_id"]
    sandbox.advance(LONG)
    cover = query_task(client, first)["creations"][0]["cover_url"]
    reply = accepted(client, PAIR, images=[cover, still(160, 90)])
    assert reply["images"] == [cover, ""]
    rows = client.get("/ent/v2/tasks").json()["tasks"]
    assert rows[0]["images"] == [cover, ""]


def test_a_reply_names_subjects_as_they_were_ordered(client: httpx.Client) -> None:
    subjects = [subject("vase", 2, voice_id="calm"), subject("lamp") | {"images": [TALL]}]
    reply = accepted(client, REFERENCE, images=None, subjects=subjects)
    assert reply["images"] == []
    assert reply["subjects"] == [
        {"name": "vase", "images": ["", ""], "voice_id": "calm"},
        {"name": "lamp", "images": [""]},
    ]


def test_a_video_of_its_own_length_is_five_seconds_long(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    reply = accepted(client, REFERENCE, model="viduq2-pro", duration=0)
    assert (reply["duration"], reply["credits"]) == (0, 50)
    sandbox.advance(LONG)
    assert query_task(client, reply["task_id"])["creations"][0]["video"]["duration"] == 5


@pytest.mark.parametrize(("is_rec", "clips"), [(True, 1), (False, 2)])
def test_a_prompt_is_ignored_when_the_system_writes_its_own(
    sandbox: Sandbox, client: httpx.Client, is_rec: bool, clips: int
) -> None:
    replies = [
        accepted(client, START, prompt=prompt, is_rec=is_rec, seed=7) for prompt in ("A", "B")
    ]
    sandbox.advance(LONG)
    urls = [query_task(client, reply["task_id"])["creations"][0]["url"] for reply in replies]
    assert len({download(url).content for url in urls}) == clips


def test_an_order_with_pictures_keeps_the_rules_of_its_endpoint(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    accepted_count = 0
    for kind, fields, reason in ORDERS:
        with case((kind, fields)):
            response = post(client, kind, **fields)
            if reason is None:
                assert response.status_code == 200, response.text
                accepted_count += 1
            else:
                assert_refused(response, 400, reason)
            assert sandbox.counts.creates == accepted_count


def test_a_picture_that_cannot_be_used_is_refused(client: httpx.Client) -> None:
    for kind in (START, PAIR, REFERENCE):
        for image, reason in UNUSABLE_IMAGES:
            with case((kind, reason)):
                images = [image] * len(IMAGES[kind])
                assert_refused(post(client, kind, images=images), 400, reason)


def test_text2video_has_no_pictures(client: httpx.Client) -> None:
    for field in ("images", "subjects"):
        body = {"model": "viduq3-pro", "prompt": "x", field: [WIDE]}
        with case(field):
            assert_refused(client.post("/ent/v2/text2video", json=body), 400, "FieldUnwanted")


def test_a_body_with_its_pictures_may_have_20_megabytes(client: httpx.Client) -> None:
    response = post(client, START, payload="x" * (20 * 1024 * 1024))
    assert_refused(response, 413, "BadRequest")


def test_credits_follow_the_price_table_of_the_endpoint(client: httpx.Client) -> None:
    for kind, fields, credits in CREDITS:
        with case((kind, fields)):
            assert accepted(client, kind, **fields)["credits"] == credits


def test_an_off_peak_order_that_is_never_begun_ends_after_two_days_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    task_id = accepted(client, START, prompt="x [never starts]", off_peak=True)["task_id"]
    assert balance(client)["credit_remain"] == 100_000 - 28
    sandbox.advance(48 * 3600 + 1)
    body = query_task(client, task_id)
    assert (body["state"], body["err_code"], body["off_peak"]) == ("failed", "Canceled", True)
    assert balance(client)["credit_remain"] == 100_000


def test_the_control_endpoint_leaves_pictures_out_of_tasks(client: httpx.Client) -> None:
    accepted(client, START)
    (task,) = client.get("/control/tasks").json()
    assert task["order"]["images"] == [""]
    assert "pictures" not in task["order"]
