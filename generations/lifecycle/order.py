"""A person orders: judged by the catalogue, paid for in the ledger, and only then rung."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from django.db import IntegrityError, transaction

from generations import uploads
from generations.billing import ledger
from generations.billing.ledger import Capped, Short
from generations.models import Attempt, Cap, Credential, Film, Membership, Task, Team
from generations.models.films import FILM
from generations.providers.catalogue import Problem, catalogue
from generations.providers.contract import Order
from generations.teams import ordering_stops
from generations.uploads import Given

from . import queue

MOST_AT_ONCE = 20

type Beside = Callable[[Sequence[Task]], object]
"""What is written of new tasks in the transaction that makes them."""


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


class Stopped(OrderRefused):
    """Nothing may be ordered now; ``code`` says why (``guards``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Paused(OrderRefused):
    """The credential is paused or ``removed``; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def order(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    *,
    count: int = 1,
    estimate: int | None = None,
    form_token: str,
    pictures: Given = (),
) -> list[Task]:
    """Make ``count`` tasks of one order, each held in the ledger; the same press makes them once.

    Raises an OrderRefused. The credential and the pictures must be those of the membership's team;
    ``wanted`` is filled with the pictures. ``estimate`` is what one will probably cost where the
    catalogue does not know.
    """
    _require_right(membership, credential)
    if any(upload.team_id != membership.team_id for upload, _name in pictures):
        raise PermissionError("these pictures are another team's")
    if code := ordering_stops.against_ordering(membership.team):
        return _pressed(membership, form_token, Stopped(code))
    wanted = uploads.filled(wanted, pictures)
    _judge(credential, wanted, count, pictures)
    estimate = _estimate(credential, wanted) or estimate or 0

    def beside(tasks: Sequence[Task]) -> None:
        uploads.attach(tasks, pictures)
        if wanted.kind == FILM:
            _begin_films(tasks)

    return _place(membership, credential, wanted, estimate, count, form_token, beside)


def order_at_each(
    membership: Membership,
    keys: Sequence[Credential],
    wanted: Order,
    *,
    count: int = 1,
    form_token: str,
    pictures: Given = (),
) -> list[Task]:
    """The same order on several keys, to compare them: on all, or on none. Raises as ``order``."""
    try:
        with transaction.atomic():
            # All of them before the team's row, so that no claim of one of them waits for us.
            rows = Credential.objects.select_for_update(no_key=True).order_by("pk")
            list(rows.filter(pk__in=[key.pk for key in keys]).values_list("pk"))
            tasks = []
            for key in keys:
                token = f"{form_token}-{key.pk}" if len(keys) > 1 else form_token
                tasks += order(
                    membership, key, wanted, count=count, form_token=token, pictures=pictures
                )
            return tasks
    except NotEnough:
        for key in keys:  # what ``order`` rang for was undone with it
            queue.ring("balance", key.pk)
        raise


def order_part(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    *,
    count: int = 1,
    estimate: int,
    form_token: str,
    beside: Beside,
) -> list[Task]:
    """The same for a part of an ad film; whether the film allows it has been judged (``films``)."""
    _require_right(membership, credential)
    if code := ordering_stops.against_ordering(membership.team):
        return _pressed(membership, form_token, Stopped(code))
    _judge_count(count)
    return _place(membership, credential, wanted, estimate, count, form_token, beside)


def _require_right(membership: Membership, credential: Credential) -> None:
    if credential.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not order on this credential")


def _place(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    estimate: int,
    count: int,
    form_token: str,
    beside: Beside,
) -> list[Task]:
    """Write it down once, or say why not."""
    tokens = [f"{form_token}-{n}" for n in range(count)]
    try:
        return _write(membership, credential, wanted, estimate, tokens, beside)
    except IntegrityError as error:
        return _pressed(membership, form_token, error)
    except Short as short:
        # Perhaps there was a top-up that we have not seen: look, so that the next press knows.
        queue.ring("balance", credential.pk)
        raise NotEnough(ledger.left(credential) or 0, estimate * count) from short
    except Capped as capped:
        raise OverCap(capped.cap, ledger.room(capped.cap), estimate * count) from capped


def _pressed(membership: Membership, form_token: str, error: Exception) -> list[Task]:
    """What an earlier call for the same press has made; where there was none, the error."""
    pressed = Task.objects.for_team(membership.team).filter(
        form_token__in=[f"{form_token}-{n}" for n in range(MOST_AT_ONCE)]
    )
    if not pressed:
        raise error
    return list(pressed.order_by("pk"))


def _judge(credential: Credential, wanted: Order, count: int, pictures: Given) -> None:
    _judge_count(count)
    offer = catalogue(credential.kind).offer(wanted.kind, wanted.model)
    if offer is None:
        models = catalogue(credential.kind).models(wanted.kind)
        raise Invalid((Problem("model", "choice", {"choices": models}),))
    problems = offer.problems(wanted)
    if obstacle := uploads.obstacle(credential, pictures):
        problems = (*problems, obstacle)
    if problems:
        raise Invalid(problems)


def _judge_count(count: int) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid((Problem("count", "range", {"low": 1, "high": MOST_AT_ONCE}),))


@transaction.atomic
def _write(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    estimate: int,
    tokens: list[str],
    beside: Beside,
) -> list[Task]:
    credential = _in_use(credential)
    version = Team.next_sequence(membership.team_id)
    tasks = []
    for token in tokens:
        task = Task.objects.create(
            team_id=membership.team_id,
            created_by_id=membership.user_id,
            credential=credential,
            kind=wanted.kind,
            model=wanted.model,
            prompt=wanted.prompt,
            settings=_settings(wanted),
            form_token=token,
            version=version,
        )
        attempt = Attempt.objects.create(
            task=task, credential=credential, ordinal=1, estimate=estimate
        )
        ledger.hold(attempt)
        tasks.append(task)
    beside(tasks)
    queue.ring("send", credential.pk)
    return tasks


def _begin_films(tasks: Sequence[Task]) -> None:
    for task in tasks:
        Film.objects.create(team_id=task.team_id, task=task, version=task.version)


def _in_use(credential: Credential) -> Credential:
    """The row as it is now, locked, so that nobody removes it under the order; or raises Paused."""
    now = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    if now.removed_at or now.is_paused:
        raise Paused("removed" if now.removed_at else now.paused_code)
    return now


def _estimate(credential: Credential, wanted: Order) -> int:
    """What one task may cost; 0 where the provider publishes no price."""
    offer = catalogue(credential.kind).offer(wanted.kind, wanted.model)
    return (offer.estimate(wanted) if offer else None) or 0


def _settings(wanted: Order) -> dict[str, object]:
    shape: dict[str, object] = {
        "duration": wanted.duration,
        "resolution": wanted.resolution,
        "aspect_ratio": wanted.aspect_ratio,
        "seed": wanted.seed,
    }
    said = {name: value for name, value in shape.items() if value not in (None, "")}
    part = {"part": asdict(wanted.part)} if wanted.part else {}
    return said | part | dict(wanted.options)
