"""One clip in the gallery: the marks of its state and kind, its frame's shape, and its words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.models import Attempt, File, Film, Task, Team, Upload
from generations.models.files import FileRole, FileState
from generations.models.films import FILM
from generations.models.tasks import TaskState
from generations.providers.contract import NO_FILES, TaskKind
from generations.web.messages import tasks as task_messages
from generations.web.messages.alarms import ClipWarning, warnings
from generations.web.messages.reasons import Explanation, Sentence, explain_order

RATIOS = ("21:9", "2:1", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "9:21")
SOON = timedelta(minutes=15)
# A guess never says that a clip is finished.
MOST_GUESSED = 99


@dataclass(frozen=True, slots=True)
class Mark:
    """Icon, word and tone of a state or a kind; never colour alone."""

    icon: str
    word: Sentence
    tone: str = ""


MARKS = {
    TaskState.WAITING: Mark("clock", _("Waiting")),
    TaskState.SENDING: Mark("arrow-up", _("Sending")),
    TaskState.QUEUED: Mark("hourglass", _("Queued")),
    TaskState.RUNNING: Mark("loader-circle", _("Running"), "lamp"),
    TaskState.FAILED: Mark("circle-x", _("Failed"), "coral"),
    TaskState.CANCELLED: Mark("ban", _("Cancelled")),
    TaskState.UNCLEAR: Mark("circle-question-mark", _("Unclear"), "lilac"),
}
FILE_MARKS = {
    FileState.REMOTE: Mark("arrow-down-to-line", _("Fetching"), "sky"),
    FileState.FETCHING: Mark("arrow-down-to-line", _("Fetching"), "sky"),
    FileState.STORED: Mark("check", pgettext_lazy("file", "Ready"), "leaf"),
    FileState.LOST: Mark("unlink", pgettext_lazy("file", "Lost"), "coral"),
    FileState.DELETED: Mark("trash-2", pgettext_lazy("file", "Deleted")),
}
# A finished task whose links have not been read yet.
LINKS_TO_COME = Mark("arrow-down-to-line", _("Fetching"), "sky")
KEPT = Mark("bookmark", _("Kept at the provider"), "leaf")
# What a person may order, in the order of the form's tabs.
KIND_MARKS: Mapping[str, Mark] = {
    TaskKind.TEXT_TO_VIDEO: Mark("text-cursor-input", pgettext_lazy("kind", "Text")),
    TaskKind.IMAGE_TO_VIDEO: Mark("image", pgettext_lazy("kind", "Picture")),
    TaskKind.FRAMES_TO_VIDEO: Mark("columns-2", pgettext_lazy("kind", "First and last")),
    TaskKind.REFERENCES_TO_VIDEO: Mark("layers-2", pgettext_lazy("kind", "References")),
    TaskKind.REFERENCES_TO_IMAGE: Mark("image-plus", pgettext_lazy("kind", "Make a picture")),
    TaskKind.TEXT_TO_SPEECH: Mark("mic", pgettext_lazy("kind", "Speech")),
    TaskKind.LIP_SYNC: Mark("volume-2", pgettext_lazy("kind", "Lip-sync")),
    TaskKind.UPSCALE: Mark("maximize", pgettext_lazy("kind", "Upscale")),
    TaskKind.SUBJECT: Mark("bookmark", pgettext_lazy("kind", "Subject")),
}


class Card:
    """A task as a page shows it. ``draw_cards`` makes it, with all that is read here."""

    def __init__(
        self,
        task: Task,
        *,
        line_position: int | None,
        usual: tuple[int, int] | None,
        film: int | None = None,
    ) -> None:
        self.task = task
        self.film = film  # the pk of the film that the task became
        self.line_position = line_position
        self.usual_seconds = usual
        self.now = clock.now()

    @cached_property
    def files(self) -> dict[str, File]:
        """The first file of each role; of a film the longest, which is a whole cut."""
        # Of several files of a role the last entry of the dict stays, which is the first row.
        files = list(reversed(self.task.files.all()))
        if self.film:
            files.sort(key=lambda file: file.duration_ms or 0)
        return {file.role: file for file in files}

    @property
    def video(self) -> File | None:
        """The file that is the clip; of some orders that is a sound or a picture."""
        roles = (FileRole.VIDEO, FileRole.AUDIO, FileRole.IMAGE)
        return next((self.files[role] for role in roles if role in self.files), None)

    @property
    def cover(self) -> File | None:
        cover = self.files.get(FileRole.COVER)
        return cover if cover and cover.is_stored else None

    @property
    def input(self) -> Upload | None:
        """The first picture that it is made from."""
        return next((picture.upload for picture in self.task.pictures.all()), None)

    @property
    def shows(self) -> str:
        """What the frame shows: a state's word, or ``fetching``, ``stored``, ``lost``, ``kept``."""
        if self.task.state != TaskState.SUCCEEDED:
            return str(self.task.state)
        if self.task.kind in NO_FILES:
            return "kept"
        if self.video is None or self.video.state == FileState.REMOTE:
            return str(FileState.FETCHING)
        return str(self.video.state)

    @property
    def mark(self) -> Mark:
        if self.task.state != TaskState.SUCCEEDED:
            return MARKS[TaskState(self.task.state)]
        if self.task.kind in NO_FILES:
            return KEPT
        return FILE_MARKS[FileState(self.video.state)] if self.video else LINKS_TO_COME

    @property
    def is_moving(self) -> bool:
        """Whether it will change by itself, so that its page must ask again."""
        is_proxy_coming = self.video is not None and self.video.is_proxy_coming
        return not self.task.is_final or self.shows == FileState.FETCHING or is_proxy_coming

    @property
    def ratio(self) -> str:
        """The nearest of the frame shapes that the style sheet knows."""
        has_shape = self.video and self.video.width and self.video.height
        # A clip that is made from a picture will have the shape of the picture.
        if self.input and not has_shape and not self.task.aspect_ratio:
            return nearest(self.input.width / self.input.height)
        return ratio_of(self.video, self.task)

    @property
    def percent(self) -> int | None:
        """The provider's progress, else how far past clips were by now: never 100.

        None where it says nothing any more, because the clip is late.
        """
        if self.task.late_at:
            return None
        if self.task.progress is not None:
            return self.task.progress
        if not self.usual_seconds or self.started_at is None:
            return None
        passed = (self.now - self.started_at).total_seconds()
        return min(round(100 * passed / max(self.usual_seconds[1], 1)), MOST_GUESSED)

    @property
    def has_progress(self) -> bool:
        """Whether the page shows the provider's progress; of a late clip it shows the age."""
        return self.task.progress is not None and not self.task.late_at

    @property
    def started_at(self) -> datetime | None:
        return self.task.accepted_at

    @property
    def usual(self) -> str:
        """How long such clips take here: "usually 2–4 min"."""
        if not self.usual_seconds:
            return ""
        low, high = self.usual_seconds
        if high < 100:
            return gettext("usually %(range)s s") % {"range": _range(low, high)}
        return gettext("usually %(range)s min") % {"range": _range(low // 60, -(-high // 60))}

    @property
    def expires_soon(self) -> bool:
        expires = self.video.expires_at if self.video else None
        return expires is not None and expires - self.now < SOON

    @property
    def attempt(self) -> Attempt:
        """The last one, which is the one that counts."""
        # In Python: the attempts are prefetched, and ``order_by`` would ask again.
        return max(self.task.attempts.all(), key=lambda one: one.ordinal)

    @cached_property
    def failure(self) -> Explanation:
        return explain_order(self.task.reason, self.task.code, self.task.message)

    @property
    def outcome(self) -> str:
        return task_messages.outcome(self.task)

    @property
    def waits_because(self) -> Sentence:
        return task_messages.waiting(self.task)

    @cached_property
    def warnings(self) -> list[ClipWarning]:
        """Its alarms in words, that it is late, and what stands between us and the provider."""
        return warnings(self.task)

    @property
    def kind(self) -> Sentence:
        return task_messages.kind(self.task)

    @property
    def unit(self) -> str:
        return task_messages.unit(self.task)

    @property
    def cost(self) -> int | None:
        return task_messages.cost(self.task)


def draw_cards(team: Team, tasks: Iterable[Task]) -> list[Card]:
    """Return the cards of tasks that were read by ``for_cards``.

    The waiting line and the usual lengths are read once for all of them.
    """
    rows = list(tasks)
    # Most pages have neither waiting nor running clips, and so save these queries.
    states = {task.state for task in rows}
    positions = Task.objects.line_positions(team) if TaskState.WAITING in states else {}
    moving = states & {TaskState.QUEUED, TaskState.RUNNING}
    usual = Task.objects.usual_seconds(team) if moving else {}
    roots = [task.pk for task in rows if task.kind == FILM]
    films = Film.objects.filter(task__in=roots).values_list("task", "pk") if roots else ()
    film_of = dict(films)
    return [
        Card(
            task,
            line_position=positions.get(task.pk),
            usual=usual.get(task.model),
            film=film_of.get(task.pk),
        )
        for task in rows
    ]


def ratio_of(file: File | None, task: Task) -> str:
    """Return the frame shape of a file, or the one that was ordered while nobody knows it."""
    if file and file.width and file.height:
        return nearest(file.width / file.height)
    return nearest(_shape(task.aspect_ratio or "16:9"))


def nearest(shape: float) -> str:
    """Return the frame shape of the style sheet that is nearest to width / height."""
    return min(RATIOS, key=lambda ratio: abs(_shape(ratio) / shape - 1))


def _shape(ratio: str) -> float:
    wide, _colon, high = ratio.partition(":")
    return int(wide) / int(high)


def _range(low: int, high: int) -> str:
    return str(high) if low >= high else f"{low}–{high}"
