"""The filters of the gallery, which its address names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from generations import clock
from generations.models import Collection, CollectionItem, Credential, Team
from generations.models.offers import catalogue
from generations.models.search import found
from generations.models.tasks import IMPORTED, LIVE, TaskQuerySet, TaskState
from generations.providers.catalogue import Offer
from generations.providers.vidu.requests import FORM_KINDS
from generations.web.layout.cards import KIND_MARKS
from generations.web.messages.tasks import KINDS
from generations.web.query import optional_day, optional_number

STATES: Mapping[str, tuple[Promise, tuple[TaskState, ...]]] = {
    "live": (_("In progress"), LIVE),
    "succeeded": (_("Ready"), (TaskState.SUCCEEDED,)),
    "failed": (_("Failed"), (TaskState.FAILED,)),
    "unclear": (_("Unclear"), (TaskState.UNCLEAR,)),
    "cancelled": (_("Cancelled"), (TaskState.CANCELLED,)),
    "waiting": (_("Waiting"), (TaskState.WAITING,)),
    "sending": (_("Sending"), (TaskState.SENDING,)),
    "queued": (_("Queued"), (TaskState.QUEUED,)),
    "running": (_("Running"), (TaskState.RUNNING,)),
}
# The words that addresses had for kinds before.
OLD_KINDS: Mapping[str, str] = {**FORM_KINDS, "adopted": IMPORTED}
OFFERED_STATES = ("live", "succeeded", "failed", "unclear", "cancelled")
UNFILED = "none"  # instead of a collection's pk: in no collection
MOST_OFFERED = 30  # collections in a menu


@dataclass(frozen=True, slots=True)
class Filters:
    """What an address asks for; a value that means nothing is a 404. The days are whole days."""

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
        if state and state not in STATES:
            raise Http404
        if collection != UNFILED:
            optional_number(collection)  # raises Http404 where it is none
        kind = query.get("kind", "")
        return cls(
            q=query.get("q", "").strip()[:200],
            state=state,
            kind=OLD_KINDS.get(kind, kind[:30]),
            model=query.get("model", "")[:60],
            key=optional_number(query.get("key", "")),
            by=optional_number(query.get("by", "")),
            since=optional_day(query.get("from", "")),
            until=optional_day(query.get("to", "")),
            collection=collection,
        )

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    @property
    def query(self) -> dict[str, object]:
        """The filters as they stand in an address."""
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        days = {"from": asked.pop("since"), "to": asked.pop("until")}
        asked |= {name: day.isoformat() for name, day in days.items() if day}
        return {name: value for name, value in asked.items() if value}

    def apply(self, tasks: TaskQuerySet, team: Team) -> TaskQuerySet:
        equal = {
            "kind": self.kind,
            "model": self.model,
            "credential": self.key,
            "created_by": self.by,
        }
        tasks = tasks.filter(**{name: value for name, value in equal.items() if value})
        if self.state:
            tasks = tasks.filter(state__in=STATES[self.state][1])
        if self.since:
            tasks = tasks.filter(created_at__gte=_midnight(self.since))
        if self.until:
            # The last day counts whole: up to the midnight after it.
            tasks = tasks.filter(created_at__lt=_midnight(self.until + timedelta(days=1)))
        if self.collection:
            tasks = self._in_collection(tasks, team)
        return found(tasks, team, self.q) if self.q else tasks

    def _in_collection(self, tasks: TaskQuerySet, team: Team) -> TaskQuerySet:
        """Keep the tasks of the collection, or the finished ones that are in none."""
        items = CollectionItem.objects.filter(
            removed_at=None, collection__team=team, collection__removed_at=None
        )
        if self.collection == UNFILED:
            filed = items.values("file__task")
            return tasks.filter(state=TaskState.SUCCEEDED).exclude(pk__in=filed)
        # ``read`` has refused what is no number.
        chosen = items.filter(collection=int(self.collection))
        return tasks.filter(pk__in=chosen.values("file__task"))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


type Choices = Sequence[tuple[object, object]]
"""Values and their words."""


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """One line of a chip's menu; ``query``: what it puts into the address, or takes out (None)."""

    word: object
    query: Mapping[str, object]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its word while nothing is chosen, what it offers, and how to lift it."""

    word: object
    choices: list[FilterChoice]
    nothing: FilterChoice
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
    # An address may ask for a state that the menu does not offer.
    offered = [*OFFERED_STATES, *({chosen} - {"", *OFFERED_STATES})]
    return [(state, STATES[state][0]) for state in offered]


def _kinds(offers: Sequence[Offer]) -> Choices:
    """Offer kinds in the order of the form's tabs; what is not made there follows."""
    made = {offer.kind for offer in offers} | {IMPORTED}
    tabs: list[tuple[object, object]] = [
        (kind, mark.word) for kind, mark in KIND_MARKS.items() if kind in made
    ]
    others = sorted(made - set(KIND_MARKS))
    return tabs + [(kind, KINDS.get(kind, kind)) for kind in others]


def _collections(team: Team, chosen: str) -> Choices:
    rows = Collection.objects.for_team(team)
    # A chosen collection is named even where the menu has no room for it.
    named = {str(row.pk): row.title for row in rows[:MOST_OFFERED]}
    if chosen and chosen != UNFILED and chosen not in named:
        named |= {str(row.pk): row.title for row in rows.filter(pk=int(chosen))}
    return [(UNFILED, _("In no collection")), *named.items()]


def _chip(name: str, word: object, anything: object, offered: Choices, chosen: object) -> Chip:
    # ``before`` goes: another filter begins at the newest clip again.
    choices = [
        FilterChoice(text, {name: value, "before": None}, bool(chosen) and value == chosen)
        for value, text in offered
    ]
    nothing = FilterChoice(anything, {name: None, "before": None}, is_chosen=not chosen)
    return Chip(word, choices, nothing, chosen and _word(choices, str(chosen)))


def _word(choices: list[FilterChoice], fallback: str) -> object:
    """Return what is chosen, in words; a model that is offered no more names itself."""
    return next((choice.word for choice in choices if choice.is_chosen), fallback)


def _dates(filters: Filters) -> Chip:
    """Offer today, the last week and the last month, by the calendar here; other days are typed."""
    today = timezone.localdate(clock.now())
    words = {1: _("Today"), 7: _("Last 7 days"), 30: _("Last 30 days")}
    choices = []
    for days, word in words.items():
        start = today - timedelta(days=days - 1)
        query = {"from": start.isoformat(), "to": None, "before": None}
        choices.append(FilterChoice(word, query, filters.since == start and not filters.until))
    nothing = FilterChoice(
        _("Any day"), {"from": None, "to": None, "before": None}, is_chosen=False
    )
    chosen = filters.since or filters.until
    chosen_word = chosen and _word(choices, _span(filters))
    return Chip(_("Date"), choices, nothing, chosen_word, has_calendar=True)


def _span(filters: Filters) -> str:
    form = pgettext("date", "j M")
    ends = (filters.since, filters.until)
    return " – ".join(date_format(end, form) if end else "" for end in ends).strip()
