"""Order a film, a strip's next takes, or a cut of what is chosen."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Max, Model, QuerySet

from generations import audit
from generations.lifecycle import order as orders
from generations.models import (
    Attempt,
    Composition,
    Credential,
    Film,
    Ingredient,
    Membership,
    Strip,
    Take,
    Task,
    Team,
)
from generations.models.films import COMPOSE, FILM, RETAKES, StripKind
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import FilmPart, Order
from generations.uploads import Given

from .checks import (
    FilmRefused,
    Obstacle,
    Pieces,
    chosen_pieces,
    judged,
    refuse_if,
    require_finished,
    require_right,
)
from .data import Rows
from .sync import adopt

PROMPT_LIMIT = 2000  # 2.13 names it of the brief; nothing says that a part may have more


def begin(
    membership: Membership,
    credential: Credential,
    wanted: Order,
    *,
    form_token: str,
    pictures: Given = (),
) -> Film:
    """Order a whole film from its brief. Raises an OrderRefused, as every order does."""
    (task,) = orders.order(
        membership,
        credential,
        wanted,
        estimate=price(credential, FILM, duration=wanted.duration),
        form_token=form_token,
        pictures=pictures,
    )
    return Film.objects.get(task=task)


def redo(
    membership: Membership,
    film: Film,
    kind: StripKind,
    *,
    shot: int | None = None,
    prompt: str,
    count: int = 1,
    form_token: str,
) -> list[Take]:
    """Order ``count`` more takes of a strip; none of them chooses itself.

    Raises a FilmRefused or another OrderRefused, before anything is held or sent.
    """
    require_right(membership, film)
    require_finished(film)
    strip = _strip(film, kind, shot)
    length = len(prompt)
    refuse_if(not prompt.strip(), "prompt_required")
    refuse_if(length > PROMPT_LIMIT, "prompt_too_long", limit=PROMPT_LIMIT, length=length)
    wanted = Order(
        kind=RETAKES[kind],
        model=RETAKES[kind].removeprefix("ad-"),
        prompt=prompt,
        part=FilmPart(_number(film), shot=strip.ordinal if kind == StripKind.SHOT else None),
    )
    tasks = orders.order_part(
        membership,
        film.task.credential,
        wanted,
        count=count,
        estimate=price(film.task.credential, wanted.kind) or 0,
        form_token=form_token,
        beside=lambda tasks: _add_takes(film, strip, tasks),
    )
    return list(Take.objects.filter(task__in=tasks).order_by("ordinal"))


def compose(
    membership: Membership, film: Film, pieces: Pieces | None = None, *, form_token: str
) -> Composition:
    """Order a cut of the chosen takes, or of those that ``pieces`` names.

    Raises a FilmRefused with all that is in the way, or another OrderRefused.
    """
    require_right(membership, film)
    require_finished(film)
    adopt(film)
    rows = Rows(film)
    takes = judged(rows, pieces or chosen_pieces(rows))
    part = FilmPart(
        _number(film),
        takes=tuple(take.number for take in takes[StripKind.SHOT]),
        narration=takes[StripKind.NARRATION][0].number,
        music=takes[StripKind.MUSIC][0].number,
    )
    (task,) = orders.order_part(
        membership,
        film.task.credential,
        Order(kind=COMPOSE, model=COMPOSE.removeprefix("ad-"), prompt="", part=part),
        estimate=price(film.task.credential, COMPOSE) or 0,
        form_token=form_token,
        beside=lambda tasks: _add_cut(film, takes, tasks),
    )
    return Composition.objects.get(task=task)


def _strip(film: Film, kind: StripKind, shot: int | None) -> Strip:
    """The strip that a person means."""
    is_shot = kind == StripKind.SHOT
    refuse_if(is_shot and shot is None, "shot_required")
    strip = Strip.objects.filter(
        film=film, kind=kind, ordinal=(shot or 0) if is_shot else 0
    ).first()
    if strip is None:
        raise FilmRefused(Obstacle("shot_unknown", {"shot": shot}))
    return strip


def _number(film: Film) -> str:
    """The provider's number of the film itself."""
    taken = film.task.attempts.filter(state=AttemptState.ACCEPTED).order_by("-ordinal")
    return taken.values_list("number", flat=True)[0]


def _next(rows: QuerySet[Take] | QuerySet[Composition]) -> int:
    """The next place; only for who holds the team's sequence."""
    last: int | None = rows.aggregate(last=Max("ordinal"))["last"]
    return 0 if last is None else last + 1


def _add_takes(film: Film, strip: Strip, tasks: Sequence[Task]) -> None:
    first = _next(Take.objects.filter(strip=strip))
    for place, task in enumerate(tasks, start=first):
        Take.objects.create(film=film, strip=strip, ordinal=place, task=task, prompt=task.prompt)


def _add_cut(film: Film, takes: Mapping[StripKind, Sequence[Take]], tasks: Sequence[Task]) -> None:
    place = _next(Composition.objects.filter(film=film))
    for task in tasks:
        cut = Composition.objects.create(film=film, ordinal=place, task=task)
        Ingredient.objects.bulk_create(
            Ingredient(composition=cut, kind=kind, ordinal=n, number=take.number, take=take)
            for kind, pieces in takes.items()
            for n, take in enumerate(pieces)
        )


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
