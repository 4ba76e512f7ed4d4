"""The tables of a catalogue file, as msgspec reads them."""

from typing import Any

import msgspec

from generations.providers.catalogue.options import Form, OptionType, Value


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
