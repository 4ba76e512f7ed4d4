"""Callbacks of providers: each makes us ask the provider, and changes nothing by itself.

No provider signs the body, so nothing in it is believed; at most it names the id to ask for.
"""

import structlog
from django.db import IntegrityError, transaction

from generations import clock
from generations.models import Attempt, Callback
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers import PROVIDERS, provider
from generations.providers.contract import (
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    ProviderError,
    Receipt,
    Report,
    Unauthorised,
)
from generations.teams import provider_access
from generations.teams.provider_access import connect

from . import queue, transitions

log = structlog.get_logger(__name__)

MOST_KEPT = 50  # callbacks of one attempt; a provider sends about four
# What helps to explain a refusal afterwards. Never the signature itself.
KEPT_HEADERS = ("date", "content-type", "user-agent", "x-request-nonce", "x-hmac-signed-headers")


class UnknownToken(Exception):
    """No attempt has this token."""


class ForgedCallback(Exception):
    """The callback's signature is wrong or too old, or it is about another task."""


def receive(kind: str, token: str, request: CallbackRequest) -> None:
    """Store a callback and queue the question it asks for.

    Raises UnknownToken or ForgedCallback; then nothing is stored.
    """
    attempt = (
        Attempt.objects.select_related("credential", "task")
        .filter(token=token, credential__kind=kind)
        .first()
    )
    if attempt is None or kind not in PROVIDERS:
        raise UnknownToken
    reading = _read(attempt, request)
    _require_trust(attempt, reading)
    if attempt.callbacks.count() >= MOST_KEPT:
        return  # not refused: the provider shall not send it again
    with transaction.atomic():
        # Providers repeat themselves after the end: that is kept as evidence, and asks nothing.
        has_ended = attempt.state == AttemptState.ACCEPTED and attempt.task.is_final
        if _store(attempt, reading, request) and not has_ended:
            queue.enqueue("callbacks", attempt.pk)


def _read(attempt: Attempt, request: CallbackRequest) -> CallbackReading:
    try:
        access = provider_access.access(attempt.credential)
    except Unauthorised:
        # Without its key nothing can be verified.
        return CallbackReading(CallbackTrust.FORGED)
    adapter = provider(attempt.credential.kind)
    return adapter.read_callback(access, request, now=clock.now().timestamp())


def _require_trust(attempt: Attempt, reading: CallbackReading) -> None:
    """Raise ForgedCallback unless the callback may be the provider's, about this very task."""
    adapter = provider(attempt.credential.kind)
    is_trusted = reading.trust == CallbackTrust.SIGNED or not adapter.has_signed_callbacks
    if not is_trusted:
        log.warning("callback refused", attempt=attempt.pk, trust=reading.trust)
        raise ForgedCallback(reading.trust)
    is_another = attempt.remote_id and reading.remote_id != attempt.remote_id
    if adapter.has_named_callbacks and is_another:
        log.warning("callback refused", attempt=attempt.pk, trust="another_task")
        raise ForgedCallback("another_task")


def _store(attempt: Attempt, reading: CallbackReading, request: CallbackRequest) -> bool:
    """Store the callback; return False where the same one (by its nonce) is stored already."""
    try:
        # A savepoint: after the error PostgreSQL would refuse all else in the transaction around.
        with transaction.atomic():
            Callback.objects.create(
                attempt=attempt,
                verdict=reading.trust,
                nonce=reading.nonce[:200],
                remote_id=reading.remote_id,
                state_word=reading.state_word[:60],
                headers={name: request.headers.get(name, "") for name in KEPT_HEADERS},
                # PostgreSQL stores no NUL in a text.
                body=request.body.decode("utf-8", "replace").replace("\x00", ""),
            )
    except IntegrityError:
        return False
    return True


def answer_callbacks(attempt_id: int) -> None:
    """Ask the provider once for all callbacks that wait: the same question as the poller's."""
    attempt = Attempt.objects.select_related("task__team", "credential__team").get(pk=attempt_id)
    if attempt.task.state == TaskState.SENDING:
        return None  # the answer to the POST is on its way, and queues this job again
    waiting = Callback.objects.filter(attempt=attempt, answered_at=None)
    named = list(waiting.values_list("remote_id", flat=True))
    if not named:
        return None
    if not provider_access.take_requests(attempt.credential_id, 1):
        return transitions.check_soon(attempt.task)  # the poller asks once the budget allows
    # Before the question, so that of two jobs one asks, and what comes while we ask is asked for
    # again. Where this job dies now, the poller or ``recover`` asks in its place.
    if not waiting.update(answered_at=clock.now()):
        return None
    if attempt.state != AttemptState.ACCEPTED:
        # Unclear, or given up by a person: then a task that runs all the same raises an alarm.
        for remote_id in sorted({attempt.remote_id, *named} - {""}):
            _ask_for_unclear(attempt, remote_id)
    elif attempt.task.state in AT_PROVIDER:
        _ask(attempt)
    return None


def _check(attempt: Attempt, remote_id: str) -> Report:
    with connect(attempt.credential) as connection:
        return connection.check(remote_id, wanted=transitions.wanted_roles(attempt.task))


def _ask(attempt: Attempt) -> None:
    try:
        report = _check(attempt, attempt.remote_id)
    except ProviderError as error:
        transitions.record_no_answer(attempt, error)
    else:
        transitions.apply_report(attempt, report)


def _ask_for_unclear(attempt: Attempt, remote_id: str) -> None:
    """Take over the task that a callback on the secret token named, unless it is another's.

    Where the question fails, ``recover`` asks again for the ids that callbacks have named.
    """
    try:
        report = _check(attempt, remote_id)
    except ProviderError as error:
        log.warning("unclear task not found by its callback", attempt=attempt.pk, code=error.code)
        return
    if attempt.remote_id != remote_id and not transitions.is_ours(attempt, report):
        log.warning("callback named another task's id", attempt=attempt.pk)
        return
    if transitions.mark_accepted(attempt, Receipt(remote_id, cost=report.cost, raw=report.raw)):
        attempt.refresh_from_db()
        transitions.apply_report(attempt, report)
