"""Synthesizes sound: a chord for a clip, a narration and music for a film.

Samples are 16 bit, mono, 48,000 a second.
"""

import hashlib
import math
import operator
from array import array
from functools import cache, lru_cache

from .spec import ClipSpec, SoundSpec, digest

RATE = 48_000
# All pitches are multiples of 5 Hz, so that a fifth of a second repeats without a click.
FIFTH = RATE // 5
CHORDS = ((110, 165, 220, 275), (100, 150, 200, 250), (125, 185, 250, 310), (130, 195, 260, 330))
CLIP_LEVEL, MUSIC_LEVEL, VOICE_LEVEL = 900, 1_100, 5_000
STROKES_A_BAR = 5
VOICE_PITCHES = (180, 200, 215, 240, 270, 300, 320, 360)  # Hz
SYLLABLE_SECONDS = (0.11, 0.26)  # the shortest and the longest


def chord(spec: ClipSpec) -> "array[int]":
    """A quiet chord as long as the clip, which its digest chooses."""
    return _chord(CHORDS[digest(spec)[0] % len(CHORDS)], spec.seconds)


def sound_samples(spec: SoundSpec) -> "array[int]":
    if spec.spoken:
        return narration(spec.text, spec.seconds)
    return music(spec.text, spec.seconds)


def narration(text: str, seconds: int) -> "array[int]":
    """One syllable for each letter or digit, whose pitch depends on it; then silence."""
    letters = [letter for letter in text if letter.isalnum() or letter == " "]
    shortest, longest = SYLLABLE_SECONDS
    length = min(max(0.92 * seconds / max(len(letters), 1), shortest), longest)
    size = round(length * RATE)
    samples = array("h")
    for letter in letters[: int(seconds / length)]:
        pitch = 0 if letter == " " else VOICE_PITCHES[ord(letter) % len(VOICE_PITCHES)]
        samples += _syllable(pitch, size)
    return samples + array("h", bytes(2 * (seconds * RATE - len(samples))))


def music(prompt: str, seconds: int) -> "array[int]":
    """Four chords that repeat, one a bar; the prompt chooses them and their octaves."""
    choice = hashlib.sha256(prompt.encode()).digest()
    bars = array("h")
    for bar in range(4):
        octave = 1 + choice[bar + 4] % 2
        pitches = CHORDS[choice[bar] % len(CHORDS)]
        bars += _stroke(tuple(pitch * octave for pitch in pitches)) * STROKES_A_BAR
    repeated = bars * (seconds * RATE // len(bars) + 1)
    return _faded(repeated[: seconds * RATE])


def mix(first: "array[int]", second: "array[int]", seconds: int) -> "array[int]":
    """Both at once, so many seconds."""
    both = array("h", map(operator.add, first, second))
    return _faded(both[: seconds * RATE])


def _faded(samples: "array[int]") -> "array[int]":
    """Fade the first and the last quarter of a second."""
    fade = min(RATE // 4, len(samples) // 2)
    for at in range(fade):
        samples[at] = samples[at] * at // fade
        samples[-1 - at] = samples[-1 - at] * at // fade
    return samples


# Cached, here and below: 48,000 samples of each second are much work for Python.
@lru_cache(16)
def _chord(pitches: tuple[int, ...], seconds: int) -> "array[int]":
    return _faded(_tone(pitches, CLIP_LEVEL) * (5 * seconds))


@cache
def _tone(pitches: tuple[int, ...], level: int) -> "array[int]":
    """A fifth of a second of these pitches (Hz) at once."""
    steps = [math.tau * pitch / RATE for pitch in pitches]
    return array(
        "h",
        (round(level * sum(math.sin(at * step) for step in steps)) for at in range(FIFTH)),
    )


@cache
def _stroke(pitches: tuple[int, ...]) -> "array[int]":
    """The same for two fifths of a second, loud at first and then quieter."""
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
    """So many samples of a voice with this pitch (Hz); 0 is silence."""
    step = math.tau * pitch / RATE
    return array(
        "h",
        (
            round(VOICE_LEVEL * math.sin(math.pi * at / size) * _voice(at * step))
            for at in range(size)
        ),
    )


def _voice(angle: float) -> float:
    """A wave with two overtones."""
    return math.sin(angle) + 0.5 * math.sin(2 * angle) + 0.25 * math.sin(3 * angle)
