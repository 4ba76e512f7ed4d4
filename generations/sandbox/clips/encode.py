"""Writes a clip as H.264 with AAC sound, its cover as JPEG, and a sound track as MP3."""

import hashlib
import math
import operator
from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from .draw import Painter
from .spec import Cut, Sheet, Sound, digest

ENCODER = {"preset": "ultrafast", "crf": "25", "threads": "1"}


RATE = 48_000
# All pitches are multiples of 5 Hz, so that a fifth of a second repeats without a click.
PIECE = RATE // 5
FRAME_SAMPLES = 1024  # samples of one frame of sound


def write_clip(sheet: Sheet, path: Path) -> None:
    # Loaded with the first clip, so that the server starts at once.
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        video = container.add_stream("libx264", rate=sheet.frames_per_second, options=ENCODER)
        video.width, video.height, video.pix_fmt = sheet.width, sheet.height, "yuv420p"
        video.codec_context.gop_size = sheet.frames_per_second
        sound = container.add_stream("aac", rate=RATE, layout="mono") if sheet.sound else None
        _encode_pictures(container, video, sheet)
        if sound is not None:
            encode_sound(container, sound, chord(sheet))


def write_cover(sheet: Sheet, path: Path) -> None:
    Painter(sheet).frame(0.4).to_image().save(path, "jpeg", quality=88)


def encode_sound(container: Any, stream: Any, samples: "array[int]") -> None:
    for frame in _sound_frames(samples):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _encode_pictures(container: Any, stream: Any, sheet: Sheet) -> None:
    painter = Painter(sheet)
    whole = sheet.seconds * sheet.frames_per_second
    for nth in range(whole):
        frame = painter.frame(nth / whole)
        frame.pts, frame.time_base = nth, Fraction(1, sheet.frames_per_second)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _sound_frames(samples: "array[int]") -> Iterable[Any]:
    import av

    for at in range(0, len(samples), FRAME_SAMPLES):
        piece = samples[at : at + FRAME_SAMPLES]
        frame: Any = av.AudioFrame(format="s16", layout="mono", samples=len(piece))
        frame.planes[0].update(piece.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield frame


def write_sound(sound: Sound, path: Path) -> None:
    """A track of its own, as MP3."""
    import av

    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 96_000
        encode_sound(container, stream, samples_of(sound))


def write_cut(cut: Cut, takes: Sequence[Path], path: Path) -> None:
    """The pictures are copied as they are: all takes of a film were encoded alike."""
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        with av.open(str(takes[0])) as first:
            video = container.add_stream_from_template(first.streams.video[0])
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        begin = 0
        for take, sheet in zip(takes, cut.takes, strict=True):
            _copy_pictures(container, video, take, begin)
            begin += sheet.seconds
        heard = mixed(samples_of(cut.narration), samples_of(cut.music), cut.seconds)
        encode_sound(container, sound, heard)


def _copy_pictures(container: Any, stream: Any, take: Path, begin: int) -> None:
    import av

    with av.open(str(take)) as source:
        for packet in source.demux(video=0):
            # The last packet of a file is an empty one, without a time.
            if packet.pts is None or packet.dts is None:
                continue
            offset = int(begin / packet.time_base)
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            packet.stream = stream
            container.mux(packet)


CHORDS = ((110, 165, 220, 275), (100, 150, 200, 250), (125, 185, 250, 310), (130, 195, 260, 330))
CLIP_LEVEL, MUSIC_LEVEL, VOICE_LEVEL = 900, 1_100, 5_000
BEATS_A_BAR = 5
VOICE = (180, 200, 215, 240, 270, 300, 320, 360)  # Hz
SYLLABLE_SECONDS = (0.11, 0.26)  # the quickest and the slowest


def chord(sheet: Sheet) -> "array[int]":
    """A quiet chord that comes and goes softly."""
    chosen = CHORDS[digest(sheet)[0] % len(CHORDS)]
    return faded(_tone(chosen, CLIP_LEVEL) * (5 * sheet.seconds))


def samples_of(sound: Sound) -> "array[int]":
    return (
        narration(sound.text, sound.seconds) if sound.spoken else music(sound.text, sound.seconds)
    )


def narration(text: str, seconds: int) -> "array[int]":
    """A sung syllable for each letter that is heard, its pitch by the letter, from the start on."""
    letters = [letter for letter in text if letter.isalnum() or letter == " "]
    quickest, slowest = SYLLABLE_SECONDS
    length = min(max(0.92 * seconds / max(len(letters), 1), quickest), slowest)
    size = round(length * RATE)
    spoken = array("h")
    for letter in letters[: int(seconds / length)]:
        spoken += _syllable(0 if letter == " " else VOICE[ord(letter) % len(VOICE)], size)
    return spoken + array("h", bytes(2 * (seconds * RATE - len(spoken))))


def music(prompt: str, seconds: int) -> "array[int]":
    """Four chords in an order that the prompt decides, struck on each beat."""
    order = hashlib.sha256(prompt.encode()).digest()
    piece = array("h")
    for nth in range(4):
        lift = 1 + order[nth + 4] % 2
        chosen = CHORDS[order[nth] % len(CHORDS)]
        piece += _beat(tuple(pitch * lift for pitch in chosen)) * BEATS_A_BAR
    whole = piece * (seconds * RATE // len(piece) + 1)
    return faded(whole[: seconds * RATE])


def mixed(first: "array[int]", second: "array[int]", seconds: int) -> "array[int]":
    """Both at once, so long."""
    whole = array("h", map(operator.add, first, second))
    return faded(whole[: seconds * RATE])


def faded(samples: "array[int]") -> "array[int]":
    fade = min(RATE // 4, len(samples) // 2)
    for at in range(fade):
        samples[at] = samples[at] * at // fade
        samples[-1 - at] = samples[-1 - at] * at // fade
    return samples


@cache
def _tone(pitches: tuple[int, ...], level: int) -> "array[int]":
    """A fifth of a second of these pitches, in Hz, at once."""
    steps = [math.tau * pitch / RATE for pitch in pitches]
    return array(
        "h",
        (round(level * sum(math.sin(at * step) for step in steps)) for at in range(PIECE)),
    )


@cache
def _beat(pitches: tuple[int, ...]) -> "array[int]":
    """The same, struck and dying away over two fifths of a second."""
    held = _tone(pitches, MUSIC_LEVEL) * 2
    rise = RATE // 100
    return array(
        "h",
        (
            round(sample * min(at / rise, 1) * (1 - at / len(held)))
            for at, sample in enumerate(held)
        ),
    )


@lru_cache(256)
def _syllable(pitch: int, size: int) -> "array[int]":
    """So many samples of one pitch, in Hz, that swells and fades; 0 is silence."""
    step = math.tau * pitch / RATE
    return array(
        "h",
        (
            round(VOICE_LEVEL * math.sin(math.pi * at / size) * _voice(at * step))
            for at in range(size)
        ),
    )


def _voice(angle: float) -> float:
    return math.sin(angle) + 0.5 * math.sin(2 * angle) + 0.25 * math.sin(3 * angle)
