"""Order a film, a segment's next takes, or a cut of what is chosen."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Max, Model, QuerySet

from generations.lifecycle import order as orders
from generations.models import (
    Attempt,
    Credential,
    Cut,
    CutPiece,
    Film,
    Membership,
    Segment,
    Take,
    Task,
    Team,
    audit,
)
from generations.models.films import FILM, FILM_CUT, MODELS, PARTS, TAKE_KINDS, SegmentKind
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import FilmEdit, Order, TaskKind
from generations.uploads import NamedUpload

from .rows import (
    CutSelection,
    FilmRefused,
    FilmRows,
    Obstacle,
    chosen_selection,
    refuse_if,
    require_complete,
    require_finished,
    require_right,
)
from .sync import assign_remote_ids

# The limit of the brief; the provider names none for a part (docs/wire.md, 2.13).
PROMPT_LIMIT = 2000
SEGMENT_KINDS = {kind: segment for segment, kind in TAKE_KINDS.items()}


def order_film(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    *,
    accepts_unknown: bool = False,
    form_token: str,
    pictures: Sequence[NamedUpload] = (),
) -> Film:
    """Order a whole film from its brief. Raises an OrderRefused, as every order does."""
    (task,) = orders.order(
        membership,
        credential,
        wanted,
        last=last_price(credential, FILM, duration=wanted.duration),
        accepts_unknown=accepts_unknown,
        form_token=form_token,
        pictures=pictures,
    )
    return Film.objects.get(task=task)


def order_takes(
    membership: Membership,
    film: Film,
    kind: SegmentKind,
    *,
    shot: int | None = None,
    prompt: str,
    count: int = 1,
    accepts_unknown: bool = False,
    form_token: str,
) -> list[Take]:
    """Order ``count`` more takes of a segment; none of them becomes the chosen one.

    Raises a FilmRefused or another OrderRefused, before anything is held or sent.
    """
    require_right(membership, film)
    require_finished(film)
    segment = _segment(film, kind, shot)
    length = len(prompt)
    refuse_if(not prompt.strip(), "prompt_required")
    refuse_if(length > PROMPT_LIMIT, "prompt_too_long", limit=PROMPT_LIMIT, length=length)
    wanted = Order(
        kind=TAKE_KINDS[kind],
        model=MODELS[TAKE_KINDS[kind]],
        prompt=prompt,
        film_edit=FilmEdit(
            _remote_id(film), shot_index=segment.ordinal if kind == SegmentKind.SHOT else None
        ),
    )
    tasks = orders.order_part(
        membership,
        film.task.credential,
        wanted,
        count=count,
        # No price of a part is published (docs/wire.md, 2.11): hold what the last one cost.
        last=last_price(film.task.credential, wanted.kind),
        accepts_unknown=accepts_unknown,
        form_token=form_token,
        beside=lambda tasks: _add_takes(film, segment, tasks),
    )
    # Read back, because a second press returns the tasks of the first one and adds no take.
    return list(Take.objects.filter(task__in=tasks).order_by("ordinal"))


def order_cut(
    membership: Membership,
    film: Film,
    pieces: CutSelection | None = None,
    *,
    accepts_unknown: bool = False,
    form_token: str,
) -> Cut:
    """Order a cut of the chosen takes, or of those that ``pieces`` names.

    Raises a FilmRefused with all that is in the way, or another OrderRefused.
    """
    require_right(membership, film)
    require_finished(film)
    # A take that was made here may have got its id since the tree was read last.
    assign_remote_ids(film)
    rows = FilmRows(film)
    takes = require_complete(rows, pieces or chosen_selection(rows))
    part = FilmEdit(
        _remote_id(film),
        take_remote_ids=tuple(take.remote_id for take in takes[SegmentKind.SHOT]),
        narration_remote_id=takes[SegmentKind.NARRATION][0].remote_id,
        music_remote_id=takes[SegmentKind.MUSIC][0].remote_id,
    )
    (task,) = orders.order_part(
        membership,
        film.task.credential,
        Order(kind=FILM_CUT, model=MODELS[FILM_CUT], prompt="", film_edit=part),
        last=last_price(film.task.credential, FILM_CUT),
        accepts_unknown=accepts_unknown,
        form_token=form_token,
        beside=lambda tasks: _add_cut(film, takes, tasks),
    )
    return Cut.objects.get(task=task)


def choose_take(membership: Membership, take: Take) -> None:
    """Choose a take for the next cut. Raises FilmRefused where it is not stored."""
    require_right(membership, take.film)
    if take.file is None:
        assign_remote_ids(take.film)
    with transaction.atomic():
        version = Team.next_sequence(take.film.team_id)
        # Read again under the team's lock: the tree may have changed it since the page was drawn.
        now = Take.objects.select_related("task", "file", "segment").get(pk=take.pk)
        is_stored = now.status == TaskState.SUCCEEDED and now.is_stored
        refuse_if(not is_stored, "take_not_stored", kind=now.segment.kind, shot=now.segment.ordinal)
        # Choosing what is chosen already is no change, and leaves no trace in the history.
        changed = Segment.objects.filter(pk=now.segment_id).exclude(chosen=now).update(chosen=now)
        if changed:
            Film.objects.filter(pk=now.film_id).update(version=version)
            audit.record(take.film.team, membership.user, "take.chosen", take.film, take=str(now))


def rename_film(membership: Membership, film: Film, title: str) -> None:
    """Rename a film; "" shows the first words of its prompt."""
    require_right(membership, film)
    with transaction.atomic():
        version = Team.next_sequence(film.team_id)
        Film.objects.filter(pk=film.pk).update(title=title.strip()[:120], version=version)


def last_price(credential: Credential, kind: str, *, duration: int | None = None) -> int | None:
    """Return what the last such task on this key cost; None where nobody knows of any.

    ``duration`` in seconds, of a whole film: the last one that was as long.
    """
    same = {"task__credential": credential, "task__state": TaskState.SUCCEEDED}
    if kind == FILM:
        of_length = {} if duration is None else {"task__settings__duration": duration}
        return _last_cost(Film.objects.filter(**same, **of_length))
    if kind == FILM_CUT:
        return _last_cost(Cut.objects.filter(**same))
    return _last_cost(Take.objects.filter(segment__kind=SEGMENT_KINDS[TaskKind(kind)], **same))


def last_prices(credential: Credential, kinds: Iterable[str] = PARTS) -> dict[str, int | None]:
    """Return the last price of each kind of part."""
    return {kind: last_price(credential, kind) for kind in kinds}


def _segment(film: Film, kind: SegmentKind, shot: int | None) -> Segment:
    """Return the segment that a person means. Raises FilmRefused where there is none."""
    is_shot = kind == SegmentKind.SHOT
    refuse_if(is_shot and shot is None, "shot_required")
    segment = Segment.objects.filter(
        film=film, kind=kind, ordinal=(shot or 0) if is_shot else 0
    ).first()
    if segment is None:
        raise FilmRefused(Obstacle("shot_unknown", {"shot": shot}))
    return segment


def _remote_id(film: Film) -> str:
    """Return the provider's id of a finished film; it has an attempt that was accepted."""
    accepted = film.task.attempts.filter(state=AttemptState.ACCEPTED).order_by("-ordinal")
    return accepted.values_list("remote_id", flat=True)[0]


def _next_ordinal(rows: QuerySet[Take] | QuerySet[Cut]) -> int:
    """Return the next ordinal. The caller holds the team's sequence."""
    # The highest and not the count: merging a take into its twin leaves a gap.
    last: int | None = rows.aggregate(last=Max("ordinal"))["last"]
    return 0 if last is None else last + 1


def _add_takes(film: Film, segment: Segment, tasks: Sequence[Task]) -> None:
    first = _next_ordinal(Take.objects.filter(segment=segment))
    for ordinal, task in enumerate(tasks, start=first):
        Take.objects.create(
            film=film, segment=segment, ordinal=ordinal, task=task, prompt=task.prompt
        )


def _add_cut(
    film: Film, takes: Mapping[SegmentKind, Sequence[Take]], tasks: Sequence[Task]
) -> None:
    ordinal = _next_ordinal(Cut.objects.filter(film=film))
    for task in tasks:
        cut = Cut.objects.create(film=film, ordinal=ordinal, task=task)
        CutPiece.objects.bulk_create(
            CutPiece(cut=cut, kind=kind, ordinal=n, remote_id=take.remote_id, take=take)
            for kind, pieces in takes.items()
            for n, take in enumerate(pieces)
        )


def _last_cost[Row: Model](rows: QuerySet[Row]) -> int | None:
    """Read from tables that hold films only, so that no million of clips is searched."""
    last = rows.order_by("-task").values_list("task", flat=True)[:1]
    costs = Attempt.objects.filter(task__in=last, state=AttemptState.ACCEPTED, booked__isnull=False)
    return costs.values_list("booked", flat=True).first()
