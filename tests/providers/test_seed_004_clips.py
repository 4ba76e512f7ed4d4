"""Seed 004 for clips: GET tasks/{id}/creations and the callback words, by their very bytes."""

from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    CallbackRequest,
    Order,
    Reason,
    RemoteState,
    Report,
    Result,
)
from generations.providers.vidu.adapter import Vidu

from .driver import first_request, value_of

ACCESS = Access("https://api.vidu.com", "your_api_key")
REMOTE_ID = "911026047460327424"

# The example, as it stands there: a comma is missing after "payload".
EXAMPLE = b"""{
  "id":"your_task_id",
  "state": "success",
  "err_code": "",
  "credits": 400,
  "payload":""
  "creations": [
    {
      "id": "your_creations_id",
      "url": "your_generated_results_url",
      "cover_url": "your_generated_results_cover_url",
      "watermarked_url": "your_generated_results_watermarked_url"
    }
  ],
  "progress":90
}"""
REPAIRED = EXAMPLE.replace(b'"payload":""', b'"payload":"",')
LINKED = REPAIRED.replace(b'"your_generated', b'"https://cdn.example/your_generated')
NAME = "https://cdn.example/your_generated_results_"
VIDEO = Result("video", f"{NAME}url", "your_creations_id")
COVER = Result("cover", f"{NAME}cover_url", "your_creations_id")
MARKED = Result("watermarked", f"{NAME}watermarked_url", "your_creations_id")
DONE = Report(
    RemoteState.SUCCEEDED, "success", progress=90, cost=400, results=(VIDEO, COVER, MARKED)
)


def read(content: bytes) -> Report:
    """The report without its raw reply."""
    flow = Vidu().check(ACCESS, REMOTE_ID)
    return replace(value_of(flow, httpx.Response(200, content=content)), raw="")


def test_seed_004_query_names_method_path_and_headers() -> None:
    sent = first_request(Vidu().check(ACCESS, REMOTE_ID))
    assert (sent.method, str(sent.url), sent.content) == (
        "GET",
        "https://api.vidu.com/ent/v2/tasks/911026047460327424/creations",
        b"",
    )
    assert (b"Authorization", b"Token your_api_key") in sent.headers.raw
    assert (b"Content-Type", b"application/json") in sent.headers.raw


def test_seed_004_example_with_its_slip_is_read_all_the_same() -> None:
    assert EXAMPLE != REPAIRED
    assert read(EXAMPLE) == read(REPAIRED)


def test_seed_004_example_without_links_has_ended_and_is_told() -> None:
    assert read(REPAIRED) == replace(DONE, results=())


def test_seed_004_example_with_links_is_read() -> None:
    assert read(LINKED) == DONE


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", RemoteState.QUEUED),
        ("queueing", RemoteState.QUEUED),
        ("processing", RemoteState.RUNNING),
        ("success", RemoteState.SUCCEEDED),
        ("failed", RemoteState.FAILED),
    ],
)
def test_seed_004_state_is_read(word: str, state: RemoteState) -> None:
    content = REPAIRED.replace(b'"state": "success"', b'"state": "%s"' % word.encode())
    assert (read(content).state, read(content).state_word) == (state, word)


@pytest.mark.parametrize(
    ("field", "old", "new", "report"),
    [
        (
            "err_code",
            b'"err_code": ""',
            b'"err_code": "x"',
            replace(DONE, code="x", reason=Reason.OTHER),
        ),
        ("credits", b'"credits": 400', b'"credits": 0', replace(DONE, cost=0)),
        ("payload", b'"payload":""', b'"payload":"job-17"', replace(DONE, reference="job-17")),
        ("progress", b'"progress":90', b'"progress":100', replace(DONE, progress=100)),
        (
            "creations[].id",
            b'"your_creations_id"',
            b'"911026903847563264"',
            replace(
                DONE,
                results=tuple(
                    replace(link, remote_id="911026903847563264") for link in (VIDEO, COVER, MARKED)
                ),
            ),
        ),
        (
            "creations[].url",
            VIDEO.url.encode() + b'",',
            b'https://cdn.example/v.mp4?sig=a%2Fb",',
            replace(
                DONE,
                results=(replace(VIDEO, url="https://cdn.example/v.mp4?sig=a%2Fb"), COVER, MARKED),
            ),
        ),
        (
            "creations[].cover_url",
            COVER.url.encode(),
            b"",
            replace(DONE, results=(VIDEO, MARKED)),
        ),
        (
            "creations[].watermarked_url",
            MARKED.url.encode(),
            b"",
            replace(DONE, results=(VIDEO, COVER)),
        ),
    ],
)
def test_seed_004_reads_the_member(field: str, old: bytes, new: bytes, report: Report) -> None:
    assert old in LINKED
    assert read(LINKED.replace(old, new)) == report


def test_seed_004_failure_reads_its_err_code() -> None:
    body = b'{"id":"1","state":"failed","err_code":"CreationPolicyViolation","credits":0}'
    assert read(body) == Report(
        RemoteState.FAILED,
        "failed",
        cost=0,
        code="CreationPolicyViolation",
        reason=Reason.RESULT_WITHHELD,
    )


@pytest.mark.parametrize("field", ["bgm", "off_peak"])
def test_seed_004_keeps_the_member_in_the_raw_reply_only(field: str) -> None:
    members: Any = msgspec.json.decode(LINKED)
    content = msgspec.json.encode(members | {field: True})
    assert read(content) == DONE
    response = httpx.Response(200, content=content)
    assert f'"{field}":true' in value_of(Vidu().check(ACCESS, REMOTE_ID), response).raw


def test_seed_004_links_are_valid_for_one_hour() -> None:
    assert catalogue("vidu").link_life == 3600


@pytest.mark.parametrize("word", ["processing", "success", "failed"])
def test_seed_004_callback_words_are_hints(word: str) -> None:
    for member in ("status", "state"):
        body = f'{{"id":"{REMOTE_ID}","{member}":"{word}"}}'.encode()
        received = CallbackRequest("POST", "/callbacks/vidu/9f1c", "", {}, body)
        reading = Vidu().read_callback(ACCESS, received, now=0.0)
        assert (reading.remote_id, reading.state_word) == (REMOTE_ID, word)


def test_seed_004_callback_is_asked_for_by_its_address() -> None:
    assert Vidu().accepts_callback_url(ACCESS)
    order = Order(
        kind="text_to_video",
        model="viduq2",
        prompt="A harbour",
        callback_url="https://app.example/callbacks/vidu/9f1c",
    )
    assert first_request(Vidu().submit(ACCESS, order)).content == (
        b'{"model":"viduq2","prompt":"A harbour",'
        b'"callback_url":"https://app.example/callbacks/vidu/9f1c"}'
    )
