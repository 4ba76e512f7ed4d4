"""The page on which a person orders an ad film from a brief."""

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from generations import films
from generations.lifecycle.order import OrderRefused
from generations.models import Credential, Film, Membership, Team
from generations.models.films import FILM
from generations.web.access import for_producer
from generations.web.files.picture_slots import Slots, slots
from generations.web.files.uploads import bounded
from generations.web.layout.keys import keys_of

from .fields import Values, posted_values
from .film_form import FilmForm, film_keys
from .sidebar import Choice


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
@csrf_protect
def new_film(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the brief; POSTed, order the film. With htmx: the part that follows the chosen key."""
    team = membership.team
    keys = Credential.objects.for_team(team).without_secret().order_by("kind", "name", "pk")
    able = film_keys(keys)
    if not able:
        return render(request, "order/film_no_key.html")
    sent = request.method == "POST" and "update" not in request.POST
    values, unfit = _values(request, membership)
    form = FilmForm(able, values, sent=sent)
    pictures = slots(team, form.offer, values, unfit)
    form.pictures = pictures.pictures
    if sent and not unfit and form.is_valid() and (film := _ordered(membership, form, pictures)):
        answer = redirect("film", team.slug, film.pk)
        answer.status_code = HTTPStatus.SEE_OTHER
        return answer
    choices = _choices(team, form)
    context = {
        "form": form,
        "slots": replace(pictures, errors=[*unfit, *form.picture_errors]),
        "choices": choices,
        "choice": next(choice for choice in choices if choice.is_chosen),
    }
    part = "#live" if "HX-Request" in request.headers else ""
    return render(request, f"order/film.html{part}", context, status=422 if sent else 200)


def _values(request: HttpRequest, membership: Membership) -> tuple[Values, list[str]]:
    if request.method == "POST":
        return posted_values(request, membership)
    begun: Values = MultiValueDict()
    begun.update(request.GET)
    return begun, []


def _ordered(membership: Membership, form: FilmForm, pictures: Slots) -> Film | None:
    """Order the film, or say on the form why nothing was ordered."""
    try:
        return films.order_film(
            membership,
            form.credential,
            form.order,
            form_token=form.token,
            pictures=pictures.chosen,
        )
    except OrderRefused as refused:
        form.add_refusal(refused)
    return None


def _choices(team: Team, form: FilmForm) -> list[Choice]:
    """Return each key that makes films, with what the last one of this length cost there."""
    able = {key.pk for key in form.able}
    return [
        Choice(
            key=key,
            offered=True,
            price=films.last_price(key.credential, FILM, duration=form.seconds),
            usual=None,
            is_chosen=key.credential == form.credential,
            is_also=False,
        )
        for key in keys_of(team)
        if key.credential.pk in able
    ]
