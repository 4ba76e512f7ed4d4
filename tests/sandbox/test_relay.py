"""The relay's dialect: an order, a look in each of five shapes, and callbacks."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.sandbox.dialects import body_of, speaking
from tests.sandbox.orders import LONG
from tests.sandbox.receiver import receiving

CREATE = "/ent/v2/text2video"


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with speaking(sandbox, "relay") as client:
        yield client


def create(relay: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    order = {"model": "viduq2", "prompt": prompt} | fields
    return str(body_of(relay.post(CREATE, json=order))["task_id"])


def look(relay: httpx.Client, number: str) -> dict[str, Any]:
    return body_of(relay.get(f"/vidu-native/video/generations/{number}"))


def look_at_creations(relay: httpx.Client, number: str) -> dict[str, Any]:
    return body_of(relay.get(f"/ent/v2/tasks/{number}/creations"))


def finish(sandbox: Sandbox, relay: httpx.Client, prompt: str, **fields: Any) -> str:
    number = create(relay, prompt, **fields)
    sandbox.advance(LONG)
    return number


def test_an_order_is_answered_with_the_fields_of_the_example(relay: httpx.Client) -> None:
    body = body_of(relay.post(CREATE, json={"model": "viduq2", "prompt": "A kitten"}))
    assert re.fullmatch(r"\d{18}", body.pop("task_id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", body.pop("created_at"))
    assert 0 < body.pop("seed") < 2**31
    assert body == {
        "type": "text2video",
        "state": "created",
        "model": "viduq2",
        "style": "general",
        "prompt": "A kitten",
        "images": [],
        "duration": 5,
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "movement_amplitude": "auto",
        "credits": 35,
        "payload": "",
        "cus_priority": 0,
        "off_peak": False,
        "watermark": False,
        "is_rec": False,
        "wm_position": "unspecified",
        "wm_url": "",
        "meta_data": "",
        "client_request_id": "",
    }


def test_what_was_asked_for_is_echoed(relay: httpx.Client) -> None:
    asked = {"model": "viduq1", "prompt": "x", "seed": 7, "payload": "job-17", "watermark": True}
    body = body_of(relay.post(CREATE, json=asked | {"wm_position": 1}))
    assert (body["seed"], body["payload"], body["wm_position"]) == (7, "job-17", "top_left")
    assert (body["resolution"], body["credits"]) == ("1080p", 80)


def test_the_declared_strings_are_taken_as_the_values_they_spell(relay: httpx.Client) -> None:
    spelled = {"seed": "7", "bgm": "true", "watermark": "true", "wm_position": "4"}
    body = body_of(relay.post(CREATE, json={"model": "viduq2", "prompt": "x"} | spelled))
    assert (body["seed"], body["watermark"], body["wm_position"]) == (7, True, "bottom_left")


def test_a_look_has_milliseconds_while_it_waits_and_seconds_at_the_end(
    sandbox: Sandbox, relay: httpx.Client
) -> None:
    number = create(relay, "A lighthouse")
    waiting = look(relay, number)
    now = sandbox.stage.clock.now()
    assert waiting.keys() == {
        "id",
        "status",
        "video_url",
        "enhanced_prompt",
        "status_update_time",
    }
    assert (waiting["id"], waiting["status"], waiting["video_url"]) == (number, "pending", None)
    assert waiting["enhanced_prompt"].startswith("```\n")
    assert waiting["status_update_time"] == int(now * 1000)
    sandbox.advance(LONG)
    done = look(relay, number)
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, "")
    assert done["status_update_time"] == done["completed_at"]
    assert now <= done["completed_at"] + 1 < now + LONG
    assert httpx.get(done["video_url"]).content[4:8] == b"ftyp"
    assert httpx.get(done["thumbnail_url"]).content[:3] == b"\xff\xd8\xff"
    example = {"mode", "type", "model", "ratio", "prompt", "post_id", "asset_id", "trace_id"}
    example |= {"upscaled", "video_id", "video_file_id", "thumbnail_file_id"}
    assert example | {"upscale_on_complete"} <= done.keys()


def test_a_task_is_pending_until_it_is_done(sandbox: Sandbox, relay: httpx.Client) -> None:
    number = create(relay)
    words = []
    for _ in range(70):
        sandbox.advance(0.1)
        words.append(look(relay, number)["status"])
    assert list(dict.fromkeys(words)) == ["pending", "completed"]


def test_a_failed_look_says_why_and_has_no_video(sandbox: Sandbox, relay: httpx.Client) -> None:
    body = look(relay, finish(sandbox, relay, "x [fail CreationPolicyViolation]"))
    assert (body["status"], body["video_url"]) == ("failed", None)
    assert "CreationPolicyViolation" in body["error"]


def test_a_cover_may_be_missing(sandbox: Sandbox, relay: httpx.Client) -> None:
    assert "thumbnail_url" not in look(relay, finish(sandbox, relay, "x [no cover]"))


def test_links_live_one_hour_and_a_look_gives_new_ones(
    sandbox: Sandbox, relay: httpx.Client
) -> None:
    number = finish(sandbox, relay, "x")
    first = look(relay, number)["video_url"]
    sandbox.advance(3599)
    assert httpx.get(first).status_code == 200
    sandbox.advance(2)
    assert httpx.get(first).status_code == 403
    assert httpx.get(look(relay, number)["video_url"]).status_code == 200


@pytest.mark.parametrize("word", ["shape 1", "shape 3"])
def test_the_usual_path_can_be_missing(relay: httpx.Client, word: str) -> None:
    number = create(relay, f"x [{word}]")
    missing = relay.get(f"/vidu-native/video/generations/{number}")
    assert body_of(missing, 404)["error"]["type"] == "new_api_error"
    assert look_at_creations(relay, number)


def test_the_other_path_is_missing_as_long_as_the_usual_one_is_there(relay: httpx.Client) -> None:
    assert relay.get(f"/ent/v2/tasks/{create(relay)}/creations").status_code == 404


def test_the_usual_path_can_deny_the_task(relay: httpx.Client) -> None:
    number = create(relay, "x [shape 1] [task not exist]")
    denied = body_of(relay.get(f"/vidu-native/video/generations/{number}"), 400)
    assert denied == {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    assert look_at_creations(relay, number)["state"] == "created"


def test_shape_1_is_the_reply_of_vidu(sandbox: Sandbox, relay: httpx.Client) -> None:
    number = finish(sandbox, relay, "x [shape 1]", payload="job-17", watermark=True)
    body = look_at_creations(relay, number)
    assert (body["id"], body["state"], body["credits"]) == (number, "success", 35)
    (creation,) = body["creations"]
    assert httpx.get(creation["url"]).status_code == 200
    assert httpx.get(creation["cover_url"]).status_code == 200
    assert httpx.get(creation["watermarked_url"]).status_code == 200


def test_shape_3_is_the_reply_of_tencent(sandbox: Sandbox, relay: httpx.Client) -> None:
    number = create(relay, "x [shape 3]")
    assert look_at_creations(relay, number)["Response"]["Status"] == "WAITING"
    sandbox.advance(2)
    assert look_at_creations(relay, number)["Response"]["Status"] == "PROCESSING"
    sandbox.advance(LONG)
    response = look_at_creations(relay, number)["Response"]
    assert response["Status"] == "FINISH"
    (info,) = response[response["TaskType"]]["Output"]["FileInfos"]
    assert httpx.get(info["FileUrl"]).status_code == 200
    assert info["ExpireTime"].endswith("Z")


@pytest.mark.parametrize("word", ["shape 4", "shape 4 nested"])
def test_shape_4_is_the_envelope_of_the_relay(
    sandbox: Sandbox, relay: httpx.Client, word: str
) -> None:
    number = create(relay, f"x [{word}]")
    assert look(relay, number)["data"]["status"] == "SUBMITTED"
    sandbox.advance(LONG)
    body = look(relay, number)
    data = body["data"]
    assert (body["code"], data["status"], data["progress"]) == ("success", "SUCCESS", "100%")
    assert data["quota"] == 35 * 2500
    url = data["data"]["creations"][0]["url"] if "nested" in word else data["result_url"]
    assert httpx.get(url).status_code == 200


@pytest.mark.parametrize("word", ["shape 5", "shape 5 metadata"])
def test_shape_5_is_a_video_object(sandbox: Sandbox, relay: httpx.Client, word: str) -> None:
    number = create(relay, f"x [{word}]")
    assert look(relay, number)["status"] == "queued"
    sandbox.advance(LONG)
    body = look(relay, number)
    assert (body["object"], body["status"]) == ("video", "completed")
    url = body["metadata"]["url"] if "metadata" in word else body["video_url"]
    assert httpx.get(url).status_code == 200


@pytest.mark.parametrize(
    ("shape", "path", "failed"),
    [
        ("1", "state", "failed"),
        ("3", "Response.Status", "FAILED"),
        ("3] [other words", "Response.Status", "ABORTED"),
        ("4", "data.status", "FAILURE"),
        ("5", "status", "failed"),
        ("2] [other words", "status", "error"),
    ],
)
def test_every_shape_can_fail(
    sandbox: Sandbox, relay: httpx.Client, shape: str, path: str, failed: str
) -> None:
    number = finish(sandbox, relay, f"x [shape {shape}] [fail AuditSubmitIllegal]")
    value: Any = look_at_creations(relay, number) if shape[0] in "13" else look(relay, number)
    assert "AuditSubmitIllegal" in str(value)
    for name in path.split("."):
        value = value[name]
    assert value == failed


def test_success_may_come_without_a_video_once(sandbox: Sandbox, relay: httpx.Client) -> None:
    number = finish(sandbox, relay, "x [empty creations]")
    assert [look(relay, number)["video_url"] is None for _ in range(2)] == [True, False]


def test_a_word_may_be_unknown_once(relay: httpx.Client) -> None:
    number = create(relay, "x [unknown word]")
    assert [look(relay, number)["status"] for _ in range(2)] == ["rendering", "pending"]


@pytest.mark.parametrize(
    ("word", "statuses"),
    [
        ("fast", ["processing", "success"]),
        ("fail AuditSubmitIllegal", ["processing", "failed"]),
        ("callback duplicate", ["processing", "processing", "success", "success"]),
        ("callback out of order", ["success", "processing"]),
        ("callback ahead", ["success"]),
        ("callback contradicting", ["success", "failed"]),
        ("callback five times", ["processing"] * 5 + ["success"] * 5),
        ("callback never", []),
    ],
)
def test_callbacks_are_looks_with_the_words_of_the_create_page(
    sandbox: Sandbox, relay: httpx.Client, word: str, statuses: list[str]
) -> None:
    with receiving() as receiver:
        finish(sandbox, relay, f"x [{word}]", callback_url=f"{receiver.url}/c/9f1c?a=1")
    assert [ring.body["status"] for ring in receiver.rings] == statuses
    for ring in receiver.rings:
        assert ring.path == "/c/9f1c?a=1"
        assert not [name for name in ring.headers if name.lower().startswith("x-hmac")]


def test_a_callback_may_come_before_the_answer_without_an_id_and_huge(
    sandbox: Sandbox, relay: httpx.Client
) -> None:
    with receiving() as receiver:
        words = "[callback early] [callback no id] [callback oversized]"
        create(relay, f"x {words}", callback_url=receiver.url)
        (ring,) = receiver.rings
    assert ring.body["status"] == "processing"
    assert "id" not in ring.body
    assert len(ring.body["padding"]) > 2**21


def test_a_final_callback_is_tried_three_times_more(sandbox: Sandbox, relay: httpx.Client) -> None:
    with receiving() as receiver:
        receiver.statuses = [500] * 9
        finish(sandbox, relay, "x", callback_url=receiver.url)
        for _ in range(6):
            sandbox.advance(5)
    assert [ring.body["status"] for ring in receiver.rings] == ["processing"] + ["success"] * 4
