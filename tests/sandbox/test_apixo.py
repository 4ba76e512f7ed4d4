"""APIXO: a task in each mode, a query, the balance, and callbacks (docs/wire.md, section 5)."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.providers.apixo import FAILURES
from tests.cases import case
from tests.sandbox.dialects import body_of, client_of, download
from tests.sandbox.orders import LONG
from tests.sandbox.receiver import ReceivedCallback, receiving
from tests.sandbox.stills import encoded
from tests.sandbox.test_pictures import serving

CREATE = "/api/v1/generateTask/vidu-q3"
QUERY = "/api/v1/statusTask/vidu-q3"
BALANCE = "/api/v1/apikeys/current-balance"
DAY = 86_400


@pytest.fixture
def apixo(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox, "apixo") as client:
        yield client


def order(prompt: str = "A lighthouse", **fields: Any) -> dict[str, Any]:
    usual = {"mode": "text-to-video", "prompt": prompt, "resolution": "720p", "duration": 4}
    return {"input": usual | fields}


def create(apixo: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    return task_id_of(apixo.post(CREATE, json=order(prompt, **fields)))


def task_id_of(response: httpx.Response) -> str:
    body = body_of(response)
    assert (body["code"], body["message"]) == (200, "success")
    return str(body["data"]["taskId"])


def query(apixo: httpx.Client, task_id: str) -> dict[str, Any]:
    body = body_of(apixo.get(QUERY, params={"taskId": task_id}))
    assert (body["code"], body["message"]) == (200, "success")
    data: dict[str, Any] = body["data"]
    return data


def finish(sandbox: Sandbox, apixo: httpx.Client, prompt: str, **fields: Any) -> dict[str, Any]:
    task_id = create(apixo, prompt, **fields)
    sandbox.advance(LONG)
    return query(apixo, task_id)


def video_of(data: dict[str, Any]) -> str:
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    return str(url)


def balance(apixo: httpx.Client) -> float:
    body = body_of(apixo.get(BALANCE))
    assert body["code"] == 200
    return float(body["data"])


def test_a_task_goes_from_pending_over_processing_to_success(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    task_id = create(apixo)
    assert re.fullmatch(r"task_\d{18}", task_id)
    assert query(apixo, task_id) == {"taskId": task_id, "state": "pending"}
    sandbox.advance(2)
    assert query(apixo, task_id) == {"taskId": task_id, "state": "processing"}
    sandbox.advance(LONG)
    data = query(apixo, task_id)
    assert data.keys() == {
        "taskId",
        "state",
        "resultJson",
        "createTime",
        "completeTime",
        "costTime",
    }
    assert data["state"] == "success"
    assert data["costTime"] == data["completeTime"] - data["createTime"] > 0
    assert len(str(data["createTime"])) == 13
    assert data["resultJson"].startswith('{"resultUrls":["http')
    assert download(video_of(data)).content[4:8] == b"ftyp"
    assert sandbox.counts.requests["GET /media/{id}/video.mp4"] == 1


def test_a_task_fails_with_every_code_and_with_an_unknown_one(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    for code in (*FAILURES, "SensitiveContentDetected"):
        with case(code):
            data = finish(sandbox, apixo, f"x [fail {code}]")
            assert data.keys() == {"taskId", "state", "failCode", "failMsg"}
            assert (data["state"], data["failCode"]) == ("failed", code)
            assert data["failMsg"]


def test_the_message_of_a_violation_is_that_of_the_example(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    data = finish(sandbox, apixo, "x [fail CONTENT_VIOLATION]")
    assert data["failMsg"] == "Content does not meet safety guidelines"


def test_an_image_mode_shows_its_pictures_in_their_ratio(
    sandbox: Sandbox, apixo: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(200, 400, "png"))
    (tmp_path / "b.webp").write_bytes(encoded(200, 400, "webp"))
    with serving(tmp_path) as url:
        for mode in ("image-to-video", "turbo-image-to-video"):
            with case(mode):
                addresses = [f"{url}/a.png", f"{url}/b.webp"]
                task_id = create(apixo, "x", mode=mode, image_urls=addresses)
                pictures = sandbox.tasks[task_id].order["pictures"]
                assert [picture.format for picture in pictures] == ["png", "webp"]
                sandbox.advance(LONG)
                film = download(video_of(query(apixo, task_id)))
                with av.open(BytesIO(film.content), "r") as container:
                    stream = container.streams.video[0]
                    assert (stream.width, stream.height) == (80, 160)


def test_a_picture_that_cannot_be_used_fails_the_task(
    sandbox: Sandbox, apixo: httpx.Client, tmp_path: Path
) -> None:
    with serving(tmp_path) as url:
        for name, content, code in [
            ("missing.png", b"", "INVALID_IMAGE_URL"),
            ("a.png", b"no picture", "UNSUPPORTED_FORMAT"),
            ("b.png", bytes(10 * 1024 * 1024 + 1), "IMAGE_TOO_LARGE"),
            ("c.png", encoded(900, 100, "png"), "GENERATION_FAILED"),
        ]:
            if content:
                (tmp_path / name).write_bytes(content)
            with case(name):
                fields = {"mode": "image-to-video", "image_urls": [f"{url}/{name}"]}
                data = finish(sandbox, apixo, "x", **fields)
                assert (data["state"], data["failCode"]) == ("failed", code)
                assert balance(apixo) == 100


def test_a_clip_without_sound_and_music_is_silent(sandbox: Sandbox, apixo: httpx.Client) -> None:
    for fields, tracks in [({"sound": False, "bgm": False}, 0), ({"sound": False}, 1)]:
        film = download(video_of(finish(sandbox, apixo, "x", **fields)))
        with av.open(BytesIO(film.content), "r") as container:
            assert len(container.streams.audio) == tracks


def test_the_balance_in_dollars_falls_by_the_price_of_the_seconds(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    assert balance(apixo) == 100
    create(apixo, "x", resolution="720p", duration=5)
    assert balance(apixo) == 99.375
    create(apixo, "x", mode="turbo-text-to-video", resolution="540p", duration=1)
    assert balance(apixo) == 99.335
    create(apixo, "x [fail CONTENT_VIOLATION]", resolution="1080p", duration=16)
    assert balance(apixo) == 96.935
    sandbox.advance(LONG)
    assert balance(apixo) == 99.335


def test_links_live_15_days(sandbox: Sandbox, apixo: httpx.Client) -> None:
    data = finish(sandbox, apixo, "x")
    url = video_of(data)
    sandbox.advance(15 * DAY - 5)
    assert download(url).status_code == 200
    sandbox.advance(10)
    assert download(url).status_code == 403
    assert download(video_of(query(apixo, data["taskId"]))).status_code == 200


def test_a_dead_link_may_answer_404(sandbox: Sandbox, apixo: httpx.Client) -> None:
    url = video_of(finish(sandbox, apixo, "x [expired 404]"))
    assert download(url).status_code == 200
    sandbox.advance(15 * DAY + 1)
    assert download(url).status_code == 404


def test_the_result_may_be_broken_once(sandbox: Sandbox, apixo: httpx.Client) -> None:
    first = finish(sandbox, apixo, "x [bad result]")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(first["resultJson"])
    assert video_of(query(apixo, first["taskId"]))


def test_the_result_may_be_an_object_or_two_videos(sandbox: Sandbox, apixo: httpx.Client) -> None:
    data = finish(sandbox, apixo, "x [result object] [two results]")
    assert len(data["resultJson"]["resultUrls"]) == 2


def test_success_may_come_without_a_video_once(sandbox: Sandbox, apixo: httpx.Client) -> None:
    first = finish(sandbox, apixo, "x [empty creations]")
    assert json.loads(first["resultJson"]) == {"resultUrls": []}
    assert video_of(query(apixo, first["taskId"]))


def create_with_callback(
    apixo: httpx.Client, prompt: str, url: str, request_type: str = "callback"
) -> str:
    address = {"request_type": request_type, "callback_url": f"{url}/c/9f1c"}
    return task_id_of(apixo.post(CREATE, json=order(prompt, seed=7) | address))


def callbacks_of(
    sandbox: Sandbox, apixo: httpx.Client, prompt: str, request_type: str = "callback"
) -> list[ReceivedCallback]:
    """The callbacks of a task that was waited for."""
    with receiving() as receiver:
        create_with_callback(apixo, prompt, receiver.url, request_type)
        for _ in range(8):
            sandbox.advance(LONG / 8)
    return receiver.received


def test_the_end_is_reported_in_the_envelope_of_a_query(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    with receiving() as receiver:
        task_id = create_with_callback(apixo, "A lighthouse", receiver.url)
        sandbox.advance(LONG)
    (callback,) = receiver.received
    assert callback.path == "/c/9f1c"
    assert not [name for name in callback.headers if "sign" in name.lower()]
    assert callback.body.keys() == {"code", "message", "data"}
    assert callback.body["data"].keys() == query(apixo, task_id).keys()
    assert callback.body["data"]["taskId"] == task_id


def test_a_failure_is_reported_with_its_times(sandbox: Sandbox, apixo: httpx.Client) -> None:
    (callback,) = callbacks_of(sandbox, apixo, "x [fail PROCESSING_TIMEOUT]")
    data = callback.body["data"]
    assert (data["state"], data["failCode"]) == ("failed", "PROCESSING_TIMEOUT")
    assert data["costTime"] == data["completeTime"] - data["createTime"]


def test_a_task_that_is_not_of_the_callback_type_sends_none(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    assert callbacks_of(sandbox, apixo, "x", "async") == []


def test_a_directive_changes_what_is_reported(sandbox: Sandbox, apixo: httpx.Client) -> None:
    for directive, states in [
        ("never", []),
        ("duplicate", ["success", "success"]),
        ("out of order", ["success", "processing"]),
        ("contradicting", ["failed"]),
        ("early", ["pending", "success"]),
    ]:
        with case(directive):
            callbacks = callbacks_of(sandbox, apixo, f"x [callback {directive}]")
            assert [callback.body["data"]["state"] for callback in callbacks] == states


def test_a_callback_is_tried_three_times_more_with_growing_delay(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    with receiving() as receiver:
        receiver.statuses = [500] * 9
        create_with_callback(apixo, "x", receiver.url)
        for _ in range(60):
            sandbox.advance(5)
    times = [attempt.at for attempt in sandbox.callbacks]
    delays = [later - earlier for earlier, later in pairwise(times)]
    assert delays == pytest.approx([30, 60, 120], abs=5)
    assert len(receiver.received) == 4
