"""What people and time do to a site, in a process of the site's own environment.

Called as ``manage.py shell -c "from tests.processes import actions; …"``.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from generations.lifecycle import actions, fetch, poll, queue
from generations.lifecycle.order import MOST_AT_ONCE, order
from generations.lifecycle.transitions.submission import SENDING_LEASE
from generations.models import Credential, File, Lease, Membership, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState
from generations.providers.contract import Order
from tests.factories import make_credential, make_member


def open_house(*, provider: str, keys: int) -> None:
    """A team with one member and ``keys`` keys of five slots each."""
    member = make_member()
    for number in range(keys):
        make_credential(team=member.team, base_url=provider, name=f"Key {number}")


def place(*, tasks: int, prompt: str) -> None:
    """Order ``tasks`` clips, as many at once as a person may, on one key after the other."""
    member = Membership.objects.select_related("team", "user").get()
    keys = list(Credential.objects.order_by("pk"))
    for number, first in enumerate(range(0, tasks, MOST_AT_ONCE)):
        count = min(MOST_AT_ONCE, tasks - first)
        order(member, keys[number % len(keys)], clip(prompt), count=count, form_token=uuid4().hex)


def clip(prompt: str) -> Order:
    """The seed is said, so that the sandbox draws one clip for all orders of a prompt."""
    return Order(
        kind="text_to_video",
        model="viduq2",
        prompt=prompt,
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
        seed=7,
    )


def let_leases_end(*, taken_before: float) -> None:
    """The time that a dead worker's leases would still take passes at once; then it is swept.

    Only those that were taken before this moment (Unix seconds): who works since then lives.
    Leases last 45 to 90 s and the sweep comes each minute; nobody wants to wait for both.
    """
    then = datetime.fromtimestamp(taken_before, UTC)
    sending = Task.objects.filter(state=TaskState.SENDING)
    sending.filter(lease_until__lte=then + SENDING_LEASE).update(lease_until=then)
    fetching = File.objects.filter(state=FileState.FETCHING)
    fetching.filter(lease_until__lte=then + fetch.LEASE).update(lease_until=then)
    watching = timedelta(seconds=poll.LEASE_SECONDS)
    Lease.objects.filter(until__lte=then + watching).update(until=then)
    queue.enqueue("sweep", 0)


def send_again() -> None:
    """A person says of each unclear order that it never arrived, and sends it again."""
    person = Membership.objects.select_related("user").get().user
    for task in Task.objects.filter(state=TaskState.UNCLEAR):
        actions.release(task, person, send_again=True)
