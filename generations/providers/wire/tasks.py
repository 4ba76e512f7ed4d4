"""A task in a reply of any dialect: its state, cost, links, and what is said against it.

An adapter names in a ``Dialect`` where its members stand. Each is read there first, else from where
other dialects and their gateways have it (docs/wire.md, 1.2 to 1.7).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from generations.providers.contract import (
    ProviderError,
    Reason,
    Receipt,
    RemoteState,
    Report,
    Result,
)

from .complaints import Complaint, read_complaint
from .dialects import Dialect
from .echoes import read_echo
from .errors import (
    error_of_create,
    error_of_question,
    has_error_code,
    is_error,
)
from .reasons import code_reason
from .replies import Reply
from .results import find_results, has_film
from .states import STATE_MEMBERS, TASK_STATE_MEMBERS, read_state_word, state_of
from .values import (
    TASK_IDS,
    WORD_LIMIT,
    as_written,
    fold_name,
    read_cost,
    read_progress,
    says_nothing,
    spellings,
)

UNREAD_LIMIT = 200
PLAIN_ID_NAMES = ("id", "Id", "ID")
# Other names for the id of what was made, only beside nothing that is named better.
OTHER_ID_NAMES = spellings("job_id", "task_uuid", "generation_id")
LISTED_ID_NAMES = spellings("task_ids", "task_id_list")
# What an answer has that tells nothing of a task.
REQUEST_NAMES = frozenset(
    {
        *("status", "state", "code", "message", "msg", "error", "errors", "success", "reason"),
        *("request_id", "requestId", "RequestId", "trace_id", "timestamp", "detail", "path"),
    }
)
PROGRESS_NAMES = ("progress", "Progress", "percent", "percentage")
# What only a task has, as ``fold_name`` leaves it.
TASK_MEMBERS = frozenset(
    (
        *("id", "progress", "percent", "percentage", "creations", "videos", "video", "videourl"),
        *("prompt", "enhancedprompt", "errcode", "failcode", "failmsg", "failreason", "credits"),
        *("payload", "createdat", "createtime", *map(fold_name, (*TASK_IDS, *OTHER_ID_NAMES))),
    )
)


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
    told = [reply.first(dialect.ids), *reply.neighbours((*own_names, *TASK_IDS))]
    # A bare ``id`` beside an error is that of the request, or of the error.
    if reply.is_successful and not is_error(reply, dialect):
        told += [*reply.neighbours((*PLAIN_ID_NAMES, *OTHER_ID_NAMES)), bare_id(reply)]
    found = map(reply.identifier, told)
    remote_id = next((each for each in found if each and each not in dialect.other_ids), "")
    return remote_id or sighted_id(reply, (*own_names, *TASK_IDS), dialect)


def sighted_id(reply: Reply, names: Sequence[str], dialect: Dialect) -> str:
    """The only id in the text of an answer that cannot be read; of two nobody knows which."""
    sighted = map(reply.identifier, reply.sighted(names) if reply.is_successful else ())
    found = {each for each in sighted if each} - dialect.other_ids
    return found.pop() if len(found) == 1 else ""


def bare_id(reply: Reply) -> str:
    """An id alone where an object is expected, or in a list of one: ``{"data":"task_123"}``."""
    if state_of(read_state_word(reply.get("status"))) is RemoteState.FAILED:
        return ""  # what stands there is about the error
    for value in (*reply.neighbours(LISTED_ID_NAMES), reply.get("data"), reply.get("result")):
        alone = value[0] if isinstance(value, list) and len(value) == 1 else value
        remote_id = reply.identifier(alone)
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
    has_error = bool(complaint.code or (complaint.message and not is_zero(reply, dialect)))
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


def is_zero(reply: Reply, dialect: Dialect) -> bool:
    """Whether the code of a task says that all is well, whatever the sentence beside it."""
    code = reply.anywhere(dialect.codes)
    return code is not None and says_nothing(as_written(code))


def read_word_of_state(reply: Reply, dialect: Dialect) -> str:
    """The word of a state as it came, from the dialect's own member or a neighbour.

    At the top of an answer that has nothing but errors, ``status`` is that of the request.
    """
    if own := read_state_word(reply.first(dialect.states)):
        return own
    told = (scope.get(name) for scope in reply.scopes for name in STATE_MEMBERS)
    words = map(read_state_word, chain(reply.neighbours(TASK_STATE_MEMBERS), told))
    word = next(filter(None, words), "")
    state = state_of(word)
    if state in {RemoteState.QUEUED, RemoteState.RUNNING}:
        return word
    is_alone = not (reply.members or {}).keys() - REQUEST_NAMES
    is_end = state in {RemoteState.FAILED, RemoteState.CANCELLED}
    return "" if is_alone or (is_end and not is_about_task(reply, dialect)) else word


def is_about_task(reply: Reply, dialect: Dialect) -> bool:
    """Whether an answer tells anything of a task; ``{"status":"error","data":null}`` does not.

    What failed there is the question, while the task goes on.
    """
    names = {path.rpartition(".")[2] for path in (*dialect.codes, *dialect.costs)}
    known = {fold_name(name) for name in (*names, *TASK_STATE_MEMBERS)} | TASK_MEMBERS
    return any(fold_name(name) in known for scope in reply.scopes for name in scope.members or {})


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
