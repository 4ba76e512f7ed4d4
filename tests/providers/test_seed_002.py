"""Seed 002, the relay's GET /vidu-native/video/generations/{task_id}, by its very bytes."""

from dataclasses import replace

import httpx
import msgspec
import pytest

from generations.providers.contract import Access, RemoteState, Report, Result
from generations.providers.relay.adapter import Relay

from .driver import first_request, value_of

ACCESS = Access("https://relay.example", "YOUR_API_KEY")
REMOTE_ID = "911026047460327424"
LEARNED = {"query_path": "native"}

# The two reply examples, as they stand there.
PENDING = (
    b"{\r\n"
    b' "id": "033fa60e-f37c-4ff6-a44d-5585ffea938d",\r\n'
    b' "status": "pending",\r\n'
    b' "video_url": null,\r\n'
    b' "enhanced_prompt": "```\\n'
    b"A surreal and whimsical digital painting of a majestic brown cow with large, "
    b"feathered wings soaring gracefully through a vibrant blue sky. The cow has a joyful "
    b"expression, its tail streaming behind it as it flies among fluffy white clouds. "
    b"Below, a patchwork of green farmland stretches into the distance, with tiny farm "
    b"buildings and a group of astonished farmers looking up in amazement. The scene is "
    b"bathed in warm golden sunlight, creating a dreamlike and magical atmosphere. Art "
    b"style inspired by fantasy illustrations with soft brushstrokes and rich, saturated "
    b"colors."
    b'\\n```",\r\n'
    b' "status_update_time": 1750323167003\r\n'
    b"}"
)
COMPLETED = (
    b"{\r\n"
    b' "id": "grok:299604b7-c5ea-47b5-bc64-c06f300f0d27",\r\n'
    b' "mode": "text",\r\n'
    b' "type": "create",\r\n'
    b' "error": "",\r\n'
    b' "model": "grok-3",\r\n'
    b' "ratio": "3:2",\r\n'
    b' "prompt": "cat fish --mode=custom",\r\n'
    b' "status": "completed",\r\n'
    b' "post_id": "393ae1ec-1dc7-4f26-bb53-afe361bc3b3a",\r\n'
    b' "asset_id": "393ae1ec-1dc7-4f26-bb53-afe361bc3b3a",\r\n'
    b' "progress": 100,\r\n'
    b' "trace_id": "4cc3a75aa6d6a0788f86195e0cbad44e",\r\n'
    b' "upscaled": false,\r\n'
    b' "video_id": "393ae1ec-1dc7-4f26-bb53-afe361bc3b3a",\r\n'
    b' "video_url": "https://soruxgpt-saas-yimeng.soruxgpt.com/file_download/'
    b'ca10efbb-ae64-426e-99f0-f365bc3cd941.mp4",\r\n'
    b' "completed_at": 1764522552,\r\n'
    b' "thumbnail_url": "https://soruxgpt-saas-yimeng.soruxgpt.com/file_download/'
    b'f4fd6fe4-8091-4528-be32-335f4fc9af65.jpg",\r\n'
    b' "video_file_id": "ca10efbb-ae64-426e-99f0-f365bc3cd941",\r\n'
    b' "thumbnail_file_id": "f4fd6fe4-8091-4528-be32-335f4fc9af65",\r\n'
    b' "status_update_time": 1764522552,\r\n'
    b' "upscale_on_complete": false\r\n'
    b"}"
)
FILES = "https://soruxgpt-saas-yimeng.soruxgpt.com/file_download"
VIDEO_ID = "393ae1ec-1dc7-4f26-bb53-afe361bc3b3a"
VIDEO = Result("video", f"{FILES}/ca10efbb-ae64-426e-99f0-f365bc3cd941.mp4", VIDEO_ID)
COVER = Result("cover", f"{FILES}/f4fd6fe4-8091-4528-be32-335f4fc9af65.jpg", VIDEO_ID)
DONE = Report(
    RemoteState.SUCCEEDED,
    "completed",
    progress=100,
    results=(VIDEO, COVER),
    account_options=LEARNED,
)


def request() -> httpx.Request:
    return first_request(Relay().check(ACCESS, REMOTE_ID))


def read(content: bytes) -> Report:
    """The report without its raw reply."""
    response = httpx.Response(200, content=content)
    return replace(value_of(Relay().check(ACCESS, REMOTE_ID), response), raw="")


def test_seed_002_names_method_path_and_headers() -> None:
    path = b"/vidu-native/video/generations/911026047460327424"
    assert (request().method, request().url.raw_path) == ("GET", path)
    assert (b"Content-Type", b"application/json") in request().headers.raw
    assert (b"Accept", b"application/json") in request().headers.raw
    assert (b"Authorization", b"Bearer YOUR_API_KEY") in request().headers.raw


@pytest.mark.parametrize("leftover", ["model", "messages", "stream", "multipart/form-data"])
def test_seed_002_body_is_a_leftover_and_not_sent(leftover: str) -> None:
    assert request().content == b""
    assert leftover not in str(request().headers)


def test_seed_002_header_that_is_switched_off_is_not_sent() -> None:
    assert "X-Forwarded-Host" not in request().headers


def test_seed_002_first_example_is_read() -> None:
    assert read(PENDING) == Report(RemoteState.QUEUED, "pending", account_options=LEARNED)


def test_seed_002_second_example_is_read() -> None:
    assert read(COMPLETED) == DONE


@pytest.mark.parametrize(
    ("field", "old", "new", "report"),
    [
        (
            "status",
            b'"status": "completed"',
            b'"status": "failed"',
            replace(DONE, state=RemoteState.FAILED, state_word="failed", results=()),
        ),
        (
            "video_url",
            VIDEO.url.encode(),
            b"https://cdn.example/v.mp4?a=%2F",
            replace(DONE, results=(replace(VIDEO, url="https://cdn.example/v.mp4?a=%2F"), COVER)),
        ),
        (
            "thumbnail_url",
            COVER.url.encode(),
            b"https://cdn.example/t.jpg",
            replace(DONE, results=(VIDEO, replace(COVER, url="https://cdn.example/t.jpg"))),
        ),
        ("progress", b'"progress": 100', b'"progress": 40', replace(DONE, progress=40)),
        (
            "video_id",
            b'"video_id": "393ae1ec-1dc7-4f26-bb53-afe361bc3b3a"',
            b'"video_id": "7"',
            replace(DONE, results=(replace(VIDEO, remote_id="7"), replace(COVER, remote_id="7"))),
        ),
        (
            "error",
            b'"error": "",\r\n "model": "grok-3",\r\n "ratio": "3:2",\r\n "prompt": "cat fish'
            b' --mode=custom",\r\n "status": "completed"',
            b'"error": "no", "status": "pending"',
            replace(DONE, state_word="pending", message="no"),  # a film beside it is taken in
        ),
    ],
)
def test_seed_002_reads_the_member(field: str, old: bytes, new: bytes, report: Report) -> None:
    assert b'"%s"' % field.encode() in COMPLETED
    assert old in COMPLETED
    assert read(COMPLETED.replace(old, new)) == report


@pytest.mark.parametrize(
    "field",
    [
        *("id", "mode", "type", "model", "ratio", "prompt", "post_id", "asset_id", "trace_id"),
        *("upscaled", "completed_at", "video_file_id", "thumbnail_file_id"),
        *("status_update_time", "upscale_on_complete"),
    ],
)
def test_seed_002_keeps_the_member_in_the_raw_reply_only(field: str) -> None:
    members = msgspec.json.decode(COMPLETED)
    del members[field]
    assert read(msgspec.json.encode(members)) == DONE
    whole = value_of(Relay().check(ACCESS, REMOTE_ID), httpx.Response(200, content=COMPLETED))
    assert f'"{field}"' in whole.raw


@pytest.mark.parametrize("field", ["id", "enhanced_prompt", "status_update_time"])
def test_seed_002_pending_is_read_without_the_member(field: str) -> None:
    members = msgspec.json.decode(PENDING)
    del members[field]
    assert read(msgspec.json.encode(members)).state is RemoteState.QUEUED
