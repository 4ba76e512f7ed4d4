"""Order clips: check them by the catalogue, hold their estimate in the ledger, queue the sending.

Where nobody knows what an order will cost, it is ordered only by a person who knows that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction

from generations import sources, uploads
from generations.billing import caps, ledger, prices
from generations.billing.prices import Estimate
from generations.models import Attempt, Cap, Credential, Film, Membership, Task, Team, Upload
from generations.models.caps import WhenUnknown
from generations.models.films import FILM
from generations.models.offers import catalogue
from generations.models.tasks import TaskState
from generations.providers.catalogue import Problem
from generations.providers.contract import Order, Reason, TaskKind
from generations.sources import NO_SOURCES, Sources
from generations.teams import ordering_stops
from generations.uploads import NamedUpload

from . import queue

MOST_AT_ONCE = 20

type Beside = Callable[[Sequence[Task]], object]
"""Write further rows of new tasks, in the transaction that makes them."""


class OrderRefused(Exception):
    """Nothing was ordered and nothing held."""


class Invalid(OrderRefused):
    """The model cannot make this; one problem for each field."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = problems


class NotEnough(OrderRefused):
    """The credential has less left than the order needs."""

    def __init__(self, left: int, needed: int) -> None:
        super().__init__(f"{left} left, {needed} needed")
        self.left = left
        self.needed = needed


class OverCap(OrderRefused):
    """A cap of this month leaves too little: the team's, or (``cap.user``) the person's own."""

    def __init__(self, cap: Cap, left: int, needed: int) -> None:
        super().__init__(f"{cap}: {left} left, {needed} needed")
        self.cap = cap
        self.left = left
        self.needed = needed


class PriceUnknown(OrderRefused):
    """Nobody knows what the model costs on this key, and nobody was asked about it before."""

    def __init__(self, credential: Credential, model: str) -> None:
        super().__init__(f"{credential}: {model}")
        self.credential = credential
        self.model = model


class CapUnknown(OrderRefused):
    """Nobody knows what it costs, and a cap of this month asks before each such order, or refuses.

    ``cap`` is the team's, or (``cap.user``) the person's own.
    """

    def __init__(self, cap: Cap) -> None:
        super().__init__(str(cap))
        self.cap = cap

    @property
    def may_accept(self) -> bool:
        """Whether it is ordered once the person says so."""
        return self.cap.when_unknown == WhenUnknown.ASK


class Stopped(OrderRefused):
    """Nothing may be ordered now; ``code`` is the obstacle (``teams.ordering_stops``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Paused(OrderRefused):
    """The credential is paused or removed; ``code`` is the Reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def order(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    *,
    count: int = 1,
    last: int | None = None,
    accepts_unknown: bool = False,
    form_token: str,
    pictures: Sequence[NamedUpload] = (),
    made_of: Sources = NO_SOURCES,
) -> list[Task]:
    """Order ``count`` tasks, each held in the ledger; the same press orders them once.

    Raises an OrderRefused. The credential, the pictures and what it is ``made_of`` must be those of
    the membership's team; ``wanted`` is filled with them. ``last`` is what the last one of its kind
    cost, for where no price is known. ``accepts_unknown``: the person knows that nobody knows it.
    """
    _require_right(membership, credential)
    if any(row.team_id != membership.team_id for row in _given(pictures)):
        raise PermissionError("these pictures are another team's")
    if any(file.team_id != membership.team_id for file in made_of.files):
        raise PermissionError("these clips are another team's")
    if code := ordering_stops.ordering_obstacle(membership.team):
        # The second of two presses is answered like the first, though a stop came in between.
        return _ordered_before(membership, form_token, Stopped(code))
    wanted = uploads.with_pictures(wanted, pictures)
    wanted = sources.with_sources(wanted, credential, made_of)
    _check(credential, wanted, count, pictures)
    if problem := _name_problem(credential, wanted):
        # Perhaps this very press has it.
        return _ordered_before(membership, form_token, Invalid((problem,)))
    estimate = prices.estimate(credential, wanted, last=last)

    def beside(tasks: Sequence[Task]) -> None:
        uploads.attach(tasks, pictures)
        if wanted.kind == FILM:
            for task in tasks:
                Film.objects.create(team_id=task.team_id, task=task, version=task.version)

    placed = Placed(wanted, estimate, count, form_token, beside, accepts_unknown, made_of)
    return _place(membership, credential, placed)


def order_at_each(
    membership: Membership,
    keys: Sequence[Credential],
    wanted: Order,
    *,
    count: int = 1,
    accepts_unknown: bool = False,
    form_token: str,
    pictures: Sequence[NamedUpload] = (),
    made_of: Sources = NO_SOURCES,
) -> list[Task]:
    """Order the same on several keys to compare them: on all or on none. Raises as ``order``."""
    try:
        with transaction.atomic():
            # All of them before the team's row, so that no claim of one of them waits for us.
            rows = Credential.objects.select_for_update(no_key=True).order_by("pk")
            list(rows.filter(pk__in=[key.pk for key in keys]).values_list("pk"))
            tasks = []
            for key in keys:
                token = f"{form_token}-{key.pk}" if len(keys) > 1 else form_token
                tasks += order(
                    membership,
                    key,
                    wanted,
                    count=count,
                    accepts_unknown=accepts_unknown,
                    form_token=token,
                    pictures=pictures,
                    made_of=made_of,
                )
            return tasks
    except NotEnough:
        for key in keys:  # what ``order`` queued was rolled back with it
            queue.enqueue("balance", key.pk)
        raise


def order_part(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    *,
    count: int = 1,
    last: int | None,
    accepts_unknown: bool = False,
    form_token: str,
    beside: Beside,
) -> list[Task]:
    """Order a part of an ad film. ``films.rows`` has checked that the film allows it.

    ``last`` is what the last such part cost, None where nobody knows.
    """
    _require_right(membership, credential)
    if code := ordering_stops.ordering_obstacle(membership.team):
        return _ordered_before(membership, form_token, Stopped(code))
    _check_count(count)
    estimate = prices.estimate(credential, wanted, last=last)
    placed = Placed(wanted, estimate, count, form_token, beside, accepts_unknown)
    return _place(membership, credential, placed)


def needs_answer(credential: Credential, wanted: Order, *, last: int | None = None) -> bool:
    """Whether nobody knows the cost, and a person must say once that it may be ordered so.

    A cap that asks before each such order is not in this: its refusal says so.
    """
    estimate = prices.estimate(credential, wanted, last=last)
    return not estimate.is_known and not was_answered(credential, wanted)


def was_answered(credential: Credential, wanted: Order) -> bool:
    """Whether the team has ordered this here before though nobody knew the cost."""
    before = Attempt.objects.filter(
        credential=credential,
        estimate=None,
        task__kind=wanted.kind,
        task__model=wanted.model,
        task__imported_at=None,
    )
    return before.exists()


def _require_right(membership: Membership, credential: Credential) -> None:
    if credential.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not order on this credential")


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was checked: ``count`` clips at ``estimate`` each, from one press."""

    wanted: Order
    estimate: Estimate
    count: int
    form_token: str
    beside: Beside
    accepts_unknown: bool
    made_of: Sources = NO_SOURCES

    @property
    def needed(self) -> int:
        return (self.estimate.amount or 0) * self.count


def _place(membership: Membership, credential: Credential, placed: Placed) -> list[Task]:
    """Write the order down once, or raise why not."""
    try:
        return _write(membership, credential, placed)
    except IntegrityError as error:
        # The constraint ``one_task_per_press``: this press has been ordered already, or just now.
        return _ordered_before(membership, placed.form_token, error)
    except ledger.InsufficientCredits as short:
        # Perhaps there was a top-up that we have not seen: ask, so that the next press knows.
        queue.enqueue("balance", credential.pk)
        raise NotEnough(ledger.available(credential) or 0, placed.needed) from short
    except caps.CapExceeded as capped:
        raise OverCap(capped.cap, caps.remaining(capped.cap), placed.needed) from capped
    except caps.AmountUnknown as unknown:
        raise CapUnknown(unknown.cap) from unknown


def _ordered_before(membership: Membership, form_token: str, error: Exception) -> list[Task]:
    """Return what an earlier call for the same press has ordered, else raise the error."""
    pressed = Task.objects.for_team(membership.team).filter(
        form_token__in=[f"{form_token}-{n}" for n in range(MOST_AT_ONCE)]
    )
    if not pressed:
        raise error
    return list(pressed.order_by("pk"))


def _given(pictures: Sequence[NamedUpload]) -> Iterator[Upload | Task]:
    for picture in pictures:
        yield picture.upload
        if picture.subject:
            yield picture.subject


def _check(
    credential: Credential, wanted: Order, count: int, pictures: Sequence[NamedUpload]
) -> None:
    _check_count(count)
    offer = catalogue(credential.kind).offer(wanted.kind, wanted.model)
    if offer is None:
        models = catalogue(credential.kind).models(wanted.kind)
        raise Invalid((Problem("model", "choice", {"choices": models}),))
    problems = offer.problems(wanted)
    found = (uploads.obstacle(credential, pictures), sources.obstacle(credential, wanted))
    problems = (*problems, *(problem for problem in found if problem))
    if problems:
        raise Invalid(problems)


def _name_problem(credential: Credential, wanted: Order) -> Problem | None:
    """Why a subject cannot have its name: a lost answer to its order is found again by it."""
    if wanted.kind != TaskKind.SUBJECT:
        return None
    named = Task.objects.filter(credential=credential, kind=wanted.kind, prompt=wanted.prompt)
    is_taken = named.exclude(state__in=[TaskState.FAILED, TaskState.CANCELLED]).exists()
    return Problem("prompt", "taken", {"name": wanted.prompt}) if is_taken else None


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid((Problem("count", "range", {"low": 1, "high": MOST_AT_ONCE}),))


@transaction.atomic
def _write(membership: Membership, credential: Credential, placed: Placed) -> list[Task]:
    # The key before the team, like a claim. The rows before the hold, and all in one transaction:
    # a press that comes twice fails at its rows, and what cannot be held leaves no rows.
    credential, wanted = _lock(credential), placed.wanted
    is_answered = placed.accepts_unknown or placed.estimate.is_known
    is_new = not is_answered and not was_answered(credential, wanted)
    version = Team.next_sequence(membership.team_id)
    tasks = []
    for n in range(placed.count):
        task = Task.objects.create(
            team_id=membership.team_id,
            created_by_id=membership.user_id,
            credential=credential,
            kind=wanted.kind,
            model=wanted.model,
            prompt=wanted.prompt,
            settings=_settings(wanted) | placed.made_of.settings,
            form_token=f"{placed.form_token}-{n}",
            version=version,
        )
        attempt = Attempt.objects.create(
            task=task,
            credential=credential,
            ordinal=1,
            estimate=placed.estimate.amount,
            estimate_basis=placed.estimate.basis,
        )
        ledger.hold(attempt, accepts_unknown=placed.accepts_unknown)
        tasks.append(task)
    if is_new:  # only now: a cap says more, and the same press may have been ordered before
        raise PriceUnknown(credential, wanted.model)
    placed.beside(tasks)
    queue.enqueue("send", credential.pk)
    return tasks


def _lock(credential: Credential) -> Credential:
    """Lock the credential, so that nobody removes it meanwhile. Raises Paused."""
    now = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    if now.removed_at or now.is_paused:
        raise Paused(Reason.KEY_REMOVED if now.removed_at else now.paused_reason)
    return now


def _settings(wanted: Order) -> dict[str, object]:
    shape: dict[str, object] = {
        "duration": wanted.duration,
        "resolution": wanted.resolution,
        "aspect_ratio": wanted.aspect_ratio,
        "seed": wanted.seed,
    }
    chosen = {name: value for name, value in shape.items() if value not in (None, "")}
    edit = {"film_edit": asdict(wanted.film_edit)} if wanted.film_edit else {}
    return chosen | edit | dict(wanted.options)
