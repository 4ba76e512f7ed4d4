"""The catalogue and the sandbox agree: what the order form accepts, the strict sandbox takes.

The adapters and the sandbox are written from the same documents, never from each other.
"""

import base64
import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as some
from PIL import Image

from generations.providers import PROVIDERS, provider
from generations.providers.catalogue import Offer, Option, catalogue
from generations.providers.contract import (
    Access,
    Flow,
    Order,
    Picture,
    ProviderError,
    Receipt,
    RemoteState,
    Result,
    Source,
)
from generations.sandbox import http
from generations.sandbox.app import Sandbox
from generations.sandbox.clips.encoder import write_clip, write_sound
from generations.sandbox.clips.spec import ClipSpec, SoundSpec
from generations.sandbox.dialects import dialect_named
from generations.web.messages.orders import explain_problem
from tests.cases import case
from tests.providers.driver import first_request

BASE = "http://sandbox.invalid"
OFFERS = [(kind, offer) for kind in PROVIDERS for offer in catalogue(kind).offers]
SIDES = (90, 128, 160, 320, 640)
RATIOS = ("", "16:9", "9:16", "1:1", "4:3", "3:4", "2:1")
RESOLUTIONS = ("", "360p", "540p", "720p", "1080p", "4k")
TEXTS = ("", "x", "https://app.example/mark.png", "ftp://app.example/x", '{"Label": "x"}', "[1]")
WORDS = some.text(alphabet="a港@ 7", max_size=8)
PAUSES = ("a<#2#>b", "a <#0.25#> 港", "<#2#>b", "a<#2#>", "a<#1#><#2#>b", "a<#100#>b", "a<#0#>b")
FILM_NAME, SOUND_NAME = "film.mp4", "sound.mp3"


@cache
def drawn(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "jpeg", quality=40)
    return target.getvalue()


@cache
def recorded(name: str) -> bytes:
    """A film of one second and 90 lines, or a sound of two seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if name == FILM_NAME:
            order = {"prompt": "", "model": "", "resolution": "540p", "duration": 1, "seed": 7}
            write_clip(ClipSpec.of(order).tiny(), path)
        else:
            write_sound(SoundSpec("a harbour", 2, spoken=True), path)
        return path.read_bytes()


class MediaHandler(BaseHTTPRequestHandler):
    """Serves a picture of the size in its path, a film or a sound, as Rushes' signed URLs would."""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        if name in (FILM_NAME, SOUND_NAME):
            body, content_type = recorded(name), "application/octet-stream"
        else:
            width, height = (int(side) for side in name.split(".")[0].split("x"))
            body, content_type = drawn(width, height), "image/jpeg"
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def media_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), MediaHandler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.in_process() as indoors:
        yield indoors


def picture(kind: str, media_url: str, size: tuple[int, int], name: str) -> Picture:
    """As Rushes would send it: inline if the provider accepts that, else by URL."""
    width, height = size
    body = drawn(width, height)
    if catalogue(kind).inline_limit:
        address = f"data:image/jpeg;base64,{base64.b64encode(body).decode()}"
    else:
        address = f"{media_url}/{width}x{height}.jpg"
    return Picture(width, height, len(body), name, address)


ROLL = some.integers(0, 15)


def mostly(draw: some.DrawFn, good: some.SearchStrategy[Any], odd: some.SearchStrategy[Any]) -> Any:
    """One value in sixteen is odd, so that about every second order has nothing odd."""
    return draw(good if draw(ROLL) else odd)


def draw_value(draw: some.DrawFn, option: Option) -> Any:
    match option.type:
        case "switch":
            return draw(some.booleans())
        case "number":
            low, high = option.low or 0, option.high or 0
            return mostly(draw, some.integers(low, high), some.sampled_from((low - 1, high + 1)))
        case "choice":
            return mostly(draw, some.sampled_from(option.choices), some.just("wild"))
        case _:
            good = "https://app.example/a.png" if option.form == "address" else '{"Label": "x"}'
            return mostly(draw, some.just(good), some.sampled_from(TEXTS))


def draw_options(draw: some.DrawFn, kind: str, offer: Offer) -> dict[str, Any]:
    """Up to four options, a few of them of other offers of the provider."""
    every = {option.name: option for each in catalogue(kind).offers for option in each.options}
    own = [option.name for option in offer.options]
    names = [
        mostly(draw, some.sampled_from(own or [*every]), some.sampled_from([*every]))
        for _ in range(draw(some.integers(0, 4 if every else 0)))
    ]
    return {name: draw_value(draw, every[name]) for name in names}


@some.composite
def orders(draw: some.DrawFn) -> tuple[str, Offer, dict[str, Any]]:
    kind, offer = draw(some.sampled_from(OFFERS))
    options = draw_options(draw, kind, offer)
    low, high = offer.images
    count = mostly(draw, some.integers(low, high), some.integers(0, 8))
    square = mostly(draw, some.just(True), some.just(False))
    sides = [(draw(some.sampled_from(SIDES)), draw(some.sampled_from(SIDES))) for _ in range(count)]
    named = offer.names_pictures and draw(some.booleans())
    ratios = offer.aspect_ratios or ("",)
    resolutions = ("", *offer.resolutions)
    members: dict[str, Any] = {
        "prompt": mostly(draw, some.just("A harbour, 港口"), WORDS),
        "duration": mostly(
            draw, some.sampled_from(offer.durations or (None,)), some.integers(-1, 61)
        ),
        "resolution": mostly(draw, some.sampled_from(resolutions), some.sampled_from(RESOLUTIONS)),
        "aspect_ratio": mostly(draw, some.sampled_from(ratios), some.sampled_from(RATIOS)),
        "sizes": [(320, 320)] * count if square else sides,
        "names": [mostly(draw, some.just(f"a{n}" if named else ""), WORDS) for n in range(count)],
        "seed": options.pop("seed", None),
        "options": options,
        "has_source": mostly(draw, some.just(offer.film is not None), some.booleans()),
        "has_sound": draw(some.booleans()) if offer.sound else False,
    }
    if offer.priced_by == "characters" or offer.sound:
        members["prompt"] = draw(some.sampled_from(PAUSES) | WORDS | some.just("港" * 1_001))
    return kind, offer, members


def with_media(media_url: str, members: dict[str, Any]) -> dict[str, Any]:
    """The members with the film and the sound that were drawn."""
    film = Source(address=f"{media_url}/{FILM_NAME}", seconds=1.0, lines=90)
    sound = Source(address=f"{media_url}/{SOUND_NAME}", seconds=2.0)
    has_film, has_sound = members.pop("has_source"), members.pop("has_sound")
    return members | {"source": film if has_film else None, "sound": sound if has_sound else None}


def as_request(request: httpx.Request) -> http.Request:
    target = request.url.raw_path.decode()
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return http.Request(
        request.method, path, query, headers, request.content, len(request.content), 0.0
    )


def as_response(answer: http.Response) -> httpx.Response:
    assert isinstance(answer.body, bytes)
    return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def outcome(sandbox: Sandbox, kind: str, order: Order) -> Receipt | ProviderError:
    """What the adapter returns or raises for the sandbox's answer to this order."""
    sandbox.reset()
    base = BASE if kind == "vidu" else f"{BASE}/{kind}"
    access = Access(base, dialect_named(kind).demo_key)
    flow = provider(kind).submit(access, order)
    request = next(flow)
    try:
        flow.send(as_response(sandbox.respond(as_request(request))))
    except StopIteration as stop:
        receipt: Receipt = stop.value
        return receipt
    except ProviderError as error:
        return error
    raise AssertionError("an order is sent once")


# Each order is a POST of its own, so one does not depend on another.
EACH = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EACH
@given(drawn_order=orders())
def test_any_order_is_refused_by_our_form_with_a_reason_or_taken_by_the_strict_sandbox(
    sandbox: Sandbox, media_url: str, drawn_order: tuple[str, Offer, dict[str, Any]]
) -> None:
    kind, offer, members = drawn_order
    sizes, names = members.pop("sizes"), members.pop("names")
    images = [picture(kind, media_url, *pair) for pair in zip(sizes, names, strict=True)]
    members = with_media(media_url, members)
    order = Order(kind=offer.kind, model=offer.model, images=images, **members)
    problems = offer.problems(order)
    event("refused by the form" if problems else "sent")
    if problems:
        assert all(explain_problem(problem) for problem in problems)
        return
    got = outcome(sandbox, kind, order)
    assert isinstance(got, Receipt), f"{kind} {order}: {got!r}"


@pytest.mark.parametrize(("kind", "offer"), OFFERS, ids=lambda each: getattr(each, "model", each))
def test_an_order_of_nothing_but_defaults_is_taken(
    sandbox: Sandbox, media_url: str, kind: str, offer: Offer
) -> None:
    images = [picture(kind, media_url, (320, 320), "")] * offer.images[0]
    media = with_media(media_url, {"has_source": offer.film is not None, "has_sound": False})
    prompt = "" if offer.kind == "upscale" else "A harbour"
    order = Order(kind=offer.kind, model=offer.model, prompt=prompt, images=images, **media)
    assert not offer.problems(order)
    assert isinstance(outcome(sandbox, kind, order), Receipt)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_question_for_a_task_that_never_was_is_refused_alike(sandbox: Sandbox, kind: str) -> None:
    """So that a mistyped id differs from a task that is only slow."""
    base = BASE if kind == "vidu" else f"{BASE}/{kind}"
    access = Access(base, dialect_named(kind).demo_key)
    remote_id = {"vivienne": "f" * 32, "apixo": "task_never"}.get(kind, "911026047460327424")
    request = first_request(provider(kind).check(access, remote_id))
    assert sandbox.respond(as_request(request)).status in {200, 400, 404}


# ---- Siblings, over HTTP ----------------------------------------------------------------------


def answered[T](client: httpx.Client, flow: Flow[T]) -> T:
    """The value of a flow whose requests the client sends."""
    try:
        request = next(flow)
        while True:
            request = flow.send(client.send(request))
    except StopIteration as stop:
        value: T = stop.value
        return value


def test_what_a_sibling_makes_is_read_and_can_be_made_into_more() -> None:
    vidu = provider("vidu")
    with (
        Sandbox.running() as sandbox,
        httpx.Client(trust_env=False, verify=False) as client,
    ):
        access = Access(sandbox.url, dialect_named("vidu").demo_key)

        def made(order: Order, kind: str) -> tuple[Result, int | None]:
            """The first result of an order as it is stored, and its cost."""
            remote_id = answered(client, vidu.submit(access, order)).remote_id
            sandbox.advance(60)
            report = answered(client, vidu.check(access, remote_id))
            assert report.state is RemoteState.SUCCEEDED
            result = report.results[0]
            assert client.get(result.url).headers["content-type"] == kind
            return result, report.cost

        picture_order = Order(kind="references_to_image", model="viduq2", prompt="A lamp")
        lamp, cost = made(picture_order, "image/png")
        assert cost == 6
        frame = Picture(228, 128, 9_000, address=lamp.url)
        clip_order = Order(
            kind="image_to_video", model="viduq2-pro", prompt="", duration=1, images=[frame]
        )
        clip, _ = made(clip_order, "video/mp4")
        speech_order = Order(kind="text_to_speech", model="audio-tts", prompt="Hello there")
        speech, cost = made(speech_order, "audio/mpeg")
        assert cost == 10
        film, sound = Source(clip.remote_id, clip.url, 1.0), Source(address=speech.url, seconds=2.0)
        dubbed_order = Order(kind="lip_sync", model="lip-sync", prompt="", source=film, sound=sound)
        dubbed, cost = made(dubbed_order, "video/mp4")
        assert cost == 20
        twice_as_long = Source(dubbed.remote_id, dubbed.url, 2.0)
        for source, price in ((film, 10), (replace(film, remote_id=""), 10), (twice_as_long, 20)):
            order = Order(kind="upscale", model="upscale", prompt="", source=source)
            assert made(order, "video/mp4")[1] == price


def test_what_was_ordered_elsewhere_is_read_by_its_id() -> None:
    with (
        Sandbox.running() as sandbox,
        httpx.Client(trust_env=False, verify=False) as client,
    ):
        access = Access(sandbox.url, dialect_named("vidu").demo_key)
        for kind in ("template", "template-story", "multiframe", "extend", "text2audio", "mv"):
            with case(kind):
                made = client.post(f"{sandbox.url}/control/made", json={"kind": kind})
                report = answered(client, provider("vidu").check(access, made.json()["id"]))
                assert report.state is RemoteState.SUCCEEDED
                assert (report.cost is None) == (kind == "mv")
                assert client.get(report.results[0].url).status_code == 200
