"""What people and time do to a site, in a process of the site's own environment.

Called as ``manage.py shell -c "from tests.processes import actions; …"``.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from generations import films
from generations.lifecycle import actions, fetch, poll, queue
from generations.lifecycle.order import MOST_AT_ONCE, order
from generations.lifecycle.transitions.submission import SENDING_LEASE
from generations.models import Credential, File, Lease, Membership, Task
from generations.models.files import FileState
from generations.models.films import FILM
from generations.models.tasks import TaskState
from generations.providers import PROVIDERS
from generations.providers.catalogue import catalogue
from generations.providers.contract import Order
from generations.uploads import NamedUpload
from tests.factories import make_credential, make_member, make_upload

FILMS_OF_A_KEY = 10


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


def order_manners(*, provider: str, listed: str) -> None:
    """Order each of a JSON list of dialect, prompt and options, on keys of its dialect."""
    member = make_member()
    keys = {kind: make_dialect_key(member, provider, kind) for kind in PROVIDERS}
    for kind, prompt, options in json.loads(Path(listed).read_text()):
        wanted = shortest(keys[kind], prompt, options)
        order(member, keys[kind], wanted, form_token=uuid4().hex, accepts_unknown=True)


def order_films(*, provider: str, count: int, prompt: str) -> None:
    """Order numbered ad films of a picture, ten on a key."""
    member = make_member()
    picture = make_upload(team=member.team)
    for number in range(count):
        if number % FILMS_OF_A_KEY == 0:
            key = make_dialect_key(member, provider, "vidu")
        offer = next(one for one in catalogue("vidu").offers if one.kind == FILM)
        brief = Order(
            kind=FILM,
            model=offer.model,
            prompt=f"{prompt} no. {number}",
            duration=offer.durations[0],
            aspect_ratio=offer.aspect_ratio,
        )
        films.order_film(
            member,
            key,
            brief,
            pictures=[NamedUpload(picture)],
            form_token=uuid4().hex,
            accepts_unknown=True,
        )


def make_dialect_key(member: Membership, provider: str, kind: str) -> Credential:
    """A key of one dialect of the sandbox, which reads from its letters that it has no limits."""
    name = uuid4().hex[:8]
    return make_credential(
        team=member.team,
        kind=kind,
        base_url=provider if kind == "vidu" else f"{provider}/{kind}",
        name=name,
        key=f"sandbox-{name}-rate9999-slots99",
        slots=20,
    )


def shortest(key: Credential, prompt: str, options: dict[str, Any]) -> Order:
    """The shortest clip with sound, if any, that the first model of a key makes of words."""
    offers = [one for one in catalogue(key.kind).offers if one.kind == "text_to_video"]
    offer = next((one for one in offers if "turbo" in one.model), offers[0])
    return Order(
        kind=offer.kind,
        model=offer.model,
        prompt=prompt,
        duration=offer.durations[0],
        resolution=offer.resolutions[0],
        aspect_ratio=offer.aspect_ratio,
        seed=7,
        options=options,
    )


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
