"""APIXO's vidu-q3 (docs/wire.md, section 5)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers import provider
from generations.providers.apixo.adapter import Apixo
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Order,
    Picture,
    Refused,
    RemoteState,
    Report,
)

from .contract_suite import AdapterSuite
from .driver import first_request, value_of

ACCESS = Access("https://api.apixo.ai/", "apx-test/0001")
ORDER = Order(
    kind="text_to_video",
    model="vidu-q3",
    prompt="A harbour in fog, 港口",
    duration=8,
    resolution="720p",
    aspect_ratio="4:3",
    seed=1234,
    options={"audio": True, "bgm": False, "style": "anime", "movement_amplitude": "small"},
    reference="attempt-17",
    callback_url="https://app.example/callbacks/apixo/9f1c",
)
REMOTE_ID = "task_12345678"
PICTURES = (
    Picture(1280, 720, 500_000, address="https://app.example/a.jpg"),
    Picture(1280, 720, 500_000, address="https://app.example/b.jpg"),
)
BOOK = catalogue("apixo")


class TestApixo(AdapterSuite):
    provider = Apixo()
    access = ACCESS
    order = ORDER
    remote_id = REMOTE_ID
    questions = ("check", "balance", "test")

    def callback_body(self, remote_id: str, word: str) -> Any:
        return {"code": 200, "message": "success", "data": {"taskId": remote_id, "state": word}}


def sent(order: Order, access: Access = ACCESS) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(first_request(Apixo().submit(access, order)).content)
    return body


def pictured(kind: str, model: str = "vidu-q3") -> Order:
    images = PICTURES[: {"text_to_video": 0, "image_to_video": 1, "frames_to_video": 2}[kind]]
    return replace(ORDER, kind=kind, model=model, images=images)


def test_the_adapter_is_found_by_its_kind() -> None:
    assert isinstance(provider("apixo"), Apixo)


def test_callbacks_are_asked_for() -> None:
    assert Apixo().accepts_callback_url(ACCESS)


@pytest.mark.parametrize(
    ("kind", "model", "mode", "pictures"),
    [
        ("text_to_video", "vidu-q3", "text-to-video", 0),
        ("image_to_video", "vidu-q3", "image-to-video", 1),
        ("frames_to_video", "vidu-q3", "image-to-video", 2),
        ("text_to_video", "vidu-q3-turbo", "turbo-text-to-video", 0),
        ("image_to_video", "vidu-q3-turbo", "turbo-image-to-video", 1),
        ("frames_to_video", "vidu-q3-turbo", "turbo-image-to-video", 2),
    ],
)
def test_kind_and_model_make_the_mode(kind: str, model: str, mode: str, pictures: int) -> None:
    made = sent(pictured(kind, model))["input"]
    assert made["mode"] == mode
    assert len(made.get("image_urls", [])) == pictures


@pytest.mark.parametrize("kind", ["image_to_video", "frames_to_video"])
def test_what_only_text_supports_is_not_sent_with_pictures(kind: str) -> None:
    assert {"style", "aspect_ratio"} <= {*sent(ORDER)["input"]}
    assert not {"style", "aspect_ratio"} & {*sent(pictured(kind))["input"]}


def test_resolution_and_duration_are_sent_though_nobody_said_them() -> None:
    assert sent(Order(kind="text_to_video", model="vidu-q3-turbo", prompt="A harbour")) == {
        "request_type": "async",
        "input": {
            "mode": "turbo-text-to-video",
            "prompt": "A harbour",
            "resolution": "720p",
            "duration": 5,
        },
    }


def test_no_member_is_sent_that_the_documents_do_not_have() -> None:
    strange: Mapping[str, str | int | bool] = {
        "mode": "x",
        "prompt": "y",
        "watermark": True,
        "off_peak": True,
        "payload": "z",
        "invented": 1,
    }
    assert sent(replace(ORDER, options={**strange, **ORDER.options})) == sent(ORDER)
    assert "attempt-17" not in str(sent(ORDER))


@pytest.mark.parametrize(
    ("channel", "said", "provider_member"),
    [
        ("", None, None),
        ("", "auto", "auto"),
        ("", "value", "value"),
        ("", "official", "official"),
        ("channel-7", None, "channel-7"),
        ("channel-7", "auto", "channel-7"),
        ("channel-7", "value", "value"),
        ("channel-7", "official", "official"),
    ],
)
def test_the_accounts_channel_stands_in_for_auto(
    channel: str, said: str | None, provider_member: str | None
) -> None:
    access = replace(ACCESS, options={"channel": channel} if channel else {})
    order = replace(ORDER, options={} if said is None else {"route": said})
    assert sent(order, access).get("provider") == provider_member


def test_a_picture_that_is_no_address_is_refused_unsent() -> None:
    inline = replace(PICTURES[0], address="data:image/png;base64,AAAA")
    for images in ((inline,), (replace(inline, address=""),)):
        with pytest.raises(Refused, match="address_required"):
            first_request(
                Apixo().submit(ACCESS, replace(ORDER, kind="image_to_video", images=images))
            )


@pytest.mark.parametrize(
    ("kind", "model"), [("references_to_video", "vidu-q3"), ("text_to_video", "viduq3-pro")]
)
def test_what_is_not_offered_is_refused_unsent(kind: str, model: str) -> None:
    with pytest.raises(Refused, match="kind_unknown"):
        first_request(Apixo().submit(ACCESS, replace(ORDER, kind=kind, model=model)))


@pytest.mark.parametrize("remote_id", ["", "0", "..", "null", "1\n2", "x" * 256])
def test_an_id_that_apixo_never_gave_is_not_asked_about(remote_id: str) -> None:
    with pytest.raises(Refused, match="remote_id_invalid"):
        first_request(Apixo().check(ACCESS, remote_id))


@pytest.mark.parametrize("call", ["balance", "test"])
def test_the_key_is_proved_by_its_balance(call: str) -> None:
    asked = first_request(TestApixo().flow(call))
    assert (asked.method, asked.url.raw_path, asked.content) == (
        "GET",
        b"/api/v1/apikeys/current-balance",
        b"",
    )


def test_a_result_that_is_cut_has_no_half_link() -> None:
    whole = '{"resultUrls":["https://r2.apixo.ai/video.mp4"]}'
    for length in range(len(whole) + 1):
        report = checked(whole[:length])
        assert report.state is RemoteState.SUCCEEDED
        assert {result.url for result in report.results} <= {"https://r2.apixo.ai/video.mp4"}
    assert report.results


def checked(result: str) -> Report:
    data = {"taskId": REMOTE_ID, "state": "success", "resultJson": result}
    answer = httpx.Response(200, json={"code": 200, "message": "success", "data": data})
    return value_of(Apixo().check(ACCESS, REMOTE_ID), answer)


@pytest.mark.parametrize(
    ("body", "remote_id", "word"),
    [
        (b'{"code":200,"data":{"taskId":"task_1","state":"success"}}', "task_1", "success"),
        (b'{"code":200,"data":{"taskId":"../..","state":"failed"}}', "../..", "failed"),
        (b'{"code":200,"data":{"taskId":"..","state":"failed"}}', "", "failed"),
        (b'{"taskId":"task_1","state":"success"}', "task_1", "success"),
        (b'{"data":[]}', "", ""),
        (b'{"data":{"taskId":"task_1"', "task_1", ""),
        (b'{"data":{"taskId":"task_', "", ""),
        (b"[]", "", ""),
        (b"", "", ""),
        (b"\xff", "", ""),
    ],
)
def test_a_callback_gives_hints_that_nothing_proves(body: bytes, remote_id: str, word: str) -> None:
    received = CallbackRequest("POST", "/callbacks/apixo/9f1c", "", {"x-signature": "any"}, body)
    assert Apixo().read_callback(ACCESS, received, now=0.0) == CallbackReading(
        CallbackTrust.UNSIGNED, remote_id, word
    )


# ---- The catalogue --------------------------------------------------------------------------


def test_the_account_is_described() -> None:
    assert (BOOK.unit, BOOK.base_urls, BOOK.inline_limit) == ("cent", ("https://api.apixo.ai",), 0)
    assert (BOOK.slots, BOOK.requests_per_minute) == (10, 60)
    assert BOOK.link_life == 15 * 24 * 3600
    polling = BOOK.polling
    assert (polling.first, polling.every, polling.queued) == (75, 5, 5)
    assert BOOK.setting({}, "channel") == ""


@pytest.mark.parametrize("offer", BOOK.offers, ids=lambda offer: f"{offer.kind}-{offer.model}")
def test_each_offer_has_the_limits_of_the_documents(offer: Any) -> None:
    assert (offer.durations, offer.resolutions) == (tuple(range(1, 17)), ("540p", "720p", "1080p"))
    assert (offer.prompt_limit, offer.prompt_required) == (5000, True)
    order = replace(pictured(offer.kind, offer.model), options={"audio": False, "route": "value"})
    said = replace(order, aspect_ratio="4:3" if offer.kind == "text_to_video" else "")
    assert offer.problems(said) == ()
    assert offer.estimate(said) is None


def test_a_picture_has_at_most_10_mb() -> None:
    offer = BOOK.offer("image_to_video", "vidu-q3")
    assert offer is not None
    large = replace(PICTURES[0], size=10 * 1024 * 1024 + 1)
    order = Order(kind="image_to_video", model="vidu-q3", prompt="A harbour", images=(large,))
    assert [problem.code for problem in offer.problems(order)] == ["large"]
