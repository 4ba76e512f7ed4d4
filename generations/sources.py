"""Clips and sounds of a team that new orders are made of: found, measured, given to the providers.

An upscale and a lip-sync are made from a clip; a lip-sync may follow the sound of a speech or of a
film's narration. A task keeps the tasks that it was made from in its ``settings``, as ``source``
and ``sound``.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from generations.models import Credential, File, Take, Task, Team
from generations.models.files import FileRole, FileState
from generations.models.films import FILM, PARTS, SegmentKind
from generations.providers.catalogue import Problem
from generations.providers.contract import Order, Reason, Refused, Source, TaskKind
from generations.storage import store
from generations.teams import provider_access

URL_SALT = "generations.sources.address"  # part of every signature: a new one breaks live URLs
# The members of ``Task.settings`` that name what a task was made from.
MEMBERS = ("source", "sound", "title")


@dataclass(frozen=True, slots=True)
class Sources:
    """The stored files that an order is made of."""

    film: File | None = None
    sound: File | None = None

    @property
    def settings(self) -> dict[str, object]:
        """What a task keeps of them. ``title``: it may have no words of its own."""
        kept: dict[str, object] = {}
        if self.film:
            kept |= {"source": self.film.task_id, "title": self.film.task.title[:200]}
        if self.sound:
            kept["sound"] = self.sound.task_id
        return kept

    @property
    def files(self) -> list[File]:
        return [file for file in (self.film, self.sound) if file]


NO_SOURCES = Sources()


def find(team: Team, film: int | None, sound: int | None) -> Sources:
    """Return what two tasks of a team made, where it is stored here."""
    rows = Task.objects.for_team(team).in_bulk([pk for pk in (film, sound) if pk is not None])
    return Sources(film_of(rows.get(film or 0)), sound_of(rows.get(sound or 0)))


def film_of(task: Task | None) -> File | None:
    """Return the stored film of a task; of an ad film the longest, which is a whole cut."""
    found = _stored(task, FileRole.VIDEO, "video/") if task else []
    if task and task.kind == FILM:
        return max(found, key=lambda file: file.duration_ms or 0, default=None)
    return next(iter(found), None)


def sound_of(task: Task | None) -> File | None:
    """Return the stored speech of a task; of an ad film its newest narration."""
    if task is None or task.kind == TaskKind.MUSIC_TAKE:
        return None
    found = [
        file for role in (FileRole.AUDIO, FileRole.VIDEO) for file in _stored(task, role, "audio/")
    ]
    if task.kind == FILM:
        takes = Take.objects.filter(film__task=task, segment__kind=SegmentKind.NARRATION)
        spoken = set(takes.values_list("remote_id", flat=True))
        found = [file for file in reversed(found) if file.remote_id in spoken]
    return next(iter(found), None)


def picture_of(task: Task | None) -> File | None:
    """Return the stored picture that a task made; a cover is none."""
    roles = (FileRole.IMAGE, FileRole.VIDEO)
    found = (file for role in roles for file in _stored(task, role, "image/")) if task else iter(())
    return next(found, None)


def _stored(task: Task, role: str, content_type: str) -> list[File]:
    # In Python: pages have prefetched the files. What an import made, only its bytes tell.
    return [
        file
        for file in task.files.all()
        if file.role == role
        and file.state == FileState.STORED
        and file.content_type.startswith(content_type)
    ]


def with_sources(wanted: Order, credential: Credential, sources: Sources) -> Order:
    """The order with its film and its sound, as the catalogue needs them to check the order."""
    return replace(
        wanted,
        source=_to_source(sources.film, credential),
        sound=_to_source(sources.sound, credential),
    )


def obstacle(credential: Credential, wanted: Order) -> Problem | None:
    """Why a credential's provider cannot get the film and the sound; None if it can."""
    if provider_access.can_reach_us(credential):
        return None
    return next((Problem(name, "unreachable") for name in _fetched(wanted)), None)


def _fetched(wanted: Order) -> list[str]:
    """Return the members that the provider fetches from us."""
    film = wanted.source
    is_fetched = film and not (film.remote_id and wanted.kind == TaskKind.UPSCALE)
    names = {"source": is_fetched, "sound": wanted.sound}
    return [name for name, fetched in names.items() if fetched]


def sources_of(task: Task) -> tuple[Source | None, Source | None]:
    """A task's film and sound for its provider, by signed addresses.

    Raises Refused if one of them is gone, or if the provider cannot reach us any more.
    """
    named = {name: task.settings.get(name) for name in ("source", "sound")}
    if not any(named.values()):
        return None, None
    found = find(task.team, named["source"], named["sound"])
    if len(found.files) < sum(value is not None for value in named.values()):
        raise Refused("source_gone", "The clip is not here any more.", reason=Reason.SOURCE_GONE)
    key = task.credential
    order = with_sources(Order(task.kind, task.model, ""), key, found)
    if obstacle(key, order):
        message = "The provider cannot fetch clips from this site."
        raise Refused("source_unreachable", message, reason=Reason.SOURCE_UNREACHABLE)
    return _addressed(order.source, found.film, key), _addressed(order.sound, found.sound, key)


def _addressed(source: Source | None, file: File | None, key: Credential) -> Source | None:
    return replace(source, address=signed_url(file, key)) if source and file else None


def _to_source(file: File | None, credential: Credential) -> Source | None:
    if file is None:
        return None
    # Only the account that made a clip knows it by its id; a part of a film has another id there.
    is_there = file.task.credential_id == credential.pk and file.task.kind not in {FILM, *PARTS}
    return Source(
        remote_id=file.remote_id if is_there else "",
        seconds=None if file.duration_ms is None else file.duration_ms / 1000,
        lines=min(file.width or 0, file.height or 0),
    )


def signed_url(file: File, credential: Credential) -> str:
    """A URL at which a credential's provider can fetch a file; "" if it cannot reach us."""
    name = f"source{Path(file.name).suffix}"
    return provider_access.signed_url("source", URL_SALT, file.pk, name, credential)


def find_by_token(token: str) -> File | None:
    """The file of a signed URL's token; None if the token is forged or too old."""
    pk = provider_access.signed_pk(token, URL_SALT)
    file = File.objects.filter(pk=pk, state=FileState.STORED).first() if pk else None
    return file if file and store.exists(file.name) else None
