"""Orders of Vidu clips that succeed (docs/wire.md, 2.6 and 2.7)."""

import re

import httpx

from generations.sandbox.app import Sandbox
from tests.sandbox.dialects import download
from tests.sandbox.orders import LONG, create, finish, post, query_task


def test_a_create_is_answered_with_the_documented_members(client: httpx.Client) -> None:
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
        "credits": 100,
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
    task_id = create(client)
    bodies = [query_task(client, task_id)]
    for _ in range(70):
        sandbox.advance(0.1)
        bodies.append(query_task(client, task_id))
    states = list(dict.fromkeys(body["state"] for body in bodies))
    assert states == ["created", "queueing", "processing", "success"]
    progress = [body["progress"] for body in bodies]
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
    video, cover = download(creation["url"]), download(creation["cover_url"])
    assert (video.status_code, video.headers["content-type"]) == (200, "video/mp4")
    assert video.content[4:8] == b"ftyp"
    assert cover.content[:3] == b"\xff\xd8\xff"


def test_a_watermarked_clip_is_another_file(sandbox: Sandbox, client: httpx.Client) -> None:
    creation = finish(sandbox, client, "A lighthouse", watermark=True)["creations"][0]
    plain, marked = download(creation["url"]), download(creation["watermarked_url"])
    assert marked.status_code == 200
    assert marked.content != plain.content


def test_the_tasks_of_one_batch_do_not_end_all_at_once(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    task_ids = [create(client, f"Clip {index}") for index in range(5)]
    sandbox.advance(LONG)
    assert len({sandbox.tasks[task_id].ended_at for task_id in task_ids}) == 5


def test_a_sixth_task_waits_for_a_slot(sandbox: Sandbox, client: httpx.Client) -> None:
    task_ids = [create(client, f"Clip {index}") for index in range(6)]
    sandbox.advance(2)
    states = [query_task(client, task_id)["state"] for task_id in task_ids]
    assert states == ["processing"] * 5 + ["queueing"]
    sandbox.advance(LONG)
    assert query_task(client, task_ids[5])["state"] == "success"
