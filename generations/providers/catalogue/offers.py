"""What one provider offers: its models at each kind, what they cost, which orders they allow."""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from generations.providers.contract import Order, Source

from .rules import (
    EMPTY_VALUES,
    Form,
    Option,
    PictureRules,
    PricedBy,
    Problem,
    SourceRules,
    SpeechRules,
    Value,
    has_form,
    lines_of,
)


@dataclass(frozen=True, slots=True)
class Price:
    """Units for a clip: ``at`` some measures, and for each ``further`` one beyond the last.

    A measure is a second, or what ``Offer.priced_by`` says.

    A price may have a fraction, as cents a second do; only the sum of an order is rounded.
    """

    at: Mapping[int, Decimal]
    further: Decimal | None = None

    def of(self, measure: int) -> Decimal | None:
        last = max(self.at)
        if measure > last and self.further is not None:
            return self.at[last] + self.further * (measure - last)
        return self.at.get(measure)


@dataclass(frozen=True, slots=True)
class Offer:
    """One model at one kind. ``images`` is the fewest and the most pictures.

    ``resolutions`` is empty where nobody can choose. ``conflicts`` are pairs of switches of which
    the first cannot be on beside the second. ``names_pictures``: a prompt may refer to pictures by
    name, as ``@name``. ``wire`` holds the adapter's own words for this model. ``off_peak_prices``
    replace ``prices`` where an order is off-peak and the provider has a list of its own for that.
    ``source`` is the address where limits and prices were read, and ``checked_on`` the day.
    ``like``: an installation added this model, which follows the rules of that shipped one.
    ``durations`` is empty where an order has no length of its own. ``film`` and ``sound`` are the
    rules of a film that must be given, and of a sound that takes the place of the prompt;
    ``speech`` are those of a prompt that is spoken. ``prices`` are for each ``price_step`` begun of
    what ``priced_by`` counts: seconds ordered, pictures given, characters of the prompt, seconds of
    the film or of the sound given.
    """

    kind: str
    model: str
    durations: tuple[int, ...]
    duration: int
    resolutions: tuple[str, ...]
    resolution: str
    aspect_ratios: tuple[str, ...]
    aspect_ratio: str
    prompt_limit: int
    prompt_required: bool
    images: tuple[int, int]
    options: tuple[Option, ...]
    prices: Mapping[str, Price] = dataclasses.field(default_factory=dict)
    off_peak_prices: Mapping[str, Price] = dataclasses.field(default_factory=dict)
    fewer_resolutions: Mapping[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    conflicts: tuple[tuple[str, str], ...] = ()
    pictures: PictureRules | None = None
    names_pictures: bool = False
    wire: Mapping[str, str] = dataclasses.field(default_factory=dict)
    checked_on: date | None = None
    source: str = ""
    like: str = ""
    film: SourceRules | None = None
    sound: SourceRules | None = None
    speech: SpeechRules | None = None
    priced_by: PricedBy = "duration"
    price_step: int = 1

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if option.name == name), None)

    def resolutions_at(self, duration: int | None) -> tuple[str, ...]:
        """The resolutions that a clip of this many seconds may have."""
        if duration is None:
            duration = self.duration
        return self.fewer_resolutions.get(duration, self.resolutions)

    def supports(self, name: str, order: Order) -> bool:
        """Whether an optional field has an effect on this order."""
        if name == "aspect_ratio":
            return bool(self.aspect_ratios)
        option = self.option(name)
        return option is not None and self.applies(option, order)

    def applies(self, option: Option, order: Order) -> bool:
        """Whether an option has an effect at this length and beside the order's switches."""
        has_needed = not option.needs or bool(self.value_of(option.needs, order))
        return has_needed and option.applies_at(self.length(order))

    def length(self, order: Order) -> int:
        """Seconds that an order asks for; 0 where the provider chooses."""
        return self.duration if order.duration is None else order.duration

    def seconds(self, order: Order) -> int | None:
        """Begun seconds that a price of a second is for; None where nobody knows them before."""
        if self.priced_by in ("source", "sound"):
            return self.measure(order, step=1)
        return (self.length(order) or None) if self.priced_by == "duration" else None

    def measure(self, order: Order, *, step: int = 0) -> int | None:
        """How many begun steps of what is charged an order has; None where that is not known."""
        source = order.sound if self.priced_by == "sound" else order.source
        count: float | None
        match self.priced_by:
            case "images":
                count = len(order.images)
            case "characters":
                count = max(len(order.prompt), 1)
            case "source" | "sound":
                count = source.seconds if source else None
            case _:
                count = self.length(order)
        return None if count is None else math.ceil(count / (step or self.price_step))

    def value_of(self, name: str, order: Order) -> Value | None:
        """The value of an option that the provider will use: the order's, else the default."""
        option = self.option(name)
        if option is None:
            return None
        value = order.options.get(name, option.default)
        return option.default if value == "" else value  # an empty text is no choice

    def estimate(self, order: Order) -> int | None:
        """Units that an order will probably cost; None where no price is known.

        The sum is rounded up to a whole unit, once (docs/wire.md, 1.5).
        """
        chosen = [option for option in self.options if self.value_of(option.name, order)]
        has_own_list = bool(self.off_peak_prices) and bool(self.value_of("off_peak", order))
        prices = self.off_peak_prices if has_own_list else self.prices
        price = prices.get(order.resolution or self.resolution)
        measure = self.measure(order)
        units = price.of(measure) if price and measure is not None else None
        if units is None:
            return None
        units += sum(option.surcharge for option in chosen)
        divisors = (option.price_divisor for option in chosen)
        # In decimals: a float could be off by one unit.
        return math.ceil(units if has_own_list else units / math.prod(divisors))

    def problems(self, order: Order) -> tuple[Problem, ...]:
        """Everything that is wrong with an order, in the order of a form."""
        return (
            *self.source_problems(order),
            *self.prompt_problems(order),
            *self.image_problems(order),
            *self.shape_problems(order),
            *self.option_problems(order),
            *self.conflict_problems(order),
        )

    def source_problems(self, order: Order) -> Iterator[Problem]:
        """What is wrong with the film and the sound that the order is made of."""
        if self.film and order.source is None:
            yield Problem("source", "required")
        elif self.film and order.source:
            yield from self.film.problems("source", order.source)
            yield from self.line_problems(order, order.source)
        if self.sound and order.sound:
            yield from self.sound.problems("sound", order.sound)
        elif self.sound and not order.prompt.strip():
            yield Problem("prompt", "unspoken")

    def line_problems(self, order: Order, film: Source) -> Iterator[Problem]:
        """Where resolutions can be chosen for a film that is there, it must become a higher one."""
        lines = lines_of(order.resolution or self.resolution)
        if lines and film.lines >= lines:
            yield Problem("resolution", "higher", {"lines": film.lines})

    def prompt_problems(self, order: Order) -> Iterator[Problem]:
        length = self.speech.length(order.prompt) if self.speech else len(order.prompt)
        if self.prompt_required and not order.prompt.strip():
            yield Problem("prompt", "required")
        if length > self.prompt_limit:
            yield Problem("prompt", "too_long", {"limit": self.prompt_limit, "length": length})
        if self.speech:
            yield from self.speech.problems(order.prompt)

    def image_problems(self, order: Order) -> Iterator[Problem]:
        low, high = self.images
        count = len(order.images)
        if count and not high:
            yield Problem("images", "unwanted")
        elif not low <= count <= high:
            yield Problem("images", "count", {"low": low, "high": high, "count": count})
        elif self.pictures:
            yield from self.pictures.problems(order, named=self.names_pictures)

    def shape_problems(self, order: Order) -> Iterator[Problem]:
        resolutions = self.resolutions_at(order.duration)
        if order.duration is not None and not self.durations:
            yield Problem("duration", "unwanted")
        elif order.duration is not None and order.duration not in self.durations:
            yield duration_problem(self.durations)
        if order.resolution and not self.resolutions:
            yield Problem("resolution", "unwanted")
        # Also the default: a length may allow fewer resolutions than the one nobody chose.
        elif self.resolutions and (order.resolution or self.resolution) not in resolutions:
            yield Problem("resolution", "choice", {"choices": resolutions})
        if order.aspect_ratio and not self.aspect_ratios:
            yield Problem("aspect_ratio", "unwanted")
        elif order.aspect_ratio and order.aspect_ratio not in self.aspect_ratios:
            yield Problem("aspect_ratio", "choice", {"choices": self.aspect_ratios})

    def option_problems(self, order: Order) -> Iterator[Problem]:
        seed = {} if order.seed is None else {"seed": order.seed}
        for name, value in {**seed, **order.options}.items():
            option = self.option(name)
            if option is None or not self.applies(option, order):
                problem = None if value in EMPTY_VALUES else Problem(name, "unwanted")
            else:
                problem = None if value == "" else option.problem(value)
            if problem:
                yield problem

    def conflict_problems(self, order: Order) -> Iterator[Problem]:
        for name, other in self.conflicts:
            if self.value_of(name, order) and self.value_of(other, order):
                yield Problem(name, "unwanted", {"with": other})


@dataclass(frozen=True, slots=True)
class Polling:
    """Seconds until the first question and between the next, by what the task is doing."""

    first: int
    every: int
    queued: int
    off_peak: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What a provider's documents leave open, set for each account.

    ``choices`` are its only values; without them ``pattern`` (a whole match) or ``form`` judges.
    """

    name: str
    default: str = ""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: Form = ""

    def fits(self, value: str) -> bool:
        if self.choices:
            return value in self.choices
        fits = not self.pattern or re.fullmatch(self.pattern, value) is not None
        return fits and (value == self.default or has_form(value, self.form))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One provider. ``slots``: tasks at once; ``link_life``: seconds that a result stays up.

    ``base_url`` is "" where the documents name no host. ``inline_limit`` is the most bytes of
    pictures that an order itself may carry; 0 where the provider fetches pictures from addresses
    only.
    """

    provider: str
    title: str
    unit: str
    base_url: str
    base_urls: tuple[str, ...]
    slots: int
    requests_per_minute: int | None
    link_life: int
    polling: Polling
    offers: tuple[Offer, ...]
    inline_limit: int = 0
    settings: tuple[Setting, ...] = ()

    def setting(self, options: Mapping[str, str], name: str) -> str:
        """An account's value of a setting, else the default. Raises KeyError for an unknown one."""
        defaults = {setting.name: setting.default for setting in self.settings}
        return options.get(name, defaults[name])

    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(offer.kind for offer in self.offers))

    def models(self, kind: str) -> tuple[str, ...]:
        return tuple(offer.model for offer in self.offers if offer.kind == kind)

    def offer(self, kind: str, model: str) -> Offer | None:
        found = (offer for offer in self.offers if (offer.kind, offer.model) == (kind, model))
        return next(found, None)

    def offer_for(self, order: Order) -> Offer | None:
        """The offer whose rules an order follows."""
        return self.offer(order.kind, order.like or order.model)


def duration_problem(durations: Sequence[int]) -> Problem:
    """A range where the durations have no gap, else the choices."""
    low, high = min(durations), max(durations)
    if high - low + 1 == len(durations) > 2:
        return Problem("duration", "range", {"low": low, "high": high})
    return Problem("duration", "choice", {"choices": tuple(durations)})
