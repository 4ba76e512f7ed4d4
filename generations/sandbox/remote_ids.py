"""The ids that a provider gives to tasks: usually our own, in other forms by a directive `[id …]`.

A provider may use any printable text. Each form holds our own id, so that the task is found again
from the text alone, also after a restart.
"""

import re
from collections.abc import Callable

from .directives import Directives

Form = Callable[[str], str]
MOST_LETTERS = 200
# Our own ids: 32 hex digits, or at least 17 decimal ones, with APIXO's `task_` before them.
OWN_ID = re.compile(r"(?:task_)?(?:[0-9a-f]{32}|\d{17,})")


def _long(letters: int) -> Form:
    return lambda own: f"{own}-".ljust(letters, "z")


# What stands before our own id does not end with a letter that could be a hex digit.
FORMS: dict[str, Form] = {
    "colon": lambda own: f"vidu2.0:{own}-Tmbjx",
    "slash": lambda own: f"videos/{own}/1",
    "blank": lambda own: f"task no. {own}",
    "percent": lambda own: f"100%25-{own}%2F",
    "plus": lambda own: f"a+{own}+b==",
    "mark": lambda own: f"?{own}#part&x=1;y",
    "umlaut": lambda own: f"Aufträge-{own}-Übung",
    "chinese": lambda own: f"任务-{own}-港口",
    "emoji": lambda own: f"🎬{own}",
    "quotes": lambda own: f"\"{own}'",
    "dash": lambda own: f"-{own}",
    "dots": lambda own: f"v1..{own}.",
    "braces": lambda own: f"{{{own}}}",
    "backslash": lambda own: f"team\\{own}",
    "long": _long(100),
    "longest": _long(MOST_LETTERS),
}


def remote_id(own_id: str, directives: Directives) -> str:
    """The id that the provider gives to the task with this id of ours."""
    form = FORMS.get((directives.argument("id") or "").lower())
    return own_id if form is None else form(own_id)


def own_id(remote: str) -> str:
    """Our own id in that of a provider; the same text if there is none in it."""
    found = OWN_ID.search(remote)
    return found[0] if found else remote
