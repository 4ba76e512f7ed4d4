"""Let orders leave again; after a copy only what certainly was not sent by the other one."""

from generations import guards, identity
from generations.models import Attempt, User
from generations.models.tasks import AttemptState, TaskState

from . import advance


def allow(by: User | None, *, nothing_was_sent: bool = False) -> int:
    """End every stop of the whole installation; how many orders became unclear by it.

    In a copied or restored database whatever waits may have been sent since by the one that it was
    copied from. So it is searched for and a person decides, unless the operator knows that
    ``nothing_was_sent``.
    """
    doubted = 0
    if not identity.is_at_home() and not nothing_was_sent:
        doubted = sum(advance.doubted(attempt) for attempt in _not_sent_here())
    guards.allow(by)
    return doubted


def _not_sent_here() -> list[Attempt]:
    waiting = Attempt.objects.filter(
        state=AttemptState.READY, task__state__in=[TaskState.WAITING, TaskState.SENDING]
    )
    return list(waiting.select_related("task__team", "credential__team").order_by("pk"))
