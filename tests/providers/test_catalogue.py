"""The catalogue: Vidu's matrix, the problems of orders, and files that are broken."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generations.providers import PROVIDERS
from generations.providers.catalogue import CatalogueError, Offer, Problem, catalogue, parse, toml
from generations.providers.contract import Order, Picture, Source

VIDU = catalogue("vidu")
FILE = "vidu/catalogue.toml"
TEXT = (toml.PROVIDERS_DIRECTORY / FILE).read_text(encoding="utf-8")

# docs/wire.md, 2.5: durations at text2video, img2video, start-end2video and reference2video.
KINDS = ("text_to_video", "image_to_video", "frames_to_video", "references_to_video")
FILM = "film"
# docs/wire.md, 2.17 to 2.21: what has models of its own, or none on the wire.
SIBLINGS: Mapping[str, tuple[str, ...]] = {
    "references_to_image": ("viduq2", "viduq1"),
    "text_to_speech": ("audio-tts",),
    "lip_sync": ("lip-sync",),
    "upscale": ("upscale",),
    "subject": ("subject",),
}
LONG, SHORT = tuple(range(1, 17)), tuple(range(1, 11))
MATRIX: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "viduq3-pro": (LONG, LONG, LONG, ()),
    "viduq3-turbo": (LONG, LONG, LONG, LONG[2:]),
    "viduq3-pro-fast": ((), LONG, (), ()),
    "viduq3": ((), (), (), LONG[2:]),
    "viduq3-mix": ((), (), (), LONG),
    "viduq3-drama": ((), (), (), LONG[1:15]),
    "viduq3-ad": ((), (), (), LONG[2:15]),
    "viduq2": (SHORT, (), (), SHORT),
    "viduq2-pro": ((), SHORT, SHORT[:8], (0, *SHORT)),
    "viduq2-turbo": ((), SHORT, SHORT[:8], ()),
    "viduq2-pro-fast": ((), SHORT, SHORT[:8], ()),
    "viduq1": ((5,), (5,), (5,), (5,)),
    "viduq1-classic": ((), (5,), (5,), ()),
    "vidu2.0": ((), (4, 8), (4, 8), (4,)),
}
PICTURES = (Picture(1280, 720, 500_000, address="https://app.example/a.png"),) * 7


def offered(kind: str = "text_to_video", model: str = "viduq2") -> Offer:
    offer = VIDU.offer(kind, model)
    assert offer is not None
    return offer


def order(kind: str = "text_to_video", model: str = "viduq2", **members: Any) -> Order:
    images = PICTURES[: offered(kind, model).images[0]]
    return Order(kind=kind, model=model, prompt="A harbour", **{"images": images, **members})


def codes(
    kind: str = "text_to_video", model: str = "viduq2", **members: Any
) -> list[tuple[str, str]]:
    found = offered(kind, model).problems(order(kind, model, **members))
    return [(problem.field, problem.code) for problem in found]


def estimate(kind: str, model: str, duration: int, resolution: str, **options: bool) -> int | None:
    wanted = order(kind, model, duration=duration, resolution=resolution, options=options)
    return offered(kind, model).estimate(wanted)


@pytest.mark.parametrize("model", MATRIX)
def test_each_model_has_the_kinds_and_durations_of_the_matrix(model: str) -> None:
    for kind, durations in zip(KINDS, MATRIX[model], strict=True):
        offer = VIDU.offer(kind, model)
        assert (offer.durations if offer else ()) == durations


def test_nothing_is_offered_beside_the_matrix() -> None:
    assert {*VIDU.kinds()} == {*KINDS, FILM, *SIBLINGS}
    clips = {offer.model for offer in VIDU.offers if offer.kind not in SIBLINGS}
    assert clips == {*MATRIX, "one-click"}
    assert {kind: VIDU.models(kind) for kind in SIBLINGS} == SIBLINGS
    assert VIDU.models("text_to_video") == ("viduq3-pro", "viduq3-turbo", "viduq2", "viduq1")
    assert VIDU.offer("text_to_video", "viduq3") is None


def test_the_account_is_described() -> None:
    assert (VIDU.provider, VIDU.title, VIDU.unit) == ("vidu", "Vidu", "credit")
    assert VIDU.base_urls == ("https://api.vidu.com", "https://api.vidu.cn")
    assert (VIDU.slots, VIDU.requests_per_minute, VIDU.link_life) == (5, None, 3600)
    polling = VIDU.polling
    assert (polling.first, polling.every, polling.queued, polling.off_peak) == (10, 10, 30, 150)


ALL_OFFERS = [
    pytest.param(offer, id=f"{kind}-{offer.kind}-{offer.model}")
    for kind in PROVIDERS
    for offer in catalogue(kind).offers
]


@pytest.mark.parametrize("offer", ALL_OFFERS)
def test_an_order_of_defaults_has_no_problem(offer: Offer) -> None:
    options = {
        option.name: option.default
        for option in offer.options
        if option.default is not None and not option.needs and option.applies_at(offer.duration)
    }
    wanted = Order(
        kind=offer.kind,
        model=offer.model,
        prompt="A harbour" if offer.prompt_limit else "",
        duration=offer.duration if offer.durations else None,
        resolution=offer.resolution,
        aspect_ratio=offer.aspect_ratio,
        images=PICTURES[: offer.images[1]],
        options=options,
        source=Source(seconds=5.0, lines=720) if offer.film else None,
    )
    assert offer.problems(wanted) == ()


SMALL, WIDE = replace(PICTURES[0], width=100), replace(PICTURES[0], width=4000)
LARGE, TALL = replace(PICTURES[0], size=60_000_000), replace(PICTURES[0], height=1280)
NAMED = tuple(replace(PICTURES[0], name="bottle") for _ in range(4))
KEPT = replace(NAMED[0], kept_id="3216549870123456")


@pytest.mark.parametrize(
    ("kind", "model", "images", "code"),
    [
        ("image_to_video", "viduq2-pro", (WIDE,), "ratio"),
        ("image_to_video", "viduq2-pro", (LARGE,), "large"),
        ("image_to_video", "viduq2-pro", NAMED[:1], "names"),
        ("frames_to_video", "viduq2-pro", (PICTURES[0], TALL), "pair"),
        ("references_to_video", "viduq2", (SMALL,), "small"),
        ("references_to_video", "viduq2", (PICTURES[0], NAMED[0]), "names"),
        ("references_to_video", "viduq2", NAMED, "crowd"),
        ("references_to_video", "viduq3-mix", NAMED[:2], "names"),
        ("references_to_video", "viduq2-pro", NAMED[:2], "names"),
        ("references_to_video", "vidu2.0", PICTURES[:4], "count"),
        ("references_to_video", "viduq2", (KEPT, NAMED[0]), "kept"),
        ("references_to_video", "viduq2", (KEPT, KEPT), "kept"),
        ("references_to_video", "viduq2", (KEPT, PICTURES[0]), "names"),
        ("subject", "subject", PICTURES[:4], "count"),
        ("subject", "subject", (SMALL,), "small"),
        ("subject", "subject", (replace(PICTURES[0], size=20_000_001),), "large"),
        ("subject", "subject", (WIDE,), "ratio"),
        ("subject", "subject", NAMED[:1], "names"),
    ],
)
def test_each_picture_is_judged(kind: str, model: str, images: Any, code: str) -> None:
    assert codes(kind, model, images=images) == [("images", code)]


@pytest.mark.parametrize(
    ("prompt", "problems"),
    [
        ("@bottle in the sand", []),
        ("@bottle半埋在沙里", []),
        ("mail@bottle.example", []),
        ("@bottle beside @sand", [("prompt", "name")]),
    ],
)
def test_a_prompt_names_only_pictures_that_are_there(
    prompt: str, problems: list[tuple[str, str]]
) -> None:
    found = offered("references_to_video").problems(
        replace(order("references_to_video", images=NAMED[:2]), prompt=prompt)
    )
    assert [(problem.field, problem.code) for problem in found] == problems


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ({"watermark": True, "wm_position": "top_left"}, []),
        ({"wm_position": "top_left"}, [("wm_position", "unwanted")]),
        ({"watermark": True, "wm_url": "https://app.example/a.png"}, []),
        ({"watermark": True, "wm_url": "mark.png"}, [("wm_url", "form")]),
        ({"meta_data": '{"Label": "x"}'}, []),
        ({"meta_data": "[1]"}, [("meta_data", "form")]),
        ({"meta_data": '{"a": "' + "x" * 4000 + '"}'}, [("meta_data", "too_long")]),
    ],
)
def test_options_that_stand_beside_another_or_have_a_form_are_judged(
    options: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert codes(options=options) == problems


@pytest.mark.parametrize(
    ("kind", "model", "duration", "resolution", "credits"),
    [
        ("text_to_video", "viduq2", 5, "720p", 35),
        ("text_to_video", "viduq2", 1, "540p", 10),
        ("text_to_video", "viduq2", 10, "1080p", 110),
        ("references_to_video", "viduq2", 4, "1080p", 105),
        ("image_to_video", "viduq2-turbo", 1, "720p", 8),
        ("image_to_video", "viduq2-turbo", 2, "720p", 10),
        ("image_to_video", "viduq2-turbo", 5, "720p", 40),
        ("frames_to_video", "viduq2-pro", 2, "540p", 10),
        ("image_to_video", "viduq2-pro", 2, "1080p", 70),
        ("references_to_video", "viduq1", 5, "1080p", 80),
        ("image_to_video", "vidu2.0", 8, "720p", 100),
        ("image_to_video", "vidu2.0", 4, "360p", 20),
        ("text_to_video", "viduq3-pro", 5, "540p", 45),
        ("text_to_video", "viduq3-pro", 5, "720p", 100),
        ("text_to_video", "viduq3-pro", 5, "1080p", 120),
        ("text_to_video", "viduq3-turbo", 16, "1080p", 208),
        ("references_to_video", "viduq3-turbo", 16, "540p", 64),
        ("image_to_video", "viduq3-pro-fast", 5, "1080p", 125),
        ("references_to_video", "viduq3", 5, "720p", 60),
        ("references_to_video", "viduq3", 5, "1080p", 75),
        ("references_to_video", "viduq3-mix", 5, "1080p", 145),
        ("references_to_video", "viduq3-drama", 8, "1080p", 192),
        ("references_to_video", "viduq3-ad", 8, "1080p", None),
        ("references_to_video", "viduq2-pro", 5, "720p", 50),
        # The model chooses the length, and so the price.
        ("references_to_video", "viduq2-pro", 0, "720p", None),
        ("image_to_video", "viduq2-pro-fast", 5, "1080p", 32),
        ("image_to_video", "vidu2.0", 8, "1080p", None),
        ("subject", "subject", 0, "", 5),
    ],
)
def test_the_estimate_follows_the_price_table(
    kind: str, model: str, duration: int, resolution: str, credits: int | None
) -> None:
    assert estimate(kind, model, duration, resolution) == credits


def test_off_peak_costs_half_rounded_up() -> None:
    assert estimate("text_to_video", "viduq2", 5, "720p", off_peak=True) == 18


def test_off_peak_has_a_list_of_its_own_where_the_provider_has_one() -> None:
    # 5 a second where the full price is 9: half of a second is rounded up, not half of the clip.
    assert estimate("text_to_video", "viduq3-pro", 5, "540p", off_peak=True) == 25
    assert estimate("references_to_video", "viduq3", 5, "1080p", off_peak=True) == 35


def test_sound_costs_fifteen_more_on_the_viduq2_family() -> None:
    assert estimate("image_to_video", "viduq2-pro", 5, "720p", audio=True) == 70
    assert estimate("image_to_video", "viduq1", 5, "1080p", audio=True) == 80


def test_parts_of_a_unit_are_rounded_up_once_for_the_whole_order() -> None:
    prices = "\n[offers.prices]\n720p = { at = { 1 = 4.5 }, further = 4.35 }\n"
    text = (toml.PROVIDERS_DIRECTORY / "apixo/catalogue.toml").read_text(encoding="utf-8")
    offer = parse(text + prices, "apixo").offer("text_to_video", "vidu-q3-turbo")
    assert offer is not None
    wanted = Order("text_to_video", "vidu-q3-turbo", "A harbour", resolution="720p")
    # 4.5 + 4 x 4.35 = 21.9 cents; rounded by the second it would be 25.
    assert offer.estimate(replace(wanted, duration=5)) == 22
    assert offer.estimate(replace(wanted, duration=3)) == 14


def test_a_price_tells_where_and_when_it_was_read() -> None:
    offer = offered("text_to_video", "viduq3-pro")
    assert offer.source == "https://platform.vidu.com/docs/pricing"
    assert offer.checked_on == date(2026, 8, 13)
    # An offer that was read elsewhere says so itself.
    assert offered("references_to_video", "viduq3-drama").checked_on == date(2026, 8, 1)
    for kind in PROVIDERS:
        for priced in catalogue(kind).offers:
            assert not priced.prices or (priced.source and priced.checked_on)


def test_a_prompt_written_by_the_system_costs_ten_more() -> None:
    assert estimate("image_to_video", "viduq2-pro", 5, "720p", is_rec=True) == 65


def test_an_order_without_numbers_is_estimated_by_the_defaults() -> None:
    assert offered().estimate(order()) == 35


def test_the_prompt_is_required_where_the_endpoint_requires_it() -> None:
    empty = replace(order(), prompt=" \n")
    assert offered().problems(empty) == (Problem("prompt", "required"),)
    silent = replace(order("image_to_video", "viduq2-pro"), prompt="")
    assert offered("image_to_video", "viduq2-pro").problems(silent) == ()


def test_the_prompt_has_a_longest_length() -> None:
    assert offered().problems(replace(order(), prompt="x" * 5000)) == ()
    told = offered().problems(replace(order(), prompt="x" * 5001))
    assert told == (Problem("prompt", "too_long", {"limit": 5000, "length": 5001}),)


@pytest.mark.parametrize(
    ("kind", "model", "members", "expected"),
    [
        ("text_to_video", "viduq2", {"duration": 11}, ("duration", "range")),
        ("text_to_video", "viduq2", {"duration": 0}, ("duration", "range")),
        ("text_to_video", "viduq1", {"duration": 4}, ("duration", "choice")),
        ("image_to_video", "vidu2.0", {"duration": 5}, ("duration", "choice")),
        ("text_to_video", "viduq2", {"resolution": "4K"}, ("resolution", "choice")),
        ("text_to_video", "viduq1", {"resolution": "720p"}, ("resolution", "choice")),
        ("image_to_video", "vidu2.0", {"duration": 8}, ("resolution", "choice")),
        ("text_to_video", "viduq1", {"aspect_ratio": "4:3"}, ("aspect_ratio", "choice")),
        ("image_to_video", "viduq2-pro", {"aspect_ratio": "16:9"}, ("aspect_ratio", "unwanted")),
        ("text_to_video", "viduq2", {"images": PICTURES}, ("images", "unwanted")),
        ("image_to_video", "viduq2-pro", {"images": PICTURES}, ("images", "count")),
        ("frames_to_video", "viduq2-pro", {"images": PICTURES[:1]}, ("images", "count")),
        ("references_to_video", "viduq2", {"images": ()}, ("images", "count")),
        ("text_to_video", "viduq2", {"seed": -1}, ("seed", "range")),
        ("text_to_video", "viduq2", {"seed": 2**31}, ("seed", "range")),
        ("text_to_video", "viduq2", {"options": {"style": "anime"}}, ("style", "unwanted")),
        ("text_to_video", "viduq2", {"options": {"audio": True}}, ("audio", "unwanted")),
        ("text_to_video", "viduq1", {"options": {"style": "noir"}}, ("style", "choice")),
        ("text_to_video", "viduq2", {"options": {"watermark": "yes"}}, ("watermark", "choice")),
        ("text_to_video", "viduq2", {"options": {"invented": 1}}, ("invented", "unwanted")),
        (
            *("text_to_video", "viduq2"),
            *({"duration": 9, "options": {"bgm": True}}, ("bgm", "unwanted")),
        ),
    ],
)
def test_what_cannot_be_expressed_is_a_problem(
    kind: str, model: str, members: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert codes(kind, model, **members) == [expected]


def test_a_field_that_was_left_alone_is_no_problem() -> None:
    assert codes(options={"audio": False, "style": "", "is_rec": False}) == []


def test_a_problem_tells_the_values_of_its_sentence() -> None:
    assert offered().problems(order(duration=11))[0].values == {"low": 1, "high": 10}
    old = offered("image_to_video", "vidu2.0")
    assert old.problems(order("image_to_video", "vidu2.0", duration=5))[0].values == {
        "choices": (4, 8)
    }
    assert old.resolutions_at(8) == ("720p",)
    assert old.resolutions_at(None) == ("360p", "720p", "1080p")


def test_off_peak_needs_sound_on_viduq3_and_excludes_it_elsewhere() -> None:
    both, silent = {"off_peak": True, "audio": True}, {"off_peak": True, "audio": False}
    assert codes("image_to_video", "viduq2-pro", options=both) == [("off_peak", "unwanted")]
    assert codes("image_to_video", "viduq2-pro", options=silent) == []
    assert codes("image_to_video", "viduq3-pro", options=both) == []
    assert codes("image_to_video", "viduq3-pro", options=silent) == [("off_peak", "unwanted")]
    # Sound is on unless it is switched off.
    assert codes("references_to_video", "viduq3", options={"off_peak": True}) == []
    assert codes("references_to_video", "viduq3-mix", options={"off_peak": True}) == [
        ("off_peak", "unwanted")
    ]


def test_a_voice_needs_sound() -> None:
    voice = {"voice_id": "calm"}
    assert codes("image_to_video", "viduq2-pro", options={"audio": True, **voice}) == []
    assert codes("image_to_video", "viduq2-pro", options=voice) == [("voice_id", "unwanted")]
    assert codes("image_to_video", "viduq3-pro", options=voice) == [("voice_id", "unwanted")]


@settings(deadline=None)
@given(
    offer=some.sampled_from(VIDU.offers),
    duration=some.none() | some.integers(),
    resolution=some.sampled_from(["", "360p", "540p", "720p", "1080p", "4K"]),
    options=some.dictionaries(
        some.sampled_from(["seed", "style", "bgm", "audio", "off_peak", "is_rec", "?"]),
        some.booleans() | some.integers() | some.text(max_size=4),
    ),
)
def test_any_order_is_judged_and_what_passes_has_a_sane_estimate(
    offer: Offer, duration: int | None, resolution: str, options: dict[str, Any]
) -> None:
    wanted = Order(
        kind=offer.kind,
        model=offer.model,
        prompt="A harbour",
        duration=duration,
        resolution=resolution,
        images=PICTURES[: offer.images[1]],
        options=options,
    )
    units = offer.estimate(wanted)
    if not offer.problems(wanted):
        assert units is None or units > 0


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("slots = 5", "slots = = 5", "syntax", "at line 23"),
        ("slots = 5", "slots = 'five'", "slots", "Expected `int`"),
        ("slots = 5", "", "file", "missing required field `slots`"),
        ("slots = 5", "slots = 5\nslotz = 5", "file", "unknown field `slotz`"),
        ("off_peak = 150", "", "polling", "missing required field `off_peak`"),
        ('"https://api.vidu.com", ', "", "base_url", "unknown: https://api.vidu.com"),
        ('"is_rec", ', '"is_wreck", ', "kinds.image_to_video.options", "unknown: is_wreck"),
        ('durations = "4, 8"', 'durations = "4; 8"', "offers (vidu2.0).durations", "4; 8"),
        ('durations = "4, 8"', 'durations = "8-4"', "offers (vidu2.0).durations", "8-4"),
        ('durations = "4, 8"', "durations = 4", "offers (vidu2.0).durations", "`str`"),
        ("duration = 4\n", "duration = 6\n", "offers (vidu2.0).duration", "not one of"),
        ('= "360p"', '= "361p"', "offers (vidu2.0).resolutions", "unknown: 361p"),
        ('8 = ["720p"]', "8 = 3", "offers (vidu2.0).fewer_resolutions[...]", "`array`"),
        ('["image_to_video"]', '["image2video"]', "offers (viduq3-pro-fast).kinds", "image2video"),
        ('"audio", "is_rec"', '"audio", "x"', "offers (viduq3-pro).options", "unknown: x"),
        ("{ audio = true }", "{ audio = 3 }", "offers (viduq3-pro).defaults.audio", "3"),
        ("{ audio = true }", "{ x = 1 }", "offers (viduq3-pro).options", "unknown: x"),
        ("at = { 1 = 9 }", "at = {}", "offers (viduq3-pro).prices", "no price"),
        ('= "audio" }', '= "x" }', "offers (viduq3-pro).options", "unknown: x"),
        ("checked_on = 2026-08-13", "checked_on = 'May'", "checked_on", "Invalid"),
        ('aspect_ratio = "16:9"', 'aspect_ratio = "2:1"', "offers (viduq3-pro).aspect_", "2:1"),
        ('"viduq3-turbo"', '"viduq3-pro"', "offers (viduq3-pro)", "twice at text_to_video"),
        ('model = "viduq3-turbo"', "", "offers (no model)", "missing required field `model`"),
        ('model = "viduq3-pro"', "model = 3", "offers (3).model", "`str`"),
    ],
)
def test_a_broken_file_names_its_file_position_and_reason(
    old: str, new: str, place: str, reason: str
) -> None:
    assert old in TEXT
    with pytest.raises(CatalogueError) as caught:
        parse(TEXT.replace(old, new, 1), FILE)
    assert caught.value.file == FILE
    assert re.sub(r", line [0-9]+", "", caught.value.position).startswith(place)
    assert reason in caught.value.reason


def test_a_broken_offer_is_named_by_its_line() -> None:
    line = TEXT.splitlines().index("[[offers]]") + 1
    with pytest.raises(CatalogueError, match=rf"\(viduq3-pro, line {line}\)\.durations"):
        parse(TEXT.replace('"1-16"', '"1..16"', 1), FILE)


def test_a_provider_without_a_file_is_an_error() -> None:
    with pytest.raises(CatalogueError, match=r"nobody/catalogue\.toml"):
        catalogue("nobody")


def test_a_model_is_added_by_data_alone() -> None:
    table = """
[[offers]]
model = "viduq9"
kinds = ["text_to_video"]
durations = "2-15"
duration = 5
resolutions = ["720p"]
resolution = "720p"
options = ["seed"]
"""
    offer = parse(TEXT + table, FILE).offer("text_to_video", "viduq9")
    assert offer is not None
    assert offer.durations == tuple(range(2, 16))
