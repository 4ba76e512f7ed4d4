"""The links to the results of a task, as the gateways give them out."""

from dataclasses import dataclass
from functools import partial

from generations.sandbox import media
from generations.sandbox.stage import Stage
from generations.sandbox.tasks import Task


@dataclass(frozen=True, slots=True)
class Files:
    """Newly signed links; none while there are no results."""

    videos: tuple[str, ...] = ()
    cover: str = ""
    watermarked: str = ""


def files_of(stage: Stage, task: Task, base_url: str, seconds: float) -> Files:
    """The links live so many seconds, unless a word says otherwise."""
    if task.state != "success":
        return Files()
    link = partial(media.link, stage, task, base_url=base_url, life=seconds)
    names = ("video.mp4", "second.mp4") if "two results" in task.words else ("video.mp4",)
    return Files(
        tuple(link(name) for name in names),
        "" if "no cover" in task.words else link("cover.jpeg"),
        link("watermarked.mp4") if task.order.get("watermark") else "",
    )
