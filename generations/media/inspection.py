"""What the inspector's child does with its one file, and the resources that it may use."""

import resource
from pathlib import Path

from . import audio_video, frames, images, picture
from .facts import Facts, InspectorRequest, Operation
from .signature import IMAGES, check_boxes, format_of

MAX_MEMORY_BYTES = 3 * 1024**3
MAX_OUTPUT_BYTES = 64 * 1024**2


def limit_resources(cpu_seconds: int) -> None:
    """Limit this process for good, so that a hostile file cannot use up the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_OUTPUT_BYTES, MAX_OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(request: InspectorRequest) -> Facts:
    """Run a request's operation; raises NotMedia."""
    path, outdir = Path(request.path), Path(request.outdir)
    match request.operation:
        case Operation.INSPECT:
            return inspect(path, outdir)
        case Operation.PICTURE:
            return picture.normalize(path, outdir)
        case at:
            frame = frames.extract(path, last=at is Operation.LAST_FRAME)
            return picture.write(frame, outdir)


def inspect(path: Path, outdir: Path) -> Facts:
    """The facts of any media file; raises NotMedia."""
    format_name = format_of(path)
    if format_name in IMAGES:
        return images.inspect(path, format_name)
    if format_name == "mov":
        check_boxes(path)
    return audio_video.inspect(path, format_name, outdir)
