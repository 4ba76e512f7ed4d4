"""What an answer repeats of its order: model, words, seed, times (docs/wire.md, 1.4 and 2.6)."""

from collections.abc import Mapping, Sequence

from generations.providers.contract import RemoteState

from .replies import Reply
from .values import (
    PROMPT_LIMIT,
    WORD_LIMIT,
    as_written,
    read_amount,
    read_integer,
    read_time,
    says_nothing,
    spellings,
)

ECHO_NAMES: Mapping[str, Sequence[str]] = {
    "model": spellings("model", "model_name"),
    "prompt": ("prompt", "Prompt"),
    "aspect_ratio": spellings("aspect_ratio", "ratio"),
    "resolution": ("resolution", "Resolution"),
    "duration": ("duration", "Duration"),
    # The seed really used first: a plain one may be that of the order.
    "seed": spellings("actual_seed", "used_seed", "seed_used", "effective_seed", "seed"),
    "enhanced_prompt": spellings(
        *("enhanced_prompt", "revised_prompt", "actual_prompt", "optimized_prompt"),
        *("rewritten_prompt", "refined_prompt", "expanded_prompt", "extended_prompt"),
        *("improved_prompt", "polished_prompt", "upsampled_prompt", "final_prompt"),
        *("prompt_enhanced", "prompt_optimized"),
    ),
    "created_at": spellings(
        *("created_at", "create_time", "created_time", "created", "submit_time", "submitted_at"),
        *("create_at", "gmt_create"),
    ),
    "started_at": spellings("started_at", "start_time", "begin_time"),
    "finished_at": spellings(
        *("finished_at", "completed_at", "complete_time", "finish_time", "end_time", "ended_at"),
    ),
}
# What was made, which may tell more of how than the task does.
MADE_NAMES = ("creations", "videos", "video", "results", "metadata", "extra")
MADE_ECHOES = ("seed", "enhanced_prompt")
# When the state last changed: a time of the state that the task is in.
UPDATE_NAMES = spellings("status_update_time", "updated_at", "update_time", "gmt_modified")
LONG_NAMES = frozenset({"prompt", "enhanced_prompt"})
TIME_NAMES = frozenset({"created_at", "started_at", "finished_at"})
SPAN_NAMES = ("costTime", "cost_time")  # milliseconds from creation to end


def read_echo(reply: Reply, state: RemoteState | None = None) -> Mapping[str, str]:
    """What an answer tells of its order, by the names of ECHOED (1.4 and 2.6)."""
    echo = {name: read_echoes(reply, name) for name in ECHO_NAMES}
    updated = next(filter(None, map(read_time, reply.neighbours(UPDATE_NAMES))), "")
    if state in {RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.CANCELLED}:
        echo["finished_at"] = echo.get("finished_at") or updated or read_end(reply, echo)
    else:
        del echo["finished_at"]  # as far as somebody expects: the first value that is told stays
    if state is RemoteState.RUNNING:
        echo["started_at"] = echo.get("started_at") or updated
    return {name: value for name, value in echo.items() if value}


def read_echoes(reply: Reply, name: str) -> str:
    """The first value of one of ECHO_NAMES that tells anything, "" for none."""
    told = list(reply.neighbours(ECHO_NAMES[name]))
    for scope in reply.scopes if name in MADE_ECHOES else ():
        for made in map(scope.child, MADE_NAMES):
            told += map(made.get, ECHO_NAMES[name] if made.members else ())
    return next(filter(None, (read_echoed(reply, name, each) for each in told)), "")


def read_echoed(reply: Reply, name: str, value: object) -> str:
    """One value as text: a time in Unix seconds, a number without what it does not need."""
    if name in TIME_NAMES:
        return read_time(value)
    if name == "seed":
        # 0 and -1 ask for any seed, and so are no seed that was used.
        seed = read_integer(value)
        return str(seed) if seed else ""
    if name == "duration":
        seconds = read_amount(value)
        return f"{seconds.normalize():f}" if seconds else ""
    if value is None or isinstance(value, bool | list | Mapping) or says_nothing(str(value)):
        return ""
    return reply.hidden(as_written(value), PROMPT_LIMIT if name in LONG_NAMES else WORD_LIMIT)


def read_end(reply: Reply, echo: Mapping[str, str]) -> str:
    """The end of a task that tells when it began and how many milliseconds it took."""
    span = next(filter(None, map(read_amount, reply.neighbours(SPAN_NAMES))), None)
    try:
        began = float(echo.get("created_at", ""))
    except ValueError:
        return ""
    return f"{began + float(span) / 1000:.3f}".rstrip("0").rstrip(".") if span else ""
