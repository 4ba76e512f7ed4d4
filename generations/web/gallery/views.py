"""The gallery: all clips of a team, newest first, kept up to date by one poll."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Self

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from generations import clock
from generations.models import Attempt, File, Membership, Task, Team
from generations.models.files import FileState
from generations.models.films import PARTS
from generations.models.tasks import LIVE, TaskQuerySet, TaskState
from generations.web.access import for_member
from generations.web.layout.cards import Card, draw_cards
from generations.web.layout.risks import has_news, unclear
from generations.web.query import (
    PageCursor,
    moment_in_address,
    number_in_address,
    wants_part,
    whole_number,
)

from .filters import Filters, chips

PAGE = 48
MOST_CHANGES = 100
ROWS = (140, 170, 198, 230, 260, 290, 320)  # heights that the style sheet knows


@dataclass(frozen=True, slots=True)
class GalleryDay:
    """The clips of one day; ``is_whole`` where none of them is left on another page."""

    date: date
    cards: Sequence[Card]
    is_whole: bool

    @property
    def word(self) -> str:
        today = timezone.localdate(clock.now())
        return {today: "today", today - timedelta(days=1): "yesterday"}.get(self.date, "")

    @property
    def written(self) -> str:
        """The date beside the word: Thursday 20 November."""
        form = pgettext("date", "l j F") if self.word else pgettext("date", "j F")
        return date_format(self.date, form)

    @property
    def spent(self) -> list[tuple[int, str]]:
        """What its clips cost, by unit, without imported ones: they were paid elsewhere."""
        sums: dict[str, int] = {}
        for card in (card for card in self.cards if not card.task.is_imported):
            sums[card.unit] = sums.get(card.unit, 0) + (card.cost or 0)
        return [(cost, unit) for unit, cost in sums.items() if cost]


@dataclass(frozen=True, slots=True)
class ChangesCursor:
    """How far a gallery page is up to date: the team's sequence, and when its newest clip began.

    The second tells which clips the page cannot have: a change of sequence alone does not, because
    filters hide clips from a page.
    """

    sequence: int
    newest: datetime | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        sequence, _tilde, moment = text.partition("~")
        return cls(number_in_address(sequence), moment_in_address(moment) if moment else None)

    def __str__(self) -> str:
        return f"{self.sequence}~{self.newest.isoformat() if self.newest else ''}"

    @property
    def day(self) -> date | None:
        return timezone.localdate(self.newest) if self.newest else None

    def is_new(self, task: Task) -> bool:
        """Whether the page, whatever its filters, cannot have shown this task yet."""
        return self.newest is None or task.created_at > self.newest


def of_team(team: Team) -> TaskQuerySet:
    """Return a team's tasks with all that their cards show, without the raw replies."""
    attempts = Attempt.objects.defer("reply", "report", "first_report")
    return Task.objects.for_team(team).for_cards().prefetch_related(Prefetch("attempts", attempts))


def gallery_tasks(team: Team) -> TaskQuerySet:
    """Return the same without the parts of films, which stand on their boards."""
    return of_team(team).exclude(kind__in=PARTS)


def day_of(task: Task) -> date:
    return timezone.localdate(task.created_at)


def by_day(cards: Iterable[Card], *, more: bool, after: date | None = None) -> list[GalleryDay]:
    """Group cards by day.

    ``after`` is the day in which an earlier page ended; ``more`` where another page follows.
    """
    groups = [(day, list(group)) for day, group in groupby(cards, lambda card: day_of(card.task))]
    last = len(groups) - 1
    return [
        GalleryDay(day, group, is_whole=day != after and not (more and index == last))
        for index, (day, group) in enumerate(groups)
    ]


@require_safe
@for_member
def gallery(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show a page of the gallery; with htmx the next page's cards alone."""
    team, before = membership.team, request.GET.get("before", "")
    filters = Filters.read(request.GET)
    page = _page(team, filters, before) | {"query": _query(request.GET)}
    if before and wants_part(request):
        return render(request, "gallery/list.html#older", page)
    # js/row_height.js keeps it in a cookie, so that the first page already has that height.
    row = whole_number(request.COOKIES.get("row", ""))
    page |= {
        "row": row if row in ROWS else None,
        "rows": ROWS,
        "chips": chips(team, filters),
        # An older page does not poll: what is new belongs on the first.
        "moving": not before and is_moving(team),
    }
    if filters.state == TaskState.UNCLEAR:
        page["unclear"] = unclear(team)
    return render(request, "gallery/list.html", page)


def _page(team: Team, filters: Filters, before: str) -> dict[str, object]:
    """Return a page of cards behind the cursor ``before``, and the cursor of the next page."""
    tasks = filters.apply(gallery_tasks(team).outside_trash(), team).newest_first()
    after = None
    if before:
        cursor = PageCursor.read(before)
        tasks = tasks.before(cursor.moment, cursor.pk)
        after = timezone.localdate(cursor.moment)
    # One card more than a page has tells whether another page follows.
    cards = draw_cards(team, tasks[: PAGE + 1])
    more, cards = len(cards) > PAGE, cards[:PAGE]
    return {
        "filters": filters,
        "days": by_day(cards, more=more, after=after),
        "continued": after,
        "next": PageCursor.after(cards[-1].task) if more else "",
        "cursor": ChangesCursor(team.sequence, cards[0].task.created_at if cards else None),
    }


@require_safe
@for_member
def changes(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show what changed since the cursor, to be swapped out of band; 204 when nothing did."""
    team, since = membership.team, ChangesCursor.read(request.GET.get("since", ""))
    if team.sequence == since.sequence and not has_news(request, team):
        return HttpResponse(status=204)
    # With what is in the trash: a page that is open must drop it.
    tasks, filters = gallery_tasks(team), Filters.read(request.GET)
    changed = list(tasks.changed_since(since.sequence)[:MOST_CHANGES])
    # Where more has changed than one answer holds, the next poll goes on from here.
    reached = changed[-1].version if len(changed) == MOST_CHANGES else team.sequence
    gone = [task.pk for task in changed if task.trashed_at]
    changed = [task for task in changed if not task.trashed_at]
    new = [task.pk for task in changed if since.is_new(task)]
    shown = filters.apply(tasks, team).filter(pk__in=new)
    fresh = list(shown.newest_first()) if new else []
    context = {
        "gone": gone,
        "changed": draw_cards(team, _with_waiting(tasks, since, changed)),
        "days": by_day(draw_cards(team, fresh), more=False),
        "continued": since.day,
        "cursor": ChangesCursor(reached, fresh[0].created_at if fresh else since.newest),
        "moving": is_moving(team),
        "query": _query(request.GET),
        "swap": True,
    }
    return render(request, "gallery/list.html#changes", context)


def _with_waiting(tasks: TaskQuerySet, since: ChangesCursor, changed: list[Task]) -> list[Task]:
    """Return the known clips that changed, and those that wait: their line positions change."""
    known = [task for task in changed if not since.is_new(task)]
    if since.newest is None:
        return known
    waiting = tasks.filter(state=TaskState.WAITING, created_at__lte=since.newest)
    others = waiting.exclude(pk__in=[task.pk for task in known])
    return [*known, *others.newest_first()[:MOST_CHANGES]]


def is_moving(team: Team) -> bool:
    """Return whether anything of the team will change by itself."""
    # Unclear orders count: a callback or a search at the provider may still end them.
    in_progress = Task.objects.for_team(team).filter(state__in=[*LIVE, TaskState.UNCLEAR])
    links = File.objects.for_team(team).filter(state__in=[FileState.REMOTE, FileState.FETCHING])
    return in_progress.exists() or links.exists()


def _query(query: QueryDict) -> str:
    """Return the filters alone, as they stand in an address."""
    kept = query.copy()
    for name in ("before", "since", "silent"):
        kept.pop(name, None)
    return kept.urlencode()
