"""A person orders: judged by the catalogue, paid for in the ledger, and only then rung."""

from django.db import IntegrityError, transaction

from generations import guards, ledger
from generations.ledger import Capped, Short
from generations.models import Attempt, Cap, Credential, Membership, Task, Team
from generations.providers.catalogue import Problem, catalogue
from generations.providers.contract import Order

from . import jobs

MOST_AT_ONCE = 20


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
    form_token: str,
) -> list[Task]:
    """Make ``count`` tasks of one order, each held in the ledger; the same press makes them once.

    Raises an OrderRefused. The credential must be one of the membership's team.
    """
    if credential.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not order on this credential")
    if code := guards.against_ordering(membership.team):
        return _pressed(membership, form_token, Stopped(code))
    _judge(credential, wanted, count)
    try:
        return _write(membership, credential, wanted, [f"{form_token}-{n}" for n in range(count)])
    except IntegrityError as error:
        return _pressed(membership, form_token, error)
    except Short as short:
        # Perhaps there was a top-up that we have not seen: look, so that the next press knows.
        jobs.ring("balance", credential.pk)
        needed = _estimate(credential, wanted) * count
        raise NotEnough(ledger.left(credential) or 0, needed) from short
    except Capped as capped:
        needed = _estimate(credential, wanted) * count
        raise OverCap(capped.cap, ledger.room(capped.cap), needed) from capped


def _pressed(membership: Membership, form_token: str, error: Exception) -> list[Task]:
    """What an earlier call for the same press has made; where there was none, the error."""
    pressed = Task.objects.for_team(membership.team).filter(
        form_token__in=[f"{form_token}-{n}" for n in range(MOST_AT_ONCE)]
    )
    if not pressed:
        raise error
    return list(pressed.order_by("pk"))


def _judge(credential: Credential, wanted: Order, count: int) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid((Problem("count", "range", {"low": 1, "high": MOST_AT_ONCE}),))
    offer = catalogue(credential.kind).offer(wanted.kind, wanted.model)
    if offer is None:
        models = catalogue(credential.kind).models(wanted.kind)
        raise Invalid((Problem("model", "choice", {"choices": models}),))
    if problems := offer.problems(wanted):
        raise Invalid(problems)


@transaction.atomic
def _write(
    membership: Membership, credential: Credential, wanted: Order, tokens: list[str]
) -> list[Task]:
    credential = _in_use(credential)
    estimate = _estimate(credential, wanted)
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
    jobs.ring("send", credential.pk)
    return tasks


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
    return {name: value for name, value in shape.items() if value not in (None, "")} | dict(
        wanted.options
    )
