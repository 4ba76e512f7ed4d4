"""What was ordered beside what came: the marked copy, sound, resolution, length and ratio.

Only a difference that is certain is told: what nobody could measure counts as delivered.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db import transaction

from generations.models import File, Task
from generations.models.files import FileRole, FileState
from generations.models.films import FILM, PARTS
from generations.models.offers import catalogue
from generations.models.tasks import TaskState
from generations.providers.catalogue import lines_of
from generations.providers.contract import NO_FILES

from .alarms import NOT_DELIVERED, clear_alarms, raise_alarm

SHORTER_BY = 0.1  # of the length that was ordered
SHORTER_MS = 1000
# A model may count 720p by a side or by the area: what is less by all of them is a lower one.
LEAST_SIDE = 0.9
LEAST_AREA = 0.8
RATIO_TOLERANCE = 0.05  # sides are rounded to what a codec can have
RATIO = re.compile(r"([0-9]{1,2}(?:\.[0-9]+)?) ?[:：x/] ?([0-9]{1,2}(?:\.[0-9]+)?)")
SIZE = re.compile(r"([0-9]{3,4}) ?[x*×] ?([0-9]{3,4})")
SOUND = ("audio", "bgm")  # the options that ask for something to be heard


def wanted_roles(task: Task) -> Collection[str]:
    """Return the roles of results, beside the film, that an order asks for; of a kind without any
    file the kind."""
    if task.kind in NO_FILES:
        return (task.kind,)
    return (FileRole.WATERMARKED,) if task.settings.get("watermark") is True else ()


@transaction.atomic
def compare_delivery(task: Task) -> None:
    """Alarm where a finished clip is less than was ordered, once none of its files is to come.

    The caller holds the team's sequence: of two files that come at once the second sees the first.
    """
    row = Task.objects.select_related("credential").get(pk=task.pk)
    # Nobody here knows what an import was ordered with; the parts of a film are not clips.
    if row.state != TaskState.SUCCEEDED or row.is_imported or row.kind in (FILM, *PARTS):
        return
    files = list(row.files.all())
    if any(file.state in {FileState.REMOTE, FileState.FETCHING} for file in files):
        return
    if missing := undelivered(_ordered(row), files):
        raise_alarm(task, NOT_DELIVERED, " ".join(missing))
    else:
        clear_alarms(task, NOT_DELIVERED)


def _ordered(task: Task) -> Mapping[str, object]:
    """Return the settings of a task with the sound that its model has where nothing was chosen."""
    offer = catalogue(task.credential.kind).offer(task.kind, task.model)
    usual = {one.name: one.default for one in (offer.options if offer else ())}
    ordered: dict[str, object] = {name: usual[name] for name in SOUND if name in usual}
    ordered |= task.settings
    return ordered


def undelivered(ordered: Mapping[str, object], files: Iterable[File]) -> list[str]:
    """Return what ``ordered`` (a task's settings) asks for and its stored files do not have.

    Each word is ``watermarked``, ``film`` (a picture or a sound came) or ``sound``, or has what was
    ordered and what came: ``duration=5>3.2``, ``resolution=1080p>1280x720``,
    ``aspect_ratio=16:9>720x1280``.
    """
    by_role: dict[str, list[File]] = defaultdict(list)
    for file in files:
        by_role[file.role].append(file)
    missing = []
    if ordered.get("watermark") is True and FileRole.WATERMARKED not in by_role:
        missing.append(str(FileRole.WATERMARKED))
    films = by_role.get(FileRole.VIDEO) or by_role.get(FileRole.IMAGE) or []
    # What became of a lost file is told elsewhere. Of a film in several sizes the best counts.
    stored = [_missing_of(ordered, film) for film in films if film.state == FileState.STORED]
    return missing + min(stored, key=len, default=[])


def _missing_of(ordered: Mapping[str, object], film: File) -> list[str]:
    if film.role == FileRole.VIDEO and (film.is_picture or film.is_sound):
        return ["film"]
    missing = []
    if film.has_sound is False and any(ordered.get(name) is True for name in SOUND):
        missing.append("sound")
    came = f"{film.width}x{film.height}"
    if _is_shorter(film, ordered.get("duration")):
        missing.append(f"duration={ordered['duration']}>{(film.duration_ms or 0) / 1000:.1f}")
    if _is_lower(film, str(ordered.get("resolution", ""))):
        missing.append(f"resolution={ordered['resolution']}>{came}")
    if _has_other_ratio(film, str(ordered.get("aspect_ratio", ""))):
        missing.append(f"aspect_ratio={ordered['aspect_ratio']}>{came}")
    return missing


def _is_shorter(film: File, ordered: object) -> bool:
    try:
        seconds = float(str(ordered))
    except ValueError:  # "auto"
        return False
    if not film.duration_ms:
        return False
    lacks = seconds * 1000 - film.duration_ms
    return lacks > min(seconds * 1000 * SHORTER_BY, SHORTER_MS)


def _is_lower(film: File, resolution: str) -> bool:
    lines = _lines_of(resolution)
    if lines is None or not film.width or not film.height:
        return False
    area = film.width * film.height < lines * lines * 16 / 9 * LEAST_AREA
    longer = max(film.width, film.height) < lines * 16 / 9 * LEAST_SIDE
    return min(film.width, film.height) < lines * LEAST_SIDE and longer and area


def _lines_of(resolution: str) -> int | None:
    """The shorter side in pixels, however an offer of the installation writes it."""
    text = resolution.strip().lower()
    if size := SIZE.fullmatch(text):
        return min(int(size[1]), int(size[2]))
    return lines_of(text) or lines_of(f"{text}p")


def _has_other_ratio(film: File, ratio: str) -> bool:
    sides = RATIO.fullmatch(ratio)
    if sides is None or not film.width or not film.height:
        return False
    across, down = float(sides[1]), float(sides[2])
    if not (across and down):
        return False
    ordered = across / down
    return abs(film.width / film.height / ordered - 1) > RATIO_TOLERANCE
