"""Seed 001, the relay's POST /ent/v2/text2video: what is sent and read, by its very bytes."""

from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from generations.providers.catalogue import Offer, catalogue
from generations.providers.contract import Access, CallbackRequest, Order, Receipt, RemoteState
from generations.providers.relay.adapter import Relay
from generations.providers.relay.requests import MEMBERS

from .driver import first_request, value_of

ACCESS = Access("https://relay.example", "YOUR_API_KEY", {"callbacks": "on"})
ORDER = Order(kind="text_to_video", model="viduq1", prompt="A harbour")
MARKED = {"watermark": True}

# The request example and the reply example, as they stand there.
REQUEST = (
    b'{\r\n    "model": "viduq2",\r\n    "prompt": "\xe4\xb8\x80\xe5\x8f\xaa\xe5\x8f\xaf\xe7\x88'
    b"\xb1\xe7\x9a\x84\xe5\xb0\x8f\xe7\x8c\xab\xe5\x9c\xa8\xe8\x8a\xb1\xe5\x9b\xad\xe9\x87\x8c"
    b"\xe7\x8e\xa9\xe8\x80\x8d,\xe9\x98\xb3\xe5\x85\x89\xe6\x98\x8e\xe5\xaa\x9a,\xe7\x94\xbb\xe9"
    b'\x9d\xa2\xe6\xb8\xa9\xe9\xa6\xa8"\r\n}'
)
REPLY = (
    "{\r\n"
    '    "task_id": "911026047460327424",\r\n'
    '    "type": "text_to_video",\r\n'
    '    "state": "created",\r\n'
    '    "model": "viduq2",\r\n'
    '    "style": "general",\r\n'
    '    "prompt": "一只可爱的小猫在花园里玩耍,阳光明媚,画面温馨",\r\n'
    '    "images": [],\r\n'
    '    "duration": 5,\r\n'
    '    "seed": 426802853,\r\n'
    '    "aspect_ratio": "16:9",\r\n'
    '    "resolution": "720p",\r\n'
    '    "movement_amplitude": "auto",\r\n'
    '    "created_at": "2026-01-20T02:44:10.910316439Z",\r\n'
    '    "credits": 35,\r\n'
    '    "payload": "",\r\n'
    '    "cus_priority": 0,\r\n'
    '    "off_peak": false,\r\n'
    '    "watermark": false,\r\n'
    '    "is_rec": false,\r\n'
    '    "wm_position": "unspecified",\r\n'
    '    "wm_url": "",\r\n'
    '    "meta_data": "",\r\n'
    '    "client_request_id": ""\r\n'
    "}"
).encode()


def request(order: Order) -> httpx.Request:
    return first_request(Relay().submit(ACCESS, order))


def received(content: bytes) -> Receipt:
    return value_of(Relay().submit(ACCESS, ORDER), httpx.Response(200, content=content))


def offered(model: str) -> Offer:
    offer = catalogue("relay").offer("text_to_video", model)
    assert offer is not None
    return offer


def problems(model: str, **members: Any) -> list[str]:
    return problems_of(replace(ORDER, model=model, **members))


def problems_of(order: Order) -> list[str]:
    return [problem.field for problem in offered(order.model).problems(order)]


def test_seed_001_names_method_path_and_headers() -> None:
    sent = request(ORDER)
    assert (sent.method, sent.url.raw_path) == ("POST", b"/ent/v2/text2video")
    assert (b"Authorization", b"Bearer YOUR_API_KEY") in sent.headers.raw
    assert (b"Content-Type", b"application/json") in sent.headers.raw


def test_seed_001_request_example_is_sent_without_its_spaces() -> None:
    prompt = "一只可爱的小猫在花园里玩耍,阳光明媚,画面温馨"
    content = request(Order(kind="text_to_video", model="viduq2", prompt=prompt)).content
    assert content == f'{{"model":"viduq2","prompt":"{prompt}"}}'.encode()
    assert msgspec.json.decode(content) == msgspec.json.decode(REQUEST)


@pytest.mark.parametrize(
    ("field", "said", "sent"),
    [
        ("model", {"model": "viduq3-turbo"}, '"model":"viduq3-turbo"'),
        ("prompt", {"prompt": "雾中的港口"}, '"prompt":"雾中的港口"'),
        ("style", {"options": {"style": "anime"}}, '"style":"anime"'),
        ("duration", {"duration": 5}, '"duration":5'),
        ("seed", {"seed": 426802853}, '"seed":426802853'),
        ("aspect_ratio", {"aspect_ratio": "9:16"}, '"aspect_ratio":"9:16"'),
        ("resolution", {"resolution": "1080p"}, '"resolution":"1080p"'),
        (
            "movement_amplitude",
            {"options": {"movement_amplitude": "large"}},
            '"movement_amplitude":"large"',
        ),
        ("bgm", {"options": {"bgm": True}}, '"bgm":true'),
        ("payload", {"reference": "attempt-17"}, '"payload":"attempt-17"'),
        ("watermark", {"options": MARKED}, '"watermark":true'),
        ("wm_position", {"options": MARKED | {"wm_position": "top_right"}}, '"wm_position":2'),
        (
            "wm_url",
            {"options": MARKED | {"wm_url": "https://app.example/mark.png"}},
            '"wm_url":"https://app.example/mark.png"',
        ),
        (
            "meta_data",
            {"options": {"meta_data": '{"Label":"your_label"}'}},
            r'"meta_data":"{\"Label\":\"your_label\"}"',
        ),
        (
            "callback_url",
            {"callback_url": "https://app.example/callbacks/relay/9f1c"},
            '"callback_url":"https://app.example/callbacks/relay/9f1c"',
        ),
    ],
)
def test_seed_001_sends_the_field(field: str, said: dict[str, Any], sent: str) -> None:
    order = replace(ORDER, **said)
    assert sent.encode() in request(order).content
    assert problems_of(order) == []


def test_seed_001_fields_are_sent_in_its_order() -> None:
    options: dict[str, str | int | bool] = {
        "style": "general",
        "movement_amplitude": "auto",
        "bgm": False,
        "watermark": True,
        "wm_position": "bottom_right",
        "wm_url": "https://app.example/m.png",
        "meta_data": "{}",
    }
    order = replace(
        ORDER,
        duration=5,
        seed=1,
        aspect_ratio="16:9",
        resolution="1080p",
        reference="attempt-17",
        callback_url="https://app.example/c",
        options=options,
    )
    assert request(order).content == (
        b'{"model":"viduq1","style":"general","prompt":"A harbour","duration":5,"seed":1,'
        b'"aspect_ratio":"16:9","resolution":"1080p","movement_amplitude":"auto","bgm":false,'
        b'"payload":"attempt-17","watermark":true,"wm_position":3,'
        b'"wm_url":"https://app.example/m.png","meta_data":"{}",'
        b'"callback_url":"https://app.example/c"}'
    )
    assert tuple(msgspec.json.decode(request(order).content)) == MEMBERS


@pytest.mark.parametrize(
    ("model", "field", "values"),
    [
        ("viduq1", "style", ("general", "anime")),
        ("viduq3-pro", "style", ("general", "anime")),
        ("viduq1", "movement_amplitude", ("auto", "small", "medium", "large")),
        ("viduq3-pro", "movement_amplitude", ("auto", "small", "medium", "large")),
    ],
)
def test_seed_001_choices_are_sent_as_they_stand(
    model: str, field: str, values: tuple[str, ...]
) -> None:
    for value in values:
        order = replace(ORDER, model=model, options={field: value})
        assert f'"{field}":"{value}"'.encode() in request(order).content
    option = offered(model).option(field)
    assert option is not None
    assert option.choices == values


@pytest.mark.parametrize("field", ["style", "movement_amplitude"])
def test_seed_001_says_that_q2_does_not_support(field: str) -> None:
    value = {"style": "anime", "movement_amplitude": "large"}[field]
    order = replace(ORDER, model="viduq2", options={field: value})
    assert request(order).content == b'{"model":"viduq2","prompt":"A harbour"}'
    assert problems("viduq2", options={field: value}) == [field]


@pytest.mark.parametrize(
    ("corner", "number"),
    [("top_left", 1), ("top_right", 2), ("bottom_right", 3), ("bottom_left", 4)],
)
def test_seed_001_numbers_the_corners(corner: str, number: int) -> None:
    order = replace(ORDER, options=MARKED | {"wm_position": corner})
    assert b'"wm_position":%d' % number in request(order).content


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "3:4", "4:3", "1:1"])
def test_seed_001_has_3_4_and_4_3_for_q2_only(ratio: str) -> None:
    for model in ("viduq3-turbo", "viduq3-pro", "viduq2", "viduq1"):
        refused = ratio in {"3:4", "4:3"} and model != "viduq2"
        assert problems(model, aspect_ratio=ratio) == (["aspect_ratio"] if refused else [])


@pytest.mark.parametrize(
    ("model", "durations"),
    [("viduq3-pro", (1, 16)), ("viduq3-turbo", (1, 16)), ("viduq2", (1, 10)), ("viduq1", (5, 5))],
)
def test_seed_001_bounds_the_duration(model: str, durations: tuple[int, int]) -> None:
    low, high = durations
    for duration in range(20):
        said = problems(model, duration=duration)
        assert said == ([] if low <= duration <= high else ["duration"])


def test_seed_001_bounds_the_prompt_at_2000_characters() -> None:
    assert problems("viduq2", prompt="字" * 2000) == []
    assert problems("viduq2", prompt="字" * 2001) == ["prompt"]


def test_seed_001_requires_model_and_prompt_only() -> None:
    assert problems("viduq2", prompt="") == ["prompt"]
    assert request(ORDER).content == b'{"model":"viduq1","prompt":"A harbour"}'


def test_seed_001_music_has_no_longest_length() -> None:
    order = replace(ORDER, model="viduq2", duration=10, options={"bgm": True})
    assert b'"bgm":true' in request(order).content


def test_seed_001_reply_example_is_read() -> None:
    receipt = received(REPLY)
    assert receipt == Receipt("911026047460327424", RemoteState.QUEUED, cost=35, raw=REPLY.decode())


@pytest.mark.parametrize(
    ("field", "old", "new", "receipt"),
    [
        ("task_id", b'"911026047460327424"', b'"17"', Receipt("17", RemoteState.QUEUED, 35)),
        ("state", b'"created"', b'"failed"', Receipt("911026047460327424", RemoteState.FAILED, 35)),
        ("credits", b"35", b"0", Receipt("911026047460327424", RemoteState.QUEUED, 0)),
    ],
)
def test_seed_001_reads_the_member(field: str, old: bytes, new: bytes, receipt: Receipt) -> None:
    name = b'"%s": ' % field.encode()
    assert name + old in REPLY
    assert replace(received(REPLY.replace(name + old, name + new)), raw="") == receipt


@pytest.mark.parametrize(
    "field",
    [
        *("type", "model", "style", "prompt", "images", "duration", "seed", "aspect_ratio"),
        *("resolution", "movement_amplitude", "created_at", "payload", "cus_priority", "off_peak"),
        *("watermark", "is_rec", "wm_position", "wm_url", "meta_data", "client_request_id"),
    ],
)
def test_seed_001_keeps_the_member_in_the_raw_reply_only(field: str) -> None:
    members = msgspec.json.decode(REPLY)
    assert f'"{field}"' in received(REPLY).raw
    del members[field]
    without = received(msgspec.json.encode(members))
    assert replace(without, raw="") == replace(received(REPLY), raw="")


@pytest.mark.parametrize("word", ["processing", "success", "failed"])
def test_seed_001_callback_words_are_hints(word: str) -> None:
    for member in ("status", "state"):
        body = f'{{"id":"911026047460327424","{member}":"{word}"}}'.encode()
        received = CallbackRequest("POST", "/callbacks/relay/9f1c", "", {}, body)
        reading = Relay().read_callback(ACCESS, received, now=0.0)
        assert (reading.remote_id, reading.state_word) == ("911026047460327424", word)


def test_seed_001_callback_is_asked_for_by_its_address() -> None:
    assert Relay().accepts_callback_url(ACCESS)
    order = replace(ORDER, callback_url="https://app.example/callbacks/relay/9f1c")
    assert request(order).content == (
        b'{"model":"viduq1","prompt":"A harbour",'
        b'"callback_url":"https://app.example/callbacks/relay/9f1c"}'
    )
