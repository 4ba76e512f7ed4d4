"""What is paid for and not here yet, in the order in which it would be lost."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from generations import clock
from generations.lifecycle import actions
from generations.models import File, Membership
from generations.models.files import FileState
from generations.models.films import FILM
from generations.web.access import for_member, for_producer
from generations.web.messages import tasks
from generations.web.messages.reasons import Sentence

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class FileAtRisk:
    """A file that only its provider has; it comes with its task."""

    file: File
    now: datetime

    @property
    def is_dead(self) -> bool:
        """Whether its link is dead by its date; then the provider is asked for another."""
        return self.file.expires_at is not None and self.file.expires_at <= self.now

    @property
    def is_urgent(self) -> bool:
        half = self.file.half_of_life
        return half is not None and half <= self.now

    @property
    def is_being_fetched(self) -> bool:
        lease = self.file.lease_until
        return self.file.state == FileState.FETCHING and lease is not None and lease > self.now

    @property
    def next_try(self) -> datetime | None:
        """When it is tried again; None where it only waits for a free worker."""
        later = self.file.not_before
        return later if later and later > self.now else None

    @property
    def doing(self) -> Sentence:
        """What is done about it."""
        if self.is_being_fetched:
            return _("It is being fetched.")
        if self.file.last_error == "no_room":
            return _("It waits for disk space.")
        if self.file.missing_since:
            return _("It is not there yet. Rushes keeps asking the provider for it.")
        if self.is_dead:
            return _("The provider is asked for a new link.")
        if self.file.last_error:
            return _("Fetching failed. Rushes tries again automatically.")
        return _("It is fetched as soon as a worker is free.")

    @property
    def error(self) -> str:
        """What the last try met, as it was told; "" for nothing."""
        return "" if self.file.last_error == "no_room" else self.file.last_error

    @property
    def kind(self) -> Sentence:
        return tasks.kind(self.file.task) if self.file.task.kind == FILM else self.file.task.model


@require_safe
@for_member
def risk(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the list; with ``?rows`` its rows alone."""
    files = File.objects.for_team(membership.team).unfetched().most_urgent_first()
    with_tasks = files.select_related("task__credential", "task__created_by").defer(
        "task__credential__sealed_key", "task__message", "placeholder"
    )
    now = clock.now()
    page = {"rows": [FileAtRisk(file, now) for file in with_tasks[:MOST_LISTED]]}
    part = "#rows" if "rows" in request.GET else ""
    return render(request, f"gallery/at_risk.html{part}", page)


@require_POST
@for_producer
def fetch(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Fetch a file now, before its next try."""
    file = get_object_or_404(File.objects.for_team(membership.team), pk=pk)
    try:
        with transaction.atomic():
            actions.fetch_now(file)
    except actions.TooLate:
        messages.error(request, str(_("It is being fetched, or here already.")))
    return redirect("at_risk", membership.team.slug)
