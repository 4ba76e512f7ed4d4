"""A task in a reply of any dialect: its state, cost, links, and what is said against it.

An adapter names in a ``Dialect`` where its members stand. Each is read there first, else from where
other dialects and their gateways have it (docs/wire.md, 1.2 to 1.7).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from generations.providers.contract import (
    ProviderError,
    Reason,
    Receipt,
    Refused,
    RemoteState,
    Report,
    Result,
    Unavailable,
    Unclear,
)

from .callbacks import STATE_NAMES, TASK_ID_NAMES
from .complaints import Complaint, read_complaint
from .reasons import STATUS_ERRORS, code_reason
from .replies import Reply
from .results import find_results, has_film
from .states import read_state_word, state_of
from .values import (
    AMOUNT_LIMIT,
    PROMPT_LIMIT,
    WORD_LIMIT,
    as_written,
    read_amount,
    read_cost,
    read_integer,
    read_progress,
    read_time,
)

UNREAD_LIMIT = 200
PLAIN_ID_NAMES = ("id", "Id", "ID")
# What an answer has that tells nothing of a task.
REQUEST_NAMES = frozenset(
    {
        *("status", "state", "code", "message", "msg", "error", "errors", "success", "reason"),
        *("request_id", "requestId", "RequestId", "trace_id", "timestamp", "detail", "path"),
    }
)
PROGRESS_NAMES = ("progress", "Progress", "percent", "percentage")
# Of a ``code`` beside a success: of HTTP, of Vivienne, and of many gateways.
SUCCESS_CODES = frozenset({0, 1, 200, 201, 202, 1000})


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the members of one kind of reply stand, and what its words mean.

    Places are paths like ``data.usage.totalPoints``; the first that tells anything is read.
    ``own``: an answer with all members of one of these groups is the provider's own, and not that
    of a proxy in between. ``ended_by_error`` are states of a task that failed, where an error
    stands beside them. ``other_ids`` are known and not what a create made, e.g. its film's.
    """

    own: Sequence[Sequence[str]]
    reasons: Mapping[str, Reason]
    ids: Sequence[str] = ()
    other_ids: frozenset[str] = frozenset()
    states: Sequence[str] = ()
    costs: Sequence[str] = ()
    results: Sequence[str] = ()
    codes: Sequence[str] = ()
    messages: Sequence[str] = ()
    references: Sequence[str] = ()
    progresses: Sequence[str] = ()
    success_codes: frozenset[int] = SUCCESS_CODES
    ended_by_error: frozenset[RemoteState] = frozenset()


# ---- Receipts ---------------------------------------------------------------------------------


def read_receipt(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> Receipt:
    """A create's answer: an id in plain sight is taken in, and the question decides (1.3).

    Raises the error that the answer is without one.
    """
    remote_id = find_remote_id(reply, dialect)
    if not remote_id:
        raise error_of_create(reply, dialect, create_error)
    cost, unread_cost = read_cost_of(reply, dialect)
    complaint = own_complaint(reply, dialect)
    return Receipt(
        remote_id=remote_id,
        state=receipt_state(reply, dialect, complaint),
        cost=cost,
        unread_cost=unread_cost,
        code=complaint.code,
        message=complaint.message,
        raw=reply.raw,
        echoed=read_echo(reply),
    )


def find_remote_id(reply: Reply, dialect: Dialect) -> str:
    """The id of the task that a create made, "" where none is in sight."""
    # The dialect's own names come first anywhere: another name may be that of another task.
    own_names = [path.rpartition(".")[2] for path in dialect.ids]
    told = [reply.first(dialect.ids), *reply.neighbours((*own_names, *TASK_ID_NAMES))]
    # A bare ``id`` beside an error is that of the request, or of the error.
    if reply.is_successful and not is_error(reply, dialect):
        told += [*reply.neighbours(PLAIN_ID_NAMES), bare_id(reply)]
    found = map(reply.identifier, told)
    return next((each for each in found if each and each not in dialect.other_ids), "")


def bare_id(reply: Reply) -> str:
    """An id that stands alone where an object is expected, e.g. ``{"data":"task_123"}``."""
    for name in ("data", "result"):
        remote_id = reply.identifier(reply.get(name))
        if any(letter.isdigit() for letter in remote_id) and len(remote_id.split()) == 1:
            return remote_id
    return ""


def receipt_state(reply: Reply, dialect: Dialect, complaint: Complaint) -> RemoteState:
    """The state that a create tells; an end counts only where the dialect has its word."""
    own = state_of(read_state_word(reply.first(dialect.states)))
    state = end_by_word(own or state_of(read_word_of_state(reply, dialect)), complaint, dialect)
    if state in {RemoteState.FAILED, RemoteState.CANCELLED}:
        return state if own and reply.is_successful else RemoteState.QUEUED
    # The links come with the first question only.
    return RemoteState.RUNNING if state is RemoteState.SUCCEEDED else state or RemoteState.QUEUED


# ---- Reports ----------------------------------------------------------------------------------


def read_task(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> Report:
    """A question's answer: a task's state. Raises Refused, Unauthorised or Unavailable."""
    is_whole = reply.is_successful and reply.members is not None and not reply.is_cut
    report = read_report(reply, dialect) if is_whole else None
    # A film in plain sight is taken in, whatever a ``code`` says beside it.
    if report is None or (has_error_code(reply, dialect) and not report.results):
        raise error_of_question(reply, dialect, create_error)
    return report


def read_report(reply: Reply, dialect: Dialect) -> Report | None:
    """A task's state, None where the answer tells neither a state nor a film."""
    word = read_word_of_state(reply, dialect)
    complaint = own_complaint(reply, dialect)
    has_error = bool(complaint.code or complaint.message)
    state = end_by_word(state_of(word), complaint, dialect)
    if has_error and state is RemoteState.SUCCEEDED and state in dialect.ended_by_error:
        state = RemoteState.FAILED
    results = read_results(reply, dialect, state)
    if has_film(results):
        state = RemoteState.SUCCEEDED
    elif has_error and state in dialect.ended_by_error:
        state = end_by_word(RemoteState.FAILED, complaint, dialect)
    elif not word:
        return None
    if not complaint.is_known and state in {RemoteState.FAILED, RemoteState.CANCELLED, None}:
        complaint = widest_complaint(reply, dialect, complaint)
        state = end_by_word(state, complaint, dialect)
    cost, unread_cost = read_cost_of(reply, dialect)
    told = (reply.first(dialect.progresses), *reply.neighbours(PROGRESS_NAMES))
    return Report(
        state=state,
        state_word=reply.hidden(word, WORD_LIMIT),
        progress=next((each for each in map(read_progress, told) if each is not None), None),
        cost=cost,
        unread_cost=unread_cost,
        results=results if state is RemoteState.SUCCEEDED else (),
        code=complaint.code,
        reason=code_reason(complaint.code, dialect.reasons),
        message=complaint.message,
        reference=read_reference(reply, dialect),
        raw=reply.raw,
        echoed=read_echo(reply, state),
    )


def read_word_of_state(reply: Reply, dialect: Dialect) -> str:
    """The word of a state as it came, from the dialect's own member or a neighbour.

    At the top of an answer that has nothing but errors, ``status`` is that of the request.
    """
    if own := read_state_word(reply.first(dialect.states)):
        return own
    if not (reply.members or {}).keys() - REQUEST_NAMES:
        return ""
    told = (scope.get(name) for scope in reply.scopes for name in STATE_NAMES)
    return next(filter(None, map(read_state_word, told)), "")


def read_results(reply: Reply, dialect: Dialect, state: RemoteState | None) -> Sequence[Result]:
    """The links of a task that has not failed, whatever its word (1.2)."""
    if state in {RemoteState.FAILED, RemoteState.CANCELLED}:
        return ()
    is_finished = state is RemoteState.SUCCEEDED
    found = find_results(
        reply.members or {}, dialect.results, is_finished=is_finished, scheme=reply.scheme
    )
    return tuple(replace(each, remote_id=reply.identifier(each.remote_id)) for each in found)


def end_by_word(
    state: RemoteState | None, complaint: Complaint, dialect: Dialect
) -> RemoteState | None:
    """A task that failed because somebody cancelled it was cancelled."""
    reason = dialect.reasons.get(complaint.code)
    is_cancelled = state is RemoteState.FAILED and reason is Reason.CANCELLED
    return RemoteState.CANCELLED if is_cancelled else state


def own_complaint(reply: Reply, dialect: Dialect) -> Complaint:
    """What the dialect's own members say against the task."""
    told = {"err_code": reply.anywhere(dialect.codes)} | {
        "err_msg": reply.anywhere(dialect.messages)
    }
    return hide(reply, read_complaint(told, dialect.reasons))


def widest_complaint(reply: Reply, dialect: Dialect, own: Complaint) -> Complaint:
    """What any member of the answer says against the task, beside what its own ones say."""
    found = hide(reply, read_complaint(reply.members, dialect.reasons))
    code = found.code if found.is_known or not own.code else own.code
    return replace(found, code=code, message=own.message or found.message)


def hide(reply: Reply, complaint: Complaint) -> Complaint:
    """A complaint without the key in it."""
    code = reply.hidden(complaint.code, WORD_LIMIT)
    return replace(complaint, code=code, message=reply.hidden(complaint.message))


def read_cost_of(reply: Reply, dialect: Dialect) -> tuple[int | None, str]:
    """The cost in whole units; and one that is there and cannot be read, as text (1.5)."""
    cost, unread = read_cost(reply.anywhere(dialect.costs))
    return cost, reply.hidden(unread, UNREAD_LIMIT)


def read_reference(reply: Reply, dialect: Dialect) -> str:
    """The reference that comes back, "" where none does."""
    value = reply.anywhere(dialect.references)
    return reply.hidden(value) if isinstance(value, str) else ""


# ---- What a reply repeats ---------------------------------------------------------------------

ECHO_NAMES: Mapping[str, Sequence[str]] = {
    "model": ("model", "model_name", "modelName"),
    "prompt": ("prompt",),
    "aspect_ratio": ("aspect_ratio", "aspectRatio", "ratio"),
    "resolution": ("resolution",),
    "duration": ("duration",),
    "seed": ("seed",),
    "enhanced_prompt": (
        *("enhanced_prompt", "enhancedPrompt", "revised_prompt", "revisedPrompt"),
        *("actual_prompt", "optimized_prompt", "rewritten_prompt"),
    ),
    "created_at": (
        *("created_at", "createdAt", "create_time", "createTime", "created_time", "created"),
        *("submit_time", "submitTime", "CreateTime"),
    ),
    "started_at": ("started_at", "startedAt", "start_time", "startTime", "StartTime"),
    "finished_at": (
        *("finished_at", "finishedAt", "completed_at", "completedAt", "complete_time"),
        *("completeTime", "finish_time", "finishTime", "end_time", "endTime", "FinishTime"),
    ),
}
# When the state last changed: a time of the state that the task is in.
UPDATE_NAMES = ("status_update_time", "statusUpdateTime", "updated_at", "updatedAt", "update_time")
LONG_NAMES = frozenset({"prompt", "enhanced_prompt"})
TIME_NAMES = frozenset({"created_at", "started_at", "finished_at"})
SPAN_NAMES = ("costTime", "cost_time")  # milliseconds from creation to end


def read_echo(reply: Reply, state: RemoteState | None = None) -> Mapping[str, str]:
    """What an answer tells of its order, by the names of ECHOED (1.4 and 2.6)."""
    echo = {
        name: next(filter(None, (read_echoed(reply, name, each) for each in told)), "")
        for name, names in ECHO_NAMES.items()
        if (told := list(reply.neighbours(names)))
    }
    updated = next(filter(None, map(read_time, reply.neighbours(UPDATE_NAMES))), "")
    if state in {RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.CANCELLED}:
        echo["finished_at"] = echo.get("finished_at") or updated or read_end(reply, echo)
    elif state is RemoteState.RUNNING:
        echo["started_at"] = echo.get("started_at") or updated
    return {name: value for name, value in echo.items() if value}


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
    if isinstance(value, bool | list | Mapping):
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


# ---- Errors -----------------------------------------------------------------------------------


def is_own(reply: Reply, dialect: Dialect) -> bool:
    """Whether the provider itself speaks, and not a proxy or a CDN in between (1.7)."""
    # An error of a relay may have an empty ``code``.
    return any(all(name in (reply.members or {}) for name in names) for names in dialect.own)


def is_error(reply: Reply, dialect: Dialect) -> bool:
    """Whether the body of an answer says that something went wrong with the request."""
    told = {name: reply.get(name) for name in ("code", "reason")}
    error = read_complaint({"error": reply.get("error")}, dialect.reasons)
    has_word = bool(error.code or error.message) or read_complaint(told, dialect.reasons).is_own
    return has_word or has_error_code(reply, dialect)


def has_error_code(reply: Reply, dialect: Dialect) -> bool:
    """Whether the ``code`` of an answer is a number that means no success."""
    code = read_integer(reply.get("code"), low=-AMOUNT_LIMIT)
    has_code = code is not None and code not in dialect.success_codes
    return has_code or reply.get("success") is False


def error_of_create(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> ProviderError:
    """What a create's answer without an id means; a proxy's says nothing about the key (1.7)."""
    if error := proxy_error(reply, dialect):
        return error
    # A task that failed at once, and no id: it was taken all the same.
    is_taken = reply.is_cut or reply.members is None or reply.first(dialect.states) is not None
    if reply.is_successful and is_taken:
        return unreadable(reply, Unclear)
    if is_own(reply, dialect):
        return create_error(reply)
    return unreadable(reply, Unclear) if reply.is_successful else error_by_status(reply)


def error_of_question(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> ProviderError:
    """The same for a question, which may be asked again: only the provider's own no is one."""
    if reply.is_successful and (reply.members is None or reply.is_cut):
        return unreadable(reply, Unavailable)
    error = error_of_create(reply, dialect, create_error)
    is_doubtful = isinstance(error, Refused) and not is_own(reply, dialect)
    if isinstance(error, Unclear) or is_doubtful:
        return reply.error(Unavailable, error.code, error.message, reason=error.reason)
    return error


def proxy_error(reply: Reply, dialect: Dialect) -> ProviderError | None:
    """The error of an answer about a key that is not the provider's own, else None."""
    is_about_key = reply.status in {401, 402, 403} and not is_own(reply, dialect)
    if reply.status != 407 and not is_about_key:
        return None
    # A firewall refuses an answer with the same 403 as a request, and then the order was taken.
    # Who asks for a sign-in has passed nothing on.
    kind = Unavailable if reply.status in {401, 407} else Unclear
    return reply.error(kind, "proxied", reply.headline, reason=Reason.GATEWAY)


def error_by_status(reply: Reply) -> ProviderError:
    """The error of a create that another server answered: its words say nothing here."""
    kind = STATUS_ERRORS.get(reply.status, Unclear)
    reason = Reason.GATEWAY if reply.members is None else None
    return reply.error(kind, message=reply.headline, reason=reason)


def unreadable(reply: Reply, kind: type[ProviderError]) -> ProviderError:
    """The error of an answer that nobody here can read."""
    reason = Reason.GATEWAY if reply.is_page else Reason.UNREADABLE
    return reply.error(kind, "garbled", reply.headline if reply.is_page else None, reason=reason)
