"""What a callback says, read like a reply; all of it is a hint (docs/wire.md, 1.9)."""

from collections.abc import Sequence
from dataclasses import dataclass

from generations.providers.contract import CallbackRequest

from .objects import read_members
from .replies import Reply, read_charset
from .states import read_state_word
from .values import WORD_LIMIT

# Under which a provider that names its task otherwise may have it; a bare ``id`` is a callback's.
TASK_ID_NAMES = ("task_id", "taskId", "taskNo", "task_no", "TaskId")
STATE_NAMES = ("state", "status", "task_status", "taskStatus", "Status")


@dataclass(frozen=True, slots=True)
class Hints:
    """The task that a callback is about and the word of its state, "" where it has none."""

    remote_id: str
    state_word: str


def read_body(request: CallbackRequest, key: str) -> Reply:
    """The body of a callback, as far as it can be read."""
    charset = read_charset(request.headers.get("content-type", ""))
    members, is_cut = read_members(request.body, charset)
    return Reply(200, members, raw="", retry_after=None, key=key, is_cut=is_cut)


def read_hints(body: Reply, *, ids: Sequence[str], states: Sequence[str]) -> Hints:
    """The hints of a body; ``ids`` and ``states`` are the paths that the documents name."""
    remote_id = body.identifier(body.first(ids))
    named = map(body.identifier, body.neighbours(TASK_ID_NAMES))
    word = read_state_word(body.first(states))
    words = map(read_state_word, body.neighbours(STATE_NAMES))
    return Hints(
        remote_id=remote_id or next(filter(None, named), ""),
        state_word=body.hidden(word or next(filter(None, words), ""), WORD_LIMIT),
    )
