"""What a gallery's address asks to see; the address bar tells the whole view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from generations import clock
from generations.models import Collection, CollectionItem, Credential, Team
from generations.models.search import found
from generations.models.tasks import ADOPTED, LIVE, TaskQuerySet, TaskState
from generations.providers.catalogue import Offer, catalogue
from generations.web.messages.failures import KINDS
from generations.web.order.fields import TABS

STATES: Mapping[str, tuple[Promise, tuple[TaskState, ...]]] = {
    "live": (_("On their way"), LIVE),
    "succeeded": (_("Ready"), (TaskState.SUCCEEDED,)),
    "failed": (_("Failed"), (TaskState.FAILED,)),
    "unclear": (_("Unclear"), (TaskState.UNCLEAR,)),
    "cancelled": (_("Cancelled"), (TaskState.CANCELLED,)),
    "waiting": (_("Waiting"), (TaskState.WAITING,)),
    "sending": (_("Sending"), (TaskState.SENDING,)),
    "queued": (_("Queued"), (TaskState.QUEUED,)),
    "running": (_("Running"), (TaskState.RUNNING,)),
}
OFFERED_STATES = ("live", "succeeded", "failed", "unclear", "cancelled")
UNFILED = "none"  # in the place of a collection's number
MOST_OFFERED = 30  # collections in a menu
LONGEST_NUMBER = 18  # digits that any database counts with


@dataclass(frozen=True, slots=True)
class Filters:
    """A word that means nothing shows nothing (404). ``since`` and ``until`` are whole days."""

    q: str = ""
    state: str = ""
    kind: str = ""
    model: str = ""
    key: int | None = None
    by: int | None = None
    since: date | None = None
    until: date | None = None
    collection: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        state, collection = query.get("state", ""), query.get("collection", "")
        if (state and state not in STATES) or not _names_collection(collection):
            raise Http404
        return cls(
            q=query.get("q", "").strip()[:200],
            state=state,
            kind=query.get("kind", "")[:30],
            model=query.get("model", "")[:60],
            key=_number(query.get("key", "")),
            by=_number(query.get("by", "")),
            since=_day(query.get("from", "")),
            until=_day(query.get("to", "")),
            collection=collection,
        )

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    @property
    def query(self) -> dict[str, object]:
        """As they stand in an address."""
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        days = {"from": asked.pop("since"), "to": asked.pop("until")}
        asked |= {name: day.isoformat() for name, day in days.items() if day}
        return {name: value for name, value in asked.items() if value}

    def apply(self, tasks: TaskQuerySet, team: Team) -> TaskQuerySet:
        for name, value in self._equal().items():
            tasks = tasks.filter(**{name: value})
        if self.state:
            tasks = tasks.filter(state__in=STATES[self.state][1])
        if self.since:
            tasks = tasks.filter(created_at__gte=_midnight(self.since))
        if self.until:
            tasks = tasks.filter(created_at__lt=_midnight(self.until + timedelta(days=1)))
        if self.collection:
            tasks = self._in_collection(tasks, team)
        return found(tasks, team, self.q) if self.q else tasks

    def _equal(self) -> dict[str, object]:
        wanted = {
            "kind": self.kind,
            "model": self.model,
            "credential": self.key,
            "created_by": self.by,
        }
        return {name: value for name, value in wanted.items() if value}

    def _in_collection(self, tasks: TaskQuerySet, team: Team) -> TaskQuerySet:
        """Those in it; or the finished ones that are in none."""
        places = CollectionItem.objects.filter(
            removed_at=None, collection__team=team, collection__removed_at=None
        )
        if self.collection == UNFILED:
            filed = places.values("file__task")
            return tasks.filter(state=TaskState.SUCCEEDED).exclude(pk__in=filed)
        chosen = places.filter(collection=int(self.collection))
        return tasks.filter(pk__in=chosen.values("file__task"))


def _names_collection(text: str) -> bool:
    return text in {"", UNFILED} or _number(text) is not None


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise Http404
    return int(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError as error:
        raise Http404 from error
    if day is None or not 2000 <= day.year < 2200:  # no database counts further than its calendar
        raise Http404
    return day


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


type Choices = Sequence[tuple[object, object]]
"""Values and their words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a chip's menu; ``query``: what it puts into the address, or takes out (None)."""

    word: object
    query: Mapping[str, object]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its word while nothing is chosen, what it offers, and how to lift it."""

    word: object
    choices: list[Choice]
    nothing: Choice
    chosen_word: object = ""
    has_calendar: bool = False


def chips(team: Team, filters: Filters) -> list[Chip]:
    keys = list(Credential.objects.for_team(team).without_secret().order_by("name"))
    offers = [offer for kind in {key.kind for key in keys} for offer in catalogue(kind).offers]
    people = team.memberships.select_related("user").order_by("user__name", "user__email")
    models = sorted({offer.model for offer in offers})
    persons = [(one.user_id, one.user.get_short_name()) for one in people]
    key_names = [(key.pk, key.name) for key in keys]
    return [
        _chip("state", _("State"), _("Any state"), _states(filters.state), filters.state),
        _chip("kind", _("Kind"), _("Any kind"), _kinds(offers), filters.kind),
        _chip("model", _("Model"), _("Any model"), [(one, one) for one in models], filters.model),
        _chip("key", _("Key"), _("Any key"), key_names, filters.key),
        _chip("by", _("Anyone"), _("Anyone"), persons, filters.by),
        _dates(filters),
        _chip(
            "collection",
            _("Collection"),
            _("Anywhere"),
            _collections(team, filters.collection),
            filters.collection,
        ),
    ]


def _states(chosen: str) -> Choices:
    offered = [*OFFERED_STATES, *({chosen} - {"", *OFFERED_STATES})]
    return [(state, STATES[state][0]) for state in offered]


def _kinds(offers: Sequence[Offer]) -> Choices:
    """In the order of the form's tabs; what is not made there follows under its own word."""
    made = {offer.kind for offer in offers} | {ADOPTED}
    tabs: list[tuple[object, object]] = [(kind, TABS[kind][0]) for kind in TABS if kind in made]
    others = sorted(made - set(TABS))
    return tabs + [(kind, KINDS.get(kind, kind)) for kind in others]


def _collections(team: Team, chosen: str) -> Choices:
    rows = Collection.objects.for_team(team)
    named = {str(row.pk): row.title for row in rows[:MOST_OFFERED]}
    if chosen and chosen != UNFILED and chosen not in named:
        named |= {str(row.pk): row.title for row in rows.filter(pk=int(chosen))}
    return [(UNFILED, _("In no collection")), *named.items()]


def _chip(name: str, word: object, anything: object, offered: Choices, chosen: object) -> Chip:
    choices = [
        Choice(text, {name: value, "before": None}, bool(chosen) and value == chosen)
        for value, text in offered
    ]
    nothing = Choice(anything, {name: None, "before": None}, is_chosen=not chosen)
    return Chip(word, choices, nothing, chosen and _word(choices, str(chosen)))


def _word(choices: list[Choice], fallback: str) -> object:
    """What is chosen, in words; a model that is offered no more names itself."""
    return next((choice.word for choice in choices if choice.is_chosen), fallback)


def _dates(filters: Filters) -> Chip:
    """Today, the last week, the last month, by the calendar here; other days are typed."""
    today = timezone.localdate(clock.now())
    words = {1: _("Today"), 7: _("Last 7 days"), 30: _("Last 30 days")}
    choices = []
    for days, word in words.items():
        start = today - timedelta(days=days - 1)
        query = {"from": start.isoformat(), "to": None, "before": None}
        choices.append(Choice(word, query, filters.since == start and not filters.until))
    nothing = Choice(_("Any day"), {"from": None, "to": None, "before": None}, is_chosen=False)
    chosen = filters.since or filters.until
    told = chosen and _word(choices, _span(filters))
    return Chip(_("Date"), choices, nothing, told, has_calendar=True)


def _span(filters: Filters) -> str:
    form = pgettext("date", "j M")
    ends = (filters.since, filters.until)
    return " – ".join(date_format(end, form) if end else "" for end in ends).strip()
