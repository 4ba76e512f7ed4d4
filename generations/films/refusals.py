"""Why a film does not allow what a person wants; told before anything is ordered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from generations.lifecycle.order import OrderRefused
from generations.models import Film, Membership
from generations.models.tasks import TaskState


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A code, and the values of its sentence: ``kind`` and ``shot`` (from 0) name the strip.

    ``limit`` and ``length`` (prompt_too_long), ``wanted`` and ``given`` (takes_count), ``number``
    (take_unknown) stand beside them.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


class FilmRefused(OrderRefused):
    """The film as it is now does not allow it; all that stands in the way."""

    def __init__(self, *obstacles: Obstacle) -> None:
        super().__init__(", ".join(obstacle.code for obstacle in obstacles))
        self.obstacles = obstacles

    @property
    def code(self) -> str:
        return self.obstacles[0].code


def refuse_if(condition: object, code: str, **values: object) -> None:
    if condition:
        raise FilmRefused(Obstacle(code, values))


def require_right(membership: Membership, film: Film) -> None:
    """Raises PermissionError for who may not order in the film's team."""
    if film.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not change this film")


def require_finished(film: Film) -> None:
    """Only a finished film whose tree is known can be changed (2.13)."""
    finished = film.task.state == TaskState.SUCCEEDED and film.read_at is not None
    refuse_if(not finished, "not_finished")
