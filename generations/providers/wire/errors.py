"""What an answer means that is no task, and whose it is: the provider's, or a proxy's (1.7)."""

import re
from collections.abc import Callable
from http import HTTPStatus

from generations.providers.contract import (
    ProviderError,
    Reason,
    Refused,
    RemoteState,
    Unavailable,
    Unclear,
)

from .complaints import read_complaint
from .dialects import Dialect
from .reasons import REASON_ERRORS, STATUS_ERRORS
from .replies import REDIRECTS, Reply, error_of_redirect
from .states import fold, state_of
from .values import AMOUNT_LIMIT, read_integer, read_word

PHRASES = frozenset(fold(status.phrase) for status in HTTPStatus)
NO_METHOD = re.compile(r"(?:method|405)[ _]not[ _]allowed", re.IGNORECASE)
WELL = frozenset({RemoteState.QUEUED, RemoteState.RUNNING, RemoteState.SUCCEEDED})


def is_own(reply: Reply, dialect: Dialect) -> bool:
    """Whether the provider itself speaks, and not a proxy or a CDN in between (1.7)."""
    # An error of a relay may have an empty ``code``. The bare words of the status are what any
    # framework or gateway writes: {"status":403,"error":"Forbidden","path":"/ent/v2"}.
    members = reply.members or {}
    if dialect.has_numbers and read_integer(members.get("code"), low=-AMOUNT_LIMIT) is None:
        return False
    is_bare = is_phrase(members.get("error"))
    names_told = members.keys() - ({"error"} if is_bare else set())
    return any(names_told.issuperset(names) for names in dialect.own)


def is_phrase(value: object) -> bool:
    """Whether a text is no more than the words of an HTTP status."""
    return isinstance(value, str) and fold(value) in PHRASES


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
    # Each gateway has a number of its own for success, e.g. 20000, and most say so beside it.
    if has_code and code not in range(400, 600):
        told = map(read_word, (reply.get("message"), reply.get("msg")))
        has_code = not WELL & {*map(state_of, told)}
    return has_code or reply.get("success") is False


def error_of_create(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> ProviderError:
    """What a create's answer without an id means; a proxy's says nothing about the key (1.7)."""
    if error := proxy_error(reply, dialect):
        return error
    if reply.status in REDIRECTS:
        return error_of_own_redirect(reply, dialect, create_error)
    # A task that failed at once, and no id: it was taken all the same.
    is_taken = reply.is_cut or reply.members is None or reply.first(dialect.states) is not None
    if reply.is_successful and is_taken:
        return unreadable(reply, Unclear)
    if is_own(reply, dialect):
        return create_error(reply)
    if reply.is_successful:
        return unreadable(reply, Unclear)
    return error_by_status(reply, dialect)


def error_of_own_redirect(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> ProviderError:
    """The same for a redirect with an object: what the provider itself says in it comes first."""
    complaint = read_complaint(reply.members, dialect.reasons)
    if is_own(reply, dialect) and complaint.is_known:
        return create_error(reply)
    code = read_integer(reply.get("code"))
    if reply.first(dialect.states) is not None or code in dialect.success_codes:
        return unreadable(reply, Unclear)
    return error_of_redirect(reply, Refused)


def error_of_question(
    reply: Reply, dialect: Dialect, create_error: Callable[[Reply], ProviderError]
) -> ProviderError:
    """The same for a question, which may be asked again: only the provider's own no is one."""
    if reply.is_successful and (reply.members is None or reply.is_cut):
        return unreadable(reply, Unavailable)
    error = error_of_create(reply, dialect, create_error)
    is_doubtful = isinstance(error, Refused) and not is_own(reply, dialect)
    if isinstance(error, Unclear) or is_doubtful:
        # What somebody else says of an order is no reason here.
        is_told = not is_doubtful or error.reason is Reason.GATEWAY
        reason = error.reason if is_told else Reason.OTHER
        return reply.error(Unavailable, error.code, error.message, reason=reason)
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


def error_by_status(reply: Reply, dialect: Dialect) -> ProviderError:
    """The error of a create that another server answered: its words decide nothing here.

    But where it refuses an order in the provider's own words, these say why.
    """
    kind = STATUS_ERRORS.get(reply.status, Unclear)
    # Some firewalls refuse answers as well as requests with a 405 of their own.
    if reply.status == 405 and reply.members is None and not NO_METHOD.search(reply.raw):
        kind = Unclear
    if reply.members is None:
        return reply.error(kind, message=reply.headline, reason=Reason.GATEWAY)
    complaint = read_complaint(reply.members, dialect.reasons)
    reason = dialect.reasons.get(complaint.code, Reason.NOT_FOUND)
    is_why = REASON_ERRORS.get(reason, Refused) is kind is Refused and reason != Reason.NOT_FOUND
    if is_why:
        return reply.error(kind, complaint.code, reply.headline, reason=reason)
    return reply.error(kind, message=reply.headline)


def unreadable(reply: Reply, kind: type[ProviderError]) -> ProviderError:
    """The error of an answer that nobody here can read."""
    reason = Reason.GATEWAY if reply.is_page else Reason.UNREADABLE
    return reply.error(
        kind, "garbled", reply.headline if reply.is_page else reply.sentence, reason=reason
    )
