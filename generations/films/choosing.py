"""Which take of a strip is in the next cut: only people decide it."""

from django.db import transaction

from generations import audit
from generations.models import Film, Membership, Strip, Take, Team
from generations.models.tasks import TaskState

from .adopting import adopt
from .refusals import refuse_if, require_right


def choose(membership: Membership, take: Take) -> None:
    """Put a take into the next cut in place of the one that was. Raises FilmRefused."""
    require_right(membership, take.film)
    if take.file is None:
        adopt(take.film)
    with transaction.atomic():
        version = Team.next_sequence(take.film.team_id)
        now = Take.objects.select_related("task", "file", "strip").get(pk=take.pk)
        kept = now.status == TaskState.SUCCEEDED and now.is_stored
        refuse_if(not kept, "take_not_stored", kind=now.strip.kind, shot=now.strip.ordinal)
        changed = Strip.objects.filter(pk=now.strip_id).exclude(chosen=now).update(chosen=now)
        if changed:
            Film.objects.filter(pk=now.film_id).update(version=version)
            audit.record(take.film.team, membership.user, "take.chosen", take.film, take=str(now))


def rename(membership: Membership, film: Film, title: str) -> None:
    """What a film is called; "" takes its prompt's first words."""
    require_right(membership, film)
    with transaction.atomic():
        version = Team.next_sequence(film.team_id)
        Film.objects.filter(pk=film.pk).update(title=title.strip()[:120], version=version)
