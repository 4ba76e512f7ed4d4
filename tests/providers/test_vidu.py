"""Vidu's official API (docs/wire.md, section 2)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    FilmCut,
    FilmRecord,
    FilmReport,
    Order,
    Picture,
    Receipt,
    Refused,
    RemoteState,
    Unavailable,
)
from generations.providers.vidu import films
from generations.providers.vidu.adapter import Vidu
from generations.providers.vidu.films import FILM
from generations.providers.vidu.requests import MEMBERS

from .contract_suite import AdapterSuite
from .driver import first_request, run, value_of

ACCESS = Access("https://api.vidu.com/", "vda_test_secret/0001")
ORDER = Order(
    kind="text_to_video",
    model="viduq2",
    prompt="A harbour in fog, 港口",
    duration=5,
    resolution="720p",
    aspect_ratio="16:9",
    seed=7,
    options={"bgm": True, "off_peak": False},
    reference="attempt-17",
    callback_url="https://app.example/callbacks/vidu/9f1c",
)
REMOTE_ID = "911026047460327424"
PICTURES = (
    Picture(1280, 720, 500_000, address="https://app.example/a.png"),
    Picture(1280, 720, 500_000, address="https://app.example/b.png"),
)


class TestVidu(AdapterSuite):
    provider = Vidu()
    access = ACCESS
    order = ORDER
    remote_id = REMOTE_ID
    questions = ("check", "cancel", "balance", "test", "find", "subjects", "film")

    def callback_body(self, remote_id: str, word: str) -> Any:
        return {"id": remote_id, "state": word, "payload": "attempt-17"}

    def assert_safe(self, call: str, outcome: Any, *, taken: bool = True) -> None:
        """Whatever comes, each record of a film's tree has an id, and a success has its link."""
        super().assert_safe(call, outcome, taken=taken)
        if isinstance(outcome, FilmReport):
            for record in film_records(outcome):
                assert record.remote_id
                assert record.state is not RemoteState.SUCCEEDED or record.url


def film_records(film: FilmReport) -> Iterator[FilmRecord | FilmCut]:
    for shot in film.shots:
        yield from shot.records
    yield from film.narrations
    yield from film.musics
    yield from film.cuts


def sent(order: Order) -> dict[str, object]:
    body: dict[str, object] = msgspec.json.decode(
        first_request(Vidu().submit(ACCESS, order)).content
    )
    return body


def test_a_create_is_sent_byte_for_byte_as_the_documents_say() -> None:
    request = first_request(Vidu().submit(ACCESS, ORDER))
    assert request.method == "POST"
    assert str(request.url) == "https://api.vidu.com/ent/v2/text2video"
    assert request.headers["Authorization"] == "Token vda_test_secret/0001"
    assert request.headers["Content-Type"] == "application/json"
    assert (
        request.content
        == (
            '{"model":"viduq2","prompt":"A harbour in fog, 港口","duration":5,"seed":7,'
            '"aspect_ratio":"16:9","resolution":"720p","bgm":true,"off_peak":false,'
            '"payload":"attempt-17","callback_url":"https://app.example/callbacks/vidu/9f1c"}'
        ).encode()
    )


@pytest.mark.parametrize(
    ("call", "method", "path", "content"),
    [
        ("check", "GET", f"/ent/v2/tasks/{REMOTE_ID}/creations", b""),
        ("cancel", "POST", f"/ent/v2/tasks/{REMOTE_ID}/cancel", b'{"id":"911026047460327424"}'),
        ("balance", "GET", "/ent/v2/credits?show_detail=false", b""),
        ("test", "GET", "/ent/v2/tasks/0/creations", b""),
    ],
)
def test_each_question_is_asked_where_the_documents_say(
    call: str, method: str, path: str, content: bytes
) -> None:
    request = first_request(TestVidu().flow(call))
    assert (request.method, str(request.url)) == (method, f"https://api.vidu.com{path}")
    assert request.content == content
    assert request.headers["Authorization"] == "Token vda_test_secret/0001"


def test_only_what_was_said_is_sent() -> None:
    assert sent(Order(kind="text_to_video", model="viduq2", prompt="A harbour")) == {
        "model": "viduq2",
        "prompt": "A harbour",
    }


@pytest.mark.parametrize(
    ("kind", "model", "images", "dropped"),
    [
        ("text_to_video", "viduq2", (), {"style", "audio", "movement_amplitude", "images"}),
        ("text_to_video", "viduq3-pro", (), {"style", "bgm", "movement_amplitude"}),
        ("text_to_video", "viduq1", (), {"audio"}),
        ("image_to_video", "viduq2-pro", PICTURES[:1], {"style", "aspect_ratio"}),
        ("frames_to_video", "viduq2-pro", PICTURES, {"audio", "aspect_ratio", "style"}),
        ("references_to_video", "viduq3", PICTURES, {"bgm", "style", "is_rec"}),
    ],
)
def test_what_the_endpoint_or_the_model_does_not_support_is_not_sent(
    kind: str, model: str, images: tuple[Picture, ...], dropped: set[str]
) -> None:
    everything: dict[str, str | int | bool] = {
        "style": "anime",
        "movement_amplitude": "small",
        "bgm": True,
        "audio": True,
        "audio_type": "all",
        "is_rec": True,
        "off_peak": True,
        "watermark": True,
        "invented": 1,
    }
    order = replace(ORDER, kind=kind, model=model, images=images, options=everything)
    body = sent(order)
    assert not dropped & {*body}
    assert {*body} <= {*MEMBERS[kind]}
    assert {"model", "prompt", "watermark", "off_peak", "payload"} <= {*body}
    assert body.get("images", []) == [picture.address for picture in images]


def test_pictures_with_names_are_sent_as_subjects_of_one_to_three_pictures() -> None:
    images = [replace(picture, name="bottle") for picture in PICTURES]
    images.append(replace(PICTURES[0], name="沙"))
    order = replace(ORDER, kind="references_to_video", prompt="@bottle in @沙", images=images)
    addresses = [picture.address for picture in PICTURES]
    assert "images" not in sent(order)
    assert sent(order)["subjects"] == [
        {"name": "bottle", "images": addresses},
        {"name": "沙", "images": addresses[:1]},
    ]
    newer = sent(replace(order, model="viduq3"))["subjects"]
    assert newer == [
        {"name": "bottle", "images": addresses},
        {"name": "沙", "images": addresses[:1]},
    ]


@pytest.mark.parametrize(
    ("corner", "number"),
    [("top_left", 1), ("top_right", 2), ("bottom_right", 3), ("bottom_left", 4)],
)
def test_the_corner_of_a_watermark_is_sent_as_its_number(corner: str, number: int) -> None:
    marked = replace(ORDER, options={"watermark": True, "wm_position": corner})
    assert sent(marked)["wm_position"] == number
    assert "wm_position" not in sent(replace(ORDER, options={"wm_position": corner}))


def test_music_is_sent_to_viduq2_only_where_it_is_heard() -> None:
    assert "bgm" in sent(replace(ORDER, duration=8))
    assert "bgm" not in sent(replace(ORDER, duration=9))


def test_a_model_that_the_catalogue_does_not_know_gets_what_its_endpoint_declares() -> None:
    body = sent(replace(ORDER, model="viduq9", options={"audio": True, "invented": 1}))
    assert body["audio"] is True
    assert "invented" not in body


def test_an_option_cannot_replace_a_member_of_the_order() -> None:
    body = sent(replace(ORDER, options={"model": "viduq9", "payload": "x"}))
    assert (body["model"], body["payload"]) == ("viduq2", "attempt-17")


def test_every_optional_field_of_the_catalogue_is_declared_by_its_endpoint() -> None:
    declared = {**MEMBERS, FILM: films.MEMBERS}
    # Siblings have names of their own for some (test_vidu_siblings).
    for offer in catalogue("vidu").offers:
        if offer.kind in declared:
            assert {option.name for option in offer.options} <= {*declared[offer.kind]}


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(ORDER, kind="multiframe"), "kind_unknown"),
        (
            replace(
                ORDER, kind="image_to_video", images=[Picture(1, 1, 1, address="x" * 21_000_000)]
            ),
            "too_large",
        ),
        (replace(ORDER, prompt="\ud800"), "text_invalid"),
    ],
)
def test_what_cannot_be_expressed_is_refused_unsent(order: Order, code: str) -> None:
    with pytest.raises(Refused, match=code):
        first_request(Vidu().submit(ACCESS, order))


@pytest.mark.parametrize("base_url", ["https://\0", "https://xn--zz\u2603.\u2603xn--"])
def test_a_broken_base_address_is_unreachable(base_url: str) -> None:
    with pytest.raises(Unavailable, match="unreachable"):
        first_request(Vidu().balance(Access(base_url, ACCESS.key)))


@pytest.mark.parametrize("remote_id", ["", "0", "..", "null", "1\n2", "x" * 256])
def test_an_id_that_vidu_never_gave_is_not_asked_about(remote_id: str) -> None:
    with pytest.raises(Refused, match="remote_id_invalid"):
        first_request(Vidu().check(ACCESS, remote_id))


@settings(deadline=None)
@given(number=some.integers(min_value=1, max_value=2**63 - 1), as_text=some.booleans())
def test_ids_stay_exact_text(number: int, as_text: bool) -> None:
    body = {"task_id": str(number) if as_text else number, "state": "created"}
    answer = httpx.Response(200, content=msgspec.json.encode(body))
    receipt = value_of(Vidu().submit(ACCESS, ORDER), answer)
    assert receipt == Receipt(remote_id=str(number), state=RemoteState.QUEUED, raw=receipt.raw)


def test_the_list_is_read_page_by_page_by_token() -> None:
    pages = [
        {"next_page_token": "t1", "tasks": [row(1), row(2)]},
        {"next_page_token": "", "tasks": [row(3)]},
    ]
    found, asked = run(
        Vidu().find(ACCESS, since="2026-01-20T00:00:00Z", until="2026-01-21T00:00:00Z"),
        *(httpx.Response(200, json=page) for page in pages),
    )
    assert [listing.remote_id for listing in found] == ["3", "2", "1"]
    assert [dict(request.url.params) for request in asked] == [
        {**SPAN, "paper.page": "0"},
        {**SPAN, "pager.page_token": "t1"},
    ]


def test_the_list_is_read_page_by_page_by_number_where_no_token_comes() -> None:
    pages = [[row(n) for n in range(1, 101)], [row(101)]]
    found, asked = run(
        Vidu().find(ACCESS, since="2026-01-20T00:00:00Z", until="2026-01-21T00:00:00Z"),
        *(httpx.Response(200, json={"tasks": page}) for page in pages),
    )
    assert len(found) == 101
    assert asked[1].url.params["paper.page"] == "1"


def test_a_list_that_repeats_itself_ends() -> None:
    page = httpx.Response(200, json={"next_page_token": "t", "tasks": [row(1)]})
    found = value_of(Vidu().find(ACCESS, since="a", until="b"), page, page)
    assert [listing.remote_id for listing in found] == ["1"]


def test_a_list_without_end_is_not_taken_for_the_whole() -> None:
    pages = [{"next_page_token": str(n), "tasks": [row(n)]} for n in range(1, 21)]
    with pytest.raises(Unavailable, match="too_many"):
        run(
            Vidu().find(ACCESS, since="a", until="b"),
            *(httpx.Response(200, json=page) for page in pages),
        )


def test_a_listed_prompt_is_whole() -> None:
    page = httpx.Response(200, json={"tasks": [row(1) | {"prompt": "x" * 5000}]})
    (listing,) = value_of(Vidu().find(ACCESS, since="a", until="b"), page)
    assert listing.prompt == "x" * 5000


def test_the_raw_reply_is_trimmed_to_what_is_kept() -> None:
    body = b'{"state":"processing","nul":"\0","more":"' + b"m" * 100_000 + b'"}'
    report = value_of(Vidu().check(ACCESS, REMOTE_ID), httpx.Response(200, content=body))
    assert report.state is RemoteState.RUNNING
    assert len(report.raw) == 64 * 1024
    assert "\0" not in report.raw


def test_the_adapter_is_found_by_its_kind() -> None:
    assert isinstance(provider("vidu"), Vidu)


SPAN = {
    "created_at.from": "2026-01-20T00:00:00Z",
    "created_at.to": "2026-01-21T00:00:00Z",
    "paper.pagesz": "100",
}


def row(number: int) -> dict[str, object]:
    at = f"2026-01-20T00:{number // 60:02}:{number % 60:02}Z"
    return {"id": str(number), "state": "success", "prompt": "A harbour", "created_at": at}
