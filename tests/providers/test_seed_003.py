"""Seed 003, APIXO's generateTask and statusTask: what is sent and read, by its very bytes."""

from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers.apixo.adapter import Apixo
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    Order,
    Picture,
    ProviderError,
    Reason,
    Receipt,
    Refused,
    RemoteState,
    Report,
    Result,
    Unauthorised,
    Unavailable,
)

from .driver import first_request, value_of

ACCESS = Access("https://api.apixo.ai", "YOUR_API_KEY")
REMOTE_ID = "task_12345678"
START = Picture(1280, 720, 500_000, address="https://example.com/start.jpg")
END = Picture(1280, 720, 500_000, address="https://example.com/end.jpg")
ORDER = Order(kind="text_to_video", model="vidu-q3", prompt="A harbour")

# The examples, as they stand there.
BODY = b"""{
"request_type": "async",
"callback_url": "https://...",
"provider": "auto",
"input": {
"mode": "text-to-video",
"prompt": "a cinematic shot of a futuristic city at sunrise",
"resolution": "720p",
"duration": 8,
"style": "general",
"aspect_ratio": "4:3",
"movement": "auto",
"sound": true,
"bgm": true,
"seed": 1234
}
}"""
TEXT = b"""{
"request_type": "async",
"input": {
"mode": "text-to-video",
"prompt": "a cinematic flyover of a futuristic city at sunrise",
"resolution": "720p",
"duration": 8,
"style": "general",
"aspect_ratio": "16:9",
"movement": "auto",
"sound": true,
"bgm": true
}
}"""
ONE_PICTURE = b"""{
"request_type": "callback",
"callback_url": "https://your-server.com/callback",
"input": {
"mode": "image-to-video",
"prompt": "make this image come alive with subtle motion",
"resolution": "1080p",
"duration": 4,
"image_urls": [
"https://example.com/start.jpg"
]
}
}"""
TWO_PICTURES = b"""{
"request_type": "async",
"input": {
"mode": "image-to-video",
"prompt": "transition from start to end smoothly",
"resolution": "720p",
"duration": 8,
"image_urls": [
"https://example.com/start.jpg",
"https://example.com/end.jpg"
]
}
}"""
CREATED = b"""{
"code": 200,
"message": "success",
"data": {
"taskId": "task_12345678"
}
}"""
REFUSED = b"""{
"code": 400,
"message": "Insufficient credits",
"data": null
}"""
SUCCESS = rb"""{
"code": 200,
"message": "success",
"data": {
"taskId": "task_12345678",
"state": "success",
"resultJson": "{\"resultUrls\":[\"https://r2.apixo.ai/video.mp4\"]}",
"createTime": 1767965610929,
"completeTime": 1767965730929,
"costTime": 120000
}
}"""
FAILED = b"""{
"code": 200,
"message": "success",
"data": {
"taskId": "task_12345678",
"state": "failed",
"failCode": "CONTENT_VIOLATION",
"failMsg": "Content does not meet safety guidelines"
}
}"""
DONE = Report(
    RemoteState.SUCCEEDED, "success", results=(Result("video", "https://r2.apixo.ai/video.mp4"),)
)


def request(order: Order) -> httpx.Request:
    return first_request(Apixo().submit(ACCESS, order))


def read(content: bytes, status: int = 200) -> Report:
    """The report without its raw reply."""
    flow = Apixo().check(ACCESS, REMOTE_ID)
    return replace(value_of(flow, httpx.Response(status, content=content)), raw="")


def received(content: bytes, status: int = 200) -> Receipt | ProviderError:
    flow = Apixo().submit(ACCESS, ORDER)
    try:
        return value_of(flow, httpx.Response(status, content=content))
    except ProviderError as error:
        return error


def compact(example: bytes) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(example))


# ---- POST /api/v1/generateTask/vidu-q3 ------------------------------------------------------


def test_seed_003_create_names_method_path_and_headers() -> None:
    sent = request(ORDER)
    assert (sent.method, str(sent.url)) == (
        "POST",
        "https://api.apixo.ai/api/v1/generateTask/vidu-q3",
    )
    assert (b"Authorization", b"Bearer YOUR_API_KEY") in sent.headers.raw
    assert (b"Content-Type", b"application/json") in sent.headers.raw


def test_seed_003_example_of_text_to_video_is_sent_without_its_spaces() -> None:
    order = Order(
        kind="text_to_video",
        model="vidu-q3",
        prompt="a cinematic flyover of a futuristic city at sunrise",
        duration=8,
        resolution="720p",
        aspect_ratio="16:9",
        options={"style": "general", "movement_amplitude": "auto", "audio": True, "bgm": True},
    )
    assert request(order).content == compact(TEXT)


def test_seed_003_example_of_one_picture_is_sent_without_its_spaces() -> None:
    order = Order(
        kind="image_to_video",
        model="vidu-q3",
        prompt="make this image come alive with subtle motion",
        duration=4,
        resolution="1080p",
        images=(START,),
        callback_url="https://your-server.com/callback",
    )
    assert request(order).content == compact(ONE_PICTURE)


def test_seed_003_example_of_two_pictures_is_sent_without_its_spaces() -> None:
    order = Order(
        kind="frames_to_video",
        model="vidu-q3",
        prompt="transition from start to end smoothly",
        duration=8,
        resolution="720p",
        images=(START, END),
    )
    assert request(order).content == compact(TWO_PICTURES)


def test_seed_003_body_example_is_sent_but_that_async_needs_no_address() -> None:
    order = Order(
        kind="text_to_video",
        model="vidu-q3",
        prompt="a cinematic shot of a futuristic city at sunrise",
        duration=8,
        resolution="720p",
        aspect_ratio="4:3",
        seed=1234,
        options={
            "style": "general",
            "movement_amplitude": "auto",
            "audio": True,
            "bgm": True,
            "route": "auto",
        },
    )
    without = BODY.replace(b'"callback_url": "https://...",\n', b"")
    assert request(order).content == compact(without)


@pytest.mark.parametrize(
    ("field", "said", "sent"),
    [
        ("request_type async", {}, '{"request_type":"async"'),
        (
            "request_type callback",
            {"callback_url": "https://app.example/callbacks/apixo/9f1c"},
            '{"request_type":"callback","callback_url":"https://app.example/callbacks/apixo/9f1c"',
        ),
        ("provider auto", {"options": {"route": "auto"}}, '"provider":"auto"'),
        ("provider value", {"options": {"route": "value"}}, '"provider":"value"'),
        ("provider official", {"options": {"route": "official"}}, '"provider":"official"'),
        ("input.mode", {}, '"input":{"mode":"text-to-video"'),
        ("input.mode turbo", {"model": "vidu-q3-turbo"}, '"mode":"turbo-text-to-video"'),
        ("input.prompt", {"prompt": "雾中的港口"}, '"prompt":"雾中的港口"'),
        ("input.resolution", {"resolution": "1080p"}, '"resolution":"1080p"'),
        ("input.duration", {"duration": 16}, '"duration":16'),
        ("input.style general", {"options": {"style": "general"}}, '"style":"general"'),
        ("input.style anime", {"options": {"style": "anime"}}, '"style":"anime"'),
        ("input.aspect_ratio 16:9", {"aspect_ratio": "16:9"}, '"aspect_ratio":"16:9"'),
        ("input.aspect_ratio 9:16", {"aspect_ratio": "9:16"}, '"aspect_ratio":"9:16"'),
        ("input.aspect_ratio 4:3", {"aspect_ratio": "4:3"}, '"aspect_ratio":"4:3"'),
        ("input.aspect_ratio 3:4", {"aspect_ratio": "3:4"}, '"aspect_ratio":"3:4"'),
        ("input.aspect_ratio 1:1", {"aspect_ratio": "1:1"}, '"aspect_ratio":"1:1"'),
        (
            "input.image_urls one",
            {"kind": "image_to_video", "images": (START,)},
            '"image_urls":["https://example.com/start.jpg"]',
        ),
        (
            "input.image_urls first and last",
            {"kind": "frames_to_video", "images": (START, END)},
            '"image_urls":["https://example.com/start.jpg","https://example.com/end.jpg"]',
        ),
        (
            "input.movement small",
            {"options": {"movement_amplitude": "small"}},
            '"movement":"small"',
        ),
        (
            "input.movement medium",
            {"options": {"movement_amplitude": "medium"}},
            '"movement":"medium"',
        ),
        (
            "input.movement large",
            {"options": {"movement_amplitude": "large"}},
            '"movement":"large"',
        ),
        ("input.sound", {"options": {"audio": False}}, '"sound":false'),
        ("input.bgm", {"options": {"bgm": False}}, '"bgm":false'),
        ("input.seed", {"seed": 1234}, '"seed":1234'),
    ],
)
def test_seed_003_sends_the_field(field: str, said: dict[str, Any], sent: str) -> None:
    order = replace(ORDER, **said)
    assert sent.encode() in request(order).content
    offer = catalogue("apixo").offer(order.kind, order.model)
    assert offer is not None
    assert offer.problems(order) == ()


def test_seed_003_provider_may_be_a_channel() -> None:
    channel = replace(ACCESS, options={"channel": "channel-7"})
    assert b'"provider":"channel-7"' in first_request(Apixo().submit(channel, ORDER)).content


def test_seed_003_at_most_two_pictures_are_taken() -> None:
    for kind, count in (("text_to_video", 0), ("image_to_video", 1), ("frames_to_video", 2)):
        offer = catalogue("apixo").offer(kind, "vidu-q3")
        assert offer is not None
        assert offer.images == (count, count)


def test_seed_003_create_example_is_read() -> None:
    assert received(CREATED) == Receipt(REMOTE_ID, RemoteState.QUEUED, raw=CREATED.decode())


@pytest.mark.parametrize("status", [200, 400, 402])
def test_seed_003_refusal_example_is_a_balance_whatever_its_status(status: int) -> None:
    error = received(REFUSED, status)
    assert isinstance(error, Unauthorised)
    assert (error.code, error.message) == ("http_402", "Insufficient credits")


# ---- GET /api/v1/statusTask/vidu-q3 ---------------------------------------------------------


def test_seed_003_query_names_method_path_and_task_id() -> None:
    sent = first_request(Apixo().check(ACCESS, REMOTE_ID))
    assert (sent.method, str(sent.url), sent.content) == (
        "GET",
        "https://api.apixo.ai/api/v1/statusTask/vidu-q3?taskId=task_12345678",
        b"",
    )
    assert (b"Authorization", b"Bearer YOUR_API_KEY") in sent.headers.raw


def test_seed_003_success_example_is_read() -> None:
    assert read(SUCCESS) == DONE


def test_seed_003_failure_example_is_read() -> None:
    assert read(FAILED) == Report(
        RemoteState.FAILED,
        "failed",
        code="CONTENT_VIOLATION",
        reason=Reason.PROMPT_REFUSED,
        message="Content does not meet safety guidelines",
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", RemoteState.QUEUED),
        ("processing", RemoteState.RUNNING),
        ("success", RemoteState.SUCCEEDED),
        ("failed", RemoteState.FAILED),
    ],
)
def test_seed_003_state_is_read(word: str, state: RemoteState) -> None:
    content = SUCCESS.replace(b'"state": "success"', b'"state": "%s"' % word.encode())
    bare = content.replace(rb"\"https://r2.apixo.ai/video.mp4\"", b"")
    assert (read(bare).state, read(bare).state_word) == (state, word)


@pytest.mark.parametrize(
    ("field", "old", "new", "report"),
    [
        (
            "resultJson",
            rb"[\"https://r2.apixo.ai/video.mp4\"]",
            rb"[\"https://r2.apixo.ai/a.mp4?x=%2F\",\"https://r2.apixo.ai/b.mp4\"]",
            replace(
                DONE,
                results=(
                    Result("video", "https://r2.apixo.ai/a.mp4?x=%2F"),
                    Result("video", "https://r2.apixo.ai/b.mp4"),
                ),
            ),
        ),
        (
            "resultJson malformed",
            rb"\"https://r2.apixo.ai/video.mp4\"]}",
            rb"",
            replace(DONE, results=()),  # people are told that its film was not found
        ),
    ],
)
def test_seed_003_success_reads_the_member(
    field: str, old: bytes, new: bytes, report: Report
) -> None:
    assert old in SUCCESS
    assert read(SUCCESS.replace(old, new)) == report


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("failCode", b"CONTENT_VIOLATION", b"INVALID_IMAGE_URL"),
        ("failMsg", b"Content does not meet safety guidelines", b"The picture cannot be fetched"),
    ],
)
def test_seed_003_failure_reads_the_member(field: str, old: bytes, new: bytes) -> None:
    report = read(FAILED.replace(old, new))
    told = {"failCode": report.code, "failMsg": report.message}
    assert told[field] == new.decode()


@pytest.mark.parametrize("field", ["taskId", "createTime", "completeTime", "costTime"])
def test_seed_003_keeps_the_member_in_the_raw_reply_only(field: str) -> None:
    members: Any = msgspec.json.decode(SUCCESS)
    del members["data"][field]
    assert read(msgspec.json.encode(members)) == DONE
    response = httpx.Response(200, content=SUCCESS)
    assert f'"{field}"' in value_of(Apixo().check(ACCESS, REMOTE_ID), response).raw


# ---- Errors and limits ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, Refused), (401, Unauthorised), (402, Unauthorised), (429, Unavailable)],
)
def test_seed_003_error_code_is_that_of_http_or_of_the_body(
    code: int, kind: type[ProviderError]
) -> None:
    body = b'{"code": %d, "message": "no", "data": null}' % code
    for status in (code, 200):
        error = received(body, status)
        assert type(error) is kind
        assert error.code == f"http_{code}"


@pytest.mark.parametrize("code", ["CONTENT_VIOLATION", "INVALID_IMAGE_URL"])
def test_seed_003_fail_code_ends_the_task(code: str) -> None:
    report = read(FAILED.replace(b"CONTENT_VIOLATION", code.encode()))
    assert (report.state, report.code) == (RemoteState.FAILED, code)


def test_seed_003_limits_are_the_catalogues() -> None:
    book = catalogue("apixo")
    assert (book.requests_per_minute, book.slots) == (60, 10)


def test_seed_003_advice_on_asking_is_followed() -> None:
    polling = catalogue("apixo").polling
    assert 60 <= polling.first <= 90
    assert (polling.every, polling.queued) == (5, 5)


def test_seed_003_results_stay_up_for_15_days() -> None:
    assert catalogue("apixo").link_life == 15 * 24 * 60 * 60
