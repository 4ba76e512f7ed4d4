"""What a callback says, read like a reply; all of it is a hint (docs/wire.md, 1.9)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from generations.providers.contract import CallbackRequest

from .objects import as_object, decode, find_named, read_members, read_object
from .replies import Reply, read_charset
from .states import STATE_MEMBERS, read_state_word
from .values import TASK_IDS, WORD_LIMIT

# One field of multipart/form-data: its name, and its value behind the blank line.
PART = re.compile(
    r"""name="?([\w.-]+)"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n--""", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Hints:
    """The task that a callback is about and the word of its state, "" where it has none."""

    remote_id: str
    state_word: str


def read_body(request: CallbackRequest, key: str) -> Reply:
    """The body of a callback, as far as it can be read, and what its query says beside it."""
    content_type = request.headers.get("content-type", "")
    charset = read_charset(content_type)
    members, is_cut = read_members(request.body, charset)
    if members is None:
        members = read_form(decode(request.body, charset), content_type)
    members = {**read_form(request.query, ""), **members}
    return Reply(200, members, raw="", retry_after=None, key=key, is_cut=is_cut)


def read_form(text: str, content_type: str) -> Mapping[str, object]:
    """The members of a form, {} for what is none; an object that is alone in it is unpacked."""
    if text[:3].upper() == "%7B":
        return read_object(unquote_plus(text).encode()) or {}
    is_parted = content_type.strip().lower().startswith("multipart/")
    told = dict(PART.findall(text) if is_parted else parse_qsl(text))
    members = {name: as_object(value) or value for name, value in told.items()}
    alone = next(iter(members.values())) if len(members) == 1 else None
    return alone if isinstance(alone, Mapping) else members


def read_hints(body: Reply, *, ids: Sequence[str], states: Sequence[str]) -> Hints:
    """The hints of a body; ``ids`` and ``states`` are the paths that the documents name."""
    # A bare ``id`` may be that of the event, and the task's stand in an object of its own.
    better = [path for path in ids if path != "id"]
    named = [
        body.first(better),
        *body.neighbours(TASK_IDS),
        find_named(body.members or {}, TASK_IDS),
    ]
    remote_ids = map(body.identifier, (*named, body.first(ids)))
    word = read_state_word(body.first(states))
    words = map(read_state_word, body.neighbours(STATE_MEMBERS))
    return Hints(
        remote_id=next(filter(None, remote_ids), ""),
        state_word=body.hidden(word or next(filter(None, words), ""), WORD_LIMIT),
    )
