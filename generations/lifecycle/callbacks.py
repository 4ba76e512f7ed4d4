"""The inbox of callbacks: a ring makes us ask, and nothing else (design 1.3).

No provider signs the body, so nothing in it is believed: it names at most where to look.
"""

import structlog
from django.db import IntegrityError, transaction

from generations import clock
from generations.models import Attempt, Callback
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.net.client import client
from generations.net.drive import drive
from generations.providers import PROVIDERS, provider
from generations.providers.contract import (
    ProviderError,
    Receipt,
    Report,
    Ring,
    RingRequest,
    Unauthorised,
    Verdict,
)
from generations.teams import credentials

from . import queue, transitions

log = structlog.get_logger(__name__)

MOST_KEPT = 50  # rings of one attempt; a provider sends four
KEPT_HEADERS = ("date", "content-type", "user-agent", "x-request-nonce", "x-hmac-signed-headers")


class Unknown(Exception):
    """No attempt has this token."""


class Forged(Exception):
    """The ring's own signature is wrong or too old."""


def receive(kind: str, token: str, request: RingRequest) -> None:
    """Keep a ring and have its task asked for; raises Unknown or Forged, and then nothing is."""
    attempt = (
        Attempt.objects.select_related("credential", "task")
        .filter(token=token, credential__kind=kind)
        .first()
    )
    if attempt is None or kind not in PROVIDERS:
        raise Unknown
    ring = _judge(attempt, request)
    trusted = ring.verdict == Verdict.SIGNED or not provider(kind).rings_signed
    if not trusted:
        log.warning("ring refused", attempt=attempt.pk, verdict=ring.verdict)
        raise Forged(ring.verdict)
    if provider(kind).rings_name and attempt.number and ring.number != attempt.number:
        log.warning("ring refused", attempt=attempt.pk, verdict="another_number")
        raise Forged("another_number")
    if attempt.callbacks.count() >= MOST_KEPT:
        return
    with transaction.atomic():
        ended = attempt.state == AttemptState.ACCEPTED and attempt.task.is_final
        if _keep(attempt, ring, request) and not ended:
            queue.ring("answer", attempt.pk)


def _judge(attempt: Attempt, request: RingRequest) -> Ring:
    try:
        access = credentials.access(attempt.credential)
    except Unauthorised:
        return Ring(Verdict.FORGED)
    return provider(attempt.credential.kind).read_ring(access, request, now=clock.now().timestamp())


def _keep(attempt: Attempt, ring: Ring, request: RingRequest) -> bool:
    """Store the ring; False where this very ring (by its nonce) is stored already."""
    try:
        with transaction.atomic():
            Callback.objects.create(
                attempt=attempt,
                verdict=ring.verdict,
                nonce=ring.nonce[:200],
                number=ring.number[:100],
                word=ring.word[:60],
                headers={name: request.headers.get(name, "") for name in KEPT_HEADERS},
                body=request.body.decode("utf-8", "replace").replace("\x00", ""),
            )
    except IntegrityError:
        return False
    return True


def answer(attempt_id: int) -> None:
    """Ask the provider once for all the rings that wait; the same question as the watch's."""
    attempt = Attempt.objects.select_related("task__team", "credential__team").get(pk=attempt_id)
    if attempt.task.state == TaskState.SENDING:
        return None  # the POST's own answer is on its way, and rings again
    rings = Callback.objects.filter(attempt=attempt, answered_at=None)
    numbers = list(rings.values_list("number", flat=True))
    if not numbers:
        return None
    if not credentials.take_requests(attempt.credential_id, 1):
        return transitions.look_soon(attempt.task)  # the watch asks once the budget allows
    if not rings.update(answered_at=clock.now()):
        return None
    if attempt.state != AttemptState.ACCEPTED:
        for number in sorted({attempt.number, *numbers} - {""}):
            _ask_unclear(attempt, number)
    elif attempt.task.state in AT_PROVIDER:
        _ask(attempt, attempt.number)
    return None


def _question(attempt: Attempt, number: str) -> Report:
    adapter = provider(attempt.credential.kind)
    with client(credentials.policy()) as http:
        return drive(adapter.check(credentials.access(attempt.credential), number), http)


def _ask(attempt: Attempt, number: str) -> None:
    try:
        report = _question(attempt, number)
    except ProviderError as error:
        transitions.not_answered(attempt, error)
    else:
        transitions.reported(attempt, report)


def _ask_unclear(attempt: Attempt, number: str) -> None:
    """A ring on the secret token named a number: ours unless the provider says otherwise.

    Where the question fails, ``find`` asks again for what rings have named.
    """
    try:
        report = _question(attempt, number)
    except ProviderError as error:
        log.warning("unclear task not found by its ring", attempt=attempt.pk, code=error.code)
        return
    if attempt.number != number and not transitions.is_ours(attempt, report):
        log.warning("ring named another task's number", attempt=attempt.pk)
        return
    if transitions.accepted(attempt, Receipt(number, cost=report.cost, raw=report.raw)):
        attempt.refresh_from_db()
        transitions.reported(attempt, report)
