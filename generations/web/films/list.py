"""A team's ad films, beside each other, and the brief of a new one."""

from dataclasses import dataclass, replace
from http import HTTPStatus

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from generations import films as works
from generations.films import FilmCard
from generations.lifecycle import order as ordering
from generations.models import Attempt, Credential, Film, Membership, Team
from generations.models.films import FILM
from generations.web.access import for_member, for_producer
from generations.web.files.picture_slots import Slots, slots
from generations.web.files.uploads import bounded, take
from generations.web.layout.cards import Card, drawn
from generations.web.layout.keys import keys_of
from generations.web.layout.silence import has_news
from generations.web.messages import failures
from generations.web.order.form import Values
from generations.web.order.sidebar import Choice

from . import messages
from .form import FilmForm, makers

PAGE = 24


@dataclass(frozen=True)
class Shelved:
    """A film in the list; ``card`` is its order's, for the time until it is there."""

    work: FilmCard
    card: Card

    @property
    def film(self) -> Film:
        return self.work.film

    @property
    def title(self) -> str:
        return messages.title(self.film)

    @property
    def unit(self) -> str:
        return failures.unit(self.film.task)

    @property
    def is_moving(self) -> bool:
        return not self.card.task.is_final or self.film.due_at is not None


@require_safe
@for_member
def films(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The list; ``?since=``: all of its cards anew, 204 when nothing of the team changed."""
    team, before = membership.team, request.GET.get("before", "")
    if request.GET.get("since") == str(team.sequence) and not has_news(request, team):
        return HttpResponse(status=204)
    rows = Film.objects.for_team(team).out_of_the_bin().for_board().newest_first()
    if before:
        rows = rows.before(_number(before))
    attempts = Attempt.objects.defer("reply", "report")
    found = list(
        rows.prefetch_related(Prefetch("task__attempts", attempts), "task__pictures__upload")[
            : PAGE + 1
        ]
    )
    shown = _shelved(team, found[:PAGE])
    context = {
        "films": shown,
        "next": found[PAGE - 1].pk if len(found) > PAGE else "",
        "before": before,
        "moving": any(one.is_moving for one in shown),
        "swap": "since" in request.GET,
    }
    page = "films/list_changes.html" if "since" in request.GET else "films/list.html"
    return render(request, page, context)


def _number(said: str) -> int:
    if not said.isdecimal() or len(said) > 18:
        raise Http404
    return int(said)


def _shelved(team: Team, found: list[Film]) -> list[Shelved]:
    cards = drawn(team, [film.task for film in found])
    return [Shelved(*pair) for pair in zip(works.list_films(found), cards, strict=True)]


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
@csrf_protect
def new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The brief; as a form that follows its key, and POSTed, as an order."""
    team = membership.team
    able = makers(Credential.objects.for_team(team).without_secret().order_by("kind", "name", "pk"))
    if not able:
        return render(request, "order/film_no_key.html")
    sent = request.method == "POST" and "update" not in request.POST
    values, unfit = _start(request, membership)
    form = FilmForm(able, values, sent=sent)
    pictures = slots(team, form.offer, values, unfit)
    form.pictures = pictures.pictures
    if sent and not unfit and form.is_valid() and (film := _begun(membership, form, pictures)):
        answer = redirect("film", team.slug, film.pk)
        answer.status_code = HTTPStatus.SEE_OTHER
        return answer
    context = {
        "form": form,
        "slots": replace(pictures, errors=[*unfit, *form.picture_errors]),
        "choices": _choices(team, form, able),
    }
    context["choice"] = next(one for one in context["choices"] if one.is_chosen)  # type: ignore[attr-defined]
    part = "#live" if "HX-Request" in request.headers else ""
    return render(request, f"order/film.html{part}", context, status=422 if sent else 200)


def _start(request: HttpRequest, membership: Membership) -> tuple[Values, list[str]]:
    """What was typed, with the files that came; the second part says what was wrong with them."""
    if request.method != "POST":
        begun: Values = MultiValueDict()
        begun.update(request.GET)
        return begun, []
    values = request.POST.copy()
    taken, unfit = take(request, membership)
    for upload in taken:
        values.appendlist("images", str(upload.pk))
    return values, [f"{name}: {sentence}" for name, sentence in unfit]


def _begun(membership: Membership, form: FilmForm, pictures: Slots) -> Film | None:
    """Order it, or say on the form why nothing was ordered."""
    try:
        return works.begin(
            membership,
            form.credential,
            form.order,
            form_token=form.token,
            pictures=pictures.chosen,
        )
    except ordering.Invalid as refused:
        form.refuse(refused.problems)
    except ordering.OrderRefused as refused:
        form.add_error(None, messages.refusal(refused))
    return None


def _choices(team: Team, form: FilmForm, able: list[Credential]) -> list[Choice]:
    """Each key that makes films, with what the last one of this length cost there."""
    numbers = {key.pk for key in able}
    return [
        Choice(
            key=key,
            offered=True,
            price=works.price(key.credential, FILM, duration=form.seconds),
            usual=None,
            is_chosen=key.credential == form.credential,
            is_also=False,
        )
        for key in keys_of(team)
        if key.credential.pk in numbers
    ]
