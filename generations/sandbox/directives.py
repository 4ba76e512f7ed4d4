"""Directives: texts in square brackets in a prompt, which choose what goes wrong with an order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BRACKETED = re.compile(r"\[([^\[\]]{1,80})\]")


@dataclass(frozen=True, slots=True)
class Directives:
    """The directives of one order, or of one fault that a test has set.

    A directive is a name and perhaps an argument: `[refuse FieldInvalid]`. Names may be written in
    capitals or not; the names that are asked for are lower case.
    """

    phrases: tuple[str, ...] = ()

    @classmethod
    def parse(cls, *texts: str) -> "Directives":
        """All that stands in square brackets in the texts."""
        found = (phrase for text in texts for phrase in BRACKETED.findall(text))
        return cls(tuple(" ".join(phrase.split()) for phrase in found))

    def __contains__(self, phrase: str) -> bool:
        return any(own.lower() == phrase for own in self.phrases)

    def __add__(self, other: "Directives") -> "Directives":
        return Directives(self.phrases + other.phrases)

    def argument(self, name: str) -> str | None:
        """The argument of the first directive with this name; "" without one, None if absent."""
        return next(self._arguments(name), None)

    def numeric_argument(self, name: str, default: float) -> float:
        """The argument as a number, or the default if it is absent or not a number."""
        text = self.argument(name) or ""
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else default

    def scoped(self, name: str) -> "Directives":
        """The directives that begin with `name`, without it: `drop` of `[query drop]`."""
        return Directives(tuple(argument for argument in self._arguments(name) if argument))

    def _arguments(self, name: str) -> Iterator[str]:
        for phrase in self.phrases:
            if phrase.lower() == name:
                yield ""
            elif phrase.lower().startswith(f"{name} "):
                yield phrase[len(name) + 1 :]


def without_directives(text: str) -> str:
    """The text as it is drawn on a clip or spoken in a narration."""
    return " ".join(BRACKETED.sub(" ", text).split())
