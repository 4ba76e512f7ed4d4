"""What a child does with its one file."""

import resource
from pathlib import Path

from generations.media import ending, picture, still, stream
from generations.media.facts import Errand, Facts, Question
from generations.media.signature import IMAGES, check_boxes, format_of

MEMORY = 3 * 1024**3
LARGEST_OUTPUT = 64 * 1024**2


def limit(cpu_seconds: int) -> None:
    """Give up for good what a hostile file could otherwise take."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_OUTPUT, LARGEST_OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(question: Question) -> Facts:
    """What the question asks for; raises NotMedia."""
    path, outdir = Path(question.path), Path(question.outdir)
    match question.errand:
        case Errand.LOOK:
            return look(path, outdir)
        case Errand.PICTURE:
            return picture.take(path, outdir)
        case at:
            return picture.keep(ending.frame(path, last=at is Errand.LAST_FRAME), outdir)


def look(path: Path, outdir: Path) -> Facts:
    """The facts of any media file; raises NotMedia."""
    found = format_of(path)
    if found in IMAGES:
        return still.look(path, found)
    if found == "mov":
        check_boxes(path)
    return stream.look(path, found, outdir)
