"""Tasks, their attempts, and the callbacks of providers."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations import clock
from generations.providers.contract import NO_FILES, TaskKind

from .credentials import Credential
from .people import Team, User


class TaskState(models.TextChoices):
    """The states of a task (docs/house.md); the last three never change again."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    UNCLEAR = "unclear", _("Unclear")
    SUCCEEDED = "succeeded", _("Ready")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


AT_PROVIDER = (TaskState.QUEUED, TaskState.RUNNING)
BUSY = (TaskState.SENDING, *AT_PROVIDER)  # what takes one of the credential's slots
FINAL = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED)
LIVE = (TaskState.WAITING, *BUSY)  # what a person waits for
IMPORTED = TaskKind.IMPORTED
KEPT_IN_TRASH = timedelta(days=30)


class TaskQuerySet(models.QuerySet["Task"]):
    def for_team(self, team: Team) -> "TaskQuerySet":
        return self.filter(team=team)

    def outside_trash(self) -> "TaskQuerySet":
        return self.filter(trashed_at=None)

    def in_trash(self) -> "TaskQuerySet":
        """Return what may still be restored."""
        return self.filter(trashed_at__isnull=False, purged_at=None)

    def due_for_deletion(self) -> "TaskQuerySet":
        """Return the tasks whose time in the trash is over, and nothing is to be fetched."""
        # States of files stand as words here, because models/files imports this module.
        over = self.in_trash().filter(trashed_at__lte=clock.now() - KEPT_IN_TRASH)
        return over.exclude(files__state__in=["remote", "fetching"]).order_by("trashed_at")

    def kept_subjects(self) -> "TaskQuerySet":
        """Return the subjects that a provider keeps and new orders may use."""
        kept = self.filter(kind=TaskKind.SUBJECT, state=TaskState.SUCCEEDED)
        return kept.filter(trashed_at=None, credential__removed_at=None)

    def in_slots(self) -> "TaskQuerySet":
        """Return what takes a slot of its key; an imported task once its provider knows it."""
        return self.filter(state__in=BUSY).exclude(imported_at__isnull=False, checks=0)

    def touch(self, sequence: int) -> None:
        """Have pages draw these tasks again. It changes nothing of their life."""
        self.update(version=sequence)

    def newest_first(self) -> "TaskQuerySet":
        return self.order_by("-created_at", "-pk")

    def before(self, created_at: datetime, pk: int) -> "TaskQuerySet":
        """Return the tasks after a page cursor, newest first (keyset paging)."""
        after = Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk)
        # The bound adds nothing, but SQLite seeks by it; by the alternatives alone it reads all.
        return self.filter(after, created_at__lte=created_at)

    def changed_since(self, sequence: int) -> "TaskQuerySet":
        return self.filter(version__gt=sequence).order_by("version")

    def for_cards(self) -> "TaskQuerySet":
        """Load all that a card shows, in a constant number of queries."""
        beside = self.select_related("created_by", "credential")
        return beside.prefetch_related("files", "pictures__upload")

    def usual_seconds(self, team: Team) -> dict[str, tuple[int, int]]:
        """Return in how many seconds the middle half of each model's last clips was ready."""
        return _middle_halves((model, seconds) for _, model, seconds in self._waits(team))

    def usual_waits(self, team: Team) -> dict[tuple[int, str], tuple[int, int]]:
        """Return the same for each credential, by its pk, and model."""
        return _middle_halves(((key, model), seconds) for key, model, seconds in self._waits(team))

    def _waits(self, team: Team) -> Iterator[tuple[int, str, float]]:
        """Yield credential, model and seconds of the team's last clips."""
        rows = (
            self.filter(team=team, state=TaskState.SUCCEEDED, accepted_at__isnull=False)
            .filter(imported_at=None)  # nobody here knows when these began
            .exclude(kind__in=NO_FILES)  # these are there at once
            .exclude(settings__has_key="off_peak")  # these may take two days
            .order_by("-created_at", "-pk")
            .values_list("credential", "model", "accepted_at", "finished_at")[:200]
        )
        for credential_id, model, accepted_at, finished_at in rows:
            if accepted_at and finished_at:
                yield credential_id, model, (finished_at - accepted_at).total_seconds()

    def line_positions(self, team: Team) -> dict[int, int]:
        """Return the position of each waiting task in its credential's line; 1 goes next.

        The members of a team take turns, so one's tenth order stands behind another's first.
        """
        # Nearly the order in which ``lifecycle/send`` chooses: that also knows what runs just now.
        waiting = self.filter(credential__team=team, state=TaskState.WAITING).order_by("pk")
        turns: Counter[tuple[int, int]] = Counter()
        lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
        rows = waiting.values_list("pk", "credential_id", "created_by_id")[:2000]
        for pk, credential_id, person_id in rows:
            turns[credential_id, person_id] += 1
            lines[credential_id].append((turns[credential_id, person_id], pk))
        return {
            pk: position
            for line in lines.values()
            for position, (_turn, pk) in enumerate(sorted(line), start=1)
        }


def _middle_halves[Name](waits: Iterable[tuple[Name, float]]) -> dict[Name, tuple[int, int]]:
    taken: dict[Name, list[float]] = defaultdict(list)
    for name, seconds in waits:
        taken[name].append(seconds)
    return {name: _middle_half(seconds) for name, seconds in taken.items()}


def _middle_half(seconds: list[float]) -> tuple[int, int]:
    ordered = sorted(seconds)
    return round(ordered[len(ordered) // 4]), round(ordered[3 * len(ordered) // 4])


class Alarm(NamedTuple):
    """One line of ``Task.alarm``: ``code`` is one that pages have a sentence for."""

    code: str
    detail: str


def read_alarms(text: str) -> list[Alarm]:
    """Return the alarms in an alarm field, each code once, in the order they were raised."""
    pairs = (line.partition(" ") for line in text.splitlines() if line)
    return [Alarm(code, detail) for code, _space, detail in pairs]


class Task(models.Model):
    """One order to one provider.

    ``kind`` is a ``providers.contract.TaskKind``, ``model`` a word of the catalogue. ``settings``
    holds ``duration`` (seconds), ``resolution``, ``aspect_ratio``, ``seed`` and the chosen options,
    and ``source``, ``sound`` and ``title`` of what it is made from (``generations.sources``).
    ``obstacle`` says why it waits. ``reason`` says why it failed, as a
    ``providers.contract.Reason``; ``code`` and ``message`` are the provider's own words for it.
    ``state_word`` is the provider's own word for its state, ``echoed`` what its replies told of the
    order (``providers.contract.ECHOED``): a later reply adds to it and takes nothing away.
    ``alarm`` has a line for each alarm: a code, a space, its detail. ``late_at``: it takes far
    longer than such clips usually do. ``unanswered_at``: since when no question about it brought an
    answer that could be read. ``version`` is the team's sequence at the last change that a
    page must show. ``imported_at``: it was ordered elsewhere and imported by its remote id; what
    nobody told stays empty.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="tasks")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="tasks")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=30)
    model = models.CharField(_("model"), max_length=60)
    prompt = models.TextField(_("prompt"), blank=True)
    settings = models.JSONField(_("settings"), default=dict)
    form_token = models.CharField(max_length=40, editable=False)

    state = models.CharField(
        _("state"), max_length=10, choices=TaskState, default=TaskState.WAITING
    )
    obstacle = models.CharField(_("why it waits"), max_length=40, blank=True)
    reason = models.CharField(_("why it failed"), max_length=40, blank=True)
    code = models.CharField(_("error code"), max_length=80, blank=True)
    message = models.TextField(_("what the provider reported"), blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), null=True, blank=True)
    alarm = models.TextField(_("alarm"), blank=True)
    state_word = models.CharField(_("provider's word for its state"), max_length=60, blank=True)
    echoed = models.JSONField(_("what the provider repeated"), default=dict, blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(_("ordered"), default=clock.now, editable=False)
    accepted_at = models.DateTimeField(_("taken"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    check_at = models.DateTimeField(_("next check"), null=True, blank=True)
    checks = models.PositiveIntegerField(_("checks"), default=0)
    misses = models.PositiveSmallIntegerField(_("not found"), default=0)
    trashed_at = models.DateTimeField(_("moved to the trash"), null=True, blank=True)
    trashed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    purged_at = models.DateTimeField(_("deleted from the trash"), null=True, blank=True)
    imported_at = models.DateTimeField(_("imported"), null=True, blank=True)
    late_at = models.DateTimeField(_("called late"), null=True, blank=True)
    unanswered_at = models.DateTimeField(_("no readable answer since"), null=True, blank=True)
    unclear_at = models.DateTimeField(_("unclear since"), null=True, blank=True)
    alarmed_at = models.DateTimeField(_("unclear too long"), null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(fields=["team", "form_token"], name="one_task_per_press")
        ]
        indexes = [
            models.Index(fields=["team", "-created_at", "-id"], name="task_gallery"),
            models.Index(fields=["team", "version"], name="task_changes"),
            models.Index(fields=["team", "state", "-created_at"], name="task_by_state"),
            # Not partial: SQLite cannot prove a condition from bound parameters.
            models.Index(fields=["credential", "state", "created_at"], name="task_line"),
            models.Index(fields=["state", "check_at"], name="task_due"),
            models.Index(
                fields=["team", "trashed_at"],
                condition=Q(trashed_at__isnull=False, purged_at=None),
                name="task_in_trash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def title(self) -> str:
        """Return a name that fits one line."""
        named: str = self.settings.get("title", "")  # of the clip that it is made from
        return self.prompt or named or self.model or f"#{self.pk}"

    @property
    def alarms(self) -> list[Alarm]:
        return read_alarms(self.alarm)

    @property
    def is_imported(self) -> bool:
        return self.imported_at is not None

    @property
    def duration(self) -> int | None:
        value: int | None = self.settings.get("duration")
        return value

    @property
    def seed(self) -> str:
        """Return the seed that was really used, else the one that was ordered; "" for neither."""
        return str(self.echoed.get("seed") or self.settings.get("seed", ""))

    @property
    def resolution(self) -> str:
        value: str = self.settings.get("resolution", "")
        return value

    @property
    def aspect_ratio(self) -> str:
        value: str = self.settings.get("aspect_ratio", "")
        return value


def new_token() -> str:
    """Return 256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


class AttemptState(models.TextChoices):
    READY = "ready", _("Ready")
    SENT = "sent", _("Sent, no answer yet")
    ACCEPTED = "accepted", pgettext_lazy("attempt", "Accepted")
    REFUSED = "refused", _("Refused")
    THROTTLED = "throttled", _("Not accepted, tried again later")
    UNCLEAR = "unclear", _("Unclear")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class EstimateBasis(models.TextChoices):
    """Where an estimate comes from."""

    CATALOGUE = "catalogue", _("the provider's price list")
    PRICE = "price", _("your price")
    LAST = "last", _("the last one of its kind")


PRICES = (EstimateBasis.CATALOGUE, EstimateBasis.PRICE)  # booked where the provider tells no cost


class CostBasis(models.TextChoices):
    """Where an amount that is booked as charged comes from."""

    PROVIDER = "provider", _("told by the provider")
    PRICE = "price", _("by the price")
    BALANCE = "balance", _("by the fall of the balance")
    STATEMENT = "statement", _("by a statement")
    PERSON = "person", _("by a person")


class Attempt(models.Model):
    """One try to send a task to its provider: at most one POST leaves for it, ever.

    ``token`` is the secret path of its callback; some providers repeat ``reference`` in replies.
    All amounts are in the provider's unit, and None where they are not known. ``estimate`` was
    held; ``cost`` is what the provider reported. The ledger keeps ``booked``, which is what it has
    booked for the attempt, also None until it ends; ``booked_basis`` says where that comes from.
    ``first_report`` and ``report`` are the first and the last raw reply to a question: what is told
    once may be gone later.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="attempts")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="attempts")
    ordinal = models.PositiveSmallIntegerField(_("attempt"))
    state = models.CharField(
        _("state"), max_length=10, choices=AttemptState, default=AttemptState.READY
    )
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    reference = models.CharField(_("reference"), max_length=64, default=new_token, editable=False)
    remote_id = models.CharField(_("provider's id"), max_length=255, blank=True)
    estimate = models.BigIntegerField(_("estimated"), null=True, blank=True)
    estimate_basis = models.CharField(
        _("estimated by"), max_length=10, choices=EstimateBasis, blank=True
    )
    cost = models.BigIntegerField(_("provider said"), null=True, blank=True)
    booked = models.BigIntegerField(_("booked"), null=True, blank=True)
    booked_basis = models.CharField(_("booked by"), max_length=10, choices=CostBasis, blank=True)
    code = models.CharField(_("error code"), max_length=80, blank=True)
    reply = models.TextField(_("raw reply"), blank=True)
    first_report = models.TextField(_("first raw report"), blank=True)
    report = models.TextField(_("last raw report"), blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    searched_at = models.DateTimeField(_("last searched"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["task", "ordinal"], name="attempts_are_numbered"),
            models.UniqueConstraint(
                fields=["credential", "remote_id"],
                condition=~Q(remote_id=""),
                name="one_attempt_per_remote_id",
            ),
        ]
        indexes = [
            models.Index(fields=["credential", "-sent_at"], name="attempt_last_sent"),
            # Whether such a question was answered before, among a million that had a price.
            models.Index(
                fields=["credential"], condition=Q(estimate=None), name="attempt_without_estimate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id}/{self.ordinal}"

    @property
    def differs(self) -> bool:
        """Whether the provider charged another amount than was held."""
        return None not in {self.cost, self.estimate} and self.cost != self.estimate

    @property
    def is_of_unknown_cost(self) -> bool:
        """Whether it has ended with a clip, and nobody has said what that cost."""
        return self.booked is None and self.task.state == TaskState.SUCCEEDED


class Callback(models.Model):
    """A callback as it was received. It makes us ask, and changes nothing by itself."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="callbacks")
    received_at = models.DateTimeField(_("received"), default=clock.now)
    verdict = models.CharField(_("verdict"), max_length=10)
    nonce = models.CharField(max_length=200, blank=True)
    remote_id = models.CharField(_("id it named"), max_length=255, blank=True)
    state_word = models.CharField(_("state it named"), max_length=60, blank=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.TextField(_("body"), blank=True)
    answered_at = models.DateTimeField(_("asked the provider"), null=True, blank=True)

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "nonce"], condition=~Q(nonce=""), name="one_callback_per_nonce"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempt} {self.state_word}"
