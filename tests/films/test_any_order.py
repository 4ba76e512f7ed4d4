"""Replies shuffled, repeated, partial, with strange and with vanished records, beside a model.

The model is a second hand: it holds a film in dictionaries, and does by the rules what the rows
should show. Between replies files are kept and people choose, which no reply may undo.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from generations.models import Cut, CutPiece, File, Film, Segment, Take
from generations.models.files import FileState
from generations.providers.contract import FilmCut, FilmRecord, FilmReport, FilmShot, RemoteState

from .stage import cut, make_film, read, told, tree

pytestmark = pytest.mark.django_db

RANK = {RemoteState.QUEUED: 0, RemoteState.RUNNING: 1}
BAD = {RemoteState.FAILED, RemoteState.CANCELLED}
SHOTS = range(3)
STRANGE = (10, 30, 200, 300)  # numbers that may stand in any list
type Place = tuple[str, int]


@dataclass
class Known:
    """A take or a cut as it should be."""

    place: Place
    state: RemoteState = RemoteState.QUEUED
    alarm: str = ""
    is_missing: bool = False
    is_kept: bool = False
    pieces: dict[str, list[str]] = field(default_factory=dict)

    def told(self, state: RemoteState | None) -> None:
        self.is_missing = False
        self.alarm = "" if self.alarm == "removed" else self.alarm
        if state is None:
            return
        if self.state not in RANK:
            if state not in RANK and state != self.state:
                self.alarm = f"turned_{state}"
        elif state not in RANK or RANK[state] > RANK[self.state]:
            self.state = state


@dataclass
class Model:
    """A film by the rules, in the order in which things were first seen."""

    takes: dict[str, Known] = field(default_factory=dict)
    cuts: dict[str, Known] = field(default_factory=dict)
    chosen: dict[Place, str] = field(default_factory=dict)

    def read(self, report: FilmReport) -> None:
        seen: set[str] = set()
        for place, records in lists(report):
            is_first = not self.in_place(place)
            for record in sorted(records, key=lambda record: int(record.remote_id)):
                seen.add(record.remote_id)
                take = self.takes.setdefault(record.remote_id, Known(place))
                if take.place == place:
                    take.told(record.state)
                elif not take.alarm:
                    take.alarm = f"moved {place[0]} {place[1]}"
            if is_first:
                self.choose_first(place, report.cuts)
        for told_cut in sorted(report.cuts, key=lambda each: int(each.remote_id)):
            self.read_cut(told_cut)
        self.miss(self.takes, seen)
        self.miss(self.cuts, {each.remote_id for each in report.cuts})

    def in_place(self, place: Place) -> list[str]:
        return [number for number, take in self.takes.items() if take.place == place]

    def choose_first(self, place: Place, cuts: Sequence[FilmCut]) -> None:
        good = [each for each in self.in_place(place) if self.takes[each].state not in BAD]
        self.chosen[place] = good[0] if good else ""
        newest = max(
            (each for each in cuts if each.state not in BAD),
            key=lambda each: int(each.remote_id),
            default=None,
        )
        if newest:
            used = [each for each in good if each in pieces_of(newest)]
            self.chosen[place] = used[0] if used else self.chosen[place]

    def read_cut(self, told_cut: FilmCut) -> None:
        known = self.cuts.setdefault(told_cut.remote_id, Known(("cut", 0)))
        known.told(told_cut.state)
        said = {
            "shot": [*told_cut.take_remote_ids],
            "narration": [told_cut.narration_remote_id],
            "music": [told_cut.music_remote_id],
        }
        for kind, numbers in said.items():
            wanted = [number for number in numbers if number]
            if wanted and known.pieces.setdefault(kind, wanted) != wanted and not known.alarm:
                known.alarm = f"differs {kind}"

    def miss(self, rows: dict[str, Known], seen: set[str]) -> None:
        newest = self.newest_cut()
        needed = {*self.chosen.values()}
        if newest:
            needed |= {
                newest,
                *(each for kind in self.cuts[newest].pieces.values() for each in kind),
            }
        for number, known in rows.items():
            if number not in seen:
                known.is_missing = True
                if number in needed and not known.is_kept and not known.alarm:
                    known.alarm = "removed"

    def newest_cut(self) -> str:
        good = [number for number, known in self.cuts.items() if known.state not in BAD]
        return good[-1] if good else ""


def lists(report: FilmReport) -> Iterator[tuple[Place, Sequence[FilmRecord]]]:
    for shot in report.shots:
        yield ("shot", shot.index), shot.records
    yield ("narration", 0), report.narrations
    yield ("music", 0), report.musics


def pieces_of(told_cut: FilmCut) -> set[str]:
    return {*told_cut.take_remote_ids, told_cut.narration_remote_id, told_cut.music_remote_id}


# ---- What may come --------------------------------------------------------------------------

states = some.sampled_from([*RemoteState, RemoteState.SUCCEEDED, RemoteState.SUCCEEDED, None])


@some.composite
def records(draw: some.DrawFn, low: int, high: int) -> list[FilmRecord]:
    """Any of a list's records, in any order, some twice; now and then one that is another's."""
    strange = some.sampled_from(STRANGE)
    numbers = some.one_of(some.integers(low, high), some.integers(low, high), strange)
    return [told(number, draw(states)) for number in draw(some.lists(numbers, max_size=4))]


@some.composite
def cuts(draw: some.DrawFn) -> list[FilmCut]:
    made = some.builds(
        cut,
        some.integers(900, 903),
        some.lists(some.integers(10, 34), max_size=4),
        some.sampled_from(["", 200, 201]),
        some.sampled_from(["", 300, 301]),
        states,
    )
    return draw(some.lists(made, max_size=3, unique_by=lambda each: each.remote_id))


@some.composite
def reports(draw: some.DrawFn) -> FilmReport:
    shown = draw(some.lists(some.sampled_from(SHOTS), max_size=3, unique=True))
    shots = {index: draw(records(10 * (index + 1), 10 * (index + 1) + 3)) for index in shown}
    return tree(
        shots, draw(records(200, 202)), draw(records(300, 302)), draw(cuts()), state=draw(states)
    )


type Step = FilmReport | tuple[str, int]
kept = some.tuples(some.just("keep"), some.integers(0, 30))
picked = some.tuples(some.just("pick"), some.integers(0, 30))
steps: some.SearchStrategy[list[Step]] = some.lists(
    some.one_of(reports(), reports(), kept, picked), min_size=1, max_size=8
)


# ---- What is compared -----------------------------------------------------------------------


def act(film: Film, model: Model, step: Step) -> None:
    """One reply, or one thing that happens between replies, to both hands."""
    if isinstance(step, FilmReport):
        read(film, step)
        model.read(step)
        return
    what, which = step
    takes = Take.objects.filter(film=film).exclude(file=None).order_by("pk")
    if not takes:
        return
    take = takes[which % len(takes)]
    known = model.takes[take.remote_id]
    if what == "keep":
        File.objects.filter(remote_id=take.remote_id, task=film.task).update(state=FileState.STORED)
        known.is_kept = True
    else:
        Segment.objects.filter(pk=take.segment_id).update(chosen=take)
        model.chosen[known.place] = take.remote_id


def shown(rows: Sequence[Take | Cut]) -> dict[str, tuple[str, str, bool]]:
    return {row.remote_id: (row.state, row.alarm, row.missing_at is not None) for row in rows}


def expected(rows: dict[str, Known]) -> dict[str, tuple[str, str, bool]]:
    return {number: (row.state, row.alarm, row.is_missing) for number, row in rows.items()}


def check(film: Film, model: Model) -> None:
    takes = list(Take.objects.filter(film=film).select_related("segment").order_by("ordinal"))
    cuts = list(Cut.objects.filter(film=film).order_by("ordinal"))
    segments = Segment.objects.filter(film=film).select_related("chosen")
    assert shown(takes) == expected(model.takes)
    assert shown(cuts) == expected(model.cuts)
    assert [row.remote_id for row in cuts] == [*model.cuts]
    for segment in segments:
        place = (segment.kind, segment.ordinal)
        mine = [take.remote_id for take in takes if take.segment_id == segment.pk]
        assert mine == model.in_place(place)
        assert (segment.chosen.remote_id if segment.chosen else "") == model.chosen.get(place, "")
    for row in cuts:
        pieces = CutPiece.objects.filter(cut=row).order_by("ordinal")
        found = {kind: [each.remote_id for each in pieces if each.kind == kind] for kind in KINDS}
        assert {kind: numbers for kind, numbers in found.items() if numbers} == model.cuts[
            row.remote_id
        ].pieces


KINDS = ("shot", "narration", "music")


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_whatever_comes_the_tree_is_what_the_rules_say(steps: list[Step]) -> None:
    film, model = make_film(), Model()
    for step in steps:
        act(film, model, step)
        check(film, model)


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    replies=some.lists(reports(), min_size=2, max_size=4),
    dice=some.randoms(use_true_random=False),
)
def test_what_belongs_to_a_film_does_not_depend_on_the_order_of_replies(
    replies: list[FilmReport], dice: object
) -> None:
    """Records that are in one list only end in it, however late and however often they come."""
    shuffled = [*replies, *replies]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = make_film(), make_film()
    for reply in replies:
        read(one, reply)
    for reply in shuffled:
        read(other, turned_round(reply))
    assert places_of(one) == places_of(other)
    known = [{*Cut.objects.filter(film=film).values_list("remote_id")} for film in (one, other)]
    assert known[0] == known[1]


def places_of(film: Film) -> set[tuple[object, ...]]:
    """Each take with its segment; without one where the take may stand in any list."""
    takes = Take.objects.filter(film=film)
    strange = takes.filter(remote_id__in=STRANGE)
    placed = takes.exclude(remote_id__in=STRANGE)
    names = ("remote_id", "segment__kind", "segment__ordinal")
    return {*strange.values_list("remote_id"), *placed.values_list(*names)}


def turned_round(report: FilmReport) -> FilmReport:
    """The same reply with every list the other way round."""
    shots = [FilmShot(shot.index, [*reversed(shot.records)]) for shot in reversed(report.shots)]
    return FilmReport(
        report.state,
        report.state_word,
        report.code,
        shots,
        [*reversed(report.narrations)],
        [*reversed(report.musics)],
        [*reversed(report.cuts)],
        report.unreadable_count,
        report.raw,
    )
