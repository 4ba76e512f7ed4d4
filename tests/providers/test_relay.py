"""The relay of Vidu (docs/wire.md, section 4)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Order,
    ProviderError,
    Reason,
    Refused,
    RemoteState,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.providers.relay.adapter import Relay
from generations.providers.relay.requests import MEMBERS

from .contract_suite import AdapterSuite
from .driver import first_request, run, value_of

ACCESS = Access("https://relay.example/", "sk-relay/0001")
ORDER = Order(
    kind="text_to_video",
    model="viduq2",
    prompt="A harbour in fog, 港口",
    duration=5,
    resolution="720p",
    aspect_ratio="4:3",
    seed=7,
    options={"bgm": True, "watermark": False},
    reference="attempt-17",
    callback_url="https://app.example/callbacks/relay/9f1c",
)
REMOTE_ID = "911026047460327424"
NATIVE = f"https://relay.example/vidu-native/video/generations/{REMOTE_ID}"
OFFICIAL = f"https://relay.example/ent/v2/tasks/{REMOTE_ID}/creations"
NOT_FOUND = httpx.Response(404, json={"code": 404, "reason": "TaskNotFound", "message": "no"})
NO_PAGE = httpx.Response(404, text="404 page not found")
PENDING = httpx.Response(200, json={"id": "1", "status": "pending", "video_url": None})
QUEUEING = httpx.Response(200, json={"id": REMOTE_ID, "state": "queueing", "creations": []})


class TestRelay(AdapterSuite):
    provider = Relay()
    access = ACCESS
    order = ORDER
    remote_id = REMOTE_ID
    questions = ("check", "test")
    elsewhere = (
        {"query_path": "official"},
        {"query_path": "/ent/v2/task?task_id={task_id}"},
        {"query_path": "/api/{task_id}/film?v=2"},
    )

    def callback_body(self, remote_id: str, word: str) -> Any:
        return {"task_id": remote_id, "status": word}


def sent(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(first_request(Relay().submit(ACCESS, order)).content)
    return body


def access(**options: str) -> Access:
    return replace(ACCESS, options=options)


def test_the_adapter_is_found_by_its_kind() -> None:
    assert isinstance(provider("relay"), Relay)


@pytest.mark.parametrize(
    ("model", "dropped"),
    [
        ("viduq3-turbo", {"audio", "off_peak", "invented"}),
        ("viduq2", {"style", "movement_amplitude", "audio", "off_peak", "invented"}),
        ("viduq1", {"audio", "off_peak", "invented"}),
    ],
)
def test_what_the_relay_or_the_model_does_not_support_is_not_sent(
    model: str, dropped: set[str]
) -> None:
    everything: Mapping[str, str | int | bool] = {
        "style": "anime",
        "movement_amplitude": "small",
        "bgm": True,
        "watermark": True,
        "wm_position": "top_left",
        "wm_url": "https://app.example/mark.png",
        "meta_data": "{}",
        "audio": True,
        "off_peak": True,
        "invented": 1,
    }
    body = sent(replace(ORDER, model=model, options=everything))
    assert {*body} == {*MEMBERS} - dropped


def test_only_what_was_said_is_sent() -> None:
    assert sent(Order(kind="text_to_video", model="viduq2", prompt="A harbour")) == {
        "model": "viduq2",
        "prompt": "A harbour",
    }


@pytest.mark.parametrize("kind", ["image_to_video", "references_to_video", "upscale"])
def test_another_kind_is_refused_unsent(kind: str) -> None:
    with pytest.raises(Refused, match="kind_unknown"):
        first_request(Relay().submit(ACCESS, replace(ORDER, kind=kind)))


@pytest.mark.parametrize("remote_id", ["", "0", "..", "null", "1\n2", "x" * 256])
def test_an_id_that_no_relay_gave_is_not_asked_about(remote_id: str) -> None:
    with pytest.raises(Refused, match="remote_id_invalid"):
        first_request(Relay().check(ACCESS, remote_id))


# ---- The two paths (4.3) --------------------------------------------------------------------


def asked(options: Mapping[str, str], *answers: httpx.Response) -> tuple[str, list[str]]:
    """The path that was learned, and the addresses that were asked."""
    report, requests = run(Relay().check(access(**options), REMOTE_ID), *answers)
    assert all(request.method == "GET" and not request.content for request in requests)
    return report.account_options["query_path"], [str(request.url) for request in requests]


def test_the_path_of_the_seed_is_asked_first() -> None:
    assert asked({}, PENDING) == ("native", [NATIVE])


@pytest.mark.parametrize(
    "missing",
    [
        NO_PAGE,
        NOT_FOUND,
        httpx.Response(400, json={"code": "task_not_exist", "message": "task_not_exist"}),
        httpx.Response(200, json={"code": "task_not_exist", "message": "task_not_exist"}),
    ],
)
def test_where_that_knows_no_such_task_the_official_path_is_asked_once(
    missing: httpx.Response,
) -> None:
    assert asked({}, missing, QUEUEING) == ("official", [NATIVE, OFFICIAL])


def test_the_path_that_answered_is_asked_first_from_then_on() -> None:
    assert asked({"query_path": "official"}, QUEUEING) == ("official", [OFFICIAL])


def test_a_path_that_stops_answering_is_forgotten() -> None:
    options = {"query_path": "official"}
    assert asked(options, NO_PAGE, PENDING) == ("native", [OFFICIAL, NATIVE])


def test_a_path_that_no_setting_knows_is_the_seeds() -> None:
    assert asked({"query_path": "elsewhere"}, PENDING) == ("native", [NATIVE])


@pytest.mark.parametrize("answers", [(NOT_FOUND, NO_PAGE), (NO_PAGE, NOT_FOUND)])
def test_of_two_refusals_the_one_that_speaks_json_counts(
    answers: tuple[httpx.Response, ...],
) -> None:
    with pytest.raises(Refused, match="TaskNotFound"):
        run(Relay().check(ACCESS, REMOTE_ID), *answers)


def test_two_pages_are_no_refusal() -> None:
    with pytest.raises(Unavailable, match="http_404"):
        run(Relay().check(ACCESS, REMOTE_ID), NO_PAGE, NO_PAGE)


def test_a_bad_key_at_the_other_path_is_an_error() -> None:
    refused = httpx.Response(401, json={"error": {"message": "Invalid token", "code": ""}})
    with pytest.raises(Unauthorised, match="http_401"):
        run(Relay().check(ACCESS, REMOTE_ID), NO_PAGE, refused)


def test_the_other_path_may_not_answer_either() -> None:
    with pytest.raises(Unavailable, match="no_answer"):
        run(Relay().check(ACCESS, REMOTE_ID), NO_PAGE, httpx.ReadTimeout("late"))


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502])
def test_any_other_answer_is_not_asked_elsewhere(status: int) -> None:
    with pytest.raises((Unauthorised, Unavailable)):
        run(Relay().check(ACCESS, REMOTE_ID), httpx.Response(status, json={"message": "no"}))


def test_a_good_key_has_no_task_0() -> None:
    done, requests = run(Relay().test(ACCESS), NO_PAGE, NOT_FOUND)
    assert done is None
    assert [request.url.path for request in requests] == [
        "/vidu-native/video/generations/0",
        "/ent/v2/tasks/0/creations",
    ]


# ---- Shapes, where more than one matches ----------------------------------------------------


def tencent(code: int, message: str) -> dict[str, Any]:
    output = {"FileInfos": [{"FileUrl": "https://cdn.example/v.mp4"}]}
    task = {"ErrCode": code, "Message": message, "Output": output}
    return {"Response": {"Status": "FINISH", "TaskType": "AigcVideoTask", "AigcVideoTask": task}}


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"state": "processing", "status": "completed", "video_url": None}, "running"),
        ({"state": "processing", "status": "pending", "video_url": "https://a/b"}, "succeeded"),
        ({"status": "pending", "video_url": None, "object": "video"}, "queued"),
        ({"state": 5, "status": "failed", "video_url": None}, "failed"),
        ({"code": "success", "data": {"status": "QUEUED"}, "object": "video"}, "queued"),
        # A code of 0 says more than the sentence beside it.
        (tencent(0, "处理完成, 1 file"), "succeeded"),
        (tencent(70000, "Success"), "failed"),
    ],
)
def test_the_first_shape_that_matches_wins(body: dict[str, Any], state: str) -> None:
    report = value_of(Relay().check(ACCESS, REMOTE_ID), httpx.Response(200, json=body))
    assert report.state is RemoteState(state)


def test_a_wrapping_within_a_wrapping_is_not_followed() -> None:
    body: dict[str, Any] = {"code": "success", "data": {"status": "SUCCESS"}}
    for _ in range(200):
        body = {"code": "success", "data": {"status": "SUCCESS", "data": body}}
    report = value_of(Relay().check(ACCESS, REMOTE_ID), httpx.Response(200, json=body))
    assert (report.state, report.results) == (RemoteState.SUCCEEDED, ())


# ---- Callbacks (4.4) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wanted"),
    [({}, False), ({"callbacks": "off"}, False), ({"callbacks": "on"}, True), ({"x": "on"}, False)],
)
def test_callbacks_are_asked_for_only_where_the_account_says_so(
    options: dict[str, str], wanted: bool
) -> None:
    assert Relay().accepts_callback_url(access(**options)) is wanted


def read_callback(body: bytes, headers: Mapping[str, str] | None = None) -> CallbackReading:
    request = CallbackRequest("POST", "/callbacks/relay/9f1c", "", headers or {}, body)
    return Relay().read_callback(ACCESS, request, now=0.0)


@pytest.mark.parametrize(
    ("body", "remote_id", "word"),
    [
        (b'{"id":"911026047460327424","state":"success"}', REMOTE_ID, "success"),
        (b'{"task_id":911026047460327424,"status":"failed"}', REMOTE_ID, "failed"),
        (b'{"id":"grok:299604b7","status":"completed"}', "grok:299604b7", "completed"),
        (b'{"id":"../..","status":"processing"}', "../..", "processing"),
        (b'{"id":"..","status":"processing"}', "", "processing"),
        (b'{"state":"success"', "", "success"),
        (b"[]", "", ""),
        (b"", "", ""),
        (b"\xff", "", ""),
    ],
)
def test_a_callback_gives_hints_that_nothing_proves(body: bytes, remote_id: str, word: str) -> None:
    assert read_callback(body) == CallbackReading(
        CallbackTrust.UNSIGNED, remote_id=remote_id, state_word=word
    )


def test_vidus_signature_of_the_relays_key_proves_nothing() -> None:
    headers = {"x-hmac-signature": "E9MccOn1Xqmt5t0pYd5sEZDxu6nSudBSYwkzLiUBEKM="}
    assert read_callback(b"{}", headers).trust is CallbackTrust.UNSIGNED


# ---- The catalogue --------------------------------------------------------------------------

RELAY = catalogue("relay")


def test_the_account_is_described() -> None:
    assert (RELAY.unit, RELAY.base_url, RELAY.base_urls) == ("credit", "", ())
    assert (RELAY.slots, RELAY.requests_per_minute, RELAY.link_life) == (5, 60, 3600)
    assert RELAY.inline_limit == 0
    assert RELAY.setting({}, "callbacks") == "off"


@pytest.mark.parametrize(
    ("model", "durations", "resolutions"),
    [
        ("viduq3-turbo", (1, 16), ("540p", "720p", "1080p")),
        ("viduq3-pro", (1, 16), ("540p", "720p", "1080p")),
        ("viduq2", (1, 10), ("540p", "720p", "1080p")),
        ("viduq1", (5, 5), ("1080p",)),
    ],
)
def test_each_model_has_the_limits_of_seed_001(
    model: str, durations: tuple[int, int], resolutions: tuple[str, ...]
) -> None:
    offer = RELAY.offer("text_to_video", model)
    assert offer is not None
    low, high = durations
    assert (offer.durations, offer.duration) == (tuple(range(low, high + 1)), 5)
    assert offer.resolutions == resolutions
    assert ("3:4" in offer.aspect_ratios, "4:3" in offer.aspect_ratios) == (model == "viduq2",) * 2
    assert offer.prompt_limit == 2000
    assert {option.name for option in offer.options} <= {*MEMBERS}


def test_nothing_else_is_offered() -> None:
    assert RELAY.kinds() == ("text_to_video",)
    assert RELAY.models("text_to_video") == ("viduq3-turbo", "viduq3-pro", "viduq2", "viduq1")


@pytest.mark.parametrize(
    ("chosen_by", "error"),
    [
        ("（distributor） (request id: 7)", Refused),
        ("(distributor)", Refused),
        ("(retry)", Unclear),
    ],
)
def test_an_order_that_no_service_could_take_was_not_taken(
    chosen_by: str, error: type[ProviderError]
) -> None:
    message = f"No available channel for model viduq2 under group default {chosen_by}"
    told = {"code": "model_not_found", "message": message, "type": "new_api_error"}
    with pytest.raises(error) as caught:
        value_of(Relay().submit(ACCESS, ORDER), httpx.Response(503, json={"error": told}))
    assert caught.value.reason is Reason.MODEL_UNAVAILABLE
