"""Read a catalogue file strictly: an unknown, missing or impossible entry stops the start."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from .offers import Catalogue, Offer, Polling, Price, Setting
from .rules import (
    Form,
    Option,
    OptionType,
    PictureRules,
    PricedBy,
    SourceRules,
    SpeechRules,
    Value,
)

PROVIDERS_DIRECTORY = Path(__file__).parents[1]
DURATIONS = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(, ?[0-9]{1,4}(-[0-9]{1,4})?)*")
OFFER_HEADER = re.compile(r"^\[\[offers\]\]", re.MULTILINE)


class CatalogueError(Exception):
    """A catalogue file that cannot be used; names the file, the position in it and the reason."""

    def __init__(self, file: str, position: str, reason: str) -> None:
        super().__init__(f"{file}: {position}: {reason}")
        self.file = file
        self.position = position
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Position:
    """The table or entry of a file that is being read; every error names it."""

    file: str
    path: str = ""

    def at(self, member: str) -> "Position":
        return Position(self.file, f"{self.path}.{member}".lstrip("."))

    def require(self, condition: bool, reason: str) -> None:
        if not condition:
            raise CatalogueError(self.file, self.path or "file", reason)

    def require_known(self, names: set[str], known: set[str]) -> None:
        self.require(names <= known, f"unknown: {', '.join(sorted(names - known))}")

    def convert[T](self, value: object, into: type[T]) -> T:
        """``value`` as a table. Raises CatalogueError with msgspec's path after this position."""
        try:
            return msgspec.convert(value, into, str_keys=True)
        except msgspec.ValidationError as error:
            # msgspec tells the path in the text of its error only.
            reason, _, path = str(error).partition(" - at `$")
            where = self.at(path.strip("`.")) if path else self
            raise CatalogueError(self.file, where.path or "file", reason) from error


class TomlTable(msgspec.Struct, forbid_unknown_fields=True):
    """A table of a catalogue file; a misspelled entry is an error and not a silent default."""


class OptionTable(TomlTable):
    """``[options.<name>]``, as ``rules.Option``."""

    type: OptionType
    choices: tuple[str, ...] = ()
    default: Value | None = None
    low: int | None = None
    high: int | None = None
    surcharge: int = 0
    price_divisor: int = 1
    needs: str = ""
    limit: int = 0
    form: Form = ""


class SettingTable(TomlTable):
    """``[settings.<name>]``, as ``offers.Setting``."""

    default: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: Form = ""


class PictureTable(TomlTable):
    """``picture`` of a kind, as ``rules.PictureRules``."""

    ratio: tuple[float, float]
    limit: int
    side: int = 1
    pair: tuple[float, float] | None = None
    of_one_name: int = 0


class SourceTable(TomlTable):
    """``film`` and ``sound`` of a kind, as ``rules.SourceRules``."""

    shortest: int
    longest: int


class SpeechTable(TomlTable):
    """``speech`` of a kind, as ``rules.SpeechRules``."""

    least: int = 1
    wide: int = 1


class KindTable(TomlTable):
    """``[kinds.<kind>]``: what an endpoint declares, whatever the model.

    ``has_duration`` is false where an order has no length of its own.
    """

    prompt_limit: int
    prompt_required: bool
    images: tuple[int, int]
    has_aspect_ratio: bool
    options: tuple[str, ...]
    picture: PictureTable | None = None
    has_duration: bool = True
    film: SourceTable | None = None
    sound: SourceTable | None = None
    speech: SpeechTable | None = None
    priced_by: PricedBy = "duration"
    price_step: int = 1


class PollingTable(TomlTable):
    """``[polling]``, as ``offers.Polling``."""

    first: int
    every: int
    queued: int
    off_peak: int


class PriceTable(TomlTable):
    """``[offers.prices]`` and ``[offers.off_peak_prices]`` by resolution, as ``offers.Price``."""

    at: dict[int, Decimal]
    further: Decimal | None = None


class OfferTable(TomlTable):
    """``[[offers]]``: a model at one or more kinds that treat it alike.

    ``durations`` and the values of ``only_at`` are written as ``1-16`` or ``4, 8``. ``defaults``,
    ``needs`` and ``surcharges`` replace those of ``[options]``, ``images`` those of the kind,
    ``checked_on`` and ``source`` those of the file. ``wire`` holds the adapter's own words for
    this model.
    """

    model: str
    kinds: tuple[str, ...]
    options: tuple[str, ...]
    durations: str = ""
    duration: int = 0
    resolutions: tuple[str, ...] = ()
    resolution: str = ""
    aspect_ratios: tuple[str, ...] = ()
    aspect_ratio: str = ""
    defaults: dict[str, Value] = {}
    only_at: dict[str, str] = {}
    needs: dict[str, str] = {}
    surcharges: dict[str, int] = {}
    images: tuple[int, int] | None = None
    prices: dict[str, PriceTable] = {}
    off_peak_prices: dict[str, PriceTable] = {}
    fewer_resolutions: dict[int, tuple[str, ...]] = {}
    conflicts: tuple[tuple[str, str], ...] = ()
    names_pictures: bool = False
    wire: dict[str, str] = {}
    checked_on: date | None = None
    source: str = ""


class FileTable(TomlTable):
    """The whole file. ``source`` and ``checked_on``: where and when its offers were read."""

    provider: str
    title: str
    unit: str
    base_url: str
    base_urls: tuple[str, ...]
    slots: int
    link_life: int
    polling: PollingTable
    options: dict[str, OptionTable]
    kinds: dict[str, KindTable]
    offers: tuple[dict[str, Any], ...]
    requests_per_minute: int | None = None
    inline_limit: int = 0
    settings: dict[str, SettingTable] = {}
    checked_on: date | None = None
    source: str = ""


@cache
def catalogue(provider_kind: str) -> Catalogue:
    """The catalogue of a provider, read once. Raises CatalogueError."""
    file = f"{provider_kind}/catalogue.toml"
    try:
        text = (PROVIDERS_DIRECTORY / file).read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogueError(file, "file", "cannot be read") from error
    return parse(text, file)


def parse(text: str, file: str) -> Catalogue:
    """A catalogue from the text of its file. Raises CatalogueError."""
    try:
        # Prices may have fractions, which a float would not keep.
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(file, "syntax", str(error)) from error
    table = Position(file).convert(document, FileTable)
    check_file(table, Position(file))
    return Catalogue(
        provider=table.provider,
        title=table.title,
        unit=table.unit,
        base_url=table.base_url,
        base_urls=table.base_urls,
        slots=table.slots,
        requests_per_minute=table.requests_per_minute,
        link_life=table.link_life,
        polling=Polling(**msgspec.structs.asdict(table.polling)),
        offers=tuple(read_offers(table, text, Position(file))),
        inline_limit=table.inline_limit,
        settings=tuple(read_settings(table, Position(file))),
    )


def check_file(file: FileTable, position: Position) -> None:
    """Check what the tables of a file say about each other."""
    position.at("base_url").require_known({file.base_url} - {""}, {*file.base_urls})
    for name, kind in file.kinds.items():
        here = position.at(f"kinds.{name}")
        here.at("options").require_known({*kind.options}, {*file.options})
        here.at("picture").require(bool(kind.picture) == bool(kind.images[1]), "rules and count")
        here.at("price_step").require(kind.price_step >= 1, "is less than 1")
    for name, option in file.options.items():
        here = position.at(f"options.{name}")
        here.at("needs").require_known({option.needs} - {""}, {*file.options})
        here.at("limit").require(bool(option.limit) == (option.type == "text"), "is for a text")
        here.at("price_divisor").require(option.price_divisor >= 1, "is less than 1")


def read_settings(file: FileTable, position: Position) -> Iterator[Setting]:
    for name, table in file.settings.items():
        setting = Setting(name, **msgspec.structs.asdict(table))
        here = position.at(f"settings.{name}")
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


def read_offers(file: FileTable, text: str, position: Position) -> Iterator[Offer]:
    """The offers of all ``[[offers]]`` tables, one for each of a table's kinds."""
    seen: set[tuple[str, str]] = set()
    # tomllib tells no lines, and nobody finds the wrong one of many offers without.
    lines = [text.count("\n", 0, header.start()) + 1 for header in OFFER_HEADER.finditer(text)]
    for line, values in zip(lines, file.offers, strict=True):
        here = position.at(f"offers ({values.get('model', 'no model')}, line {line})")
        table = here.convert(values, OfferTable)
        check_table(table, file, here)
        for kind in table.kinds:
            here.require((kind, table.model) not in seen, f"offered twice at {kind}")
            seen.add((kind, table.model))
            yield read_offer(table, kind, file, here)


def check_table(table: OfferTable, file: FileTable, position: Position) -> None:
    """Check that every name that an offer refers to exists."""
    named = {*table.options, *table.defaults, *table.only_at, *sum(table.conflicts, ())}
    named |= {*table.needs, *table.needs.values(), *table.surcharges} - {""}
    prices = (*table.prices.values(), *table.off_peak_prices.values())
    sizes = {*table.prices, *table.off_peak_prices, *sum(table.fewer_resolutions.values(), ())}
    sizes |= {table.resolution} if table.resolutions else {table.resolution} - {""}
    position.at("kinds").require_known({*table.kinds}, {*file.kinds})
    position.at("options").require_known(named, {*file.options})
    # Where no resolution can be chosen, the one price has no name.
    position.at("resolutions").require_known(sizes, {*(table.resolutions or ("",))})
    position.at("prices").require(all(price.at for price in prices), "no price")


def read_offer(table: OfferTable, name: str, file: FileTable, position: Position) -> Offer:
    """The offer of one of a table's kinds."""
    kind = file.kinds[name]
    # A film that is there already, a picture and a speech have no length to choose.
    if not kind.has_duration:
        position.at("durations").require(not table.durations, "is not for this kind")
    durations = (
        read_durations(table.durations, position.at("durations")) if kind.has_duration else ()
    )
    ratios = table.aspect_ratios if kind.has_aspect_ratio else ()
    ratio = table.aspect_ratio if kind.has_aspect_ratio else ""
    rules = PictureRules(**msgspec.structs.asdict(kind.picture)) if kind.picture else None
    position.at("duration").require(
        table.duration in (durations or (0,)), "is not one of durations"
    )
    position.at("aspect_ratio").require_known({ratio} - {""}, {*ratios})
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
        images=table.images or kind.images,
        options=read_options(table, kind, file, position),
        prices=read_prices(table.prices),
        off_peak_prices=read_prices(table.off_peak_prices),
        fewer_resolutions=table.fewer_resolutions,
        conflicts=table.conflicts,
        pictures=rules,
        names_pictures=table.names_pictures and bool(rules and rules.of_one_name),
        wire=table.wire,
        checked_on=table.checked_on or file.checked_on,
        source=table.source or file.source,
        film=SourceRules(kind.film.shortest, kind.film.longest) if kind.film else None,
        sound=SourceRules(kind.sound.shortest, kind.sound.longest) if kind.sound else None,
        speech=SpeechRules(kind.speech.least, kind.speech.wide) if kind.speech else None,
        priced_by=kind.priced_by,
        price_step=kind.price_step,
    )


def read_prices(tables: Mapping[str, PriceTable]) -> Mapping[str, Price]:
    return {size: Price(table.at, table.further) for size, table in tables.items()}


def read_options(
    table: OfferTable, kind: KindTable, file: FileTable, position: Position
) -> tuple[Option, ...]:
    """The options that the endpoint declares and the model supports, in the endpoint's order."""
    names = (name for name in kind.options if name in table.options)
    return tuple(read_option(name, table, file, position) for name in names)


def read_option(name: str, table: OfferTable, file: FileTable, position: Position) -> Option:
    declared = file.options[name]
    span = table.only_at.get(name)
    option = Option(
        name=name,
        type=declared.type,
        choices=declared.choices,
        default=table.defaults.get(name, declared.default),
        low=declared.low,
        high=declared.high,
        durations=read_durations(span, position.at(f"only_at.{name}")) if span else (),
        surcharge=table.surcharges.get(name, declared.surcharge),
        price_divisor=declared.price_divisor,
        needs=table.needs.get(name, declared.needs),
        limit=declared.limit,
        form=declared.form,
    )
    fits = option.default is None or option.problem(option.default) is None
    position.at(f"defaults.{name}").require(fits, f"{option.default!r} is not allowed")
    return option


def read_durations(text: str, position: Position) -> tuple[int, ...]:
    """Seconds written as ``5``, ``4, 8`` or ``1-16``."""
    position.require(DURATIONS.fullmatch(text) is not None, f"not durations: {text}")
    seconds: list[int] = []
    for span in text.split(","):
        low, _, high = span.strip().partition("-")
        seconds += range(int(low), int(high or low) + 1)
    position.require(bool(seconds), f"not durations: {text}")  # 8-4 is none
    return tuple(seconds)
