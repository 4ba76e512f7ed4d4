"""The dialect of APIXO: a task in each mode, a look, the balance, and callbacks."""

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
from generations.sandbox.providers.apixo.replies import FAILURES
from tests.sandbox.dialects import body_of, speaking
from tests.sandbox.orders import LONG
from tests.sandbox.receiver import Ring, receiving
from tests.sandbox.stills import encoded
from tests.sandbox.test_pictures import serving

CREATE = "/api/v1/generateTask/vidu-q3"
LOOK = "/api/v1/statusTask/vidu-q3"
BALANCE = "/api/v1/apikeys/current-balance"
DAY = 86_400


@pytest.fixture
def apixo(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with speaking(sandbox, "apixo") as client:
        yield client


def order(prompt: str = "A lighthouse", **fields: Any) -> dict[str, Any]:
    usual = {"mode": "text-to-video", "prompt": prompt, "resolution": "720p", "duration": 4}
    return {"input": usual | fields}


def create(apixo: httpx.Client, prompt: str = "A lighthouse", **fields: Any) -> str:
    return str(taken(apixo.post(CREATE, json=order(prompt, **fields))))


def taken(response: httpx.Response) -> str:
    body = body_of(response)
    assert (body["code"], body["message"]) == (200, "success")
    return str(body["data"]["taskId"])


def look(apixo: httpx.Client, number: str) -> dict[str, Any]:
    body = body_of(apixo.get(LOOK, params={"taskId": number}))
    assert (body["code"], body["message"]) == (200, "success")
    data: dict[str, Any] = body["data"]
    return data


def finish(sandbox: Sandbox, apixo: httpx.Client, prompt: str, **fields: Any) -> dict[str, Any]:
    number = create(apixo, prompt, **fields)
    sandbox.advance(LONG)
    return look(apixo, number)


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
    number = create(apixo)
    assert re.fullmatch(r"task_\d{18}", number)
    assert look(apixo, number) == {"taskId": number, "state": "pending"}
    sandbox.advance(2)
    assert look(apixo, number) == {"taskId": number, "state": "processing"}
    sandbox.advance(LONG)
    data = look(apixo, number)
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
    assert httpx.get(video_of(data)).content[4:8] == b"ftyp"
    assert sandbox.counts.requests["GET /media/{id}/video.mp4"] == 1


@pytest.mark.parametrize("code", [*FAILURES, "SensitiveContentDetected"])
def test_a_task_fails_with_every_code_and_with_an_unknown_one(
    sandbox: Sandbox, apixo: httpx.Client, code: str
) -> None:
    data = finish(sandbox, apixo, f"x [fail {code}]")
    assert data.keys() == {"taskId", "state", "failCode", "failMsg"}
    assert (data["state"], data["failCode"]) == ("failed", code)
    assert data["failMsg"]


def test_the_message_of_a_violation_is_that_of_the_example(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    data = finish(sandbox, apixo, "x [fail CONTENT_VIOLATION]")
    assert data["failMsg"] == "Content does not meet safety guidelines"


@pytest.mark.parametrize("mode", ["image-to-video", "turbo-image-to-video"])
def test_an_image_mode_shows_its_pictures_in_their_ratio(
    sandbox: Sandbox, apixo: httpx.Client, tmp_path: Path, mode: str
) -> None:
    (tmp_path / "a.png").write_bytes(encoded(200, 400, "png"))
    (tmp_path / "b.webp").write_bytes(encoded(200, 400, "webp"))
    with serving(tmp_path) as url:
        addresses = [f"{url}/a.png", f"{url}/b.webp"]
        number = create(apixo, "x", mode=mode, image_urls=addresses)
    assert [shown.format for shown in sandbox.tasks[number].order["pictures"]] == ["png", "webp"]
    sandbox.advance(LONG)
    film = httpx.get(video_of(look(apixo, number)))
    with av.open(BytesIO(film.content), "r") as container:
        picture = container.streams.video[0]
        assert (picture.width, picture.height) == (80, 160)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.png", b"", "INVALID_IMAGE_URL"),
        ("a.png", b"no picture", "UNSUPPORTED_FORMAT"),
        ("b.png", bytes(10 * 1024 * 1024 + 1), "IMAGE_TOO_LARGE"),
        ("c.png", encoded(900, 100, "png"), "GENERATION_FAILED"),
    ],
)
def test_a_picture_that_cannot_be_taken_fails_the_task(
    sandbox: Sandbox,
    apixo: httpx.Client,
    tmp_path: Path,
    name: str,
    content: bytes,
    code: str,
) -> None:
    if content:
        (tmp_path / name).write_bytes(content)
    with serving(tmp_path) as url:
        fields = {"mode": "image-to-video", "image_urls": [f"{url}/{name}"]}
        data = finish(sandbox, apixo, "x", **fields)
    assert (data["state"], data["failCode"]) == ("failed", code)
    assert balance(apixo) == 100


def test_a_clip_without_sound_and_music_is_silent(sandbox: Sandbox, apixo: httpx.Client) -> None:
    for fields, tracks in [({"sound": False, "bgm": False}, 0), ({"sound": False}, 1)]:
        film = httpx.get(video_of(finish(sandbox, apixo, "x", **fields)))
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
    assert httpx.get(url).status_code == 200
    sandbox.advance(10)
    assert httpx.get(url).status_code == 403
    assert httpx.get(video_of(look(apixo, data["taskId"]))).status_code == 200


def test_a_dead_link_may_say_that_there_is_nothing(sandbox: Sandbox, apixo: httpx.Client) -> None:
    url = video_of(finish(sandbox, apixo, "x [expired 404]"))
    assert httpx.get(url).status_code == 200
    sandbox.advance(15 * DAY + 1)
    assert httpx.get(url).status_code == 404


def test_the_result_may_be_cut_short_once(sandbox: Sandbox, apixo: httpx.Client) -> None:
    first = finish(sandbox, apixo, "x [bad result]")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(first["resultJson"])
    assert video_of(look(apixo, first["taskId"]))


def test_the_result_may_be_an_object_or_two_videos(sandbox: Sandbox, apixo: httpx.Client) -> None:
    data = finish(sandbox, apixo, "x [result object] [two results]")
    assert len(data["resultJson"]["resultUrls"]) == 2


def test_success_may_come_without_a_video_once(sandbox: Sandbox, apixo: httpx.Client) -> None:
    first = finish(sandbox, apixo, "x [empty creations]")
    assert json.loads(first["resultJson"]) == {"resultUrls": []}
    assert video_of(look(apixo, first["taskId"]))


def rung(apixo: httpx.Client, prompt: str, url: str, kind: str = "callback") -> str:
    body = order(prompt) | {"request_type": kind, "callback_url": f"{url}/c/9f1c"}
    return taken(apixo.post(CREATE, json=body))


def rings(sandbox: Sandbox, apixo: httpx.Client, prompt: str, kind: str = "callback") -> list[Ring]:
    with receiving() as receiver:
        rung(apixo, prompt, receiver.url, kind)
        for _ in range(8):
            sandbox.advance(LONG / 8)
    return receiver.rings


def test_the_end_is_told_in_the_envelope_of_a_look(sandbox: Sandbox, apixo: httpx.Client) -> None:
    with receiving() as receiver:
        number = rung(apixo, "A lighthouse", receiver.url)
        sandbox.advance(LONG)
    (ring,) = receiver.rings
    assert ring.path == "/c/9f1c"
    assert not [name for name in ring.headers if "sign" in name.lower()]
    assert ring.body.keys() == {"code", "message", "data"}
    assert ring.body["data"].keys() == look(apixo, number).keys()
    assert ring.body["data"]["taskId"] == number


def test_a_failure_is_told_with_its_times(sandbox: Sandbox, apixo: httpx.Client) -> None:
    (ring,) = rings(sandbox, apixo, "x [fail PROCESSING_TIMEOUT]")
    data = ring.body["data"]
    assert (data["state"], data["failCode"]) == ("failed", "PROCESSING_TIMEOUT")
    assert data["costTime"] == data["completeTime"] - data["createTime"]


def test_a_task_that_is_not_of_the_callback_kind_sends_none(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    assert rings(sandbox, apixo, "x", "async") == []


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("never", []),
        ("duplicate", ["success", "success"]),
        ("out of order", ["success", "processing"]),
        ("contradicting", ["failed"]),
        ("early", ["pending", "success"]),
    ],
)
def test_a_word_changes_what_is_told(
    sandbox: Sandbox, apixo: httpx.Client, word: str, states: list[str]
) -> None:
    told = rings(sandbox, apixo, f"x [callback {word}]")
    assert [ring.body["data"]["state"] for ring in told] == states


def test_a_callback_is_tried_three_times_more_with_growing_delay(
    sandbox: Sandbox, apixo: httpx.Client
) -> None:
    with receiving() as receiver:
        receiver.statuses = [500] * 9
        rung(apixo, "x", receiver.url)
        for _ in range(60):
            sandbox.advance(5)
    moments = [sent.at for sent in sandbox.callbacks]
    delays = [later - earlier for earlier, later in pairwise(moments)]
    assert delays == pytest.approx([30, 60, 120], abs=5)
    assert len(receiver.rings) == 4
