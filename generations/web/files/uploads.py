"""Pictures for orders: upload them, choose them again, show them in a form, and send them.

A form names its pictures by their primary keys; ``slots`` reads them for the order and the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from itertools import zip_longest
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.models import File, Membership, Task, Team, Upload
from generations.models.files import FileQuerySet, FileRole, FileState
from generations.models.uploads import FrameAt
from generations.providers.catalogue import Offer, PictureRules
from generations.providers.contract import Picture, TaskKind
from generations.templatetags.formats import filesize
from generations.uploads import (
    MAX_BYTES,
    NamedUpload,
    PictureRejected,
    add_frame,
    add_picture,
    find_by_token,
    to_pictures,
)
from generations.web.access import View, for_member, for_producer
from generations.web.messages.orders import ratio
from generations.web.query import PageCursor, wants_part, whole_number, whole_numbers

from .views import deliver

MOST_AT_ONCE = 10
MOST_BODY = MOST_AT_ONCE * MAX_BYTES
PAGE = 24
CLIPS = 12
LONGEST_NAME = 40
VIDEOS = (FileRole.VIDEO, FileRole.WATERMARKED)
SENTENCES: Mapping[str, str | Promise] = {
    "too_large": _("This file is larger than 50 MB. Choose a smaller one."),
    "not_a_picture": _("This file is not a picture. Choose a PNG, JPEG or WebP."),
    "other_picture": _("This picture format is not supported. Save it as PNG, JPEG or WebP first."),
    "too_many_pixels": _("This picture has more than 50 megapixels. Make it smaller first."),
    "too_small": _("This picture has a side of fewer than 32 pixels. Choose a larger one."),
    "animated": _("This picture is animated. Choose a still picture."),
    "damaged": _("This file is damaged or incomplete. Save it again, or choose another."),
    "crashed": _("This file could not be read. Try again, or choose another."),
    "not_stored": _("This clip is not saved here yet. Wait until it is ready, or choose another."),
    "nothing": _("No picture was uploaded. Choose one first."),
}


def bounded(view: View) -> View:
    """Refuse a body that is too large before any of it is read.

    The CSRF check reads the body to find the form token. So this view is exempt from it, and the
    function behind it that writes must be ``csrf_protect``.
    """

    @csrf_exempt
    @wraps(view)
    def enter(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        length = whole_number(request.headers.get("Content-Length") or "0")
        if length is None or length > MOST_BODY:
            return refused(request, "too_large", status=413)
        return view(request, **kwargs)

    return enter


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_member
def uploads(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the team's pictures, or add more of them (POST ``picture``)."""
    if request.method != "POST":
        return _library(request, membership.team)
    if not membership.may_order:
        raise PermissionDenied
    return _add(request, membership)


@csrf_protect
def _add(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Return 201 with the slots of the new pictures and a sentence for each refused one.

    The status is 422 where all were refused.
    """
    added, unfit = add_all(request, membership)
    if not added and not unfit:
        return refused(request, "nothing")
    context = {"filled": [NamedUpload(upload) for upload in added], "unfit": unfit}
    return render(request, "files/added.html", context, status=201 if added else 422)


def add_all(
    request: HttpRequest, membership: Membership
) -> tuple[list[Upload], list[tuple[str, str]]]:
    """Add the files of a form as pictures.

    Return them, and the name and a sentence of each file that was refused.
    """
    added, unfit = [], []
    # One bad picture must not lose the others, so each is added by itself.
    for opened in request.FILES.getlist("picture")[:MOST_AT_ONCE]:
        name = opened.name or ""
        try:
            added.append(add_picture(membership.team, membership.user, opened, name))
        except PictureRejected as error:
            unfit.append((name, str(SENTENCES[error.code])))
    return added, unfit


def refused(request: HttpRequest, code: str, status: int = 422) -> HttpResponse:
    """Return the sentence of a refusal; ``code`` is one of ``SENTENCES``."""
    context = {"unfit": [("", SENTENCES[code])]}
    return render(request, "files/added.html", context, status=status)


def _library(request: HttpRequest, team: Team) -> HttpResponse:
    """Show the pictures as a page; for a script as the content of a dialog, or the next ones."""
    rows, before = Upload.objects.for_team(team).newest_first(), request.GET.get("before", "")
    if before:
        cursor = PageCursor.read(before)
        rows = rows.before(cursor.moment, cursor.pk)
    # One row more than a page has tells whether another page follows.
    found = list(rows[: PAGE + 1])
    context: dict[str, object] = {
        "filled": [NamedUpload(upload) for upload in found[:PAGE]],
        "next": PageCursor.after(found[PAGE - 1], "used_at") if len(found) > PAGE else "",
    }
    if before and wants_part(request):
        return render(request, "files/older.html", context)
    part = "#picker" if wants_part(request) else ""
    context |= {"clips": _clips(team), "subjects": _subjects(team)}
    return render(request, f"files/list.html{part}", context)


def _subjects(team: Team) -> list[NamedUpload]:
    """Return the newest subjects that a provider keeps, each by its first picture."""
    kept = Task.objects.for_team(team).kept_subjects().newest_first()
    rows = kept.select_related("credential").prefetch_related("pictures__upload")[:PAGE]
    return [
        NamedUpload(pictures[0].upload, task.prompt, task)
        for task in rows
        if (pictures := list(task.pictures.all()))
    ]


def _clips(team: Team) -> FileQuerySet:
    """Return the newest clips that a frame can be taken of."""
    stored = File.objects.for_team(team).filter(state=FileState.STORED, role__in=VIDEOS)
    return stored.filter(task__trashed_at=None).select_related("task").order_by("-pk")[:CLIPS]


@require_POST
@for_producer
def frames(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Take the ``first`` or ``last`` frame (``at``) of a stored clip (``file``) as a picture."""
    pk, at = whole_number(request.POST.get("file", "")), request.POST.get("at", "")
    if pk is None or at not in FrameAt.values:
        return refused(request, "nothing")
    videos = File.objects.for_team(membership.team).filter(role__in=(*VIDEOS, FileRole.IMAGE))
    file = get_object_or_404(videos.select_related("team"), pk=pk)
    try:
        upload = add_frame(file, membership.user, at)
    except PictureRejected as error:
        return refused(request, error.code)
    if wants_part(request):
        return render(request, "files/added.html", {"filled": [NamedUpload(upload)]}, status=201)
    return _redirect_to_order(membership.team, upload)


def _redirect_to_order(team: Team, upload: Upload) -> HttpResponse:
    """Redirect a browser without script to an order that begins with the picture."""
    query = urlencode({"kind": TaskKind.IMAGE_TO_VIDEO, "images": str(upload.pk)})
    response = redirect(f"{reverse('generate', args=[team.slug])}?{query}")
    response.status_code = HTTPStatus.SEE_OTHER
    return response


@require_safe
@for_member
def upload(request: HttpRequest, membership: Membership, pk: int, name: str) -> HttpResponseBase:
    """Send a picture (``picture.jpg``) or its thumbnail (``thumbnail.webp``)."""
    row = get_object_or_404(Upload.objects.for_team(membership.team), pk=pk)
    stem = name.partition(".")[0]
    if stem == "thumbnail":
        return deliver(request, row.thumbnail, f'"{row.sha256}-thumbnail"')
    if stem != "picture":
        raise Http404
    return deliver(request, row.stored, f'"{row.sha256}"')


@require_safe
def picture(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Send a picture to the provider that was given its address; the token stands for a login."""
    # A token that was forged or has expired gets the same answer as one that never was.
    row = find_by_token(token)
    if row is None:
        raise Http404
    return deliver(request, row.stored, f'"{row.sha256}"')


# ---- The pictures of an order, as ``templates/files/slots.html`` shows them -----------------


@dataclass(frozen=True, slots=True)
class Slots:
    """The pictures of an order; the model takes ``fewest`` to ``most``.

    ``named``: a prompt may refer to a picture as @name.
    """

    filled: Sequence[NamedUpload]
    fewest: int
    most: int
    named: bool
    takes: PictureRules | None = None
    errors: Sequence[str] = ()

    @property
    def label(self) -> str:
        if self.most == 1:
            return gettext("Picture")
        return gettext("First and last frame") if self.positions else gettext("References")

    @property
    def positions(self) -> tuple[str, ...]:
        """The label of each picture where their order has a meaning, else nothing."""
        if self.fewest == self.most == 2:
            return gettext("First frame"), gettext("Last frame")
        return ()

    @property
    def rules(self) -> list[str]:
        """What the model requires of each picture, in words."""
        if self.takes is None:
            return []
        (low, high), side = self.takes.ratio, self.takes.side
        rules = [gettext("PNG, JPEG or WebP"), f"{ratio(low)}–{ratio(high)}"]
        if side > 1:
            rules.append(gettext("at least %(side)s px") % {"side": side})
        rules.append(gettext("up to %(size)s") % {"size": filesize(self.takes.limit)})
        if self.takes.pair:
            rules.append(gettext("both of about the same size"))
        return rules

    @property
    def is_full(self) -> bool:
        return len(self.filled) >= self.most

    @property
    def chosen(self) -> list[NamedUpload]:
        """The uploads as ``lifecycle.order`` takes them."""
        # A name that was typed for another model is not sent to one that has no names, and neither
        # is the subject that it names.
        return [slot if self.named else NamedUpload(slot.upload) for slot in self.filled]

    @property
    def pictures(self) -> Sequence[Picture]:
        """The same as the catalogue checks them."""
        return to_pictures(self.chosen)


def slots(
    team: Team,
    offer: Offer,
    values: QueryDict | MultiValueDict[str, str],
    errors: Sequence[str] = (),
) -> Slots:
    """Read the fields ``images``, ``image_names`` and ``image_subjects`` of a form.

    Buttons that work without a script name the picture to take away in ``without``. What is no
    picture or subject of the team is passed over.
    """
    without = set(whole_numbers(values.getlist("without")))
    # All rows in one query; an id of another team finds nothing here.
    rows = Upload.objects.for_team(team).in_bulk(whole_numbers(values.getlist("images")))
    kept = values.getlist("image_subjects")
    subjects = Task.objects.for_team(team).kept_subjects().in_bulk(whole_numbers(kept))
    # An address that begins an order may name pictures without a name for each.
    each = zip_longest(values.getlist("images"), values.getlist("image_names"), kept, fillvalue="")
    chosen = [(whole_number(pk), name, whole_number(subject)) for pk, name, subject in each]
    filled = [
        NamedUpload(rows[pk], bare_name(name)[:LONGEST_NAME], subjects.get(subject or 0))
        for pk, name, subject in chosen
        if pk in rows and pk not in without
    ]
    fewest, most = offer.images
    return Slots(filled, fewest, most, offer.names_pictures, offer.pictures, errors)


def bare_name(name: str) -> str:
    """Return a name as a prompt has it, without the @."""
    return name.strip().removeprefix("@").strip()
