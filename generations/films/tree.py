"""Apply a film's tree to its rows, in whatever order and however often the replies come.

The list in which a record stands says what it is. States only go forward, and nothing that is
chosen changes by itself. What contradicts an earlier reading raises an alarm and changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

import structlog
from django.db import transaction

from generations import clock
from generations.lifecycle import transitions
from generations.models import Attempt, Cut, CutPiece, Film, Segment, Take, Team, events
from generations.models.events import EventKind
from generations.models.files import FileRole
from generations.models.films import SegmentKind
from generations.models.tasks import FINAL, TaskState
from generations.providers.contract import FilmCut, FilmRecord, FilmReport, Result

from .rows import UNSUCCESSFUL

log = structlog.get_logger(__name__)

FORWARD = (TaskState.QUEUED, TaskState.RUNNING)
REMOVED = "removed"

type Part = Take | Cut
type Record = FilmRecord | FilmCut


@transaction.atomic
def apply_tree(film: Film, attempt: Attempt, report: FilmReport) -> bool:
    """Apply what the provider says of a film now; return whether more is expected.

    ``attempt`` is the order that became the film.
    """
    # Locks the team until the end, so that no order and no choice comes in between.
    version = Team.next_sequence(film.team_id)
    # The film was loaded before the provider was asked; it may have been changed meanwhile.
    film.refresh_from_db(fields=["alarm", "version"])
    reading = TreeReading(film)
    segments, cuts = TreeSegments(reading), TreeCuts(reading)
    for kind, ordinal, records in _record_lists(report):
        segments.apply_records(kind, ordinal, records, report.cuts)
    for cut in _in_order(report.cuts):
        cuts.apply_record(cut)
    # Last, because a cut may join takes of any segment, in whichever order the lists came.
    cuts.link_pieces(segments.takes)
    _mark_missing(reading, segments, cuts)
    reading.finish(attempt)
    _check_film(reading, report)
    if film.read_at is None:
        events.record(film.team_id, EventKind.FILM_READY, film.pk)
    film.read_at, film.misses, film.report = reading.now, 0, report.raw
    # Where nothing changed, the version stays, so that open pages are not drawn anew.
    film.version = version if reading.changed else film.version
    film.save(update_fields=["read_at", "misses", "report", "alarm", "version"])
    # A finished film has shots: a tree without any is not filled yet.
    return reading.is_under_way or not report.shots


def raise_alarm(row: Film | Part, code: str, detail: str = "") -> None:
    """Write an alarm on a film or a part: ``code`` is one that pages have a sentence for."""
    row.alarm = f"{code} {detail}".strip()[:200]
    log.error("alarm", of=type(row).__name__, pk=row.pk, code=code, detail=detail)
    film_id = row.pk if isinstance(row, Film) else row.film_id
    team_id = row.team_id if isinstance(row, Film) else row.film.team_id
    events.record(team_id, EventKind.FILM_ALARM, film_id, code=code)


@dataclass
class TreeReading:
    """What one report has shown of a film so far."""

    film: Film
    now: datetime = field(default_factory=clock.now)
    seen: set[Part] = field(default_factory=set)
    links: list[tuple[Part, Result]] = field(default_factory=list)
    changed: bool = False

    def apply_record(self, part: Part, record: Record) -> None:
        """Apply what a record says of a part, which may be a new row."""
        before = None if part.pk is None else _facts(part)  # None: a new row is always saved
        part.missing_at = None
        part.alarm = "" if part.alarm == REMOVED else part.alarm
        if isinstance(part, Take) and isinstance(record, FilmRecord):
            part.prompt = part.prompt or record.prompt
        self._move(part, record)
        self.save_if_changed(part, before)
        self.seen.add(part)  # after the save, because a row without a key has no hash
        if record.url and self._wants_link(part):
            self.links.append((part, Result(_role(part), record.url, record.remote_id)))

    def save_if_changed(self, part: Part, before: object) -> None:
        if before != _facts(part):
            part.save()
            self.changed = True

    def _move(self, part: Part, record: Record) -> None:
        if record.state is None:  # no word of state, or one that nobody knows
            return
        state, known = TaskState(record.state), _known_state(part)
        if known in FINAL:
            if state in FINAL and state != known:
                raise_alarm(part, f"turned_{state}")
        elif state in FINAL or FORWARD.index(state) > FORWARD.index(TaskState(part.state)):
            part.state, part.code = state, record.code[:80]
            part.reason = (record.reason or "") if state in UNSUCCESSFUL else ""
            # The tree ends no task of ours: only the answer to its own question moves money.
            if part.task and state in FINAL:
                transitions.check_soon(part.task)

    def _wants_link(self, part: Part) -> bool:
        """Whether the tree's link is needed: what a task of ours made has a link of its own."""
        if _known_state(part) != TaskState.SUCCEEDED or part.is_stored:
            return False
        of_tree = part.file is not None and part.file.task_id == self.film.task_id
        return part.task is None or of_tree

    def mark_missing(self, part: Part, *, is_needed: bool) -> None:
        """Mark a part that the tree no longer has; alarm where it is needed and not stored."""
        before = _facts(part)
        part.missing_at = part.missing_at or self.now
        if is_needed and not part.is_stored and not part.alarm:
            raise_alarm(part, REMOVED)
        self.save_if_changed(part, before)

    def finish(self, attempt: Attempt) -> None:
        """Queue the fetching of all files, and write down which parts were seen."""
        files = transitions.save_tree_links(attempt, [result for _part, result in self.links])
        for part, result in self.links:
            before, part.file = _facts(part), files[result.remote_id]
            self.save_if_changed(part, before)
        for rows in (Take.objects, Cut.objects):
            seen = [part.pk for part in self.seen if isinstance(part, rows.model)]
            rows.filter(pk__in=seen).update(seen_at=self.now)

    @property
    def is_under_way(self) -> bool:
        """Whether a record still runs that no task of ours watches."""
        return any(part.task is None and _known_state(part) not in FINAL for part in self.seen)


class TreeSegments:
    """Segments and takes of one film; ``takes`` by remote id, those that have one."""

    def __init__(self, reading: TreeReading) -> None:
        self.reading, self.film = reading, reading.film
        takes = list(self.film.takes.select_related("task", "file", "segment"))
        self.takes = {take.remote_id: take for take in takes if take.remote_id}
        self._by_key = {
            (segment.kind, segment.ordinal): segment for segment in self.film.segments.all()
        }
        # All takes count here, also those that were ordered and have no id yet.
        self._next_ordinals = Counter[int]()
        for take in takes:
            self._next_ordinals[take.segment_id] = max(
                self._next_ordinals[take.segment_id], take.ordinal + 1
            )

    @property
    def chosen(self) -> set[int | None]:
        return {segment.chosen_id for segment in self._by_key.values()}

    def apply_records(
        self,
        kind: SegmentKind,
        ordinal: int,
        records: Sequence[FilmRecord],
        cuts: Sequence[FilmCut],
    ) -> None:
        """Apply the records of one segment. Its first takes are chosen from once, never again."""
        segment = self._segment(kind, ordinal)
        # Asked before the records are added. Later takes never choose themselves, also not where
        # the first ones had failed and none is chosen.
        is_first = not self._next_ordinals[segment.pk]
        for record in _in_order(records):
            self._add(segment, record)
        if is_first and (first := self._first_choice(segment, cuts)):
            segment.chosen = first
            segment.save(update_fields=["chosen"])

    def _segment(self, kind: SegmentKind, ordinal: int) -> Segment:
        if (kind, ordinal) not in self._by_key:
            made = Segment.objects.create(film=self.film, kind=kind, ordinal=ordinal)
            self._by_key[kind, ordinal] = made
            self.reading.changed = True
        return self._by_key[kind, ordinal]

    def _add(self, segment: Segment, record: FilmRecord) -> None:
        take = self.takes.get(record.remote_id)
        if take is None:
            # Perhaps a take of ours whose order is unclear: sync merges the two when it knows.
            ordinal = self._next_ordinals[segment.pk]
            self._next_ordinals[segment.pk] += 1
            take = Take(
                film=self.film, segment=segment, ordinal=ordinal, remote_id=record.remote_id
            )
            self.takes[record.remote_id] = take
        elif take.segment_id != segment.pk:
            return self._alarm_moved(take, segment)
        return self.reading.apply_record(take, record)

    def _alarm_moved(self, take: Take, segment: Segment) -> None:
        """Alarm that a take is listed under another segment now; it stays where it was."""
        if not take.alarm:
            raise_alarm(take, "moved", f"{segment.kind} {segment.ordinal}")
            take.save(update_fields=["alarm"])
            self.reading.changed = True
        self.reading.seen.add(take)  # it is in the tree, and so not missing

    def _first_choice(self, segment: Segment, cuts: Sequence[FilmCut]) -> Take | None:
        """Return the take that the film itself was made of, else the first that did not fail."""
        good = sorted(
            (
                take
                for take in self.takes.values()
                if take.segment_id == segment.pk and take.status not in UNSUCCESSFUL
            ),
            key=lambda take: take.ordinal,
        )
        made_of = _newest_piece_ids(cuts)
        return next((take for take in good if take.remote_id in made_of), next(iter(good), None))


class TreeCuts:
    """Cuts of one film; ``rows`` by remote id, those that have one."""

    def __init__(self, reading: TreeReading) -> None:
        self.reading, self.film = reading, reading.film
        cuts = list(self.film.cuts.select_related("task", "file"))
        self.rows = {cut.remote_id: cut for cut in cuts if cut.remote_id}
        self._next = max((cut.ordinal + 1 for cut in cuts), default=0)
        self._pieces: dict[int, list[CutPiece]] = defaultdict(list)
        for piece in CutPiece.objects.filter(cut__film=self.film).order_by("pk"):
            self._pieces[piece.cut_id].append(piece)

    @property
    def newest(self) -> Cut | None:
        """Return the newest cut that did not fail."""
        good = [cut for cut in self.rows.values() if cut.status not in UNSUCCESSFUL]
        return max(good, key=lambda cut: cut.ordinal, default=None)

    def takes_of(self, cut: Cut) -> set[int | None]:
        return {piece.take_id for piece in self._pieces[cut.pk]}

    def apply_record(self, record: FilmCut) -> None:
        cut = self.rows.get(record.remote_id)
        if cut is None:
            cut = Cut(film=self.film, ordinal=self._next, remote_id=record.remote_id)
            self._next += 1
            self.rows[record.remote_id] = cut
        self.reading.apply_record(cut, record)
        self._add_pieces(cut, SegmentKind.SHOT, record.take_remote_ids)
        self._add_pieces(cut, SegmentKind.NARRATION, [record.narration_remote_id])
        self._add_pieces(cut, SegmentKind.MUSIC, [record.music_remote_id])

    def _add_pieces(self, cut: Cut, kind: SegmentKind, remote_ids: Sequence[str]) -> None:
        """Save the pieces of a cut once. A later reading with other pieces raises an alarm."""
        # A cut that is being made may name its pieces only later.
        named = [remote_id for remote_id in remote_ids if remote_id]
        known = [piece.remote_id for piece in self._pieces[cut.pk] if piece.kind == kind]
        if named and not known:
            self._pieces[cut.pk] += CutPiece.objects.bulk_create(
                CutPiece(cut=cut, kind=kind, ordinal=ordinal, remote_id=remote_id)
                for ordinal, remote_id in enumerate(named)
            )
            self.reading.changed = True
        elif named and named != known and not cut.alarm:
            raise_alarm(cut, "differs", kind)
            cut.save(update_fields=["alarm"])
            self.reading.changed = True

    def link_pieces(self, takes: Mapping[str, Take]) -> None:
        """Link pieces to takes whose id is known now, which may be much later."""
        for piece in chain.from_iterable(self._pieces.values()):
            if piece.take_id is None and piece.remote_id in takes:
                piece.take = takes[piece.remote_id]
                piece.save(update_fields=["take"])
                self.reading.changed = True


def _record_lists(report: FilmReport) -> Iterator[tuple[SegmentKind, int, Sequence[FilmRecord]]]:
    for shot in report.shots:
        yield SegmentKind.SHOT, shot.index, shot.records
    yield SegmentKind.NARRATION, 0, report.narrations
    yield SegmentKind.MUSIC, 0, report.musics


def _mark_missing(reading: TreeReading, segments: TreeSegments, cuts: TreeCuts) -> None:
    """Mark what an earlier tree had and this one has not; it may come back."""
    newest, needed = cuts.newest, segments.chosen
    if newest:
        needed |= cuts.takes_of(newest)
    for take in segments.takes.values():
        if take.seen_at and take not in reading.seen:
            reading.mark_missing(take, is_needed=take.pk in needed)
    for cut in cuts.rows.values():
        if cut.seen_at and cut not in reading.seen:
            reading.mark_missing(cut, is_needed=cut == newest)


def _check_film(reading: TreeReading, report: FilmReport) -> None:
    """Raise the alarms of the film as a whole."""
    film, before = reading.film, reading.film.alarm
    state = TaskState(report.state) if report.state else None
    if state in FINAL and state != film.task.state:
        raise_alarm(film, f"turned_{state}")
    elif report.unreadable_count and not film.alarm:
        raise_alarm(film, "unread", str(report.unreadable_count))
    reading.changed |= film.alarm != before


def _known_state(part: Part) -> str:
    """Return the state of a part: its own task knows it, else the tree."""
    return part.status if part.status in FINAL else part.state


def _facts(part: Part) -> tuple[object, ...]:
    prompt = part.prompt if isinstance(part, Take) else ""
    return (part.state, part.reason, part.code, prompt, part.missing_at, part.alarm, part.file_id)


def _role(part: Part) -> FileRole:
    is_sound = isinstance(part, Take) and part.segment.kind != SegmentKind.SHOT
    return FileRole.AUDIO if is_sound else FileRole.VIDEO


def _in_order[Read: Record](records: Iterable[Read]) -> list[Read]:
    """Sort records by id, which grows with time: replies come in any order."""
    # Ids are whole numbers in text, so the longer one is the greater.
    return sorted(records, key=lambda record: (len(record.remote_id), record.remote_id))


def _newest_piece_ids(cuts: Sequence[FilmCut]) -> set[str]:
    """Return the remote ids that the newest of these cuts joined."""
    good = [cut for cut in cuts if str(cut.state) not in UNSUCCESSFUL]
    if not good:
        return set()
    newest = _in_order(good)[-1]
    return {*newest.take_remote_ids, newest.narration_remote_id, newest.music_remote_id}
