"""The page on which a person orders clips."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from generations.lifecycle import order as ordering
from generations.models import Credential, Membership, Task, Team
from generations.providers.catalogue import catalogue
from generations.templatetags.look import amount, number, sentences

from .access import for_producer
from .caps import over_cap
from .forms.fields import KINDS, TABS
from .forms.generate import OrderForm, Values
from .keys import Key, keys_of
from .stops import STOPS
from .trouble import trouble


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
            return _("This needs %(price)s and the key has %(left)s left.") % {
                "price": amount(self.price, self.key.unit),
                "left": number(self.key.left),
            }
        return ""


@dataclass(frozen=True)
class Tab:
    """One kind of clip that a person may want; ``is_offered`` where some key can make it."""

    kind: str
    is_offered: bool
    is_chosen: bool

    @property
    def label(self) -> str:
        return str(TABS[self.kind][0])

    @property
    def icon(self) -> str:
        return TABS[self.kind][1]


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def generate(request: HttpRequest, membership: Membership) -> HttpResponse:
    credentials = list(
        Credential.objects.for_team(membership.team).without_secret().order_by("kind", "name", "pk")
    )
    if not credentials:
        return render(request, "generate/no_key.html")
    if request.method == "POST" and "update" not in request.POST:
        return _order(request, membership, credentials)
    form = OrderForm(credentials, _start(request, membership.team))
    part = "#live" if "HX-Request" in request.headers else ""
    return render(request, f"generate/form.html{part}", _page(membership.team, form))


def _order(
    request: HttpRequest, membership: Membership, credentials: Sequence[Credential]
) -> HttpResponse:
    form = OrderForm(credentials, request.POST, sent=True)
    if form.is_valid():
        try:
            ordering.order(
                membership, form.credential, form.order, count=form.count, form_token=form.token
            )
            return _to_the_gallery(membership.team)
        except ordering.OrderRefused as refusal:
            _say_why(form, refusal)
    page = _page(membership.team, form)
    return render(request, "generate/form.html", page, status=422)


def _to_the_gallery(team: Team) -> HttpResponse:
    """303, so that every client asks for the gallery by GET."""
    answer = redirect("gallery", team.slug)
    answer.status_code = HTTPStatus.SEE_OTHER
    return answer


def _say_why(form: OrderForm, refusal: ordering.OrderRefused) -> None:
    nothing = _("Nothing was ordered and nothing was charged.")
    match refusal:
        case ordering.Invalid(problems=problems):
            form.refuse(problems)
        case ordering.NotEnough(left=left, needed=needed):
            values = {"left": number(left), "needed": number(needed)}
            short = _("This needs %(needed)s and the key has %(left)s left.") % values
            form.add_error("credential", sentences(short, nothing))
        case ordering.OverCap(cap=cap, left=left, needed=needed):
            form.add_error(None, sentences(over_cap(cap, left, needed), nothing))
        case ordering.Stopped(code=code):
            form.add_error(None, sentences(STOPS[code].cause, nothing))
        case ordering.Paused(code=code):
            form.add_error("credential", sentences(trouble(code).cause, nothing))
        case _:
            form.add_error(None, nothing)


def _start(request: HttpRequest, team: Team) -> Values:
    """What the form begins with: what was typed, an earlier task of this team, or nothing."""
    if request.method == "POST":
        return request.POST
    like = request.GET.get("like", "")
    if not like.isdecimal():
        return request.GET
    task = get_object_or_404(Task.objects.for_team(team), pk=like)
    said = {name: [str(value)] for name, value in task.settings.items()}
    return MultiValueDict(
        said
        | {
            "credential": [str(task.credential_id)],
            "kind": [task.kind],
            "model": [task.model],
            "prompt": [task.prompt],
        }
    )


def _page(team: Team, form: OrderForm) -> dict[str, object]:
    waits = Task.objects.usual_waits(team)
    able = {key.pk for key in form.able}
    choices = [
        _choice(key, form, waits.get((key.credential.pk, form.offer.model)))
        for key in keys_of(team)
        if key.credential.pk in able
    ]
    return {
        "form": form,
        "tabs": [Tab(kind, kind in form.kinds, kind == form.kind) for kind in KINDS],
        "choices": choices,
        "choice": next(choice for choice in choices if choice.is_chosen),
        "price": _sum([choice for choice in choices if choice.is_chosen or choice.is_also]),
    }


def _sum(choices: Sequence[Choice]) -> str:
    """What the press costs on all keys, each unit for itself; "" where a price is not known."""
    units: Counter[str] = Counter()
    for choice in choices:
        if choice.price is None:
            return ""
        units[choice.key.unit] += choice.price
    return " + ".join(amount(units[unit], unit) for unit in units)


def _choice(key: Key, form: OrderForm, usual: tuple[int, int] | None) -> Choice:
    """A key with the price of all the clips of this order there."""
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
