"""One clip: its player, its facts, its story, and what a person may still decide about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from generations import sources
from generations.lifecycle import actions
from generations.models import Attempt, Callback, Credential, Entry, File, Membership, Task
from generations.models.offers import catalogue
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import TaskKind
from generations.templatetags.formats import filesize, seconds, span
from generations.web.access import for_member, for_producer
from generations.web.layout.cards import KIND_MARKS, Card, draw_cards
from generations.web.layout.risks import has_news
from generations.web.messages import tasks
from generations.web.messages.orders import CHOICES, LABELS
from generations.web.messages.reasons import Sentence
from generations.web.query import wants_part

from .film_part import FilmPart
from .replies import RawReply, facts_at_provider, raw_replies
from .views import of_team

SHAPE = {"duration", "resolution", "aspect_ratio", "seed", *sources.MEMBERS}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a task's story."""

    at: datetime
    icon: str
    word: Sentence
    words: Sentence = ""
    end: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class LedgerMove:
    """One ledger entry of the task: what was held, spent or refunded."""

    at: datetime
    word: str
    amount: int | None
    unit: str


@dataclass(frozen=True, slots=True)
class NextOrder:
    """An order that begins with what this task made, as a link to the form."""

    kind: str
    member: str
    task: int
    word: Sentence

    @property
    def query(self) -> str:
        return urlencode({"kind": self.kind, self.member: self.task})

    @property
    def icon(self) -> str:
        return KIND_MARKS[self.kind].icon


class Story:
    """What happened to a task, in the order of time: attempts, callbacks, its end, its files."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.task = card.task
        attempts = self.task.attempts.prefetch_related(
            # What providers sent may be large, and no line of the story shows it.
            Prefetch("callbacks", Callback.objects.defer("headers", "body")),
            Prefetch("entries", Entry.objects.order_by("pk")),
        )
        self.attempts = list(attempts.order_by("ordinal"))

    @cached_property
    def moments(self) -> list[Moment]:
        every = [
            *self._ordered(),
            *self._attempts(),
            *self._callbacks(),
            *self._ended(),
            *self._stored(),
        ]
        # Within a second the order of the list above stands: the times come from several
        # processes, and an answer must not stand before its order.
        return sorted(every, key=lambda moment: moment.at.replace(microsecond=0))

    @property
    def replies(self) -> list[RawReply]:
        return raw_replies(self.attempts)

    @property
    def at_provider(self) -> list[tuple[Sentence, str]]:
        return facts_at_provider(self.task)

    @cached_property
    def part(self) -> FilmPart | None:
        """Its place in a film."""
        return FilmPart.of(self.task)

    @property
    def movements(self) -> list[LedgerMove]:
        """The ledger's entries, in order."""
        return [
            LedgerMove(entry.at, entry.get_kind_display(), entry.known_amount, entry.unit)
            for attempt in self.attempts
            for entry in attempt.entries.all()
        ]

    @property
    def picture(self) -> File | None:
        """The picture that the order made, from which a clip can begin."""
        return sources.picture_of(self.task)

    @cached_property
    def next(self) -> list[NextOrder]:
        """What can be ordered of the clip, the sound or the subject, where some key makes it."""
        keys = Credential.objects.for_team(self.task.team).values_list("kind", flat=True)
        made = {kind for key in set(keys) for kind in catalogue(key).kinds()}
        film, sound = sources.film_of(self.task), sources.sound_of(self.task)
        orders = [
            NextOrder(TaskKind.UPSCALE, "source", self.task.pk, _("Upscale")) if film else None,
            NextOrder(TaskKind.LIP_SYNC, "source", self.task.pk, _("Lip-sync")) if film else None,
            NextOrder(TaskKind.LIP_SYNC, "sound", self.task.pk, _("Lip-sync a clip with it"))
            if sound
            else None,
            NextOrder(TaskKind.REFERENCES_TO_VIDEO, "subject", self.task.pk, _("Use it in a clip"))
            if self.card.shows == "kept"
            else None,
        ]
        return [order for order in orders if order and order.kind in made]

    @cached_property
    def made_from(self) -> list[Task]:
        """The clip and the sound that it was made from."""
        named = (self.task.settings.get(name) for name in ("source", "sound"))
        rows = Task.objects.for_team(self.task.team).in_bulk([pk for pk in named if pk])
        return list(rows.values())

    @property
    def sent(self) -> str:
        """How often it was sent, and that it never went twice by itself."""
        if self.task.is_imported:
            return gettext("made in another tool, never sent from here")
        number = sum(attempt.sent_at is not None for attempt in self.attempts)
        if number <= 1:
            return gettext("sent once, never twice") if number else gettext("not sent yet")
        return ngettext("sent %(n)s time", "sent %(n)s times", number) % {"n": number}

    def _ordered(self) -> Iterator[Moment]:
        who = {"who": self.task.created_by}
        if self.task.imported_at:
            yield Moment(self.task.imported_at, "inbox", _("Imported"), gettext("by %(who)s") % who)
            return
        yield Moment(self.task.created_at, "plus", _("Ordered"), gettext("by %(who)s") % who)

    def _attempts(self) -> Iterator[Moment]:
        key = gettext("to %(key)s") % {"key": self.task.credential.name}
        for attempt in self.attempts:
            if attempt.sent_at:
                yield Moment(attempt.sent_at, "arrow-up", _("Sent"), key)
            if attempt.answered_at:
                yield self._answer(attempt, attempt.answered_at)

    def _answer(self, attempt: Attempt, at: datetime) -> Moment:
        if attempt.state == AttemptState.ACCEPTED:
            remote_id = gettext("task ID %(number)s") % {"number": attempt.remote_id}
            return Moment(at, "check", pgettext("attempt", "Accepted"), end=remote_id)
        icon, word, tone = {
            AttemptState.REFUSED: ("circle-x", _("Refused"), "coral"),
            AttemptState.THROTTLED: ("clock", _("Not accepted, tried again later"), ""),
            AttemptState.UNCLEAR: ("circle-question-mark", _("No clear answer"), "lilac"),
        }.get(AttemptState(attempt.state), ("ban", _("Given up"), ""))
        return Moment(at, icon, word, end=attempt.code, tone=tone)

    def _callbacks(self) -> Iterator[Moment]:
        for attempt in self.attempts:
            for callback in attempt.callbacks.all():
                at, state = callback.received_at, callback.state_word
                yield Moment(at, "bell", _("Callback received"), end=state)

    def _ended(self) -> Iterator[Moment]:
        task = self.task
        if task.finished_at is None:
            return
        checks = ngettext("asked %(n)s time", "asked %(n)s times", task.checks) % {"n": task.checks}
        end = checks if task.checks else ""
        took = ""
        # Nobody here knows when an imported clip began.
        if task.accepted_at and not task.is_imported:
            took = gettext("after %(time)s") % {
                "time": seconds((task.finished_at - task.accepted_at).total_seconds())
            }
        if task.state == TaskState.SUCCEEDED:
            yield Moment(task.finished_at, "sparkles", _("Finished at the provider"), took, end)
        else:
            mark = self.card.mark
            yield Moment(task.finished_at, mark.icon, mark.word, took, task.code or end, mark.tone)

    def _stored(self) -> Iterator[Moment]:
        for file in self.task.files.all():
            if file.stored_at:
                what = f"{file.role_word} · {filesize(file.size)}"
                spare = file.expires_at - file.stored_at if file.expires_at else timedelta()
                left = gettext("link had %(span)s left") % {"span": span(spare)} if spare else ""
                yield Moment(file.stored_at, "check", _("Stored here"), what, left, "leaf")

    @property
    def switches(self) -> list[tuple[Sentence, object]]:
        """The settings beside shape and seed, in words."""
        return [
            (LABELS.get(name, name), _in_words(value))
            for name, value in self.task.settings.items()
            # What a part of a film is made of is told by ``part``.
            if name not in SHAPE and not isinstance(value, dict | list)
        ]


def _in_words(value: object) -> object:
    if isinstance(value, bool):
        return pgettext("switch", "on") if value else pgettext("switch", "off")
    return CHOICES.get(str(value), value)


def _find(membership: Membership, pk: int) -> Task:
    return get_object_or_404(of_team(membership.team), pk=pk)


def _answer_decision(
    request: HttpRequest, membership: Membership, pk: int, refusal: Sentence = ""
) -> HttpResponse:
    """Answer a decision with the card where it was made, else with the page of the clip."""
    task = _find(membership, pk)
    if wants_part(request):
        (card,) = draw_cards(membership.team, [task])
        context = {"card": card, "fresh": True, "swap": True, "refusal": refusal}
        return render(request, "gallery/card.html", context)
    if refusal:
        messages.error(request, str(refusal))
    return redirect("task", membership.team.slug, pk)


def _decide(
    request: HttpRequest, membership: Membership, pk: int, act: Callable[[Task], None]
) -> HttpResponse:
    """Do what a person decided, and tell where it changed nothing."""
    try:
        act(_find(membership, pk))
    except actions.Refusal as refusal:
        sentence = tasks.refusal(refusal.code, refusal.message)
        return _answer_decision(request, membership, pk, sentence)
    return _answer_decision(request, membership, pk)


@require_safe
@for_member
def task(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the page of a clip; ``?since=``: what changed of it, 204 when nothing did."""
    clip = _find(membership, pk)
    # A warning of a silent worker comes and goes without any change of the clip.
    is_known = request.GET.get("since") == str(clip.version)
    if is_known and not has_news(request, membership.team):
        return HttpResponse(status=204)
    (card,) = draw_cards(membership.team, [clip])
    context = {
        "card": card,
        "task": clip,
        "story": Story(card),
        "may_cancel": actions.may_cancel(clip),
        "may_repeat": _may_repeat(card),
    }
    if "since" in request.GET:
        return render(request, "gallery/clip/page.html#changes", context | {"swap": True})
    return render(request, "gallery/clip/page.html", context)


def _may_repeat(card: Card) -> bool:
    """Whether the order form can make the same again."""
    # An account keeps only one subject of a name.
    is_repeatable = card.task.kind in KIND_MARKS and card.shows != "kept"
    return is_repeatable and card.task.state != TaskState.UNCLEAR


@require_POST
@for_producer
def cancel(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Cancel the task while that is possible."""
    return _decide(request, membership, pk, lambda one: actions.cancel(one, membership.user))


@require_POST
@for_producer
def check_now(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Ask the provider now."""
    return _decide(request, membership, pk, actions.check_now)


@require_POST
@for_producer
def found(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Take the provider's id of an unclear order from a person (``number``)."""
    remote_id = request.POST.get("number", "").strip()
    if not remote_id:
        return _answer_decision(
            request, membership, pk, _("Type the provider's ID; nothing was changed.")
        )
    return _decide(
        request,
        membership,
        pk,
        lambda one: actions.accept_found_id(one, remote_id, membership.user),
    )


@require_POST
@for_producer
def dismiss(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """End an alarm that the person has read (``code``)."""
    code = request.POST.get("code", "")
    return _decide(
        request, membership, pk, lambda one: actions.dismiss_alarm(one, code, membership.user)
    )


@require_POST
@for_producer
def fetch(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Ask the provider once more for what was lost."""
    return _decide(request, membership, pk, lambda one: actions.fetch_again(one, membership.user))


@require_POST
@for_producer
def release(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Decide that an unclear order never arrived; ``send_again`` makes a new attempt."""
    again = request.POST.get("send_again") == "on"
    return _decide(
        request, membership, pk, lambda one: actions.release(one, membership.user, send_again=again)
    )
