"""The page on which a person orders clips."""

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from generations.lifecycle import order as ordering
from generations.models import Credential, Membership, Task, Team
from generations.models.tasks import IMPORTED
from generations.providers.contract import TaskKind
from generations.providers.vidu.requests import FORM_KINDS
from generations.web.access import for_producer
from generations.web.files.uploads import Slots, bounded, slots
from generations.web.query import optional_number, wants_part

from .fields import Values, posted_values
from .form import OrderForm
from .sidebar import page
from .sources import pickers


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
@csrf_protect
def generate(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the order form; POSTed, order. With htmx: the part that follows the chosen model."""
    credentials = list(
        Credential.objects.for_team(membership.team).without_secret().order_by("kind", "name", "pk")
    )
    if not credentials:
        return render(request, "order/no_key.html")
    sent = request.method == "POST" and "update" not in request.POST
    values, unfit = _values(request, membership)
    # Bookmarks may name kinds in the words that addresses had before.
    if (kind := values.get("kind", "")) in FORM_KINDS:
        values["kind"] = FORM_KINDS[kind]
    form = OrderForm(credentials, values, sent=sent)
    pictures = slots(membership.team, form.offer, values, unfit)
    # Before the form is validated: the offer judges the pictures with the rest of the order.
    form.pictures = pictures.pictures
    made_of = pickers(membership.team, form.offer, values)
    form.made_of = made_of.sources
    if not sent:
        unfit += form.misfits
    if sent and not unfit and form.is_valid() and _order(membership, form, pictures):
        answer = redirect("gallery", membership.team.slug)
        answer.status_code = HTTPStatus.SEE_OTHER  # every client asks for the gallery by GET
        return answer
    pictures = replace(pictures, errors=[*unfit, *form.picture_errors])
    part = "#live" if wants_part(request) else ""
    context = page(membership, form, pictures) | {"made_of": made_of.with_errors(form.errors)}
    return render(request, f"order/form.html{part}", context, status=422 if sent else 200)


def _order(membership: Membership, form: OrderForm, pictures: Slots) -> bool:
    """Order on every chosen key, or say on the form why nothing was ordered."""
    try:
        ordering.order_at_each(
            membership,
            form.keys,
            form.order,
            count=form.count,
            accepts_unknown=form.accepts_unknown,
            pictures=pictures.chosen,
            made_of=form.made_of,
            form_token=form.token,
        )
    except ordering.OrderRefused as refused:
        form.add_refusal(refused)
        return False
    return True


def _values(request: HttpRequest, membership: Membership) -> tuple[Values, list[str]]:
    """Return what the form begins with: what was typed, an earlier task (``like``), a ``subject``
    that the provider keeps, or nothing.

    The second part says what was wrong with the files that came with it.
    """
    if request.method == "POST":
        return posted_values(request, membership)
    like = optional_number(request.GET.get("like", ""))
    if like is not None:
        task = get_object_or_404(Task.objects.for_team(membership.team), pk=like)
        return _values_of(task), []
    subject = optional_number(request.GET.get("subject", ""))
    if subject is not None:
        return _values_of_subject(membership.team, subject), []
    begun = _last_key(membership)
    begun.update(request.GET)
    return begun, []


def _last_key(membership: Membership) -> Values:
    """Begin a new order on the key that this person used last."""
    own = Task.objects.for_team(membership.team).filter(created_by=membership.user)
    usable = own.filter(credential__paused_at=None, credential__removed_at=None)
    last = usable.newest_first().values_list("credential", flat=True).first()
    return MultiValueDict({"credential": [str(last)]} if last else {})


def _values_of_subject(team: Team, pk: int) -> Values:
    """Return an order that begins with a subject which the provider keeps."""
    task = get_object_or_404(Task.objects.for_team(team).kept_subjects(), pk=pk)
    return MultiValueDict(
        {
            "kind": [TaskKind.REFERENCES_TO_VIDEO],
            "credential": [str(task.credential_id)],
            "images": [str(picture.upload_id) for picture in task.pictures.order_by("ordinal")[:1]],
            "image_names": [task.prompt],
            "image_subjects": [str(task.pk)],
        }
    )


def _values_of(task: Task) -> Values:
    """Return the order that a task was made from, as the form says it."""
    settings = {name: [str(value)] for name, value in task.settings.items()}
    if task.seed:
        settings["seed"] = [task.seed]  # the one that was really used
    pictures = list(task.pictures.order_by("ordinal"))
    return MultiValueDict(
        settings
        | {
            "credential": [str(task.credential_id)],
            # Nobody knows what an imported clip was made from.
            "kind": [] if task.kind == IMPORTED else [task.kind],
            "model": [task.model],
            # The words of a subject are its name.
            "name" if task.kind == TaskKind.SUBJECT else "prompt": [task.prompt],
            "images": [str(picture.upload_id) for picture in pictures],
            "image_names": [picture.name for picture in pictures],
            "image_subjects": [str(picture.subject_id or "") for picture in pictures],
        }
    )
