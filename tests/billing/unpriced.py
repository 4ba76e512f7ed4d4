"""Orders of which nobody knows the price, on a key whose provider tells a balance."""

from uuid import uuid4

from generations.billing import falls, ledger
from generations.lifecycle import order as ordering
from generations.lifecycle import transitions
from generations.models import Attempt, Credential, Membership
from generations.providers.contract import Order, Receipt, RemoteState, Report, Result

# The catalogue of this provider has no prices at all.
KIND, MODEL = "vivienne", "viduq2"


def wanted(*, duration: int = 5, resolution: str = "720p") -> Order:
    return Order(
        kind="text_to_video",
        model=MODEL,
        prompt="A lighthouse at dusk",
        duration=duration,
        resolution=resolution,
        aspect_ratio="16:9",
    )


def order(
    member: Membership, credential: Credential, wanted: Order, *, accepts: bool = True
) -> Attempt:
    """One attempt that its provider has taken."""
    (task,) = ordering.order(
        member, credential, wanted, accepts_unknown=accepts, form_token=uuid4().hex
    )
    attempt = transitions.claim(task.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    assert transitions.mark_accepted(attempt, Receipt(uuid4().hex))
    return again(attempt)


def end(attempt: Attempt, cost: int | None = None, *, failed: bool = False) -> Attempt:
    state = RemoteState.FAILED if failed else RemoteState.SUCCEEDED
    results = () if failed else (Result("video", f"https://cdn.example/{attempt.pk}.mp4"),)
    transitions.apply_report(again(attempt), Report(state, str(state), cost=cost, results=results))
    return again(attempt)


def again(attempt: Attempt) -> Attempt:
    return Attempt.objects.select_related("task", "credential__team").get(pk=attempt.pk)


def read(credential: Credential, remaining: int) -> None:
    """What happens when the provider has said what is left."""
    before = ledger.newest_entry(credential)
    Credential.objects.filter(pk=credential.pk).update(balance=remaining)
    credential.refresh_from_db()
    ledger.reconcile(credential, remaining, before)
    falls.book_certain(credential)
