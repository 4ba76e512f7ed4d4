"""Changes that an installation makes to a shipped catalogue: offers hidden, narrowed, added."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from .offers import Catalogue, Offer, Price
from .toml import CatalogueError, Position, read_durations

RESOLUTION = re.compile(r"[0-9a-z]{2,10}")
PRICE = re.compile(r"(?:(?P<resolution>[0-9a-z]*) ?= ?)?(?P<price>[0-9]{1,7}(?:\.[0-9]{1,4})?)")
PICTURES = re.compile(r"([0-9]{1,2})(?:-([0-9]{1,2}))?")


class ChangeError(Exception):
    """A change that no catalogue can take; ``field`` says where, ``code`` why, for a sentence."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


@dataclass(frozen=True, slots=True)
class OfferEdit:
    """What an installation says of one model at one kind; "" leaves what the catalogue has.

    ``like``: the model is not in the shipped catalogue, and follows the rules of this one.
    ``durations`` are written as in a catalogue file (``1-16``), ``resolutions`` as ``720p, 1080p``,
    ``images`` as ``1-7``, ``prices`` of a second as ``720p = 20, 1080p = 24.5``. ``checked_on`` is
    the day of these prices.
    """

    kind: str
    model: str
    like: str = ""
    is_hidden: bool = False
    durations: str = ""
    resolutions: str = ""
    images: str = ""
    prices: str = ""
    checked_on: date | None = None


def changed(shipped: Catalogue, changes: Iterable[OfferEdit]) -> Catalogue:
    """The catalogue with the changes of an installation; added models come last.

    A change that no longer fits, for example because its ``like`` has left the shipped catalogue,
    changes nothing.
    """
    by_offer = {(change.kind, change.model): change for change in changes}
    return replace(shipped, offers=tuple(_offers(shipped, by_offer)))


def _offers(shipped: Catalogue, changes: Mapping[tuple[str, str], OfferEdit]) -> Iterator[Offer]:
    known = {(offer.kind, offer.model) for offer in shipped.offers}
    for offer in shipped.offers:
        change = changes.get((offer.kind, offer.model))
        if change is None:
            yield offer
        elif not change.is_hidden:
            yield _or_as_shipped(offer, change)
    for key, change in changes.items():
        like = shipped.offer(change.kind, change.like)
        if key not in known and like and not change.is_hidden:
            yield _or_as_shipped(_added(like, change.model), change)


def _or_as_shipped(offer: Offer, change: OfferEdit) -> Offer:
    try:
        return apply(offer, change)
    except ChangeError:
        return offer


def _added(like: Offer, model: str) -> Offer:
    # Without its prices: a new model seldom costs what the one costs that it is like.
    return replace(
        like,
        model=model,
        like=like.model,
        prices={},
        off_peak_prices={},
        checked_on=None,
        source="",
    )


def apply(offer: Offer, change: OfferEdit) -> Offer:
    """One offer with its change. Raises ChangeError where the change is not one."""
    durations = _durations(change.durations) if change.durations else offer.durations
    resolutions = _resolutions(change.resolutions) if change.resolutions else offer.resolutions
    fewer = {
        seconds: tuple(size for size in sizes if size in resolutions)
        for seconds, sizes in offer.fewer_resolutions.items()
    }
    if change.prices:
        # An off-peak list of the shipped prices would not fit these.
        own = _prices(change.prices, resolutions)
        offer = replace(offer, prices=own, off_peak_prices={}, source="")
        offer = replace(offer, checked_on=change.checked_on)
    return replace(
        offer,
        durations=durations,
        duration=_kept_or_first(offer.duration, durations),
        resolutions=resolutions,
        resolution=_kept_or_first(offer.resolution, resolutions),
        # A length that would be left without any resolution may have them all.
        fewer_resolutions={seconds: sizes for seconds, sizes in fewer.items() if sizes},
        images=_images(change.images) if change.images else offer.images,
    )


def _kept_or_first[T](default: T, choices: Sequence[T]) -> T:
    # Without choices nobody may choose, and the default is that of the provider.
    return default if default in choices or not choices else choices[0]


def _durations(text: str) -> tuple[int, ...]:
    try:
        return read_durations(text, Position("change"))
    except CatalogueError as error:
        raise ChangeError("durations", "form") from error


def _resolutions(text: str) -> tuple[str, ...]:
    sizes = tuple(dict.fromkeys(size.strip() for size in text.split(",")))
    if not all(map(RESOLUTION.fullmatch, sizes)):
        raise ChangeError("resolutions", "form")
    return sizes


def _images(text: str) -> tuple[int, int]:
    found = PICTURES.fullmatch(text)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if low > high:
        raise ChangeError("images", "form")
    return low, high


def _prices(text: str, resolutions: Sequence[str]) -> Mapping[str, Price]:
    prices = {}
    for pair in text.split(","):
        found = PRICE.fullmatch(pair.strip())
        if not found or (found["resolution"] or "") not in (resolutions or ("",)):
            raise ChangeError("prices", "form")
        price = Decimal(found["price"])
        prices[found["resolution"] or ""] = Price({1: price}, price)
    return prices
