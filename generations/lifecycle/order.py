"""Order clips: check them by the catalogue, hold their price in the ledger, queue the sending."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from django.db import IntegrityError, transaction

from generations import uploads
from generations.billing import caps, ledger
from generations.models import Attempt, Cap, Credential, Film, Membership, Task, Team
from generations.models.films import FILM
from generations.providers.catalogue import Problem, catalogue
from generations.providers.contract import Order, Reason
from generations.teams import ordering_stops
from generations.uploads import NamedUploads

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
    estimate: int | None = None,
    form_token: str,
    pictures: NamedUploads = (),
) -> list[Task]:
    """Order ``count`` tasks, each held in the ledger; the same press orders them once.

    Raises an OrderRefused. The credential and the pictures must be those of the membership's team;
    ``wanted`` is filled with the pictures. ``estimate`` is what one will probably cost where the
    catalogue does not know.
    """
    _require_right(membership, credential)
    if any(upload.team_id != membership.team_id for upload, _name in pictures):
        raise PermissionError("these pictures are another team's")
    if code := ordering_stops.ordering_obstacle(membership.team):
        # The second of two presses is answered like the first, though a stop came in between.
        return _ordered_before(membership, form_token, Stopped(code))
    wanted = uploads.with_pictures(wanted, pictures)
    _check(credential, wanted, count, pictures)
    # The caller's estimate is only what the last such order cost.
    estimate = _estimate(credential, wanted) or estimate or 0

    def beside(tasks: Sequence[Task]) -> None:
        uploads.attach(tasks, pictures)
        if wanted.kind == FILM:
            for task in tasks:
                Film.objects.create(team_id=task.team_id, task=task, version=task.version)

    return _place(membership, credential, wanted, estimate, count, form_token, beside)


def order_at_each(
    membership: Membership,
    keys: Sequence[Credential],
    wanted: Order,
    *,
    count: int = 1,
    form_token: str,
    pictures: NamedUploads = (),
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
                    membership, key, wanted, count=count, form_token=token, pictures=pictures
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
    estimate: int,
    form_token: str,
    beside: Beside,
) -> list[Task]:
    """Order a part of an ad film. ``films.rows`` has checked that the film allows it."""
    _require_right(membership, credential)
    if code := ordering_stops.ordering_obstacle(membership.team):
        return _ordered_before(membership, form_token, Stopped(code))
    _check_count(count)
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
    """Write the order down once, or raise why not."""
    tokens = [f"{form_token}-{n}" for n in range(count)]
    try:
        return _write(membership, credential, wanted, estimate, tokens, beside)
    except IntegrityError as error:
        # The constraint ``one_task_per_press``: this press has been ordered already, or just now.
        return _ordered_before(membership, form_token, error)
    except ledger.InsufficientCredits as short:
        # Perhaps there was a top-up that we have not seen: ask, so that the next press knows.
        queue.enqueue("balance", credential.pk)
        raise NotEnough(ledger.available(credential) or 0, estimate * count) from short
    except caps.CapExceeded as capped:
        raise OverCap(capped.cap, caps.remaining(capped.cap), estimate * count) from capped


def _ordered_before(membership: Membership, form_token: str, error: Exception) -> list[Task]:
    """Return what an earlier call for the same press has ordered, else raise the error."""
    pressed = Task.objects.for_team(membership.team).filter(
        form_token__in=[f"{form_token}-{n}" for n in range(MOST_AT_ONCE)]
    )
    if not pressed:
        raise error
    return list(pressed.order_by("pk"))


def _check(credential: Credential, wanted: Order, count: int, pictures: NamedUploads) -> None:
    _check_count(count)
    offer = catalogue(credential.kind).offer(wanted.kind, wanted.model)
    if offer is None:
        models = catalogue(credential.kind).models(wanted.kind)
        raise Invalid((Problem("model", "choice", {"choices": models}),))
    problems = offer.problems(wanted)
    if obstacle := uploads.obstacle(credential, pictures):
        problems = (*problems, obstacle)
    if problems:
        raise Invalid(problems)


def _check_count(count: int) -> None:
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
    # The key before the team, like a claim. The rows before the hold, and all in one transaction:
    # a press that comes twice fails at its rows, and what cannot be held leaves no rows.
    credential = _lock(credential)
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
    queue.enqueue("send", credential.pk)
    return tasks


def _lock(credential: Credential) -> Credential:
    """Lock the credential, so that nobody removes it meanwhile. Raises Paused."""
    now = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    if now.removed_at or now.is_paused:
        raise Paused(Reason.KEY_REMOVED if now.removed_at else now.paused_reason)
    return now


def _estimate(credential: Credential, wanted: Order) -> int:
    """Return what one task may cost; 0 where the provider publishes no price."""
    offer = catalogue(credential.kind).offer(wanted.kind, wanted.model)
    return (offer.estimate(wanted) if offer else None) or 0


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
