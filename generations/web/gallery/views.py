"""The gallery: a team's whole wall, newest first, kept up to date by one poll."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from generations import clock
from generations.models import Attempt, File, Membership, Task, Team
from generations.models.files import FileState
from generations.models.films import PARTS
from generations.models.tasks import LIVE, TaskQuerySet, TaskState
from generations.web.access import for_member
from generations.web.layout.cards import Card, drawn
from generations.web.layout.fragments import wants_part
from generations.web.layout.risks import unclear
from generations.web.layout.silence import has_news

from .filters import Filters, chips

PAGE = 48
MOST_CHANGES = 100
ROWS = (140, 170, 198, 230, 260, 290, 320)  # heights that the style sheet knows


@dataclass(frozen=True, slots=True)
class Day:
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
        """What its clips cost, in each unit; what was taken in had cost that elsewhere."""
        sums: dict[str, int] = {}
        for card in (card for card in self.cards if not card.task.is_adopted):
            sums[card.unit] = sums.get(card.unit, 0) + card.cost
        return [(cost, unit) for unit, cost in sums.items() if cost]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a page is up to date: the team's sequence, and the moment of its newest clip."""

    sequence: int
    newest: datetime | None = None

    @classmethod
    def read(cls, text: str) -> "Cursor":
        sequence, _tilde, moment = text.partition("~")
        if not sequence.isdecimal():
            raise Http404
        return cls(int(sequence), read_moment(moment) if moment else None)

    def __str__(self) -> str:
        return f"{self.sequence}~{self.newest.isoformat() if self.newest else ''}"

    @property
    def day(self) -> date | None:
        return timezone.localdate(self.newest) if self.newest else None

    def is_new(self, task: Task) -> bool:
        """Whether the page, whatever its filters, cannot have shown this task yet."""
        return self.newest is None or task.created_at > self.newest


def of_team(team: Team) -> TaskQuerySet:
    """A team's tasks with all that their cards show; the raw replies stay in the database."""
    attempts = Attempt.objects.defer("reply", "report")
    return Task.objects.for_team(team).for_cards().prefetch_related(Prefetch("attempts", attempts))


def on_the_wall(team: Team) -> TaskQuerySet:
    """The same without what films are made of: that stands on their boards."""
    return of_team(team).exclude(kind__in=PARTS)


def day_of(task: Task) -> date:
    return timezone.localdate(task.created_at)


def by_day(cards: Iterable[Card], *, more: bool, after: date | None = None) -> list[Day]:
    """Cards grouped; ``after``: the day that an earlier page ended in; ``more``: others follow."""
    groups = [(day, list(group)) for day, group in groupby(cards, lambda card: day_of(card.task))]
    last = len(groups) - 1
    return [
        Day(day, group, is_whole=day != after and not (more and place == last))
        for place, (day, group) in enumerate(groups)
    ]


def read_moment(text: str) -> datetime:
    """An instant as an address carries it; anything else is an address that nobody wrote (404)."""
    try:
        moment = parse_datetime(text)
    except ValueError as error:
        raise Http404 from error
    if moment is None or timezone.is_naive(moment):
        raise Http404
    return moment


def read_place(text: str) -> tuple[datetime, int]:
    """``before=``: the moment and the number of the last clip of the page before."""
    moment, _tilde, number = text.partition("~")
    if not number.isdecimal():
        raise Http404
    return read_moment(moment), int(number)


def write_place(task: Task) -> str:
    return f"{task.created_at.isoformat()}~{task.pk}"


@require_safe
@for_member
def gallery(request: HttpRequest, membership: Membership) -> HttpResponse:
    """A page of the wall; with htmx the next page's cards alone."""
    team, before = membership.team, request.GET.get("before", "")
    filters = Filters.read(request.GET)
    page = _page(team, filters, before) | {"query": _query(request.GET)}
    if before and wants_part(request):
        return render(request, "gallery/list.html#older", page)
    moving = not before and is_moving(team)
    page |= _bar(request, team, filters) | {"moving": moving}
    if filters.state == TaskState.UNCLEAR:
        page["unclear"] = unclear(team)
    return render(request, "gallery/list.html", page)


def _page(team: Team, filters: Filters, before: str) -> dict[str, object]:
    """So many cards after a place, and the place where the next page begins."""
    tasks = filters.apply(on_the_wall(team).out_of_the_bin(), team).newest_first()
    after = None
    if before:
        moment, number = read_place(before)
        tasks, after = tasks.before(moment, number), timezone.localdate(moment)
    cards = drawn(team, tasks[: PAGE + 1])
    more, cards = len(cards) > PAGE, cards[:PAGE]
    return {
        "filters": filters,
        "days": by_day(cards, more=more, after=after),
        "continued": after,
        "next": write_place(cards[-1].task) if more else "",
        "cursor": Cursor(team.sequence, cards[0].task.created_at if cards else None),
    }


@require_safe
@for_member
def changes(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What changed since the cursor, to be swapped out of band; 204 when nothing did."""
    team, since = membership.team, Cursor.read(request.GET.get("since", ""))
    if team.sequence == since.sequence and not has_news(request, team):
        return HttpResponse(status=204)
    tasks, filters = on_the_wall(team), Filters.read(request.GET)
    changed = list(tasks.changed_since(since.sequence)[:MOST_CHANGES])
    reached = changed[-1].version if len(changed) == MOST_CHANGES else team.sequence
    gone, changed = _binned(changed)
    fresh = _fresh(filters.apply(tasks, team), [task.pk for task in changed if since.is_new(task)])
    context = {
        "gone": gone,
        "changed": drawn(team, _with_the_line(tasks, since, changed)),
        "days": by_day(drawn(team, fresh), more=False),
        "continued": since.day,
        "cursor": Cursor(reached, fresh[0].created_at if fresh else since.newest),
        "moving": is_moving(team),
        "query": _query(request.GET),
        "swap": True,
    }
    return render(request, "gallery/changes.html", context)


def _binned(changed: list[Task]) -> tuple[list[int], list[Task]]:
    """The numbers of those that were put into the bin, and the others."""
    gone = [task.pk for task in changed if task.binned_at]
    return gone, [task for task in changed if not task.binned_at]


def _fresh(shown: TaskQuerySet, new: list[int]) -> list[Task]:
    """New clips that the page's filters show, newest first."""
    return list(shown.filter(pk__in=new).newest_first()) if new else []


def _with_the_line(tasks: TaskQuerySet, since: Cursor, changed: list[Task]) -> list[Task]:
    """The known clips that changed, and those that wait: their places move as others go."""
    known = [task for task in changed if not since.is_new(task)]
    if since.newest is None:
        return known
    waiting = tasks.filter(state=TaskState.WAITING, created_at__lte=since.newest)
    others = waiting.exclude(pk__in=[task.pk for task in known])
    return [*known, *others.newest_first()[:MOST_CHANGES]]


def is_moving(team: Team) -> bool:
    """Whether anything of the team will change by itself."""
    on_their_way = Task.objects.for_team(team).filter(state__in=[*LIVE, TaskState.UNCLEAR])
    links = File.objects.for_team(team).filter(state__in=[FileState.REMOTE, FileState.FETCHING])
    return on_their_way.exists() or links.exists()


def _query(query: QueryDict) -> str:
    """The filters alone, as they stand in an address."""
    kept = query.copy()
    for name in ("before", "since", "silent"):
        kept.pop(name, None)
    return kept.urlencode()


def _bar(request: HttpRequest, team: Team, filters: Filters) -> dict[str, object]:
    """What the bar offers to choose from."""
    row = request.COOKIES.get("row", "")
    return {
        "row": int(row) if row.isdecimal() and int(row) in ROWS else None,
        "rows": ROWS,
        "chips": chips(team, filters),
    }
