"""What stands beside the order form: kinds to choose from, and keys with what each would cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from generations.models import Task, Team
from generations.providers.catalogue import catalogue
from generations.templatetags.formats import amount, number, sentences
from generations.web.files.uploads import Slots
from generations.web.layout.cards import KIND_MARKS
from generations.web.layout.keys import Key, keys_of
from generations.web.messages.orders import too_few_credits
from generations.web.messages.reasons import Sentence

from .form import KINDS, OrderForm


@dataclass(frozen=True)
class Choice:
    """One key beside the form; ``price`` is what this order costs there, None where unknown.

    ``is_also``: the same order goes there as well, to compare. ``usual``: seconds of past clips.
    """

    key: Key
    offered: bool
    price: int | None
    usual: tuple[int, int] | None
    is_chosen: bool
    is_also: bool

    @property
    def may_join(self) -> bool:
        """Whether the order could go there beside the chosen key."""
        return self.offered and not self.is_chosen and not self.obstacle

    @property
    def rest(self) -> int | None:
        """What the order leaves on the key; below nothing when it is too much."""
        return None if self.key.left is None or self.price is None else self.key.left - self.price

    @property
    def obstacle(self) -> str:
        """Why nothing can be ordered on this key now; "" when something can."""
        if self.key.trouble:
            return sentences(_("This key is paused."), self.key.trouble.cause)
        if self.rest is not None and self.rest < 0:
            return too_few_credits(number(self.key.left), amount(self.price, self.key.unit))
        return ""


@dataclass(frozen=True)
class Tab:
    """One kind of clip that a person may want; ``is_offered`` where some key can make it."""

    kind: str
    is_offered: bool
    is_chosen: bool

    @property
    def label(self) -> Sentence:
        return KIND_MARKS[self.kind].word

    @property
    def icon(self) -> str:
        return KIND_MARKS[self.kind].icon


def page(team: Team, form: OrderForm, pictures: Slots) -> dict[str, object]:
    """Return all that the form's template asks for."""
    waits = Task.objects.usual_waits(team)
    able = {key.pk for key in form.able}
    choices = [
        _choice(key, form, waits.get((key.credential.pk, form.offer.model)))
        for key in keys_of(team)
        if key.credential.pk in able
    ]
    return {
        "form": form,
        "slots": pictures,
        "tabs": [Tab(kind, kind in form.kinds, kind == form.kind) for kind in KINDS],
        "choices": choices,
        "choice": next(choice for choice in choices if choice.is_chosen),
        "price": _total([choice for choice in choices if choice.is_chosen or choice.is_also]),
    }


def _total(choices: Sequence[Choice]) -> str:
    """Return what the press costs on all keys, by unit; "" where a price is not known."""
    units: Counter[str] = Counter()
    for choice in choices:
        # A sum without the unknown part would promise too little.
        if choice.price is None:
            return ""
        units[choice.key.unit] += choice.price
    return " + ".join(amount(units[unit], unit) for unit in units)


def _choice(key: Key, form: OrderForm, usual: tuple[int, int] | None) -> Choice:
    """Return a key with the price of all the clips of this order there."""
    offer = catalogue(key.credential.kind).offer(form.offer.kind, form.offer.model)
    estimate = offer.estimate(form.order) if offer else None
    return Choice(
        key=key,
        offered=offer is not None,
        price=None if estimate is None else estimate * form.count,
        usual=usual,
        is_chosen=key.credential == form.credential,
        is_also=key.credential in form.also,
    )
