"""What a film or a part will probably cost: no price is published, so what the last one did."""

from collections.abc import Iterable

from django.db.models import Model, QuerySet

from generations.models import Attempt, Composition, Credential, Film, Take
from generations.models.films import COMPOSE, FILM, RETAKES
from generations.models.tasks import AttemptState, TaskState

STRIPS = {kind: strip for strip, kind in RETAKES.items()}
PARTS = (*RETAKES.values(), COMPOSE)


def price(credential: Credential, kind: str, *, duration: int | None = None) -> int | None:
    """What the last such task on this key cost; None where none did: "read from the reply".

    ``duration`` in seconds, of a whole film: the last one that was as long.
    """
    same = {"task__credential": credential, "task__state": TaskState.SUCCEEDED}
    if kind == FILM:
        of_length = {} if duration is None else {"task__settings__duration": duration}
        return _last_cost(Film.objects.filter(**same, **of_length))
    if kind == COMPOSE:
        return _last_cost(Composition.objects.filter(**same))
    return _last_cost(Take.objects.filter(strip__kind=STRIPS[kind], **same))


def prices(credential: Credential, kinds: Iterable[str] = PARTS) -> dict[str, int | None]:
    """Of each kind of part."""
    return {kind: price(credential, kind) for kind in kinds}


def _last_cost[Row: Model](rows: QuerySet[Row]) -> int | None:
    """Newest first, from tables that hold films only, so that no million of clips is read."""
    last = rows.order_by("-task").values_list("task", flat=True)[:1]
    costs = Attempt.objects.filter(task__in=last, state=AttemptState.ACCEPTED, cost__isnull=False)
    return costs.values_list("cost", flat=True).first()
