"""What the catalogue found wrong with an order, as a sentence beside its field."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generations.providers.catalogue import Problem
from generations.templatetags.look import number

type Sentence = str | Promise

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
}
BY_CODE: Mapping[str, Sentence] = {
    "required": gettext_lazy("Fill this in."),
    "too_long": gettext_lazy("This has %(length)s characters; %(limit)s fit. Shorten it."),
    "choice": gettext_lazy("Choose %(choices)s."),
    "range": gettext_lazy("Give a whole number, %(low)s to %(high)s."),
    "unwanted": gettext_lazy("This model cannot do that. Switch it off."),
    "beside": gettext_lazy("The model cannot do this together with “%(with)s”. Switch one off."),
    "count": gettext_lazy("Give %(low)s to %(high)s; there are %(count)s now."),
}


def sentence(problem: Problem, labels: Mapping[str, Sentence]) -> str:
    """One sentence in the reader's language; ``labels`` are the words of the fields."""
    values = {name: _said(value) for name, value in problem.values.items()}
    if other := problem.values.get("with"):
        values["with"] = str(labels.get(str(other), other))
    code = "beside" if other else problem.code
    return str(BY_FIELD.get((problem.field, code)) or BY_CODE[code]) % values


def _said(value: object) -> str:
    if isinstance(value, int):
        return number(value)
    if isinstance(value, tuple):
        return get_text_list([str(choice) for choice in value], _("or"))
    return str(value)
