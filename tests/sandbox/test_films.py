"""Ad films: create, detail and the course of one, as the ad film page says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.faults import Words
from generations.sandbox.providers.vidu.film_plan import Plan
from tests.sandbox import watching
from tests.sandbox.conftest import KEY
from tests.sandbox.films import (
    ADDRESS,
    PRODUCT,
    create_film,
    detail,
    edit,
    finished_film,
    post_film,
    records,
)
from tests.sandbox.orders import LONG, create, look
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.stills import still
from tests.sandbox.test_vidu_errors import assert_refused, balance

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 30), (30, 30, 200)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def test_a_film_is_answered_with_the_fields_of_the_page_and_no_others(
    client: httpx.Client,
) -> None:
    image = "http://127.0.0.1:9/product.png"
    body = post_film(client, "Coffee", images=[PRODUCT], language=None).json()
    assert list(body) == [
        "task_id",
        "state",
        "images",
        "prompt",
        "duration",
        "aspect_ratio",
        "language",
        "credits",
    ]
    assert body | {"task_id": ""} == {
        "task_id": "",
        "state": "created",
        "images": [""],
        "prompt": "Coffee",
        "duration": 15,
        "aspect_ratio": "16:9",
        "language": "zh",
        "credits": 400,
    }
    assert_refused(post_film(client, images=[image]), 400, "ImageDownloadFailure")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"images": None}, "FieldLacking"),
        ({"images": []}, "FieldItemCountOutOfRange"),
        ({"images": [PRODUCT] * 8}, "FieldItemCountOutOfRange"),
        ({"images": PRODUCT}, "FieldInvalid"),
        ({"images": [still(410, 100)]}, "PageSizeOutOfRange"),
        ({"images": ["data:image/gif;base64,R0lGODlhAQABAAAAACw="]}, "ImageFormatInvalid"),
        ({"prompt": "x" * 2001}, "FieldInvalid"),
        ({"duration": 9}, "FieldInvalid"),
        ({"duration": 61}, "FieldInvalid"),
        ({"duration": "15"}, "FieldInvalid"),
        ({"aspect_ratio": "4:3"}, "FieldInvalid"),
        ({"language": "fr"}, "FieldInvalid"),
        ({"callback_url": "here"}, "FieldInvalid"),
        ({"model": "viduq3-pro"}, "FieldUnwanted"),
        ({"payload": "job-17"}, "FieldUnwanted"),
        ({"creative": True}, "FieldUnwanted"),
        ({"resolution": "720p"}, "FieldUnwanted"),
    ],
)
def test_a_film_that_the_page_forbids_is_refused(
    sandbox: Sandbox, client: httpx.Client, fields: dict[str, Any], reason: str
) -> None:
    assert_refused(post_film(client, **fields), 400, reason)
    assert sandbox.counts.creates == 0


@pytest.mark.parametrize(("seconds", "credits"), [(10, 267), (15, 400), (60, 1600)])
def test_a_film_costs_in_proportion_to_its_seconds(
    client: httpx.Client, seconds: int, credits: int
) -> None:
    assert post_film(client, duration=seconds).json()["credits"] == credits
    assert balance(client)["credit_remain"] == 100_000 - credits


def test_every_film_is_cut_into_storyboards_of_four_to_six_seconds() -> None:
    for seconds in range(10, 61):
        lengths = Plan.of(seconds, "", Words()).seconds
        assert sum(lengths) == seconds
        assert set(lengths) <= {4, 5, 6}
    assert Plan.of(15, "", Words()).seconds == (5, 5, 5)


def test_a_film_is_looked_at_like_any_task(sandbox: Sandbox, client: httpx.Client) -> None:
    number = create_film(client, "Coffee")
    assert look(client, number)["state"] == "created"
    sandbox.advance(LONG)
    body = look(client, number)
    assert (body["state"], body["credits"], body["payload"]) == ("success", 400, "")
    creation = body["creations"][0]
    assert creation["watermarked_url"] == ""
    assert watching.seconds(creation["url"]) == 3.0
    assert httpx.get(creation["cover_url"]).content[:3] == b"\xff\xd8\xff"


def test_the_detail_has_the_records_of_the_page(sandbox: Sandbox, client: httpx.Client) -> None:
    number = finished_film(sandbox, client, "Coffee [two takes]")
    body = detail(client, number)
    assert list(body) == ["id", "err_code", "state", "data_records"]
    assert (body["id"], body["err_code"], body["state"]) == (number, "", "success")
    found = body["data_records"]
    assert [each["stroyboard_id"] for each in found["storyboards"]] == [0, 1, 2]
    assert [len(each["records"]) for each in found["storyboards"]] == [2, 1, 1]
    every = [record for each in found["storyboards"] for record in each["records"]]
    every += found["narration_records"] + found["bgm_records"]
    for record in every:
        assert record == record | {"type": "generate_video", "state": "success", "err_code": ""}
        assert list(record) == ["id", "type", "prompt", "creation_url", "state", "err_code"]
    (composed,) = found["completed_creation_records"]
    assert list(composed) == ["id", "state", "params", "creation_url", "err_code"]
    assert composed["params"] == {
        "video_task_ids": [each["records"][0]["id"] for each in found["storyboards"]],
        "bgm_task_id": found["bgm_records"][0]["id"],
        "narration_task_id": found["narration_records"][0]["id"],
    }
    assert len({record["id"] for record in every} | {number, composed["id"]}) == 8


def test_a_storyboard_shows_one_of_the_pictures_of_the_product(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    images = [still(colour=colour) for colour in (RED, GREEN, BLUE)]
    number = finished_film(sandbox, client, "Coffee [one take]", images=images)
    for storyboard, colour in zip(
        records(client, number)["storyboards"], (RED, GREEN, BLUE), strict=True
    ):
        shown = watching.pictures(storyboard["records"][0]["creation_url"])
        assert watching.near(watching.colour(shown[0]), colour)


def test_the_film_shows_its_storyboards_one_after_the_other(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    images = [still(colour=colour) for colour in (RED, GREEN, BLUE)]
    number = finished_film(sandbox, client, "Coffee", images=images)
    shown = watching.pictures(look(client, number)["creations"][0]["url"])
    assert len(shown) == 24
    for nth, colour in enumerate((RED, GREEN, BLUE)):
        assert watching.near(watching.colour(shown[8 * nth]), colour)
        assert watching.near(watching.colour(shown[8 * nth + 7]), colour)


def test_a_film_has_the_shape_that_was_asked_for(sandbox: Sandbox, client: httpx.Client) -> None:
    number = finished_film(sandbox, client, "Coffee", aspect_ratio="9:16")
    creation = look(client, number)["creations"][0]
    assert watching.pictures(creation["url"])[0].size == (90, 160)
    assert creation["video"]["resolution"] == {"width": 720, "height": 1280}


def test_narration_and_music_are_mp3_files_as_long_as_the_film(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    found = records(client, finished_film(sandbox, client, "Coffee", duration=20))
    for record in (found["narration_records"][0], found["bgm_records"][0]):
        assert httpx.head(record["creation_url"]).headers["content-type"] == "audio/mpeg"
        assert watching.seconds(record["creation_url"]) == pytest.approx(20, abs=0.1)
        sub = look(client, record["id"])["creations"][0]
        assert (sub["cover_url"], sub["watermarked_url"]) == ("", "")
        assert httpx.get(sub["url"]).content == httpx.get(record["creation_url"]).content


@pytest.mark.parametrize(("language", "word"), [("zh", "这就是咖啡"), ("en", "This is 咖啡")])
def test_a_narration_speaks_the_language_of_the_film(
    sandbox: Sandbox, client: httpx.Client, language: str, word: str
) -> None:
    number = finished_film(sandbox, client, "咖啡 [one take]", language=language)
    assert records(client, number)["narration_records"][0]["prompt"].startswith(word)


def test_every_detail_signs_its_links_anew_for_an_hour(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    number = finished_film(sandbox, client)

    def links() -> list[str]:
        found = records(client, number)
        several = [record for each in found["storyboards"] for record in each["records"]]
        several += found["narration_records"] + found["completed_creation_records"]
        return [record["creation_url"] for record in several]

    first = links()
    assert not set(first) & set(links())
    sandbox.advance(3599)
    assert {httpx.head(link).status_code for link in first} == {200}
    sandbox.advance(2)
    assert {httpx.head(link).status_code for link in first} == {403}
    assert {httpx.head(link).status_code for link in links()} == {200}


def test_the_detail_of_an_unfinished_film_is_refused(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    number = create_film(client, "Coffee [stuck]")
    for _ in range(3):
        assert_refused(client.get(f"{ADDRESS}/{number}"), 400, "BadRequest")
        sandbox.advance(2)


def test_a_failed_film_has_no_records_and_costs_nothing(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    number = finished_film(sandbox, client, "Coffee [fail CreationPolicyViolation]")
    body = detail(client, number)
    assert (body["state"], body["err_code"]) == ("failed", "CreationPolicyViolation")
    assert not any(body["data_records"].values())
    assert look(client, number)["credits"] == 0
    assert balance(client)["credit_remain"] == 100_000


def test_only_a_film_of_the_same_key_has_a_detail(sandbox: Sandbox, client: httpx.Client) -> None:
    clip, number = create(client), finished_film(sandbox, client)
    part = records(client, number)["storyboards"][0]["records"][0]["id"]
    for unknown in (clip, part, "1"):
        assert_refused(client.get(f"{ADDRESS}/{unknown}"), 404, "TaskNotFound")
    assert_refused(client.get(f"{ADDRESS}/abc"), 400, "CODEC")
    other = {"Authorization": "Token sandbox-other"}
    assert_refused(client.get(f"{ADDRESS}/{number}", headers=other), 404, "TaskNotFound")
    nobody = {"Authorization": f"Bearer {KEY}"}
    assert_refused(client.get(f"{ADDRESS}/{number}", headers=nobody), 401, "Unauthorized")


@pytest.mark.parametrize(
    ("word", "reason", "status"),
    [("refuse AuditSubmitIllegal", "AuditSubmitIllegal", 400), ("429", "TooManyRequests", 429)],
)
def test_a_film_is_refused_by_a_word(
    client: httpx.Client, word: str, reason: str, status: int
) -> None:
    assert_refused(post_film(client, f"Coffee [{word}]"), status, reason)


def test_a_film_may_be_made_though_its_answer_is_lost(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post_film(client, "Coffee [drop after]")
    assert sandbox.counts.creates == 1


def test_a_film_is_counted_and_listed_without_its_records(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    number = finished_film(sandbox, client)
    sub = edit(sandbox, client, number)
    rows = client.get("/ent/v2/tasks").json()["tasks"]
    assert [(row["id"], row["type"]) for row in rows] == [
        (sub, "generate_video"),
        (number, "ad-one-click"),
    ]
    assert rows[1]["creations"][0]["url"].startswith(sandbox.url)
    assert (rows[1]["model"], rows[1]["duration"], rows[1]["images"]) == ("", 15, [""])
    assert sandbox.counts.creates == 2


def test_a_film_and_an_edit_tell_their_states(
    sandbox: Sandbox, client: httpx.Client, receiver: Receiver
) -> None:
    film = create_film(client, "Coffee", callback_url=f"{receiver.url}/film")
    sandbox.advance(LONG)
    sub = edit(sandbox, client, film, callback_url=f"{receiver.url}/edit", payload="job-18")
    told = [(ring.path, ring.body["id"], ring.body["state"]) for ring in receiver.rings]
    assert told == [
        ("/film", film, "processing"),
        ("/film", film, "success"),
        ("/edit", sub, "processing"),
        ("/edit", sub, "success"),
    ]
    assert receiver.rings[1].body.keys() == look(client, film).keys()
    assert receiver.rings[3].body["payload"] == "job-18"


def test_a_film_outlives_a_restart(tmp_path: Path) -> None:
    headers = {"Authorization": f"Token {KEY}"}
    with (
        Sandbox.running(folder=tmp_path) as first,
        httpx.Client(base_url=first.url, headers=headers) as client,
    ):
        done = finished_film(first, client)
        before = records(client, done)
        under_way = create_film(client, "Tea")
    with (
        Sandbox.running(folder=tmp_path) as second,
        httpx.Client(base_url=second.url, headers=headers) as client,
    ):
        after = records(client, done)
        assert [each["records"][0]["id"] for each in after["storyboards"]] == [
            each["records"][0]["id"] for each in before["storyboards"]
        ]
        assert watching.seconds(after["completed_creation_records"][0]["creation_url"]) == 3.0
        second.advance(LONG)
        assert len(records(client, under_way)["storyboards"]) == 3
