"""The bracketed words in a prompt that choose what goes wrong, such as `[refuse FieldInvalid]`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BRACKETED = re.compile(r"\[([^\[\]]{1,80})\]")


@dataclass(frozen=True, slots=True)
class Words:
    phrases: tuple[str, ...] = ()

    @classmethod
    def of(cls, *texts: str) -> "Words":
        found = (phrase for text in texts for phrase in BRACKETED.findall(text))
        return cls(tuple(" ".join(phrase.split()) for phrase in found))

    def __contains__(self, phrase: str) -> bool:
        return any(own.lower() == phrase for own in self.phrases)

    def __add__(self, other: "Words") -> "Words":
        return Words(self.phrases + other.phrases)

    def after(self, name: str) -> str | None:
        """What follows `name` in the first phrase that begins with it; "" when nothing does."""
        return next(self._followers(name), None)

    def under(self, name: str) -> "Words":
        """The phrases that begin with `name`, without it: `drop` of `[query drop]`."""
        return Words(tuple(follower for follower in self._followers(name) if follower))

    def number(self, name: str, default: float) -> float:
        """The number after `name`, or the default when there is none."""
        text = self.after(name) or ""
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else default

    def brackets(self) -> str:
        return " ".join(f"[{phrase}]" for phrase in self.phrases)

    def _followers(self, name: str) -> Iterator[str]:
        for phrase in self.phrases:
            if phrase.lower() == name:
                yield ""
            elif phrase.lower().startswith(f"{name} "):
                yield phrase[len(name) + 1 :]


def plain(text: str) -> str:
    """The text without its bracketed words, as it is drawn on a clip."""
    return " ".join(BRACKETED.sub(" ", text).split())
