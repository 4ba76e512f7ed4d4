"""Two hands, one protocol: what our catalogue lets through, the strict sandbox takes.

The adapters and the sandbox are written from the same documents, never from each other.
"""

import base64
import io
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as some
from PIL import Image

from generations.providers import PROVIDERS, provider
from generations.providers.catalogue import Offer, Option, catalogue
from generations.providers.contract import Access, Order, Picture, ProviderError, Receipt
from generations.sandbox import http
from generations.sandbox.app import Sandbox
from generations.sandbox.tasks import DEMO_KEYS
from generations.web.messages.problems import sentence
from generations.web.order.inputs import LABELS
from tests.providers.driver import first_request

BASE = "http://sandbox.invalid"
OFFERS = [(kind, offer) for kind in PROVIDERS for offer in catalogue(kind).offers]
SIDES = (90, 128, 160, 320, 640)
RATIOS = ("", "16:9", "9:16", "1:1", "4:3", "3:4", "2:1")
RESOLUTIONS = ("", "360p", "540p", "720p", "1080p", "4k")
TEXTS = ("", "x", "https://app.example/mark.png", "ftp://app.example/x", '{"Label": "x"}', "[1]")
WORDS = some.text(alphabet="a港@ 7", max_size=8)


@cache
def drawn(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "jpeg", quality=40)
    return target.getvalue()


class Shelf(BaseHTTPRequestHandler):
    """Serves a picture of the size that its address names, as Rushes' own addresses would."""

    def do_GET(self) -> None:
        width, height = (int(side) for side in self.path.strip("/").split(".")[0].split("x"))
        body = drawn(width, height)
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is not a log."""


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.indoors() as indoors:
        yield indoors


def picture(kind: str, shelf: str, size: tuple[int, int], name: str) -> Picture:
    """As Rushes would send it: inline where the provider takes that, else at an address."""
    width, height = size
    body = drawn(width, height)
    if catalogue(kind).inline_limit:
        address = f"data:image/jpeg;base64,{base64.b64encode(body).decode()}"
    else:
        address = f"{shelf}/{width}x{height}.jpg"
    return Picture(width, height, len(body), name, address)


def mostly(
    good: some.SearchStrategy[Any], odd: some.SearchStrategy[Any]
) -> some.SearchStrategy[Any]:
    """One in sixteen is odd, so that of all orders about one in two has nothing odd."""
    return some.sampled_from((*(good,) * 15, odd)).flatmap(lambda chosen: chosen)


def value_of(option: Option) -> some.SearchStrategy[Any]:
    match option.type:
        case "switch":
            return some.booleans()
        case "number":
            low, high = option.low or 0, option.high or 0
            return mostly(some.integers(low, high), some.sampled_from((low - 1, high + 1)))
        case "choice":
            return mostly(some.sampled_from(option.choices), some.just("wild"))
        case _:
            good = "https://app.example/a.png" if option.form == "address" else '{"Label": "x"}'
            return mostly(some.just(good), some.sampled_from(TEXTS))


@some.composite
def orders(draw: some.DrawFn) -> tuple[str, Offer, dict[str, Any]]:
    kind, offer = draw(some.sampled_from(OFFERS))
    own = {option.name: option for option in offer.options}
    every = {option.name: option for each in catalogue(kind).offers for option in each.options}
    said = draw(
        some.lists(mostly(some.sampled_from([*own]), some.sampled_from([*every])), max_size=4)
    )
    options = {name: draw(value_of(every[name])) for name in said}
    low, high = offer.images
    count = draw(mostly(some.integers(low, high), some.integers(0, 8)))
    square = draw(mostly(some.just(True), some.just(False)))
    sides = [(draw(some.sampled_from(SIDES)), draw(some.sampled_from(SIDES))) for _ in range(count)]
    named = offer.names_pictures and draw(some.booleans())
    ratios = offer.aspect_ratios or ("",)
    members: dict[str, Any] = {
        "prompt": draw(mostly(some.just("A harbour, 港口"), WORDS)),
        "duration": draw(mostly(some.sampled_from(offer.durations), some.integers(-1, 61))),
        "resolution": draw(
            mostly(some.sampled_from(("", *offer.resolutions)), some.sampled_from(RESOLUTIONS))
        ),
        "aspect_ratio": draw(mostly(some.sampled_from(ratios), some.sampled_from(RATIOS))),
        "sizes": [(320, 320)] * count if square else sides,
        "names": [draw(mostly(some.just(f"a{n}" if named else ""), WORDS)) for n in range(count)],
        "seed": options.pop("seed", None),
        "options": options,
    }
    return kind, offer, members


def as_request(request: httpx.Request) -> http.Request:
    target = request.url.raw_path.decode()
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return http.Request(
        request.method, path, query, headers, request.content, len(request.content), 0.0
    )


def as_response(answer: http.Answer) -> httpx.Response:
    assert isinstance(answer.body, bytes)
    return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def outcome(sandbox: Sandbox, kind: str, order: Order) -> Receipt | ProviderError:
    """What the adapter makes of the sandbox's answer to this order."""
    sandbox.reset()
    base = BASE if kind == "vidu" else f"{BASE}/{kind}"
    access = Access(base, DEMO_KEYS[kind])
    flow = provider(kind).submit(access, order)
    request = next(flow)
    try:
        flow.send(as_response(sandbox.answer(as_request(request))))
    except StopIteration as stop:
        receipt: Receipt = stop.value
        return receipt
    except ProviderError as error:
        return error
    raise AssertionError("an order is sent once")


# Each order is a POST of its own, so nothing is learned from one to the next.
EACH = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EACH
@given(drawn_order=orders())
def test_any_order_is_refused_by_our_form_with_a_reason_or_taken_by_the_strict_sandbox(
    sandbox: Sandbox, shelf: str, drawn_order: tuple[str, Offer, dict[str, Any]]
) -> None:
    kind, offer, members = drawn_order
    sizes, names = members.pop("sizes"), members.pop("names")
    images = [picture(kind, shelf, *pair) for pair in zip(sizes, names, strict=True)]
    order = Order(kind=offer.kind, model=offer.model, images=images, **members)
    problems = offer.problems(order)
    event("refused by the form" if problems else "sent")
    if problems:
        assert all(sentence(problem, LABELS) for problem in problems)
        return
    got = outcome(sandbox, kind, order)
    assert isinstance(got, Receipt), f"{kind} {order}: {got!r}"


@pytest.mark.parametrize(("kind", "offer"), OFFERS, ids=lambda each: getattr(each, "model", each))
def test_an_order_of_nothing_but_defaults_is_taken(
    sandbox: Sandbox, shelf: str, kind: str, offer: Offer
) -> None:
    images = [picture(kind, shelf, (320, 320), "")] * offer.images[0]
    order = Order(kind=offer.kind, model=offer.model, prompt="A harbour", images=images)
    assert not offer.problems(order)
    assert isinstance(outcome(sandbox, kind, order), Receipt)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_question_for_a_task_that_never_was_is_refused_alike(sandbox: Sandbox, kind: str) -> None:
    """So that a number which a person mistyped is told from one that is only slow."""
    base = BASE if kind == "vidu" else f"{BASE}/{kind}"
    access = Access(base, DEMO_KEYS[kind])
    number = {"vivienne": "f" * 32, "apixo": "task_never"}.get(kind, "911026047460327424")
    request = first_request(provider(kind).check(access, number))
    assert sandbox.answer(as_request(request)).status in {200, 400, 404}
