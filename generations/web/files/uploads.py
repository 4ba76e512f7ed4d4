"""Pictures of a team for its orders: upload them, choose them again, send them to browsers."""

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
from generations.models.files import FileQuerySet, FileRole, FileState
from generations.models.uploads import FrameAt
from generations.providers.contract import TaskKind
from generations.uploads import MAX_BYTES, PictureRejected, add_frame, add_picture, find_by_token
from generations.web.access import View, for_member, for_producer
from generations.web.layout.fragments import wants_part
from generations.web.query import PageCursor, whole_number

from .picture_slots import Slot
from .views import deliver

MOST_AT_ONCE = 10
MOST_BODY = MOST_AT_ONCE * MAX_BYTES
PAGE = 24
CLIPS = 12
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
    context = {"filled": [Slot(upload) for upload in added], "unfit": unfit}
    return render(request, "files/added.html", context, status=201 if added else 422)


def add_all(
    request: HttpRequest, membership: Membership
) -> tuple[list[Upload], list[tuple[str, str]]]:
    """Add the files of a form as pictures.

    Return them, and the name and a sentence of each file that was refused.
    """
    added, unfit = [], []
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
    found = list(rows[: PAGE + 1])
    context: dict[str, object] = {
        "filled": [Slot(upload) for upload in found[:PAGE]],
        "next": PageCursor.after(found[PAGE - 1], "used_at") if len(found) > PAGE else "",
    }
    if before and wants_part(request):
        return render(request, "files/older.html", context)
    part = "#picker" if wants_part(request) else ""
    return render(request, f"files/list.html{part}", context | {"clips": _clips(team)})


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
    videos = File.objects.for_team(membership.team).filter(role__in=VIDEOS)
    file = get_object_or_404(videos.select_related("team"), pk=pk)
    try:
        upload = add_frame(file, membership.user, at)
    except PictureRejected as error:
        return refused(request, error.code)
    if wants_part(request):
        return render(request, "files/added.html", {"filled": [Slot(upload)]}, status=201)
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
    row = find_by_token(token)
    if row is None:
        raise Http404
    return deliver(request, row.stored, f'"{row.sha256}"')
