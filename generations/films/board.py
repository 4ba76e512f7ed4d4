"""A film as its board shows it, read in a constant number of queries."""

from collections.abc import Mapping, Sequence

from django.db.models import Max

from generations.models import Composition, Film, Strip, Take
from generations.models.films import StripKind

from .costs import Booked, booked, cost
from .cutting import differences
from .pieces import chosen_pieces, obstacles
from .prices import prices
from .rows import Place, Rows
from .shown import Board, BoardCut, BoardStrip, BoardTake

NOTHING = Booked()


def board(film: Film) -> Board:
    """The whole film; ``film`` with its task and credential read along."""
    rows = Rows(film)
    of = booked(rows)
    pieces = {cut.pk: rows.numbers_of(cut) for cut in rows.cuts}
    strips = [_strip(strip, rows, pieces, of) for strip in rows.strips]
    newest = rows.newest_cut
    chosen = rows.chosen_numbers()
    return Board(
        film=film,
        shots=tuple(strip for strip in strips if strip.kind == StripKind.SHOT),
        narration=_only(strips, StripKind.NARRATION),
        music=_only(strips, StripKind.MUSIC),
        cuts=tuple(_cut(cut, cut == newest, pieces[cut.pk], of) for cut in rows.cuts),
        stale=differences(pieces[newest.pk], chosen) if newest else (),
        obstacles=obstacles(rows, chosen_pieces(rows)),
        cost=cost(rows, of),
        prices=prices(film.task.credential),
        version=version(film),
    )


def version(film: Film) -> int:
    """The last change of a film or of any of its tasks, as the team's sequence counts."""
    of_film = Film.objects.filter(pk=film.pk).values_list("version", "task__version")
    of_parts = [
        rows.filter(film=film).aggregate(last=Max("task__version"))["last"] or 0
        for rows in (Take.objects, Composition.objects)
    ]
    return max(*of_film[0], *of_parts)


def _only(strips: Sequence[BoardStrip], kind: StripKind) -> BoardStrip | None:
    return next((strip for strip in strips if strip.kind == kind), None)


def _strip(
    strip: Strip,
    rows: Rows,
    pieces: Mapping[int, Mapping[Place, Sequence[str]]],
    of: Mapping[int, Booked],
) -> BoardStrip:
    place = (strip.kind, strip.ordinal)
    used = {cut.ordinal + 1: pieces[cut.pk].get(place, ()) for cut in rows.cuts}
    takes = (
        _take(take, strip, [cut for cut, numbers in used.items() if take.number in numbers], of)
        for take in rows.takes_of(strip)
    )
    return BoardStrip(strip.pk, strip.kind, strip.ordinal, tuple(takes))


def _take(take: Take, strip: Strip, cuts: Sequence[int], of: Mapping[int, Booked]) -> BoardTake:
    amount = of.get(take.task_id or 0, NOTHING)
    return BoardTake(
        pk=take.pk,
        number=take.ordinal + 1,
        remote=take.number,
        prompt=take.prompt,
        state=take.status,
        code=take.task.code if take.task else take.code,
        alarm=take.alarm or (take.task.alarm if take.task else ""),
        is_missing=take.missing_at is not None,
        is_chosen=take.pk == strip.chosen_id,
        cuts=tuple(cuts),
        cost=amount.spent,
        held=amount.held,
        made_at=take.created_at,
        task=take.task,
        file=take.file,
    )


def _cut(
    cut: Composition,
    is_newest: bool,
    pieces: Mapping[Place, Sequence[str]],
    of: Mapping[int, Booked],
) -> BoardCut:
    amount = of.get(cut.task_id or 0, NOTHING)
    return BoardCut(
        pk=cut.pk,
        number=cut.ordinal + 1,
        remote=cut.number,
        state=cut.status,
        code=cut.task.code if cut.task else cut.code,
        alarm=cut.alarm or (cut.task.alarm if cut.task else ""),
        is_missing=cut.missing_at is not None,
        is_newest=is_newest,
        pieces=pieces,
        cost=amount.spent,
        held=amount.held,
        made_at=cut.created_at,
        task=cut.task,
        file=cut.file,
    )
