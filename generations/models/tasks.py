"""Tasks, their attempts, and the callbacks that rang for them."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock

from .credentials import Credential
from .people import Team, User


class TaskState(models.TextChoices):
    """The life of a task (design 4); the last three never change again."""

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
ADOPTED = "adopted"  # the kind of a clip that was ordered elsewhere
KEPT_IN_BIN = timedelta(days=30)


class TaskQuerySet(models.QuerySet["Task"]):
    def for_team(self, team: Team) -> "TaskQuerySet":
        return self.filter(team=team)

    def out_of_the_bin(self) -> "TaskQuerySet":
        return self.filter(binned_at=None)

    def in_the_bin(self) -> "TaskQuerySet":
        """What may still be restored."""
        return self.filter(binned_at__isnull=False, emptied_at=None)

    def to_be_deleted(self) -> "TaskQuerySet":
        """Those whose time in the bin is over; what is still to be fetched is fetched first."""
        over = self.in_the_bin().filter(binned_at__lte=clock.now() - KEPT_IN_BIN)
        return over.exclude(files__state__in=["remote", "fetching"]).order_by("binned_at")

    def in_slots(self) -> "TaskQuerySet":
        """What takes a slot of its key; what was taken in does once its provider knows it."""
        return self.filter(state__in=BUSY).exclude(adopted_at__isnull=False, checks=0)

    def newest_first(self) -> "TaskQuerySet":
        return self.order_by("-created_at", "-pk")

    def before(self, created_at: datetime, pk: int) -> "TaskQuerySet":
        """Keyset paging: what stands after this place, newest first."""
        after = Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk)
        # The bound says nothing new, but SQLite seeks by it; by the alternatives it reads all.
        return self.filter(after, created_at__lte=created_at)

    def changed_since(self, sequence: int) -> "TaskQuerySet":
        return self.filter(version__gt=sequence).order_by("version")

    def for_cards(self) -> "TaskQuerySet":
        """With all that a card shows, in a constant number of queries."""
        beside = self.select_related("created_by", "credential")
        return beside.prefetch_related("files", "pictures__upload")

    def usual_seconds(self, team: Team) -> dict[str, tuple[int, int]]:
        """How long the middle half of each model's last clips took, from taken to finished."""
        return _middle_halves((model, seconds) for _, model, seconds in self._waits(team))

    def usual_waits(self, team: Team) -> dict[tuple[int, str], tuple[int, int]]:
        """The same for each credential, by its number, and model."""
        return _middle_halves(((key, model), seconds) for key, model, seconds in self._waits(team))

    def _waits(self, team: Team) -> Iterator[tuple[int, str, float]]:
        """Credential, model and seconds of the team's last clips."""
        rows = (
            self.filter(team=team, state=TaskState.SUCCEEDED, accepted_at__isnull=False)
            .filter(adopted_at=None)  # nobody here knows when these began
            .order_by("-created_at", "-pk")
            .values_list("credential", "model", "accepted_at", "finished_at")[:200]
        )
        for credential_id, model, accepted_at, finished_at in rows:
            if accepted_at and finished_at:
                yield credential_id, model, (finished_at - accepted_at).total_seconds()

    def places(self, team: Team) -> dict[int, int]:
        """The place of each waiting task in its credential's line; 1 goes next.

        The members of a team take turns, so one's tenth order stands behind another's first.
        """
        waiting = self.filter(credential__team=team, state=TaskState.WAITING).order_by("pk")
        turns: Counter[tuple[int, int]] = Counter()
        lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
        rows = waiting.values_list("pk", "credential_id", "created_by_id")[:2000]
        for pk, credential_id, person_id in rows:
            turns[credential_id, person_id] += 1
            lines[credential_id].append((turns[credential_id, person_id], pk))
        return {
            pk: place
            for line in lines.values()
            for place, (_turn, pk) in enumerate(sorted(line), start=1)
        }


def _middle_halves[Name](waits: Iterable[tuple[Name, float]]) -> dict[Name, tuple[int, int]]:
    taken: dict[Name, list[float]] = defaultdict(list)
    for name, seconds in waits:
        taken[name].append(seconds)
    return {name: _middle_half(seconds) for name, seconds in taken.items()}


def _middle_half(seconds: list[float]) -> tuple[int, int]:
    ordered = sorted(seconds)
    return round(ordered[len(ordered) // 4]), round(ordered[3 * len(ordered) // 4])


class Task(models.Model):
    """One order to one provider.

    ``kind``, ``model``, ``settings`` are the catalogue's words; ``settings`` holds ``duration``
    (seconds), ``resolution``, ``aspect_ratio``, ``seed`` and the switches that were chosen.
    ``reason`` says why it waits; ``code`` and ``message`` why it failed (the provider's own words).
    ``version`` is the team's sequence at the last change that a page must show. ``adopted_at``: it
    was ordered elsewhere and taken in by its number; words that nobody told stay empty.
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
    reason = models.CharField(_("why it waits"), max_length=40, blank=True)
    code = models.CharField(_("error code"), max_length=80, blank=True)
    message = models.TextField(_("what the provider said"), blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), null=True, blank=True)
    alarm = models.CharField(_("alarm"), max_length=200, blank=True)
    version = models.BigIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(_("ordered"), default=clock.now, editable=False)
    accepted_at = models.DateTimeField(_("taken"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    check_at = models.DateTimeField(_("next look"), null=True, blank=True)
    checks = models.PositiveIntegerField(_("looks"), default=0)
    misses = models.PositiveSmallIntegerField(_("not found"), default=0)
    binned_at = models.DateTimeField(_("put into the bin"), null=True, blank=True)
    binned_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    emptied_at = models.DateTimeField(_("deleted from the bin"), null=True, blank=True)
    adopted_at = models.DateTimeField(_("taken in"), null=True, blank=True)
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
                fields=["team", "binned_at"],
                condition=Q(binned_at__isnull=False, emptied_at=None),
                name="task_in_the_bin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def title(self) -> str:
        """What it is called where there is room for one line."""
        return self.prompt or self.model or f"#{self.pk}"

    @property
    def is_adopted(self) -> bool:
        return self.adopted_at is not None

    @property
    def duration(self) -> int | None:
        value: int | None = self.settings.get("duration")
        return value

    @property
    def resolution(self) -> str:
        value: str = self.settings.get("resolution", "")
        return value

    @property
    def aspect_ratio(self) -> str:
        value: str = self.settings.get("aspect_ratio", "")
        return value


def new_token() -> str:
    """256 bits, safe in an address."""
    return secrets.token_urlsafe(32)


class AttemptState(models.TextChoices):
    READY = "ready", _("Ready")
    SENT = "sent", _("Sent, no answer yet")
    ACCEPTED = "accepted", _("Taken")
    REFUSED = "refused", _("Refused")
    THROTTLED = "throttled", _("Not taken, later")
    UNCLEAR = "unclear", _("Unclear")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Attempt(models.Model):
    """One try to hand a task to the provider: at most one POST leaves for it, ever.

    ``token`` is the secret path of its callback; ``reference`` is echoed by the provider.
    ``estimate`` was held; ``cost`` is what the provider reported, in its unit.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="attempts")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="attempts")
    ordinal = models.PositiveSmallIntegerField(_("attempt"))
    state = models.CharField(
        _("state"), max_length=10, choices=AttemptState, default=AttemptState.READY
    )
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    reference = models.CharField(_("reference"), max_length=64, default=new_token, editable=False)
    number = models.CharField(_("provider's number"), max_length=100, blank=True)
    estimate = models.BigIntegerField(_("estimated"), default=0)
    cost = models.BigIntegerField(_("provider said"), null=True, blank=True)
    code = models.CharField(_("error code"), max_length=80, blank=True)
    reply = models.TextField(_("raw reply"), blank=True)
    report = models.TextField(_("last raw report"), blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    looked_at = models.DateTimeField(_("last searched"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["task", "ordinal"], name="attempts_are_numbered"),
            models.UniqueConstraint(
                fields=["credential", "number"],
                condition=~Q(number=""),
                name="one_attempt_per_number",
            ),
        ]
        indexes = [models.Index(fields=["credential", "-sent_at"], name="attempt_last_sent")]

    def __str__(self) -> str:
        return f"{self.task_id}/{self.ordinal}"


class Callback(models.Model):
    """A ring, as received: it makes us ask, and changes nothing by itself."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="callbacks")
    received_at = models.DateTimeField(_("received"), default=clock.now)
    verdict = models.CharField(_("verdict"), max_length=10)
    nonce = models.CharField(max_length=200, blank=True)
    number = models.CharField(_("number it named"), max_length=100, blank=True)
    word = models.CharField(_("word it said"), max_length=60, blank=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.TextField(_("body"), blank=True)
    answered_at = models.DateTimeField(_("asked the provider"), null=True, blank=True)

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "nonce"], condition=~Q(nonce=""), name="one_ring_per_nonce"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempt} {self.word}"
