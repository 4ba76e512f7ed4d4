"""The kinds of clips that a person orders, in the order of the form's tabs."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from generations.providers.contract import TaskKind
from generations.web.messages.reasons import Sentence


@dataclass(frozen=True, slots=True)
class KindMark:
    """The word and the icon of a kind."""

    word: Sentence
    icon: str


KIND_MARKS: Mapping[str, KindMark] = {
    TaskKind.TEXT_TO_VIDEO: KindMark(pgettext_lazy("kind", "Text"), "text-cursor-input"),
    TaskKind.IMAGE_TO_VIDEO: KindMark(pgettext_lazy("kind", "Picture"), "image"),
    TaskKind.FRAMES_TO_VIDEO: KindMark(pgettext_lazy("kind", "First and last"), "columns-2"),
    TaskKind.REFERENCES_TO_VIDEO: KindMark(pgettext_lazy("kind", "References"), "layers-2"),
}
