"""What people read when they order: the words of the options, and why an order was not made."""

from collections.abc import Mapping
from typing import NamedTuple, cast

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations.films import FilmRefused
from generations.lifecycle import order as ordering
from generations.models import Cap, Team
from generations.models.ledger import booking_day
from generations.providers.catalogue import Problem
from generations.teams import ordering_stops
from generations.templatetags.formats import amount, figure, filesize, number, sentences

from . import films
from .reasons import Sentence, explain_key

LABELS: Mapping[str, Sentence] = {
    "seed": _("Seed"),
    "style": _("Style"),
    "movement_amplitude": _("Motion"),
    "bgm": _("Music"),
    "audio": _("Sound"),
    "audio_type": _("What is heard"),
    "voice_id": _("Voice"),
    "is_rec": _("Prompt by the model"),
    "off_peak": _("Off-peak"),
    "watermark": _("Watermark"),
    "wm_position": _("Corner of the mark"),
    "wm_url": _("Picture of the mark"),
    "meta_data": _("Metadata"),
    "route": _("Route"),
    "images": _("Pictures"),
    "name": _("Name"),
    "speed": pgettext_lazy("speech", "Speed"),
    "volume": _("Volume"),
    "pitch": _("Pitch"),
    "emotion": _("Emotion"),
    "source": _("Clip"),
    "sound": pgettext_lazy("source", "Sound"),
}
HELP: Mapping[str, Sentence] = {
    "seed": _("Empty means a new one each time."),
    "off_peak": _("half price, up to 48 h"),
    "voice_id": _("The id of one of the provider's voices; empty means the model's choice."),
    "volume": _("0 is the usual volume, 10 the loudest."),
    "pitch": _("0 is the voice's own pitch; −12 is lowest, 12 highest."),
    "wm_url": _("An address; empty means the provider's own mark."),
    "meta_data": _("A JSON object that the file carries; empty means the provider's own."),
}
CHOICES: Mapping[str, Sentence] = {
    "auto": pgettext_lazy("motion", "Auto"),
    "small": pgettext_lazy("motion", "Small"),
    "medium": pgettext_lazy("motion", "Medium"),
    "large": pgettext_lazy("motion", "Large"),
    "general": pgettext_lazy("style", "General"),
    "anime": pgettext_lazy("style", "Anime"),
    "all": pgettext_lazy("sound", "All"),
    "speech_only": pgettext_lazy("sound", "Speech"),
    "sound_effect_only": pgettext_lazy("sound", "Effects"),
    "top_left": pgettext_lazy("corner", "Top left"),
    "top_right": pgettext_lazy("corner", "Top right"),
    "bottom_right": pgettext_lazy("corner", "Bottom right"),
    "bottom_left": pgettext_lazy("corner", "Bottom left"),
    "": pgettext_lazy("emotion", "As the text"),
    "happy": pgettext_lazy("emotion", "Happy"),
    "sad": pgettext_lazy("emotion", "Sad"),
    "angry": pgettext_lazy("emotion", "Angry"),
    "fearful": pgettext_lazy("emotion", "Fearful"),
    "disgusted": pgettext_lazy("emotion", "Disgusted"),
    "surprised": pgettext_lazy("emotion", "Surprised"),
    "calm": pgettext_lazy("emotion", "Calm"),
    "value": pgettext_lazy("route", "Cheapest"),
    "official": pgettext_lazy("route", "Official"),
}
IN_BYTES = {"large", "body"}  # whose limit is no count
BY_FIELD: Mapping[tuple[str, str], Sentence] = {
    ("prompt", "required"): _("Write what the clip shows."),
    ("prompt", "too_long"): _(
        "This prompt has %(length)s characters; the model reads %(limit)s. Shorten it."
    ),
    ("prompt", "unspoken"): _("Write what is said, or choose a sound."),
    ("prompt", "too_short"): _(
        "This is too short to be spoken. Write at least %(limit)s characters."
    ),
    ("prompt", "pause"): _(
        "A pause is written <#2#>, in seconds up to 99.99, between two spoken parts."
    ),
    ("source", "required"): _("Choose the clip that this is made from."),
    ("source", "short"): _("This clip is shorter than %(limit)s s. Choose a longer one."),
    ("source", "long"): _("This clip is longer than %(limit)s s. Choose a shorter one."),
    ("sound", "short"): _("This sound is shorter than %(limit)s s. Choose a longer one."),
    ("sound", "long"): _("This sound is longer than %(limit)s s. Choose a shorter one."),
    ("source", "unreachable"): _(
        "This key's provider fetches the clip from here, and this site has no public address. "
        "Choose another key, or have PUBLIC_URL set."
    ),
    ("sound", "unreachable"): _(
        "This key's provider fetches the sound from here, and this site has no public address. "
        "Choose another key, or have PUBLIC_URL set."
    ),
    ("resolution", "higher"): _("The clip has %(lines)s lines already. Choose more."),
    ("duration", "range"): _("This model makes clips of %(low)s to %(high)s whole seconds."),
    ("duration", "choice"): _("This model makes clips of %(choices)s seconds."),
    ("resolution", "choice"): _("At this length the model makes %(choices)s."),
    ("aspect_ratio", "choice"): _("This model makes %(choices)s."),
    ("aspect_ratio", "unwanted"): _("This model takes the ratio from its picture."),
    ("model", "choice"): _("This key has no such model. Choose %(choices)s."),
    ("credential", "choice"): _("That key is not your team's. Choose another."),
    ("seed", "range"): _(
        "A seed is a whole number, %(low)s to %(high)s. Empty means a new one each time."
    ),
    ("count", "range"): _("Order %(low)s to %(high)s clips at once."),
    ("images", "count"): _(
        "This model takes %(low)s to %(high)s pictures, and this order has %(count)s."
    ),
    ("images", "exactly"): _("This model takes %(low)s, and this order has %(count)s."),
    ("images", "unwanted"): _("This model uses no pictures. Remove them."),
}
BY_CODE: Mapping[str, Sentence] = {
    "required": _("Fill this in."),
    "too_long": _("This has %(length)s characters; %(limit)s fit. Shorten it."),
    "choice": _("Choose %(choices)s."),
    "range": _("Give a whole number, %(low)s to %(high)s."),
    "unwanted": _("This model cannot do that. Switch it off."),
    "beside": _("The model cannot do this together with “%(with)s”. Switch one off."),
    "count": _("Give %(low)s to %(high)s; there are %(count)s now."),
    "address": _("Give an address that begins with https:// or http://."),
    "json": _("Give a JSON object, such as {}."),
    "small": _("Picture %(place)s has a side of fewer than %(side)s pixels. Give a larger one."),
    "large": _("Picture %(place)s is larger than %(limit)s. Give a smaller one."),
    "ratio": _(
        "Picture %(place)s is too long or too tall; the model takes %(low)s to %(high)s. Crop it."
    ),
    "pair": _("The two pictures differ too much in size. Make one as large as the other."),
    "names": _("Give every picture a name, or none of them."),
    "nameless": _("This model does not use picture names. Remove the names."),
    "kept": _(
        "@%(name)s is a subject that the provider keeps. Give the other pictures another name."
    ),
    "elsewhere": _(
        "Another key's account keeps the subject @%(name)s. Choose that key, or use its pictures."
    ),
    "word": _("Use letters and digits only, without blanks, so that a prompt can call it."),
    "taken": _("This key has a subject called %(name)s. Choose another name."),
    "name": _(
        "No picture has the name @%(name)s. Give a picture this name, or remove it from the prompt."
    ),
    "crowd": _(
        "More than %(limit)s pictures are called @%(name)s. Give some of them another name."
    ),
    "body": _(
        "Together the pictures are larger than %(limit)s. Remove one, or choose smaller ones."
    ),
    "unreachable": _(
        "This key's provider fetches pictures from here, and this site has no public address. "
        "Choose another key, or have PUBLIC_URL set."
    ),
}


def explain_problem(problem: Problem) -> str:
    """Return what is wrong with a field, in one sentence of the reader's language."""
    values = {name: _in_words(value) for name, value in problem.values.items()}
    if other := problem.values.get("with"):
        values["with"] = str(LABELS.get(str(other), other))
    if problem.code in IN_BYTES:
        values["limit"] = filesize(cast(int, problem.values["limit"]))
    case = _case(problem)
    if case == "exactly":
        count = cast(int, problem.values["low"])
        values["low"] = ngettext("%(count)s picture", "%(count)s pictures", count) % {
            "count": count
        }
    return str(BY_FIELD.get((problem.field, case)) or BY_CODE[case]) % values


def _case(problem: Problem) -> str:
    """Return the problem's code, or which of the cases of that code it is."""
    match problem.code, problem.values:
        case _, {"with": _other}:
            return "beside"
        case "form", {"form": form}:
            return str(form)
        case "names", {"allowed": False}:
            return "nameless"
        case "count", {"low": low, "high": high} if problem.field == "images" and low == high:
            return "exactly"
    return problem.code


def _in_words(value: object) -> str:
    if isinstance(value, float):
        return ratio(value)
    if isinstance(value, int):
        return number(value)
    if isinstance(value, tuple):
        return get_text_list([str(choice) for choice in value], gettext("or"))
    return str(value)


def ratio(value: float) -> str:
    """Return width to height as people write it: 1:4, 4:1."""
    return f"{value:g}:1" if value >= 1 else f"1:{1 / value:g}"


class Stop(NamedTuple):
    """Why a team may order nothing now; ``owners``: whether an owner of the team can end it."""

    code: str
    cause: Sentence
    remedy: Sentence
    owners: bool = False


_STAYS = _("Waiting orders keep waiting and stay held. Rushes still fetches what was sent.")
STOPS: Mapping[str, Stop] = {
    ordering_stops.COPIED: Stop(
        ordering_stops.COPIED,
        _("This Rushes was copied or restored from a backup, so nothing is ordered from it."),
        _("An operator allows ordering once it is clear what the original has sent."),
    ),
    ordering_stops.STOPPED: Stop(
        ordering_stops.STOPPED, _("An operator has stopped all ordering."), _STAYS
    ),
    ordering_stops.TEAM_STOPPED: Stop(
        ordering_stops.TEAM_STOPPED, _("Ordering is stopped for this team."), _STAYS, owners=True
    ),
    ordering_stops.LOW_DISK: Stop(
        ordering_stops.LOW_DISK,
        _("The disk of this server is nearly full, so nothing new is ordered."),
        _("It continues automatically when there is space. Rushes still fetches what was sent."),
    ),
    ordering_stops.QUOTA: Stop(
        ordering_stops.QUOTA,
        _("This team has reached its storage limit, so nothing new is ordered."),
        _(
            "Empty the trash, or ask an operator for more storage. Rushes still fetches what "
            "was sent."
        ),
        owners=True,
    ),
}


def current_stop(team: Team) -> Stop | None:
    """Return what keeps a team from ordering now."""
    code = ordering_stops.ordering_obstacle(team)
    return STOPS[code] if code else None


def too_few_credits(left: str, needed: str) -> str:
    """Return that a key has less left than an order needs; both amounts in words."""
    values = {"left": left, "needed": needed}
    return gettext("This needs %(needed)s and the key has %(left)s left.") % values


def over_cap(cap: Cap, left: int, needed: int) -> str:
    """Return which cap of this month stops an order, and what is left under it."""
    values = {
        "most": amount(cap.amount, cap.unit),
        "month": date_format(booking_day(), "F"),
        "left": figure(left, cap.unit),
        "needed": figure(needed, cap.unit),
    }
    if cap.user_id:
        form = gettext(
            "Your cap for %(month)s is %(most)s and %(left)s of it are left; this needs %(needed)s."
        )
    else:
        form = gettext(
            "The team's cap for %(month)s is %(most)s and %(left)s of it are left; "
            "this needs %(needed)s."
        )
    return form % values


def cap_without_price(cap: Cap) -> str:
    """Return which cap of this month stops an order of which nobody knows the price."""
    values = {"most": amount(cap.amount, cap.unit), "month": date_format(booking_day(), "F")}
    if cap.user_id:
        form = gettext("Your cap for %(month)s is %(most)s, and nobody knows what this costs.")
    else:
        form = gettext(
            "The team's cap for %(month)s is %(most)s, and nobody knows what this costs."
        )
    return form % values


def cap_not_counted(cap: Cap) -> str:
    """Return which cap of this month does not count an order until its cost is known."""
    values = {"most": amount(cap.amount, cap.unit), "month": date_format(booking_day(), "F")}
    if cap.user_id:
        form = gettext("Until it is known, your cap of %(most)s for %(month)s does not count it.")
    else:
        form = gettext(
            "Until it is known, the team's cap of %(most)s for %(month)s does not count it."
        )
    return form % values


def remedy_without_price() -> str:
    """Return what helps where a cap lets no order pass of which nobody knows the price."""
    return gettext(
        "This cap lets no order pass without a known price. An owner can enter the price of this "
        "key, or change the cap."
    )


NOT_ANSWERED = _("Tick this to order. Nothing was ordered and nothing was charged yet.")


def explain_beside_question(refused: ordering.OrderRefused) -> str:
    """Return why nothing was ordered, where the page asks about an unknown price just below."""
    match refused:
        case ordering.PriceUnknown() | ordering.CapUnknown(may_accept=True):
            return str(NOT_ANSWERED)
    return explain_refusal(refused)


def explain_refusal(refused: ordering.OrderRefused) -> str:
    """Return why nothing was ordered, and that nothing was charged: the one text for all forms."""
    return sentences(*_causes(refused), gettext("Nothing was ordered and nothing was charged."))


def _causes(refused: ordering.OrderRefused) -> list[str]:
    match refused:
        case FilmRefused(obstacles=found):
            return films.obstacles(found)
        case ordering.Invalid(problems=problems):
            return [explain_problem(problem) for problem in problems]
        case ordering.NotEnough(left=left, needed=needed):
            return [too_few_credits(number(left), number(needed))]
        case ordering.PriceUnknown(credential=credential, model=model):
            values = {"model": model, "key": credential.name}
            return [gettext("Nobody here knows what %(model)s costs on %(key)s.") % values]
        case ordering.CapUnknown(cap=cap, may_accept=may_accept):
            return [cap_without_price(cap), "" if may_accept else remedy_without_price()]
        case ordering.OverCap(cap=cap, left=left, needed=needed):
            return [over_cap(cap, left, needed)]
        case ordering.Stopped(code=code):
            return [str(STOPS[code].cause)]
        case ordering.Paused(code=code):
            return [str(explain_key(code).cause)]
    return []
