"""The page on which a person orders clips."""

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from generations.lifecycle import order as ordering
from generations.models import Credential, Membership, Task, Team
from generations.models.tasks import ADOPTED
from generations.templatetags.formats import number, sentences
from generations.web.access import for_producer
from generations.web.files.picture_slots import Slots, slots
from generations.web.files.uploads import bounded, take
from generations.web.messages.credentials import trouble
from generations.web.messages.stops import STOPS
from generations.web.team.caps import over_cap

from .form import OrderForm, Values
from .sidebar import page


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
@csrf_protect
def generate(request: HttpRequest, membership: Membership) -> HttpResponse:
    credentials = list(
        Credential.objects.for_team(membership.team).without_secret().order_by("kind", "name", "pk")
    )
    if not credentials:
        return render(request, "order/no_key.html")
    sent = request.method == "POST" and "update" not in request.POST
    values, unfit = _start(request, membership)
    form = OrderForm(credentials, values, sent=sent)
    pictures = slots(membership.team, form.offer, values, unfit)
    form.pictures = pictures.pictures
    if not sent:
        unfit += form.misfits
    if sent and not unfit and form.is_valid() and _ordered(membership, form, pictures):
        return _to_the_gallery(membership.team)
    pictures = replace(pictures, errors=[*unfit, *form.picture_errors])
    part = "#live" if "HX-Request" in request.headers else ""
    context = page(membership.team, form, pictures)
    return render(request, f"order/form.html{part}", context, status=422 if sent else 200)


def _ordered(membership: Membership, form: OrderForm, pictures: Slots) -> bool:
    """Order on every chosen key, or say on the form why nothing was ordered."""
    try:
        ordering.order_at_each(
            membership,
            form.keys,
            form.order,
            count=form.count,
            pictures=pictures.chosen,
            form_token=form.token,
        )
    except ordering.OrderRefused as refusal:
        _say_why(form, refusal)
        return False
    return True


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


def _start(request: HttpRequest, membership: Membership) -> tuple[Values, list[str]]:
    """What the form begins with: what was typed, an earlier task of this team, or nothing.

    Files that came with it are taken in as pictures; the second part says what was wrong with them.
    """
    if request.method == "POST":
        values = request.POST.copy()
        taken, unfit = take(request, membership)
        for upload in taken:
            values.appendlist("images", str(upload.pk))
            values.appendlist("image_names", "")
        return values, [f"{name}: {sentence}" for name, sentence in unfit]
    like = request.GET.get("like", "")
    if not like.isdecimal():
        begun = _as_last(membership)
        begun.update(request.GET)
        return begun, []
    return _like(get_object_or_404(Task.objects.for_team(membership.team), pk=like)), []


def _as_last(membership: Membership) -> Values:
    """A new order begins on the key that this person used last."""
    own = Task.objects.for_team(membership.team).filter(created_by=membership.user)
    usable = own.filter(credential__paused_at=None, credential__removed_at=None)
    last = usable.newest_first().values_list("credential", flat=True).first()
    return MultiValueDict({"credential": [str(last)]} if last else {})


def _like(task: Task) -> Values:
    """The order that a task was made from."""
    said = {name: [str(value)] for name, value in task.settings.items()}
    pictures = list(task.pictures.order_by("ordinal"))
    return MultiValueDict(
        said
        | {
            "credential": [str(task.credential_id)],
            "kind": [] if task.kind == ADOPTED else [task.kind],
            "model": [task.model],
            "prompt": [task.prompt],
            "images": [str(picture.upload_id) for picture in pictures],
            "image_names": [picture.name for picture in pictures],
        }
    )
