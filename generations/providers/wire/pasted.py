"""Ids of tasks as people paste them: between quotes, in lists, with letters that nobody sees."""

import re
from collections.abc import Sequence

from .values import read_identifier, trim

QUOTES = "\"'`“”„‘’‚«»「」『』"
# Between quotes a separator is a part of the id.
LISTED = re.compile(r"\"([^\"\r\n]+)\"|“([^”\r\n]+)”|([^\s,;，；、]+)")


def read_pasted_id(text: str) -> str:
    """Return the id in a text without the blanks and quotes around it; "" where it is none."""
    return read_identifier(_unquoted(text))


def read_pasted_ids(text: str) -> Sequence[str]:
    """Return what stands in a list, each once, in its order; what is no id stays as it is."""
    parts = ("".join(match.groups(default="")) for match in LISTED.finditer(text))
    return list(dict.fromkeys(filter(None, map(_unquoted, parts))))


def _unquoted(text: str) -> str:
    return trim(trim(text).strip(QUOTES))
