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
from generations.web.messages import failures
from generations.web.messages.failures import Sentence

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Risk:
    """A file that is still only at its provider; it comes with its task."""

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
    def is_in_hands(self) -> bool:
        lease = self.file.lease_until
        return self.file.state == FileState.FETCHING and lease is not None and lease > self.now

    @property
    def next_try(self) -> datetime | None:
        """None where nothing but a free hand is waited for."""
        later = self.file.not_before
        return later if later and later > self.now else None

    @property
    def doing(self) -> Sentence:
        """What is done about it."""
        if self.is_in_hands:
            return _("It is being fetched.")
        if self.file.trouble == "no_room":
            return _("It waits for room on the disk.")
        if self.is_dead:
            return _("The provider is asked for another link.")
        if self.file.trouble:
            return _("Fetching failed; it is tried again by itself.")
        return _("It is fetched as soon as a hand is free.")

    @property
    def kind(self) -> Sentence:
        return (
            failures.kind(self.file.task) if self.file.task.kind == FILM else self.file.task.model
        )


@require_safe
@for_member
def risk(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The list; with ``?rows`` its rows alone."""
    files = File.objects.for_team(membership.team).unfetched().most_urgent_first()
    beside = files.select_related("task__credential", "task__created_by").defer(
        "task__credential__sealed_key", "task__message", "placeholder"
    )
    now = clock.now()
    page = {"rows": [Risk(file, now) for file in beside[:MOST_LISTED]]}
    part = "#rows" if "rows" in request.GET else ""
    return render(request, f"gallery/at_risk.html{part}", page)


@require_POST
@for_producer
def fetch(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Do not wait for its next try."""
    file = get_object_or_404(File.objects.for_team(membership.team), pk=pk)
    try:
        with transaction.atomic():
            actions.fetch_now(file)
    except actions.TooLate:
        messages.error(request, str(_("It is being fetched, or here already.")))
    return redirect("risk", membership.team.slug)
