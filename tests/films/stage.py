"""Films as rows, and trees as a provider tells them, without a network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from generations import clock
from generations.billing import ledger
from generations.films import apply_tree
from generations.films.sync import assign_remote_ids
from generations.lifecycle import transitions
from generations.models import Attempt, File, Film, Membership, Segment, Take, Task
from generations.models.files import FileState
from generations.models.films import FILM, SegmentKind
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import (
    FilmCut,
    FilmRecord,
    FilmReport,
    FilmShot,
    Receipt,
    RemoteState,
    Report,
    Result,
)
from tests.factories import make_credential, make_member

SUCCEEDED, RUNNING, FAILED = RemoteState.SUCCEEDED, RemoteState.RUNNING, RemoteState.FAILED


def make_film(*, membership: Membership | None = None, cost: int = 400) -> Film:
    """A finished film whose tree was never read."""
    member = membership or make_member()
    credential = make_credential(team=member.team, name=f"Studio key {uuid4().int % 10**8}")
    task = Task.objects.create(
        team=member.team,
        created_by=member.user,
        credential=credential,
        kind=FILM,
        model="one-click",
        prompt="Aurel, salt and amber",
        settings={"duration": 15, "aspect_ratio": "16:9"},
        form_token=uuid4().hex,
        state=TaskState.SUCCEEDED,
        finished_at=clock.now(),
    )
    attempt = Attempt.objects.create(
        task=task,
        credential=credential,
        ordinal=1,
        state=AttemptState.ACCEPTED,
        remote_id=str(uuid4().int)[:18],
        cost=cost,
    )
    ledger.hold(attempt)
    ledger.settle(attempt, cost)
    return Film.objects.create(team=member.team, task=task)


def told(
    number: int | str,
    state: RemoteState | None = SUCCEEDED,
    *,
    prompt: str = "",
    url: str | None = None,
) -> FilmRecord:
    """One record; a success has a link of its own."""
    link = f"https://cdn.example/{number}" if state is SUCCEEDED and url is None else url or ""
    return FilmRecord(str(number), state, str(state or "strange"), prompt or f"p{number}", link)


def cut(
    number: int | str,
    takes: Iterable[int | str] = (),
    narration: int | str = "",
    music: int | str = "",
    state: RemoteState | None = SUCCEEDED,
) -> FilmCut:
    url = f"https://cdn.example/{number}" if state is SUCCEEDED else ""
    names = [str(take) for take in takes]
    return FilmCut(str(number), state, str(state), url, "", names, str(narration), str(music))


def tree(
    shots: Mapping[int, Sequence[FilmRecord]],
    narrations: Sequence[FilmRecord] = (),
    musics: Sequence[FilmRecord] = (),
    cuts: Sequence[FilmCut] = (),
    *,
    state: RemoteState | None = SUCCEEDED,
    unread: int = 0,
) -> FilmReport:
    told_shots = [FilmShot(index, records) for index, records in shots.items()]
    return FilmReport(state, "success", "", told_shots, narrations, musics, cuts, unread, "{}")


def usual(*, shots: int = 3) -> FilmReport:
    """A finished film as it first comes: a take of each shot, a voice, music, a cut of them."""
    takes = {index: [told(100 + index)] for index in range(shots)}
    first = cut(900, [100 + index for index in range(shots)], 200, 300)
    return tree(takes, [told(200)], [told(300)], [first])


def read(film: Film, report: FilmReport) -> bool:
    """Take a report in, as the job of a film does."""
    film = Film.objects.select_related("task__credential").get(pk=film.pk)
    return apply_tree(film, film.task.attempts.select_related("task", "credential").get(), report)


@dataclass(frozen=True)
class Seen:
    """A take as the rows show it."""

    number: str
    state: str
    alarm: str
    is_missing: bool


def segment(film: Film, kind: SegmentKind = SegmentKind.SHOT, ordinal: int = 0) -> Segment:
    return Segment.objects.select_related("chosen").get(film=film, kind=kind, ordinal=ordinal)


def chosen(film: Film) -> dict[str, str]:
    """The number of the chosen take of each segment, "" for none."""
    segments = (
        Segment.objects.filter(film=film).select_related("chosen").order_by("kind", "ordinal")
    )
    return {
        f"{each.kind} {each.ordinal}": each.chosen.remote_id if each.chosen else ""
        for each in segments
    }


def takes(film: Film, kind: SegmentKind = SegmentKind.SHOT, ordinal: int = 0) -> list[Seen]:
    rows = Take.objects.filter(segment=segment(film, kind, ordinal)).order_by("ordinal")
    return [
        Seen(take.remote_id, take.state, take.alarm, take.missing_at is not None) for take in rows
    ]


def finish(
    task: Task,
    *,
    number: int | str,
    cost: int = 80,
    state: RemoteState = SUCCEEDED,
    kept: bool = True,
) -> None:
    """What the provider makes of an order of ours, and then the job of its film."""
    attempt = transitions.claim(task.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    assert transitions.mark_accepted(attempt, Receipt(str(number), cost=cost))
    attempt.refresh_from_db()
    link = Result("video", f"https://cdn.example/own/{number}", f"creation-{number}")
    ended = Report(state, str(state), cost=cost if state is SUCCEEDED else 0, results=(link,))
    transitions.apply_report(attempt, ended)
    if kept:
        keep(*File.objects.filter(task=task))
    assign_remote_ids(Film.objects.of(task).get())


def keep(*files: File) -> None:
    """As if they had been fetched, three seconds each."""
    pks = [file.pk for file in files]
    File.objects.filter(pk__in=pks).update(state=FileState.STORED, duration_ms=3000)


def make_read_film(*, membership: Membership | None = None, shots: int = 3) -> Film:
    """A film with its first takes, its first cut, and all of it kept."""
    film = make_film(membership=membership)
    read(film, usual(shots=shots))
    keep(*File.objects.filter(task=film.task))
    return again(film)


def again(film: Film) -> Film:
    """The film as it is now."""
    return Film.objects.for_board().get(pk=film.pk)


def take(film: Film, number: int | str) -> Take:
    return Take.objects.select_related("film__team", "task", "segment").get(
        film=film, remote_id=str(number)
    )
