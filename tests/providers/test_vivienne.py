"""The Vivienne gateway (docs/wire.md, section 3)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers.catalogue import catalogue
from generations.providers.contract import Access, Order, ProviderError, Refused, Unauthorised
from generations.providers.vivienne.adapter import Vivienne

from .contract_suite import AdapterSuite
from .driver import first_request, value_of

ACCESS = Access("https://gateway.example/", "ak_test/0001")
ORDER = Order(
    kind="text_to_video",
    model="viduq2",
    prompt="A harbour in fog, 港口",
    duration=5,
    resolution="720p",
    aspect_ratio="16:9",
    seed=0,
    options={"bgm": False},
    reference="attempt-17",
    callback_url="https://app.example/callbacks/vivienne/9f1c",
)
REMOTE_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
BOOK = catalogue("vivienne")


class TestVivienne(AdapterSuite):
    provider = Vivienne()
    access = ACCESS
    order = ORDER
    remote_id = REMOTE_ID
    questions = ("check", "test")

    def callback_body(self, remote_id: str, word: str) -> Any:
        return {"taskNo": remote_id, "status": word, "timestamp": 1767965730, "usage": {}}


def access(**options: str) -> Access:
    return replace(ACCESS, options=options)


def request(order: Order = ORDER, **options: str) -> httpx.Request:
    return first_request(Vivienne().submit(access(**options), order))


def sent(order: Order = ORDER, **options: str) -> Any:
    return msgspec.json.decode(request(order, **options).content)


def test_callbacks_are_asked_for() -> None:
    assert Vivienne().accepts_callback_url(ACCESS)


# ---- The body (3.2) -------------------------------------------------------------------------


def test_the_assumed_body_is_flat() -> None:
    assert (
        request().content
        == (
            '{"model":"viduq2_text2video","prompt":"A harbour in fog, 港口","duration":5,'
            '"resolution":"720p","aspect_ratio":"16:9","seed":0,"bgm":false,'
            '"callbackUrl":"https://app.example/callbacks/vivienne/9f1c"}'
        ).encode()
    )


def test_only_what_was_said_is_sent() -> None:
    assert sent(Order(kind="text_to_video", model="viduq2", prompt="A harbour")) == {
        "model": "viduq2_text2video",
        "prompt": "A harbour",
    }


def test_what_the_model_does_not_support_is_not_sent() -> None:
    assert "bgm" in sent(replace(ORDER, duration=8, options={"bgm": True}))
    assert "bgm" not in sent(replace(ORDER, duration=9, options={"bgm": True}))


def test_a_template_may_nest_the_parameters() -> None:
    template = """{"model": "{model}", "params": {"input": {"prompt": "{prompt}"},
        "duration": "{duration}", "seed": "{seed}", "style": "{style}"},
        "hook": ["{callback_url}"], "n": 1}"""
    assert sent(body=template) == {
        "model": "viduq2_text2video",
        "params": {"input": {"prompt": ORDER.prompt}, "duration": 5, "seed": 0},
        "hook": [ORDER.callback_url],
        "n": 1,
    }


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"a": "{prompt} {model}"}', {"a": "{prompt} {model}"}),
        ('{"a": "{invented}", "b": null}', {"b": None}),
        ('{"a": ["{invented}", "{duration}", {"b": "{seed}"}]}', {"a": [5, {"b": 0}]}),
        ('{"a": {"b": "{invented}"}}', {"a": {}}),
        ("{}", {}),
        ('{"{prompt}": "{prompt}"}', {"{prompt}": ORDER.prompt}),
    ],
)
def test_only_a_value_that_is_a_place_as_a_whole_is_filled(template: str, body: Any) -> None:
    assert sent(body=template) == body


@settings(deadline=None)
@given(prompt=some.text(some.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_prompt_reaches_beyond_its_own_member(prompt: str) -> None:
    body = sent(replace(ORDER, prompt=prompt))
    assert body["prompt"] == prompt
    assert {*body} == {*sent()}


def test_a_prompt_that_looks_like_a_place_is_not_filled() -> None:
    assert sent(replace(ORDER, prompt="{model}"))["prompt"] == "{model}"


def test_an_option_cannot_replace_a_member_of_the_order() -> None:
    assert sent(replace(ORDER, options={"model": "viduq9"}))["model"] == "viduq2_text2video"


# ---- The account's settings (3.1, 3.2) ------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        ({}, "Authorization", "Bearer ak_test/0001"),
        ({"auth_prefix": "Token"}, "Authorization", "Token ak_test/0001"),
        ({"auth_prefix": ""}, "Authorization", "ak_test/0001"),
        ({"auth_prefix": "none"}, "Authorization", "ak_test/0001"),
        ({"auth_header": "X-Api-Key", "auth_prefix": ""}, "X-Api-Key", "ak_test/0001"),
    ],
)
def test_the_header_of_the_key_is_the_accounts(
    options: Mapping[str, str], header: str, value: str
) -> None:
    for flow in (
        Vivienne().submit(access(**options), ORDER),
        Vivienne().check(access(**options), REMOTE_ID),
    ):
        raw = dict(first_request(flow).headers.raw)
        assert raw[header.encode()] == value.encode()
        assert ("Authorization" in first_request(Vivienne().test(access(**options))).headers) == (
            header == "Authorization"
        )


def test_the_paths_are_the_accounts() -> None:
    elsewhere = access(submit_path="/v2/make", query_path="/v2/task")
    ordered = first_request(Vivienne().submit(elsewhere, ORDER))
    assert ordered.url.raw_path == b"/v2/make"
    asked = first_request(Vivienne().check(elsewhere, REMOTE_ID))
    assert asked.url.raw_path == f"/v2/task?taskNo={REMOTE_ID}".encode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auth_header", ""),
        ("auth_header", "X Key"),
        ("auth_header", "X-Key\r\nX-Other"),
        ("auth_header", "Content-Length"),
        ("auth_header", "host"),
        ("auth_header", "Ключ"),
        ("auth_prefix", "two words"),
        ("auth_prefix", "line\nbreak"),
        ("submit_path", "relative"),
        ("submit_path", "/../up"),
        ("submit_path", "//elsewhere.example/x"),
        ("submit_path", "/a?b=c"),
        ("query_path", "/a/.."),
        ("query_path", "/a/../b"),
        ("query_path", "/a#b"),
        ("body", "no JSON"),
        ("body", "[]"),
        ("body", ""),
        ("body", 5),
    ],
)
def test_a_setting_that_could_only_be_sent_wrongly_pauses_the_account(
    name: str, value: Any
) -> None:
    for flow in (
        Vivienne().submit(access(**{name: value}), ORDER),
        Vivienne().check(access(**{name: value}), REMOTE_ID),
    ):
        with pytest.raises(Unauthorised, match="setting_invalid"):
            first_request(flow)
    assert not isinstance(value, str) or not setting_fits(name, value)


def setting_fits(name: str, value: str) -> bool:
    return next(setting for setting in BOOK.settings if setting.name == name).fits(value)


@pytest.mark.parametrize("setting", BOOK.settings, ids=lambda setting: setting.name)
def test_the_form_of_an_account_allows_each_default(setting: Any) -> None:
    assert setting.fits(setting.default)


# ---- The rest -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "model"), [("image_to_video", "viduq2"), ("text_to_video", "viduq9")]
)
def test_what_is_not_offered_is_refused_unsent(kind: str, model: str) -> None:
    with pytest.raises(Refused, match="kind_unknown"):
        request(replace(ORDER, kind=kind, model=model))


@pytest.mark.parametrize("remote_id", ["", "0", "..", "null", "1\n2", "x" * 256])
def test_an_id_that_the_gateway_never_gave_is_not_asked_about(remote_id: str) -> None:
    with pytest.raises(Refused, match="remote_id_invalid"):
        first_request(Vivienne().check(ACCESS, remote_id))


def test_a_good_key_has_no_task_0() -> None:
    asked = first_request(Vivienne().test(ACCESS))
    assert asked.url.raw_path == b"/open/aigw/gateway/generationTask?taskNo=0"
    unknown = httpx.Response(200, json={"code": 2004, "message": "task not found"})
    assert value_of(Vivienne().test(ACCESS), unknown) is None


def test_a_code_in_letters_is_a_gateways_and_says_nothing_of_the_key() -> None:
    answer = httpx.Response(403, json={"code": "AccessDenied", "message": "no"})
    for call in (Vivienne().submit(ACCESS, ORDER), Vivienne().check(ACCESS, REMOTE_ID)):
        with pytest.raises(ProviderError) as refused:
            value_of(call, answer)
        assert not isinstance(refused.value, Unauthorised)


def test_the_account_is_described() -> None:
    assert (BOOK.unit, BOOK.base_url, BOOK.base_urls) == ("point", "", ())
    assert (BOOK.slots, BOOK.requests_per_minute, BOOK.link_life) == (5, 120, 3600)
    assert [(offer.kind, offer.model) for offer in BOOK.offers] == [("text_to_video", "viduq2")]


def test_an_option_beside_the_body_reaches_a_template_that_names_it() -> None:
    offer = BOOK.offer("text_to_video", "viduq2")
    assert offer is not None
    assert {option.name for option in offer.options} == {"seed", "bgm"}
    assert sent(body='{"music": "{bgm}", "noise": "{seed}"}') == {"music": False, "noise": 0}
