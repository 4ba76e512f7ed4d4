"""The happy path of the Vidu dialect."""

import re

import httpx

from generations.sandbox.app import Sandbox
from tests.sandbox.orders import LONG, create, finish, look, post


def test_a_created_task_is_answered_with_the_documented_fields(client: httpx.Client) -> None:
    body = post(client, "A lighthouse", payload="job-17", seed=7).json()
    expected = {
        "state": "created",
        "type": "text2video",
        "model": "viduq3-pro",
        "prompt": "A lighthouse",
        "images": [],
        "duration": 5,
        "seed": 7,
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "style": "general",
        "movement_amplitude": "auto",
        "payload": "job-17",
        "credits": 125,
        "off_peak": False,
        "watermark": False,
        "wm_position": "unspecified",
        "cus_priority": 0,
        "is_rec": False,
        "client_request_id": "",
    }
    assert body == body | expected
    assert re.fullmatch(r"\d{18}", body["task_id"])
    assert int(body["task_id"]) > 2**53
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", body["created_at"])


def test_a_task_goes_from_created_over_queueing_and_processing_to_success(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    number = create(client)
    seen = [look(client, number)]
    for _ in range(70):
        sandbox.advance(0.1)
        seen.append(look(client, number))
    states = list(dict.fromkeys(body["state"] for body in seen))
    assert states == ["created", "queueing", "processing", "success"]
    progress = [body["progress"] for body in seen]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert len(set(progress)) > 20


def test_a_success_has_a_clip_a_cover_and_the_payload(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    body = finish(sandbox, client, "A lighthouse", payload="job-17")
    creation = body["creations"][0]
    assert body["payload"] == "job-17"
    assert creation["id"] != body["id"]
    assert creation["watermarked_url"] == ""
    video, cover = httpx.get(creation["url"]), httpx.get(creation["cover_url"])
    assert (video.status_code, video.headers["content-type"]) == (200, "video/mp4")
    assert video.content[4:8] == b"ftyp"
    assert cover.content[:3] == b"\xff\xd8\xff"


def test_a_watermarked_clip_is_another_file(sandbox: Sandbox, client: httpx.Client) -> None:
    creation = finish(sandbox, client, "A lighthouse", watermark=True)["creations"][0]
    plain, marked = httpx.get(creation["url"]), httpx.get(creation["watermarked_url"])
    assert marked.status_code == 200
    assert marked.content != plain.content


def test_the_tasks_of_one_batch_do_not_end_all_at_once(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    numbers = [create(client, f"Clip {nth}") for nth in range(5)]
    sandbox.advance(LONG)
    assert len({sandbox.tasks[number].ended_at for number in numbers}) == 5


def test_a_sixth_task_waits_for_a_slot(sandbox: Sandbox, client: httpx.Client) -> None:
    numbers = [create(client, f"Clip {nth}") for nth in range(6)]
    sandbox.advance(2)
    assert [look(client, number)["state"] for number in numbers] == ["processing"] * 5 + [
        "queueing"
    ]
    sandbox.advance(LONG)
    assert look(client, numbers[5])["state"] == "success"
