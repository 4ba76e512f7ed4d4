"""The clip and the sound that an order is made of, as its form shows them and offers others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from generations.models import File, Team
from generations.models.files import FileRole, FileState
from generations.models.films import FILM
from generations.providers.catalogue import Offer
from generations.providers.contract import TaskKind
from generations.sources import Sources, film_of, find, sound_of
from generations.web.query import whole_number

from .fields import Values

NEWEST = 12


@dataclass(frozen=True)
class Picker:
    """The choice of one clip or sound: what is chosen, and the newest that may be."""

    name: str
    chosen: File | None
    offered: Sequence[File]
    errors: Sequence[str] = ()


@dataclass(frozen=True)
class Pickers:
    """What an order is made of, and the pickers of what its kind needs."""

    sources: Sources
    pickers: Sequence[Picker]

    def with_errors(self, errors: Mapping[str, Sequence[object]]) -> "Pickers":
        """The same with what is wrong with each, by the form's fields."""
        shown = [
            replace(picker, errors=[str(error) for error in errors.get(picker.name, ())])
            for picker in self.pickers
        ]
        return replace(self, pickers=shown)


def pickers(team: Team, offer: Offer, values: Values) -> Pickers:
    """Read the fields ``source`` and ``sound`` of a form: tasks of the team, by their keys.

    What is no stored clip or sound of the team is passed over.
    """
    film = whole_number(values.get("source", "")) if offer.film else None
    sound = whole_number(values.get("sound", "")) if offer.sound else None
    found = find(team, film, sound)
    shown = []
    if offer.film:
        shown.append(_picker("source", team, found.film))
    if offer.sound:
        shown.append(_picker("sound", team, found.sound))
    return Pickers(found, shown)


def _picker(name: str, team: Team, chosen: File | None) -> Picker:
    is_film = name == "source"
    stored = (
        File.objects.for_team(team)
        .exclude(task__kind=TaskKind.MUSIC_TAKE)
        .filter(
            state=FileState.STORED,
            task__trashed_at=None,
            role__in=[FileRole.VIDEO] if is_film else [FileRole.AUDIO, FileRole.VIDEO],
            content_type__startswith="video/" if is_film else "audio/",
        )
    )
    find_in = film_of if is_film else sound_of
    offered: dict[int, File | None] = {chosen.task_id: chosen} if chosen else {}
    for file in stored.select_related("task").order_by("-pk")[:NEWEST]:
        if file.task_id not in offered:
            # An ad film has many files, of which one is meant.
            offered[file.task_id] = find_in(file.task) if file.task.kind == FILM else file
    return Picker(name, chosen, [file for file in offered.values() if file])
