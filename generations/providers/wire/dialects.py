"""Where the members of one provider's answers stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generations.providers.contract import Reason, RemoteState

# Of a ``code`` beside a success: of HTTP, of Vivienne, and of many gateways.
SUCCESS_CODES = frozenset({0, 1, 200, 201, 202, 1000})


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the members of one kind of reply stand, and what its words mean.

    Places are paths like ``data.usage.totalPoints``; the first that tells anything is read.
    ``own``: an answer with all members of one of these groups is the provider's own, and not that
    of a proxy in between; ``has_numbers``: its ``code`` is a number then. ``ended_by_error`` are
    states of a task that failed, where an error stands beside them. ``other_ids`` are known and not
    what a create made, e.g. its film's.
    """

    own: Sequence[Sequence[str]]
    reasons: Mapping[str, Reason]
    has_numbers: bool = False
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
