"""What people and time do to a site, done in a process of the site's own environment.

Called as ``manage.py shell -c "from tests.processes import desk; …"``.
"""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from generations.lifecycle import decide, jobs
from generations.lifecycle.order import MOST_AT_ONCE, order
from generations.models import Credential, File, Lease, Membership, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState
from generations.providers.contract import Order
from tests.factories import make_credential, make_member

LONG_AGO = timedelta(minutes=10)


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
        kind="text2video",
        model="viduq2",
        prompt=prompt,
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
        seed=7,
    )


def let_leases_end() -> None:
    """The time that a dead worker's leases would still take passes at once; then it is swept.

    Leases last 45 to 90 s and the sweep comes each minute; nobody wants to wait for both.
    """
    past = timezone.now() - LONG_AGO
    Task.objects.filter(state=TaskState.SENDING).update(lease_until=past)
    File.objects.filter(state=FileState.FETCHING).update(lease_until=past)
    Lease.objects.update(until=past)
    jobs.ring("sweep", 0)


def send_again() -> None:
    """A person says of each unclear order that it never arrived, and sends it again."""
    person = Membership.objects.select_related("user").get().user
    for task in Task.objects.filter(state=TaskState.UNCLEAR):
        decide.release(task, person, send_again=True)
