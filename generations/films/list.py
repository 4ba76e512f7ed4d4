"""The list of films, in six queries whatever its length."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from generations.models import Cut, File, Film, Line, Segment, Take
from generations.models.films import SegmentKind
from generations.models.ledger import AccountName

from .data import UNSUCCESSFUL


@dataclass(frozen=True, slots=True)
class FilmCard:
    """A film in a list. ``still``: a stored file of its newest cut, else of its first shot.

    ``cuts`` counts those that did not fail; ``spent`` is in the credential's unit.
    """

    film: Film
    still: File | None
    shots: int
    cuts: int
    spent: int


def list_films(films: Sequence[Film]) -> list[FilmCard]:
    """Return a card for each film; ``films`` come from ``for_board``."""
    shots = Segment.objects.filter(film__in=films, kind=SegmentKind.SHOT)
    counts = Counter(shots.values_list("film", flat=True))
    firsts = shots.filter(ordinal=0).select_related("chosen__file")
    stills = {shot.film_id: _stored_file(shot.chosen) for shot in firsts}
    cuts = defaultdict(list)
    for cut in Cut.objects.filter(film__in=films).select_related("task", "file"):
        if cut.status not in UNSUCCESSFUL:
            cuts[cut.film_id].append(cut)
    spent = _spent(films)
    return [
        FilmCard(
            film,
            _newest(cuts[film.pk]) or stills.get(film.pk),
            counts[film.pk],
            len(cuts[film.pk]),
            spent[film.pk],
        )
        for film in films
    ]


def _stored_file(part: Take | Cut | None) -> File | None:
    return part.file if part and part.is_stored else None


def _newest(cuts: Iterable[Cut]) -> File | None:
    """Return the file of the newest cut that is stored."""
    kept = [cut for cut in cuts if cut.is_stored]
    return _stored_file(max(kept, key=lambda cut: cut.ordinal, default=None))


def _spent(films: Sequence[Film]) -> Counter[int]:
    """Return what was spent on all orders of a film, by film id."""
    of_task = {film.task_id: film.pk for film in films}
    for rows in (Take.objects, Cut.objects):
        parts = rows.filter(film__in=films, task__isnull=False)
        of_task |= dict(parts.values_list("task", "film"))
    lines = Line.objects.filter(
        entry__attempt__task__in=of_task, account__name=AccountName.SPENT
    ).values_list("entry__attempt__task")
    spent = Counter[int]()
    for task, amount in lines.annotate(amount=Sum("amount")):
        spent[of_task[task]] += amount
    return spent
