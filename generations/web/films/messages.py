"""What people read of ad films: names, why something was refused, and what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from generations.films import FilmRefused, Obstacle
from generations.lifecycle import order as ordering
from generations.models import Film
from generations.models.films import StripKind
from generations.templatetags.formats import number, sentences
from generations.web.messages.credentials import trouble
from generations.web.messages.failures import ALARMS as OF_TASKS
from generations.web.messages.failures import Sentence
from generations.web.messages.problems import sentence
from generations.web.messages.stops import STOPS
from generations.web.order.inputs import LABELS
from generations.web.team.caps import over_cap

MOST_TOLD = 3


class Change(NamedTuple):
    """What stands in a strip in the one cut and in the other, in words: "take 3"."""

    title: str
    before: str
    after: str
    at: str


OBSTACLES: Mapping[str, Sentence] = {
    "not_finished": gettext_lazy("This film is not finished; its parts can be changed then."),
    "prompt_required": gettext_lazy("Write what the new take is to be."),
    "prompt_too_long": gettext_lazy("This has %(length)s characters; %(limit)s fit. Shorten it."),
    "type_unknown": gettext_lazy("Say what to make anew: a shot, the narration or the music."),
    "take_gone": gettext_lazy("This film has no such take."),
    "shot_required": gettext_lazy("Say which shot the new take is for."),
    "shot_unknown": gettext_lazy("This film has no such shot."),
    "takes_count": gettext_lazy(
        "A cut needs one take for each of %(wanted)s shots; %(given)s are named."
    ),
    "take_required": gettext_lazy("%(where)s has no chosen take."),
    "narration_required": gettext_lazy("No narration is chosen."),
    "music_required": gettext_lazy("No music is chosen."),
    "take_unknown": gettext_lazy("This film has no take with the number %(number)s."),
    "take_misplaced": gettext_lazy("The take with the number %(number)s is none of %(where)s."),
    "take_not_stored": gettext_lazy("%(where)s: the take is not here yet."),
}

ALARMS: Mapping[str, Sentence] = {
    "removed": gettext_lazy("The provider lists it no more, and it was not fetched before."),
    "moved": gettext_lazy("The provider lists it in another place now; it stays here."),
    "turned_failed": gettext_lazy("The provider calls it failed after it had succeeded."),
    "turned_cancelled": gettext_lazy("The provider calls it cancelled after it had ended."),
    "turned_succeeded": gettext_lazy("The provider calls it done after it had failed."),
    "differs": gettext_lazy("The provider names other parts of this cut than before."),
    "unread": gettext_lazy("The provider's reply has parts that could not be read."),
    "not_read": gettext_lazy("The provider refuses to tell the parts of this film."),
}
LANGUAGES: Mapping[str, str] = {
    "zh": gettext_noop("Chinese voice"),
    "en": gettext_noop("English voice"),
}


def title(film: Film) -> str:
    """What people called it, else the beginning of its brief."""
    if film.title:
        return film.title
    words = " ".join(film.task.prompt.split())
    short = words if len(words) <= 60 else words[:60].rstrip() + "…"
    return short or _("Film %(number)s") % {"number": film.pk}


def voice(film: Film) -> str:
    """The language that its narration is spoken in, Chinese where nothing was said (2.13)."""
    return _(LANGUAGES.get(str(film.task.settings.get("language", "zh")), "Chinese voice"))


def where(kind: object, shot: object = 0) -> str:
    """A strip by its name: "Shot 2"."""
    if kind == StripKind.NARRATION:
        return _("Narration")
    if kind == StripKind.MUSIC:
        return _("Music")
    return _("Shot %(number)s") % {"number": int(str(shot or 0)) + 1}


def cut(number: int) -> str:
    return _("Cut %(number)s") % {"number": number}


def version(kind: object, number: int) -> str:
    """Takes of a shot, versions of what is heard."""
    if kind == StripKind.SHOT:
        return _("take %(number)s") % {"number": number}
    return _("version %(number)s") % {"number": number}


def take_of(kind: object, shot: int, number: int) -> str:
    """A take with the strip that it is of."""
    values = {"strip": where(kind, shot), "take": version(kind, number)}
    return _("%(strip)s, %(take)s") % values


def obstacle(one: Obstacle) -> str:
    """What is in the way, and of which strip."""
    values = {name: _said(value) for name, value in one.values.items()}
    values["where"] = where(one.values.get("kind"), one.values.get("shot"))
    return str(OBSTACLES[one.code]) % values


def _said(value: object) -> str:
    return number(value) if isinstance(value, int) else str(value)


def obstacles(found: Iterable[Obstacle]) -> list[str]:
    """The first of them in words, and how many more there are."""
    told = list(dict.fromkeys(obstacle(one) for one in found))
    more = len(told) - MOST_TOLD
    if more > 0:
        rest = ngettext("%(number)s more.", "%(number)s more.", more) % {"number": more}
        return [*told[:MOST_TOLD], rest]
    return told


def stale(changes: Sequence[Change], price: str) -> str:
    """What a cut has other than is chosen, and what composing again costs; "" where unknown."""
    told = [
        _("%(strip)s is now %(after)s, the cut has %(before)s.")
        % {"strip": change.title, "after": change.after, "before": change.before}
        for change in changes
    ]
    if price:
        return sentences(*told, _("Composing again costs %(price)s.") % {"price": price})
    return sentences(*told, _("What composing again costs the provider tells in its reply."))


def approved(cuts: Sequence[int]) -> str:
    """What clients approved stays what it was, whatever is chosen since; "" where nothing is."""
    if not cuts:
        return ""
    said = ngettext(
        "The client approved cut %(cuts)s, and it has not changed.",
        "The client approved cuts %(cuts)s, and they have not changed.",
        len(cuts),
    )
    return said % {"cuts": ", ".join(map(str, cuts))}


def alarm(text: str) -> str:
    """What a person must know of a film or of a part of it; "" when nothing."""
    code, _space, detail = text.partition(" ")
    known = ALARMS.get(code) or OF_TASKS.get(code)
    return str(known) % {"detail": detail} if known else text


def refusal(refused: ordering.OrderRefused) -> str:
    """Why nothing was ordered, and that nothing was charged."""
    return sentences(*_causes(refused), _("Nothing was ordered and nothing was charged."))


def _causes(refused: ordering.OrderRefused) -> list[str]:
    match refused:
        case FilmRefused(obstacles=found):
            return obstacles(found)
        case ordering.Invalid(problems=problems):
            return [sentence(problem, LABELS) for problem in problems]
        case ordering.NotEnough(left=left, needed=needed):
            values = {"left": number(left), "needed": number(needed)}
            return [_("This needs %(needed)s and the key has %(left)s left.") % values]
        case ordering.OverCap(cap=cap, left=left, needed=needed):
            return [over_cap(cap, left, needed)]
        case ordering.Stopped(code=code):
            return [str(STOPS[code].cause)]
        case ordering.Paused(code=code):
            return [str(trouble(code).cause)]
    return []
