"""Order a film, a strip's next takes, or a cut of what is chosen."""

from collections.abc import Mapping, Sequence

from django.db.models import Max, QuerySet

from generations.lifecycle import order as orders
from generations.models import (
    Composition,
    Credential,
    Film,
    Ingredient,
    Membership,
    Strip,
    Take,
    Task,
)
from generations.models.films import COMPOSE, FILM, RETAKES, StripKind
from generations.models.tasks import AttemptState
from generations.providers.contract import FilmPart, Order
from generations.uploads import Given

from .adopting import adopt
from .pieces import Pieces, chosen_pieces, judged
from .prices import price
from .refusals import FilmRefused, Obstacle, refuse_if, require_finished, require_right
from .rows import Rows

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
