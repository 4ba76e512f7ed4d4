"""The bin: what was put there, until when it can be restored, and how much the team keeps."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations.lifecycle import trash as bins
from generations.models import File, Membership, Task
from generations.models.films import PARTS
from generations.models.tasks import KEPT_IN_BIN
from generations.teams import ordering_stops
from generations.web.access import for_member, for_owner, for_producer

from .views import read_place

PAGE = 60


@dataclass(frozen=True, slots=True)
class Binned:
    """A task in the bin; it comes with its files."""

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
        return self.task.binned_at and self.task.binned_at + KEPT_IN_BIN


@require_safe
@for_member
def show(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Newest in the bin first; ``before=`` goes on from an earlier page."""
    team = membership.team
    tasks = Task.objects.for_team(team).in_the_bin().exclude(kind__in=PARTS)
    tasks = tasks.order_by("-binned_at", "-pk")
    if before := request.GET.get("before", ""):
        moment, pk = read_place(before)
        tasks = tasks.filter(binned_at__lte=moment).exclude(binned_at=moment, pk__gte=pk)
    rows = list(tasks.select_related("binned_by").prefetch_related("files")[: PAGE + 1])
    page = {
        "rows": [Binned(task) for task in rows[:PAGE]],
        "next": _place(rows[PAGE - 1]) if len(rows) > PAGE else "",
        "used": ordering_stops.used(team),
        "days": KEPT_IN_BIN.days,
    }
    return render(request, "gallery/trash.html", page)


def _place(task: Task) -> str:
    return f"{task.binned_at.isoformat() if task.binned_at else ''}~{task.pk}"


@require_POST
@for_producer
def put(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.for_team(membership.team), pk=pk)
    try:
        bins.put(task, membership.user)
    except bins.NotNow:
        messages.error(
            request,
            _(
                "Only what has ended can go into the bin, and the parts of a film go with it;"
                " nothing was changed."
            ),
        )
        return redirect("task", membership.team.slug, pk)
    return redirect("gallery", membership.team.slug)


@require_POST
@for_producer
def restore(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    task = get_object_or_404(Task.objects.for_team(membership.team), pk=pk)
    try:
        bins.restore(task, membership.user)
    except bins.NotNow:
        messages.error(request, _("It is not in the bin any more; nothing was changed."))
    return redirect("bin", membership.team.slug)


@require_POST
@for_owner
def empty(request: HttpRequest, membership: Membership) -> HttpResponse:
    bins.empty(membership.team, membership.user)
    return redirect("bin", membership.team.slug)
