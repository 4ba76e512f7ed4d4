"""The trash: what was moved there, until when it can be restored, and how much the team keeps."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations.lifecycle import trash as lifecycle_trash
from generations.models import File, Membership, Task
from generations.models.films import PARTS
from generations.models.tasks import KEPT_IN_TRASH
from generations.teams import ordering_stops
from generations.web.access import for_member, for_owner, for_producer
from generations.web.query import PageCursor

PAGE = 60


@dataclass(frozen=True, slots=True)
class TrashedClip:
    """A task in the trash; it comes with its files."""

    task: Task

    @property
    def poster(self) -> File | None:
        kept = (file for file in self.task.files.all() if file.is_stored and file.poster)
        return next(kept, None)

    @property
    def size(self) -> int:
        return sum(file.size or 0 for file in self.task.files.all() if file.is_stored)

    @property
    def until(self) -> datetime | None:
        """When it is deleted."""
        return self.task.trashed_at and self.task.trashed_at + KEPT_IN_TRASH


@require_safe
@for_member
def show(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List what was moved last first; ``before=`` goes on from an earlier page."""
    team = membership.team
    # The parts of a film go and come back with it.
    tasks = Task.objects.for_team(team).in_trash().exclude(kind__in=PARTS)
    tasks = tasks.order_by("-trashed_at", "-pk")
    if before := request.GET.get("before", ""):
        cursor = PageCursor.read(before)
        tasks = tasks.filter(trashed_at__lte=cursor.moment)
        tasks = tasks.exclude(trashed_at=cursor.moment, pk__gte=cursor.pk)
    rows = list(tasks.select_related("trashed_by").prefetch_related("files")[: PAGE + 1])
    page = {
        "rows": [TrashedClip(task) for task in rows[:PAGE]],
        "next": PageCursor.after(rows[PAGE - 1], "trashed_at") if len(rows) > PAGE else "",
        "used": ordering_stops.stored_bytes(team),
        "days": KEPT_IN_TRASH.days,
    }
    return render(request, "gallery/trash.html", page)


@require_POST
@for_producer
def move_to_trash(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.for_team(membership.team), pk=pk)
    try:
        lifecycle_trash.move_to_trash(task, membership.user)
    except lifecycle_trash.NotNow:
        messages.error(
            request,
            _(
                "Only clips that have ended can be moved to the trash, and the parts of a film"
                " only with it; nothing was changed."
            ),
        )
        return redirect("task", membership.team.slug, pk)
    return redirect("gallery", membership.team.slug)


@require_POST
@for_producer
def restore(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.for_team(membership.team), pk=pk)
    try:
        lifecycle_trash.restore(task, membership.user)
    except lifecycle_trash.NotNow:
        messages.error(request, _("It is not in the trash any more; nothing was changed."))
    return redirect("trash", membership.team.slug)


@require_POST
@for_owner
def empty(request: HttpRequest, membership: Membership) -> HttpResponse:
    lifecycle_trash.empty(membership.team, membership.user)
    return redirect("trash", membership.team.slug)
