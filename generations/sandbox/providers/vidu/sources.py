"""The films and sounds that an order names, fetched and checked as Vidu would.

The limits are those of docs/wire.md, 2.19 and 2.21; whether a face is in a film nobody looks.
"""

from dataclasses import dataclass
from pathlib import Path

from generations.sandbox import files, pictures
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS, order_size
from generations.sandbox.context import Context
from generations.sandbox.fields import Order
from generations.sandbox.http import ApiError
from generations.sandbox.pictures import PictureError
from generations.sandbox.recordings import Recording, RecordingError, fetch_recording

from .replies import PICTURE_REASONS

GIGABYTE, MEGABYTE = 1 << 30, 1 << 20
MOST_FILM, MOST_SOUND, MOST_PHOTO = 5 * GIGABYTE, 100 * MEGABYTE, 10 * MEGABYTE
FILM_REASONS = {"download": "VideoDownloadFailure", "format": "VideoFormatInvalid"}
# FFmpeg's names of containers and codecs.
LIP_SYNC_CONTAINERS = frozenset({"mp4", "avi"})  # it calls both MP4 and QuickTime "mov,mp4,…"
LIP_SYNC_SIDES, LIP_SYNC_SECONDS = range(360, 4097), (1, 600)
SOUND_CONTAINERS = frozenset({"wav", "mp3", "asf", "m4a", "aac", "ogg"})
SOUND_SECONDS = (1, 600)
PHOTO_FORMATS, PHOTO_SIDES = ("JPEG", "PNG", "BMP", "WEBP"), range(192, 4097)
UPSCALE_CONTAINERS = frozenset({"mp4", "flv", "mxf", "mpegts", "webm", "matroska"})
UPSCALE_CODECS = frozenset({"h264", "hevc", "av1", "vvc", "mpeg2video", "vp8", "vp9"})
MOST_UPSCALE_SECONDS, TOO_MANY_FRAMES = 300, 60
# The head of a file may say a little less than the film has.
TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class SourceFilm:
    """A film that is enlarged: its file among the clips, its size in pixels, its seconds."""

    file_name: str
    width: int
    height: int
    seconds: float


def film_of_creation(context: Context, key: str, creation_id: str) -> SourceFilm:
    """The film of a creation of this account, as it was ordered; ApiError when there is none."""
    with context.engine.lock:
        tasks = list(context.engine.tasks.values())
    named = (task for task in tasks if (task.key, task.creation_id) == (key, creation_id))
    task = next(named, None)
    if task is None or "video.mp4" not in files.file_names(task):
        raise ApiError(404, "CreationNotFound", f"no film has the creation id {creation_id}")
    content = files.content_of(context, task, "video.mp4")
    return SourceFilm(content.path.name, *order_size(task.order), _seconds_of(task.order))


def film_to_upscale(context: Context, url: str) -> SourceFilm:
    """The film at an address; ApiError when it cannot be enlarged."""
    film = _fetch_film(context.clips.folder, url)
    is_good = (
        film.containers & UPSCALE_CONTAINERS
        and _codec(film) in UPSCALE_CODECS
        and 0 < film.seconds <= MOST_UPSCALE_SECONDS + TOLERANCE
        and film.frames_per_second < TOO_MANY_FRAMES
    )
    if not is_good:
        raise ApiError(400, "VideoFormatInvalid", "the film is too long, or of another format")
    return SourceFilm(film.file_name, film.width, film.height, film.seconds)


def film_to_sync(context: Context, url: str) -> Recording:
    """The film whose lips are to move; ApiError when it breaks a rule."""
    film = _fetch_film(context.clips.folder, url)
    # A tiny sandbox makes films of 160 pixels, which it must be able to take.
    has_size = context.clips.is_tiny or {film.width, film.height} <= set(LIP_SYNC_SIDES)
    is_good = (
        film.containers & LIP_SYNC_CONTAINERS
        and _codec(film) == "h264"
        and _is_within(film.seconds, LIP_SYNC_SECONDS)
        and has_size
    )
    if not is_good:
        raise ApiError(400, "VideoFormatInvalid", "the film has another format, size or length")
    return film


def sound_to_sync(context: Context, url: str) -> Recording:
    """The sound that is to be spoken; ApiError when it breaks a rule."""
    try:
        sound = fetch_recording(url, context.clips.folder, MOST_SOUND)
    except RecordingError as error:
        raise ApiError(400, "FieldInvalid", f"audio_url: {error}") from error
    is_sound = sound.has_sound and not sound.codec and sound.containers & SOUND_CONTAINERS
    if not is_sound or not _is_within(sound.seconds, SOUND_SECONDS):
        raise ApiError(400, "FieldInvalid", "audio_url has another format or length")
    return sound


def check_photo(url: str) -> None:
    """Check the picture of the face that speaks; ApiError when it breaks a rule."""
    try:
        photo = pictures.read_picture(url, MOST_PHOTO, PHOTO_FORMATS)
    except PictureError as error:
        raise ApiError(400, PICTURE_REASONS[error.problem], f"ref_photo_url: {error}") from error
    if not {photo.width, photo.height} <= set(PHOTO_SIDES):
        raise ApiError(400, "ImageSizeInvalid", "the sides must have 192 to 4096 pixels")


def _seconds_of(order: Order) -> float:
    return float(order["duration"] or AUTOMATIC_SECONDS)


def _fetch_film(folder: Path, url: str) -> Recording:
    try:
        film = fetch_recording(url, folder, MOST_FILM)
    except RecordingError as error:
        raise ApiError(400, FILM_REASONS[error.problem], f"video_url: {error}") from error
    if not film.width:
        raise ApiError(400, "VideoFormatInvalid", "video_url leads to no film")
    return film


def _codec(film: Recording) -> str:
    # FFmpeg names the decoder where it is another one than its own.
    return "av1" if "av1" in film.codec or "dav1d" in film.codec else film.codec


def _is_within(seconds: float, limits: tuple[int, int]) -> bool:
    return limits[0] - TOLERANCE <= seconds <= limits[1] + TOLERANCE
