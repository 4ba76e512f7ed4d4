"""Reading a catalogue file strictly: an unknown, missing or impossible entry stops the start."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from .rules import (
    Catalogue,
    Form,
    Offer,
    Option,
    OptionType,
    PictureRules,
    Polling,
    Price,
    Setting,
    Value,
)

DIRECTORY = Path(__file__).parent
DURATIONS = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(, ?[0-9]{1,4}(-[0-9]{1,4})?)*")
OFFER_HEADER = re.compile(r"^\[\[offers\]\]", re.MULTILINE)


class CatalogueError(Exception):
    """A catalogue file that cannot be used; names the file, the place in it and the reason."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(f"{file}: {place}: {reason}")
        self.file = file
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file one reads, so that every complaint can say so."""

    file: str
    path: str = ""

    def at(self, member: str) -> "Place":
        return Place(self.file, f"{self.path}.{member}".lstrip("."))

    def require(self, condition: bool, reason: str) -> None:
        if not condition:
            raise CatalogueError(self.file, self.path or "file", reason)

    def require_known(self, names: set[str], known: set[str]) -> None:
        self.require(names <= known, f"unknown: {', '.join(sorted(names - known))}")

    def convert[T](self, value: object, into: type[T]) -> T:
        """``value`` as an entry. Raises CatalogueError with msgspec's path after this place."""
        try:
            return msgspec.convert(value, into, str_keys=True)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            where = self.at(path.strip("`.")) if path else self
            raise CatalogueError(self.file, where.path or "file", reason) from error


@cache
def catalogue(provider_kind: str) -> Catalogue:
    """The catalogue of a provider, read once. Raises CatalogueError."""
    file = f"{provider_kind}.toml"
    try:
        text = (DIRECTORY / file).read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogueError(file, "file", "cannot be read") from error
    return parse(text, file)


def parse(text: str, file: str) -> Catalogue:
    """A catalogue from the text of its file. Raises CatalogueError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(file, "syntax", str(error)) from error
    entry = Place(file).convert(document, FileEntry)
    check_file(entry, Place(file))
    return Catalogue(
        provider=entry.provider,
        title=entry.title,
        unit=entry.unit,
        base_url=entry.base_url,
        base_urls=entry.base_urls,
        slots=entry.slots,
        requests_per_minute=entry.requests_per_minute,
        link_life=entry.link_life,
        polling=Polling(**msgspec.structs.asdict(entry.polling)),
        offers=tuple(read_offers(entry, text, Place(file))),
        inline_limit=entry.inline_limit,
        settings=tuple(read_settings(entry, Place(file))),
    )


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A table of a catalogue file."""


class OptionEntry(Entry):
    type: OptionType
    choices: tuple[str, ...] = ()
    default: Value | None = None
    low: int | None = None
    high: int | None = None
    surcharge: int = 0
    needs: str = ""
    limit: int = 0
    form: Form = ""


class SettingEntry(Entry):
    default: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: Form = ""


class PictureEntry(Entry):
    """``side``: fewest pixels; ``ratio`` and ``pair``: least and most; ``limit``: bytes."""

    ratio: tuple[float, float]
    limit: int
    side: int = 1
    pair: tuple[float, float] | None = None
    of_one_name: int = 0


class KindEntry(Entry):
    """What an endpoint declares, whatever the model."""

    prompt_limit: int
    prompt_required: bool
    images: tuple[int, int]
    has_aspect_ratio: bool
    options: tuple[str, ...]
    picture: PictureEntry | None = None


class PollingEntry(Entry):
    first: int
    every: int
    queued: int
    off_peak: int


class FileEntry(Entry):
    provider: str
    title: str
    unit: str
    base_url: str
    base_urls: tuple[str, ...]
    slots: int
    link_life: int
    polling: PollingEntry
    options: dict[str, OptionEntry]
    kinds: dict[str, KindEntry]
    offers: tuple[dict[str, Any], ...]
    requests_per_minute: int | None = None
    inline_limit: int = 0
    settings: dict[str, SettingEntry] = {}


def check_file(entry: FileEntry, place: Place) -> None:
    """What the parts of a file say of each other is true."""
    place.at("base_url").require_known({entry.base_url} - {""}, {*entry.base_urls})
    for name, kind in entry.kinds.items():
        here = place.at(f"kinds.{name}")
        here.at("options").require_known({*kind.options}, {*entry.options})
        here.at("picture").require(bool(kind.picture) == bool(kind.images[1]), "rules and count")
    for name, option in entry.options.items():
        here = place.at(f"options.{name}")
        here.at("needs").require_known({option.needs} - {""}, {*entry.options})
        here.at("limit").require(bool(option.limit) == (option.type == "text"), "is for a text")


def read_settings(entry: FileEntry, place: Place) -> Iterator[Setting]:
    for name, described in entry.settings.items():
        setting = Setting(name, **msgspec.structs.asdict(described))
        here = place.at(f"settings.{name}")
        here.at("pattern").require(is_pattern(setting.pattern), "is no regular expression")
        here.at("default").require(
            setting.fits(setting.default), f"{setting.default!r} is not allowed"
        )
        yield setting


def is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def read_offers(entry: FileEntry, text: str, place: Place) -> Iterator[Offer]:
    """The offers of all ``[[offers]]`` tables, one for each of a table's kinds."""
    seen: set[tuple[str, str]] = set()
    lines = [text.count("\n", 0, header.start()) + 1 for header in OFFER_HEADER.finditer(text)]
    for line, values in zip(lines, entry.offers, strict=True):
        here = place.at(f"offers ({values.get('model', 'no model')}, line {line})")
        table = here.convert(values, OfferEntry)
        check_table(table, entry, here)
        for kind in table.kinds:
            here.require((kind, table.model) not in seen, f"offered twice at {kind}")
            seen.add((kind, table.model))
            yield read_offer(table, kind, entry, here)


class PriceEntry(Entry):
    at: dict[int, int]
    further: int | None = None


class OfferEntry(Entry):
    """A model at one or more endpoints that treat it alike."""

    model: str
    kinds: tuple[str, ...]
    durations: str
    duration: int
    options: tuple[str, ...]
    resolutions: tuple[str, ...] = ()
    resolution: str = ""
    aspect_ratios: tuple[str, ...] = ()
    aspect_ratio: str = ""
    defaults: dict[str, Value] = {}
    only_at: dict[str, str] = {}
    prices: dict[str, PriceEntry] = {}
    fewer_resolutions: dict[int, tuple[str, ...]] = {}
    conflicts: tuple[tuple[str, str], ...] = ()
    names_pictures: bool = False


def check_table(table: OfferEntry, entry: FileEntry, place: Place) -> None:
    """Every name that a table refers to exists."""
    named = {*table.options, *table.defaults, *table.only_at, *sum(table.conflicts, ())}
    sizes = {*table.prices, *sum(table.fewer_resolutions.values(), ())}
    sizes |= {table.resolution} if table.resolutions else {table.resolution} - {""}
    place.at("kinds").require_known({*table.kinds}, {*entry.kinds})
    place.at("options").require_known(named, {*entry.options})
    place.at("resolutions").require_known(sizes, {*table.resolutions})
    place.at("prices").require(all(price.at for price in table.prices.values()), "no price")


def read_offer(table: OfferEntry, name: str, entry: FileEntry, place: Place) -> Offer:
    kind = entry.kinds[name]
    durations = read_durations(table.durations, place.at("durations"))
    ratios = table.aspect_ratios if kind.has_aspect_ratio else ()
    ratio = table.aspect_ratio if kind.has_aspect_ratio else ""
    rules = PictureRules(**msgspec.structs.asdict(kind.picture)) if kind.picture else None
    place.at("duration").require(table.duration in durations, "is not one of durations")
    place.at("aspect_ratio").require_known({ratio} - {""}, {*ratios})
    return Offer(
        kind=name,
        model=table.model,
        durations=durations,
        duration=table.duration,
        resolutions=table.resolutions,
        resolution=table.resolution,
        aspect_ratios=ratios,
        aspect_ratio=ratio,
        prompt_limit=kind.prompt_limit,
        prompt_required=kind.prompt_required,
        images=kind.images,
        options=read_options(table, kind, entry, place),
        prices={size: Price(price.at, price.further) for size, price in table.prices.items()},
        fewer_resolutions=table.fewer_resolutions,
        conflicts=table.conflicts,
        pictures=rules,
        names_pictures=table.names_pictures and bool(rules and rules.of_one_name),
    )


def read_options(
    table: OfferEntry, kind: KindEntry, entry: FileEntry, place: Place
) -> tuple[Option, ...]:
    """The options that the endpoint declares and the model heeds, in the endpoint's order."""
    names = (name for name in kind.options if name in table.options)
    return tuple(read_option(name, table, entry, place) for name in names)


def read_option(name: str, table: OfferEntry, entry: FileEntry, place: Place) -> Option:
    described = entry.options[name]
    span = table.only_at.get(name)
    option = Option(
        name=name,
        type=described.type,
        choices=described.choices,
        default=table.defaults.get(name, described.default),
        low=described.low,
        high=described.high,
        durations=read_durations(span, place.at(f"only_at.{name}")) if span else (),
        surcharge=described.surcharge,
        needs=described.needs,
        limit=described.limit,
        form=described.form,
    )
    fits = option.default is None or option.problem(option.default) is None
    place.at(f"defaults.{name}").require(fits, f"{option.default!r} is not allowed")
    return option


def read_durations(text: str, place: Place) -> tuple[int, ...]:
    """Seconds written as ``5``, ``4, 8`` or ``1-16``."""
    place.require(DURATIONS.fullmatch(text) is not None, f"not durations: {text}")
    seconds: list[int] = []
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        seconds += range(int(low), int(high or low) + 1)
    place.require(bool(seconds), f"not durations: {text}")
    return tuple(seconds)
