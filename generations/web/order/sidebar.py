"""What stands beside the order form: kinds to choose from, and keys with what each would cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from generations.billing import prices
from generations.billing.prices import Estimate
from generations.models import Membership, Task
from generations.models.offers import catalogue
from generations.templatetags.formats import amount, number, sentences
from generations.web.files.uploads import Slots
from generations.web.layout.cards import KIND_MARKS
from generations.web.layout.estimates import ShownEstimate, price_question, total
from generations.web.layout.keys import Key, keys_of
from generations.web.messages.orders import too_few_credits
from generations.web.messages.reasons import Sentence

from .form import KINDS, OrderForm


@dataclass(frozen=True)
class Choice:
    """One key beside the form; ``cost`` is what this order costs there, None: it cannot make it.

    ``is_also``: the same order goes there as well, to compare. ``usual``: seconds of past clips.
    """

    key: Key
    cost: ShownEstimate | None
    usual: tuple[int, int] | None
    is_chosen: bool
    is_also: bool

    @property
    def price(self) -> int | None:
        """Units for the whole order, None where nobody knows."""
        return self.cost.amount if self.cost else None

    @property
    def may_join(self) -> bool:
        """Whether the order could go there beside the chosen key."""
        return self.cost is not None and not self.is_chosen and not self.obstacle

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


def page(membership: Membership, form: OrderForm, pictures: Slots) -> dict[str, object]:
    """Return all that the form's template asks for."""
    team = membership.team
    waits = Task.objects.usual_waits(team)
    able = {key.pk for key in form.able}
    keys = [key for key in keys_of(team) if key.credential.pk in able]
    order = form.order
    offered = [
        key.credential
        for key in keys
        if catalogue(key.credential.kind).offer(order.kind, order.model)
    ]
    estimates = prices.estimates(offered, order)
    choices = [
        _choice(key, form, estimates, waits.get((key.credential.pk, order.model))) for key in keys
    ]
    pressed = [choice for choice in choices if choice.is_chosen or choice.is_also]
    asked = {
        choice.key.credential: choice.cost.estimate for choice in pressed if choice.cost is not None
    }
    return {
        "form": form,
        "slots": pictures,
        "tabs": [Tab(kind, kind in form.kinds, kind == form.kind) for kind in KINDS],
        "choices": choices,
        "choice": next(choice for choice in choices if choice.is_chosen),
        "price": total(choice.cost for choice in pressed if choice.cost),
        # What an upscale costs depends on its clip, which is still to be chosen.
        "question": None if form.lacks_source else price_question(membership, order, asked),
    }


def _choice(
    key: Key, form: OrderForm, estimates: Mapping[int, Estimate], usual: tuple[int, int] | None
) -> Choice:
    """Return a key with the price of all the clips of this order there."""
    estimate = estimates.get(key.credential.pk)
    return Choice(
        key=key,
        cost=ShownEstimate(estimate, key.unit, form.order, form.count) if estimate else None,
        usual=usual,
        is_chosen=key.credential == form.credential,
        is_also=key.credential in form.also,
    )
