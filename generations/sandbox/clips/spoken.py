"""How long a text is when it is spoken (docs/wire.md, 2.18)."""

import math
import re

from generations.sandbox.directives import without_directives

PAUSE = re.compile(r"<#(\d{1,2}(?:\.\d{1,2})?)#>")
FIRST_CJK = 0x2E7F
# Of one character: Chinese, and any other.
CJK_SECONDS, LETTER_SECONDS = 0.24, 0.12


def spoken_words(text: str) -> str:
    """The text without its marks of pauses and its directives."""
    return without_directives(PAUSE.sub(" ", text))


def spoken_seconds(text: str, speed: float = 1.0) -> int:
    """Whole seconds, at least one; pauses are as long as they say, whatever the speed."""
    letters = spoken_words(text)
    chinese = sum(ord(letter) > FIRST_CJK for letter in letters)
    spoken = chinese * CJK_SECONDS + (len(letters) - chinese) * LETTER_SECONDS
    pauses = sum(map(float, PAUSE.findall(text)))
    return max(math.ceil(spoken / speed + pauses), 1)


def width_of(text: str) -> int:
    """The count of characters; a Chinese one counts as two."""
    return sum(1 + (ord(letter) > FIRST_CJK) for letter in text)
