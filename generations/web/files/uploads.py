"""Pictures that a team gives for its orders: taken in, picked again, shown, and lent out."""

from collections.abc import Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.models import File, Membership, Team, Upload
from generations.models.files import FilePart, FileQuerySet, FileState
from generations.models.uploads import FrameAt
from generations.uploads import MOST_BYTES, Unfit, add, add_frame, of_token
from generations.web.access import View, for_member, for_producer
from generations.web.gallery.views import read_place
from generations.web.layout.fragments import wants_part

from .picture_slots import Slot
from .views import deliver

MOST_AT_ONCE = 10
MOST_BODY = MOST_AT_ONCE * MOST_BYTES
PAGE = 24
CLIPS = 12
VIDEOS = (FilePart.VIDEO, FilePart.WATERMARKED)
SENTENCES: Mapping[str, str | Promise] = {
    "too_large": _("This file is larger than 50 MB. Give a smaller one."),
    "not_a_picture": _("This file is no picture. Give a PNG, JPEG or WebP."),
    "other_picture": _("Pictures of this kind are not taken. Save it as PNG, JPEG or WebP first."),
    "too_many_pixels": _("This picture has more than 50 megapixels. Make it smaller first."),
    "too_small": _("This picture has a side of fewer than 32 pixels. Give a larger one."),
    "animated": _("This picture moves. Give one that stands still."),
    "damaged": _("This file is damaged or not whole. Save it anew, or give another."),
    "crashed": _("This file could not be read. Try again, or give another."),
    "not_stored": _("This clip is not here. Wait until it is ready, or choose another."),
    "nothing": _("No picture came. Choose one first."),
}


def bounded(view: View) -> View:
    """Refuse a body that is too large before any of it is read, and so before its form token is.

    The view itself must be ``csrf_protect``.
    """

    @csrf_exempt
    @wraps(view)
    def enter(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        length = request.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > MOST_BODY:
            return refused(request, "too_large", status=413)
        return view(request, **kwargs)

    return enter


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_member
def uploads(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The team's pictures, or (POST ``picture``) more of them."""
    if request.method != "POST":
        return _library(request, membership.team)
    if not membership.may_order:
        raise PermissionDenied
    return _add(request, membership)


@csrf_protect
def _add(request: HttpRequest, membership: Membership) -> HttpResponse:
    """201 with the slots of what was taken in and a sentence for each other; 422 where all are."""
    taken, unfit = take(request, membership)
    if not taken and not unfit:
        return refused(request, "nothing")
    context = {"filled": [Slot(upload) for upload in taken], "unfit": unfit}
    return render(request, "files/added.html", context, status=201 if taken else 422)


def take(
    request: HttpRequest, membership: Membership
) -> tuple[list[Upload], list[tuple[str, str]]]:
    """What the files of a form became, and the name and a sentence of each that was not taken."""
    taken, unfit = [], []
    for opened in request.FILES.getlist("picture")[:MOST_AT_ONCE]:
        name = opened.name or ""
        try:
            taken.append(add(membership.team, membership.user, opened, name))
        except Unfit as error:
            unfit.append((name, str(SENTENCES[error.code])))
    return taken, unfit


def refused(request: HttpRequest, code: str, status: int = 422) -> HttpResponse:
    context = {"unfit": [("", SENTENCES[code])]}
    return render(request, "files/added.html", context, status=status)


def _library(request: HttpRequest, team: Team) -> HttpResponse:
    """A page; asked for by a script, what stands in a dialog, or the next pictures alone."""
    rows, before = Upload.objects.for_team(team).newest_first(), request.GET.get("before", "")
    if before:
        rows = rows.before(*read_place(before))
    found = list(rows[: PAGE + 1])
    context: dict[str, object] = {
        "filled": [Slot(upload) for upload in found[:PAGE]],
        "next": _place(found[PAGE - 1]) if len(found) > PAGE else "",
    }
    if before and wants_part(request):
        return render(request, "files/older.html", context)
    part = "#picker" if wants_part(request) else ""
    return render(request, f"files/list.html{part}", context | {"clips": _clips(team)})


def _place(upload: Upload) -> str:
    return f"{upload.used_at.isoformat()}~{upload.pk}"


def _clips(team: Team) -> FileQuerySet:
    """The newest clips that a frame can be taken of."""
    stored = File.objects.for_team(team).filter(state=FileState.STORED, part__in=VIDEOS)
    return stored.filter(task__binned_at=None).select_related("task").order_by("-pk")[:CLIPS]


@require_POST
@for_producer
def frames(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Take the ``first`` or ``last`` frame (``at``) of a stored clip (``file``) as a picture."""
    number, at = request.POST.get("file", ""), request.POST.get("at", "")
    if not number.isdecimal() or len(number) > 18 or at not in FrameAt.values:
        return refused(request, "nothing")
    videos = File.objects.for_team(membership.team).filter(part__in=VIDEOS)
    file = get_object_or_404(videos.select_related("team"), pk=int(number))
    try:
        upload = add_frame(file, membership.user, at)
    except Unfit as error:
        return refused(request, error.code)
    if wants_part(request):
        return render(request, "files/added.html", {"filled": [Slot(upload)]}, status=201)
    return _to_the_form(membership.team, upload)


def _to_the_form(team: Team, upload: Upload) -> HttpResponse:
    """Where there is no script: to an order that begins with the picture."""
    query = urlencode({"kind": "img2video", "images": str(upload.pk)})
    answer = redirect(f"{reverse('generate', args=[team.slug])}?{query}")
    answer.status_code = HTTPStatus.SEE_OTHER
    return answer


@require_safe
@for_member
def upload(request: HttpRequest, membership: Membership, pk: int, name: str) -> HttpResponseBase:
    """A picture (``picture.jpg``) or its thumbnail (``thumbnail.webp``)."""
    row = get_object_or_404(Upload.objects.for_team(membership.team), pk=pk)
    stem = name.partition(".")[0]
    if stem == "thumbnail":
        return deliver(request, row.thumbnail, f'"{row.sha256}-thumbnail"')
    if stem != "picture":
        raise Http404
    return deliver(request, row.stored, f'"{row.sha256}"')


@require_safe
def picture(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A picture for the provider that was given this address; it needs no login (``of_token``)."""
    row = of_token(token)
    if row is None:
        raise Http404
    return deliver(request, row.stored, f'"{row.sha256}"')
