"""What people read of ad films: names, what is in the way, and what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from generations.films import Obstacle
from generations.models import Film
from generations.models.films import SegmentKind
from generations.models.tasks import read_alarms
from generations.templatetags.formats import number, sentences

from . import alarms
from .reasons import Sentence

MOST_LISTED = 3


class Change(NamedTuple):
    """Which take a segment has in the one cut and in the other, in words: "take 3"."""

    title: str
    before: str
    after: str
    at: str


OBSTACLES: Mapping[str, Sentence] = {
    "not_finished": gettext_lazy("This film is not finished; its parts can be changed then."),
    "prompt_required": gettext_lazy("Describe the new take."),
    "prompt_too_long": gettext_lazy("This has %(length)s characters; %(limit)s fit. Shorten it."),
    "type_unknown": gettext_lazy(
        "Choose what to generate again: a shot, the narration or the music."
    ),
    "take_gone": gettext_lazy("This film has no such take."),
    "shot_required": gettext_lazy("Choose the shot of the new take."),
    "shot_unknown": gettext_lazy("This film has no such shot."),
    "takes_count": gettext_lazy(
        "A cut needs one take for each of %(wanted)s shots; %(given)s are named."
    ),
    "take_required": gettext_lazy("%(where)s has no chosen take."),
    "narration_required": gettext_lazy("No narration is chosen."),
    "music_required": gettext_lazy("No music is chosen."),
    "take_unknown": gettext_lazy("This film has no take %(number)s."),
    "take_misplaced": gettext_lazy("Take %(number)s does not belong to %(where)s."),
    "take_not_stored": gettext_lazy("%(where)s: the take is not here yet."),
}

ALARMS: Mapping[str, Sentence] = {
    "removed": gettext_lazy("The provider lists it no more, and it was not fetched before."),
    "moved": gettext_lazy("The provider now lists it in another position. It stays here."),
    "turned_failed": gettext_lazy("The provider now reports it as failed, after it had succeeded."),
    "turned_cancelled": gettext_lazy(
        "The provider now reports it as cancelled, after it had ended."
    ),
    "turned_succeeded": gettext_lazy("The provider now reports it as done, after it had failed."),
    "differs": gettext_lazy("The provider names other parts of this cut than before."),
    "unread": gettext_lazy("The provider's reply has parts that could not be read."),
    "not_read": gettext_lazy("The provider refuses to list the parts of this film."),
}
LANGUAGES: Mapping[str, str] = {
    "zh": gettext_noop("Chinese voice"),
    "en": gettext_noop("English voice"),
}


def title(film: Film) -> str:
    """Return what people called it, else the beginning of its brief."""
    if film.title:
        return film.title
    words = " ".join(film.task.prompt.split())
    short = words if len(words) <= 60 else words[:60].rstrip() + "…"
    return short or _("Film %(number)s") % {"number": film.pk}


def voice(film: Film) -> str:
    """Return the language of its narration: Vidu's default is Chinese (docs/wire.md, 2.13)."""
    return _(LANGUAGES.get(str(film.task.settings.get("language", "zh")), "Chinese voice"))


def where(kind: object, shot: object = 0) -> str:
    """Return a segment's name: "Shot 2"."""
    if kind == SegmentKind.NARRATION:
        return _("Narration")
    if kind == SegmentKind.MUSIC:
        return _("Music")
    return _("Shot %(number)s") % {"number": int(str(shot or 0)) + 1}


def cut(number: int) -> str:
    return _("Cut %(number)s") % {"number": number}


def version(kind: object, number: int) -> str:
    """Return the name of a take: "take 2" of a shot, "version 2" of narration and music."""
    if kind == SegmentKind.SHOT:
        return _("take %(number)s") % {"number": number}
    return _("version %(number)s") % {"number": number}


def take_of(kind: object, shot: int, number: int) -> str:
    """Return a take with its segment: "Shot 2, take 3"."""
    values = {"segment": where(kind, shot), "take": version(kind, number)}
    return _("%(segment)s, %(take)s") % values


def in_words(code: str) -> str:
    """Return the sentence of an obstacle that has no values."""
    return str(OBSTACLES[code])


def obstacle(one: Obstacle) -> str:
    """Return what is in the way, and of which segment."""
    values = {
        name: number(value) if isinstance(value, int) else str(value)
        for name, value in one.values.items()
    }
    values["where"] = where(one.values.get("kind"), one.values.get("shot"))
    return str(OBSTACLES[one.code]) % values


def obstacles(found: Iterable[Obstacle]) -> list[str]:
    """Return the first of them in words, and how many more there are."""
    # Several takes may lack the same thing; each sentence is said once.
    lines = list(dict.fromkeys(obstacle(one) for one in found))
    more = len(lines) - MOST_LISTED
    if more > 0:
        rest = ngettext("%(number)s more.", "%(number)s more.", more) % {"number": more}
        return [*lines[:MOST_LISTED], rest]
    return lines


def stale(changes: Sequence[Change], price: str) -> str:
    """Return where a cut differs from what is chosen, and what composing again costs."""
    differences = [
        _("%(segment)s is now %(after)s, the cut has %(before)s.")
        % {"segment": change.title, "after": change.after, "before": change.before}
        for change in changes
    ]
    if price:
        return sentences(*differences, _("Composing again costs %(price)s.") % {"price": price})
    return sentences(
        *differences, _("The provider sets the price of composing again in its reply.")
    )


def approved(cuts: Sequence[int]) -> str:
    """Return which cuts clients approved, which never change; "" where there is none."""
    if not cuts:
        return ""
    form = ngettext(
        "The client approved cut %(cuts)s, and it has not changed.",
        "The client approved cuts %(cuts)s, and they have not changed.",
        len(cuts),
    )
    return form % {"cuts": ", ".join(map(str, cuts))}


def alarm(text: str) -> str:
    """Return what a person must know of a film or of a part of it; "" for nothing."""
    found = read_alarms(text)
    if not found:
        return ""
    return sentences(
        *(
            str(ALARMS[one.code]) % {"detail": one.detail}
            if one.code in ALARMS
            else alarms.in_words(one)
            for one in found
        )
    )
