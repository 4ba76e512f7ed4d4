"""What a provider's replies tell of an order, kept: raw replies, its words, what it repeats.

What is told once may be gone later, so a later reply adds to it and takes nothing away.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Case, F, TextField, Value, When

from generations.models import Attempt, Task
from generations.providers.contract import ECHOED, Report

RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")
SECONDS = re.compile(r"[1-9][0-9]{0,2}")
RESOLUTION = re.compile(r"[0-9]{3,4}p")
# Of an import's settings: how each looks that can be shown and ordered again.
SHAPES = {"duration": SECONDS, "resolution": RESOLUTION, "aspect_ratio": RATIO}
NO_SEED = "0"  # an order without a seed, repeated
MOST_WORD = 60


def keep_report(attempt: Attempt, raw: str, **fields: object) -> None:
    """Keep the raw reply to a question as the last one, and as the first where there is none."""
    if raw:
        first = Case(
            When(first_report="", then=Value(raw)),
            default=F("first_report"),
            output_field=TextField(),
        )
        fields |= {"report": raw, "first_report": first}
    if fields:
        Attempt.objects.filter(pk=attempt.pk).update(**fields)


def reported_fields(task: Task, report: Report) -> dict[str, Any]:
    """Return the fields of a task that a report changes beside its state; {} for no news."""
    fields: dict[str, Any] = {}
    word = report.state_word[:MOST_WORD]
    if word and word != task.state_word:
        fields["state_word"] = word
    if fresh := _fresh_echo(task, report.echoed):
        fields["echoed"] = task.echoed | fresh
    return fields | _fields_of_import(task, report.echoed)


def _fresh_echo(task: Task, echoed: Mapping[str, str]) -> dict[str, str]:
    """Return what a reply repeats of the order and no reply before it has.

    The first value stays: a provider that wavers would have news in every answer.
    """
    return {
        name: value
        for name in ECHOED
        if (value := echoed.get(name, ""))
        and not task.echoed.get(name)
        and (name, value) not in {("seed", NO_SEED), ("enhanced_prompt", task.prompt)}
    }


def _fields_of_import(task: Task, echoed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a reply tells of an imported task that nobody here knew."""
    if not task.is_imported:
        return {}
    fields: dict[str, Any] = {
        name: echoed[name]
        for name in ("model", "prompt")
        if echoed.get(name) and not getattr(task, name)
    }
    shape: dict[str, object] = {
        name: int(value) if form is SECONDS else value
        for name, form in SHAPES.items()
        if (value := echoed.get(name, "")) and form.fullmatch(value) and name not in task.settings
    }
    return fields | ({"settings": task.settings | shape} if shape else {})
