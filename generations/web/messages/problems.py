"""What the catalogue found wrong with an order, as a sentence beside its field."""

from collections.abc import Mapping
from typing import cast

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from generations.providers.catalogue import Problem
from generations.templatetags.formats import filesize, number

type Sentence = str | Promise

IN_BYTES = {"large", "body"}  # whose limit is no count
BY_FIELD: Mapping[tuple[str, str], Sentence] = {
    ("prompt", "required"): gettext_lazy("Write what the clip shows."),
    ("prompt", "too_long"): gettext_lazy(
        "This prompt has %(length)s characters; the model reads %(limit)s. Shorten it."
    ),
    ("duration", "range"): gettext_lazy(
        "This model makes clips of %(low)s to %(high)s whole seconds."
    ),
    ("duration", "choice"): gettext_lazy("This model makes clips of %(choices)s seconds."),
    ("resolution", "choice"): gettext_lazy("At this length the model makes %(choices)s."),
    ("aspect_ratio", "choice"): gettext_lazy("This model makes %(choices)s."),
    ("aspect_ratio", "unwanted"): gettext_lazy("This model takes the ratio from its picture."),
    ("model", "choice"): gettext_lazy("This key has no such model. Choose %(choices)s."),
    ("credential", "choice"): gettext_lazy("That key is not your team’s. Choose another."),
    ("seed", "range"): gettext_lazy(
        "A seed is a whole number, %(low)s to %(high)s. Empty means a new one each time."
    ),
    ("count", "range"): gettext_lazy("Order %(low)s to %(high)s clips at once."),
    ("images", "count"): gettext_lazy(
        "This model takes %(low)s to %(high)s pictures, and this order has %(count)s."
    ),
    ("images", "exactly"): gettext_lazy("This model takes %(low)s, and this order has %(count)s."),
    ("images", "unwanted"): gettext_lazy("This model takes no pictures. Take them away."),
}
BY_CODE: Mapping[str, Sentence] = {
    "required": gettext_lazy("Fill this in."),
    "too_long": gettext_lazy("This has %(length)s characters; %(limit)s fit. Shorten it."),
    "choice": gettext_lazy("Choose %(choices)s."),
    "range": gettext_lazy("Give a whole number, %(low)s to %(high)s."),
    "unwanted": gettext_lazy("This model cannot do that. Switch it off."),
    "beside": gettext_lazy("The model cannot do this together with “%(with)s”. Switch one off."),
    "count": gettext_lazy("Give %(low)s to %(high)s; there are %(count)s now."),
    "address": gettext_lazy("Give an address that begins with https:// or http://."),
    "json": gettext_lazy("Give a JSON object, such as {}."),
    "small": gettext_lazy(
        "Picture %(place)s has a side of fewer than %(side)s pixels. Give a larger one."
    ),
    "large": gettext_lazy("Picture %(place)s is larger than %(limit)s. Give a smaller one."),
    "ratio": gettext_lazy(
        "Picture %(place)s is too long or too tall; the model takes %(low)s to %(high)s. Crop it."
    ),
    "pair": gettext_lazy(
        "The two pictures differ too much in size. Make one as large as the other."
    ),
    "names": gettext_lazy("Give every picture a name, or none of them."),
    "nameless": gettext_lazy("This model calls no picture by its name. Take the names away."),
    "name": gettext_lazy("No picture is called @%(name)s. Name one so, or take the word out."),
    "crowd": gettext_lazy(
        "More than %(limit)s pictures are called @%(name)s. Give some of them another name."
    ),
    "body": gettext_lazy(
        "Together the pictures are larger than %(limit)s. Take one away, or give smaller ones."
    ),
    "unreachable": gettext_lazy(
        "This key’s provider fetches pictures from here, and this site has no public address. "
        "Choose another key, or have PUBLIC_URL set."
    ),
}


def sentence(problem: Problem, labels: Mapping[str, Sentence]) -> str:
    """One sentence in the reader's language; ``labels`` are the words of the fields."""
    values = {name: _said(value) for name, value in problem.values.items()}
    if other := problem.values.get("with"):
        values["with"] = str(labels.get(str(other), other))
    if problem.code in IN_BYTES:
        values["limit"] = filesize(cast(int, problem.values["limit"]))
    code = _case(problem)
    if code == "exactly":
        values["low"] = _pictures(cast(int, problem.values["low"]))
    return str(BY_FIELD.get((problem.field, code)) or BY_CODE[code]) % values


def _case(problem: Problem) -> str:
    """Its code, or which of the cases of that code it is."""
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


def _pictures(count: int) -> str:
    return ngettext("%(count)s picture", "%(count)s pictures", count) % {"count": count}


def _said(value: object) -> str:
    if isinstance(value, float):
        return ratio(value)
    if isinstance(value, int):
        return number(value)
    if isinstance(value, tuple):
        return get_text_list([str(choice) for choice in value], _("or"))
    return str(value)


def ratio(value: float) -> str:
    """Of width to height, as people write it: 1:4, 4:1."""
    return f"{value:g}:1" if value >= 1 else f"1:{1 / value:g}"
