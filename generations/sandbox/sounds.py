"""Makes what is heard: a chord for a clip, and a narration and music for a film.

All is made of short pieces that are repeated, because a sample costs a microsecond here.
"""

import hashlib
import math
import operator
from array import array
from functools import cache, lru_cache

from generations.sandbox.sheet import Sheet, Sound, digest

RATE = 48_000
CHORDS = ((110, 165, 220, 275), (100, 150, 200, 250), (125, 185, 250, 310), (130, 195, 260, 330))
# All pitches are multiples of 5 Hz, so that a fifth of a second repeats without a click.
PIECE = RATE // 5
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
        "h", (round(level * sum(math.sin(at * step) for step in steps)) for at in range(PIECE))
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
