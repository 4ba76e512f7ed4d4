"""The relay: an order, queries in each of five shapes, and callbacks (docs/wire.md, section 4)."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from generations.sandbox.app import Sandbox
from tests.cases import case
from tests.sandbox.dialects import body_of, client_of, download
from tests.sandbox.orders import LONG
from tests.sandbox.receiver import receiving

CREATE = "/ent/v2/text2video"


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "relay") as client:
        yield client


def create(relay: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    order = {"model": "viduq2", "prompt": prompt} | fields
    return str(body_of(relay.post(CREATE, json=order))["task_id"])


def query(relay: httpx.Client, task_id: str) -> dict[str, Any]:
    return body_of(relay.get(f"/vidu-native/video/generations/{task_id}"))


def query_creations(relay: httpx.Client, task_id: str) -> dict[str, Any]:
    return body_of(relay.get(f"/ent/v2/tasks/{task_id}/creations"))


def finish(sandbox: Sandbox, relay: httpx.Client, prompt: str, **fields: Any) -> str:
    task_id = create(relay, prompt, **fields)
    sandbox.advance(LONG)
    return task_id


def test_a_create_is_answered_with_the_members_of_the_example(relay: httpx.Client) -> None:
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


def test_the_fields_of_an_order_are_echoed(relay: httpx.Client) -> None:
    asked = {"model": "viduq1", "prompt": "x", "seed": 7, "payload": "job-17", "watermark": True}
    body = body_of(relay.post(CREATE, json=asked | {"wm_position": 1}))
    assert (body["seed"], body["payload"], body["wm_position"]) == (7, "job-17", "top_left")
    assert (body["resolution"], body["credits"]) == ("1080p", 80)


def test_strings_are_accepted_for_the_values_that_they_spell(relay: httpx.Client) -> None:
    spelled = {"seed": "7", "bgm": "true", "watermark": "true", "wm_position": "4"}
    body = body_of(relay.post(CREATE, json={"model": "viduq2", "prompt": "x"} | spelled))
    assert (body["seed"], body["watermark"], body["wm_position"]) == (7, True, "bottom_left")


def test_a_query_has_milliseconds_while_the_task_waits_and_seconds_at_the_end(
    sandbox: Sandbox, relay: httpx.Client
) -> None:
    task_id = create(relay, "A lighthouse")
    waiting = query(relay, task_id)
    now = sandbox.context.clock.now()
    assert waiting.keys() == {
        "id",
        "status",
        "video_url",
        "enhanced_prompt",
        "status_update_time",
    }
    assert (waiting["id"], waiting["status"], waiting["video_url"]) == (task_id, "pending", None)
    assert waiting["enhanced_prompt"].startswith("```\n")
    assert waiting["status_update_time"] == int(now * 1000)
    sandbox.advance(LONG)
    done = query(relay, task_id)
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, "")
    assert done["status_update_time"] == done["completed_at"]
    assert now <= done["completed_at"] + 1 < now + LONG
    assert download(done["video_url"]).content[4:8] == b"ftyp"
    assert download(done["thumbnail_url"]).content[:3] == b"\xff\xd8\xff"
    example = {"mode", "type", "model", "ratio", "prompt", "post_id", "asset_id", "trace_id"}
    example |= {"upscaled", "video_id", "video_file_id", "thumbnail_file_id"}
    assert example | {"upscale_on_complete"} <= done.keys()


def test_a_task_is_pending_until_it_is_done(sandbox: Sandbox, relay: httpx.Client) -> None:
    task_id = create(relay)
    statuses = []
    for _ in range(70):
        sandbox.advance(0.1)
        statuses.append(query(relay, task_id)["status"])
    assert list(dict.fromkeys(statuses)) == ["pending", "completed"]


def test_a_failed_task_has_a_message_and_no_video(sandbox: Sandbox, relay: httpx.Client) -> None:
    body = query(relay, finish(sandbox, relay, "x [fail CreationPolicyViolation]"))
    assert (body["status"], body["video_url"]) == ("failed", None)
    assert "CreationPolicyViolation" in body["error"]


def test_a_cover_may_be_missing(sandbox: Sandbox, relay: httpx.Client) -> None:
    assert "thumbnail_url" not in query(relay, finish(sandbox, relay, "x [no cover]"))


def test_links_live_one_hour_and_each_query_gives_new_ones(
    sandbox: Sandbox, relay: httpx.Client
) -> None:
    task_id = finish(sandbox, relay, "x")
    first = query(relay, task_id)["video_url"]
    sandbox.advance(3599)
    assert download(first).status_code == 200
    sandbox.advance(2)
    assert download(first).status_code == 403
    assert download(query(relay, task_id)["video_url"]).status_code == 200


def test_the_usual_path_can_be_missing(relay: httpx.Client) -> None:
    for shape in ("shape 1", "shape 3"):
        with case(shape):
            task_id = create(relay, f"x [{shape}]")
            missing = relay.get(f"/vidu-native/video/generations/{task_id}")
            assert body_of(missing, 404)["error"]["type"] == "new_api_error"
            assert query_creations(relay, task_id)


def test_the_other_path_is_missing_where_the_usual_one_answers(relay: httpx.Client) -> None:
    assert relay.get(f"/ent/v2/tasks/{create(relay)}/creations").status_code == 404


def test_the_usual_path_can_deny_the_task(relay: httpx.Client) -> None:
    task_id = create(relay, "x [shape 1] [task not exist]")
    denied = body_of(relay.get(f"/vidu-native/video/generations/{task_id}"), 400)
    assert denied == {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    assert query_creations(relay, task_id)["state"] == "created"


def test_shape_1_is_the_reply_of_vidu(sandbox: Sandbox, relay: httpx.Client) -> None:
    task_id = finish(sandbox, relay, "x [shape 1]", payload="job-17", watermark=True)
    body = query_creations(relay, task_id)
    assert (body["id"], body["state"], body["credits"]) == (task_id, "success", 35)
    (creation,) = body["creations"]
    assert download(creation["url"]).status_code == 200
    assert download(creation["cover_url"]).status_code == 200
    assert download(creation["watermarked_url"]).status_code == 200


def test_shape_3_is_the_reply_of_tencent(sandbox: Sandbox, relay: httpx.Client) -> None:
    task_id = create(relay, "x [shape 3]")
    assert query_creations(relay, task_id)["Response"]["Status"] == "WAITING"
    sandbox.advance(2)
    assert query_creations(relay, task_id)["Response"]["Status"] == "PROCESSING"
    sandbox.advance(LONG)
    response = query_creations(relay, task_id)["Response"]
    assert response["Status"] == "FINISH"
    (info,) = response[response["TaskType"]]["Output"]["FileInfos"]
    assert download(info["FileUrl"]).status_code == 200
    assert info["ExpireTime"].endswith("Z")


def test_shape_4_is_the_envelope_of_the_relay(sandbox: Sandbox, relay: httpx.Client) -> None:
    for shape in ("shape 4", "shape 4 nested"):
        with case(shape):
            task_id = create(relay, f"x [{shape}]", seed=7)
            assert query(relay, task_id)["data"]["status"] == "SUBMITTED"
            sandbox.advance(LONG)
            body = query(relay, task_id)
            data = body["data"]
            summary = (body["code"], data["status"], data["progress"])
            assert summary == ("success", "SUCCESS", "100%")
            assert data["quota"] == 35 * 2500
            is_nested = "nested" in shape
            url = data["data"]["creations"][0]["url"] if is_nested else data["result_url"]
            assert download(url).status_code == 200


def test_shape_5_is_a_video_object(sandbox: Sandbox, relay: httpx.Client) -> None:
    for shape in ("shape 5", "shape 5 metadata"):
        with case(shape):
            task_id = create(relay, f"x [{shape}]", seed=7)
            assert query(relay, task_id)["status"] == "queued"
            sandbox.advance(LONG)
            body = query(relay, task_id)
            assert (body["object"], body["status"]) == ("video", "completed")
            url = body["metadata"]["url"] if "metadata" in shape else body["video_url"]
            assert download(url).status_code == 200


def test_every_shape_can_fail(sandbox: Sandbox, relay: httpx.Client) -> None:
    for shape, path, failed in [
        ("1", "state", "failed"),
        ("3", "Response.Status", "FAILED"),
        ("3] [other words", "Response.Status", "ABORTED"),
        ("4", "data.status", "FAILURE"),
        ("5", "status", "failed"),
        ("2] [other words", "status", "error"),
    ]:
        with case(shape):
            task_id = finish(sandbox, relay, f"x [shape {shape}] [fail AuditSubmitIllegal]")
            ask = query_creations if shape[0] in "13" else query
            value: Any = ask(relay, task_id)
            assert "AuditSubmitIllegal" in str(value)
            for name in path.split("."):
                value = value[name]
            assert value == failed


def test_a_success_may_come_without_a_video_once(sandbox: Sandbox, relay: httpx.Client) -> None:
    task_id = finish(sandbox, relay, "x [empty creations]")
    assert [query(relay, task_id)["video_url"] is None for _ in range(2)] == [True, False]


def test_a_state_may_be_unknown_once(relay: httpx.Client) -> None:
    task_id = create(relay, "x [unknown word]")
    assert [query(relay, task_id)["status"] for _ in range(2)] == ["rendering", "pending"]


def test_a_callback_is_a_query_reply_with_the_states_of_the_create_page(
    sandbox: Sandbox, relay: httpx.Client
) -> None:
    with receiving() as receiver:
        for directive, statuses in [
            ("fast", ["processing", "success"]),
            ("fail AuditSubmitIllegal", ["processing", "failed"]),
            ("callback duplicate", ["processing", "processing", "success", "success"]),
            ("callback out of order", ["success", "processing"]),
            ("callback ahead", ["success"]),
            ("callback contradicting", ["success", "failed"]),
            ("callback five times", ["processing"] * 5 + ["success"] * 5),
            ("callback never", []),
        ]:
            with case(directive):
                url = f"{receiver.url}/c/9f1c?a=1"
                finish(sandbox, relay, f"x [{directive}]", callback_url=url, seed=7)
                assert [each.body["status"] for each in receiver.received] == statuses
                for callback in receiver.received:
                    assert callback.path == "/c/9f1c?a=1"
                    names = [name.lower() for name in callback.headers]
                    assert not [name for name in names if name.startswith("x-hmac")]
                receiver.received.clear()


def test_a_callback_may_come_before_the_answer_without_an_id_and_huge(
    relay: httpx.Client,
) -> None:
    with receiving() as receiver:
        directives = "[callback early] [callback no id] [callback oversized]"
        create(relay, f"x {directives}", callback_url=receiver.url)
        (callback,) = receiver.received
    assert callback.body["status"] == "processing"
    assert "id" not in callback.body
    assert len(callback.body["padding"]) > 2**21


def test_a_final_callback_is_tried_three_times_more(sandbox: Sandbox, relay: httpx.Client) -> None:
    with receiving() as receiver:
        receiver.statuses = [500] * 9
        finish(sandbox, relay, "x", callback_url=receiver.url)
        for _ in range(6):
            sandbox.advance(5)
    assert [each.body["status"] for each in receiver.received] == ["processing"] + ["success"] * 4
