"""What a page costs beside a hello through the same middleware, in CPU time, in process."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Membership, Task, Team
from generations.web.gallery.views import PAGE
from generations.web.query import PageCursor
from tests.bench.figures import cpu_milliseconds, show

from .gallery import make_wall

pytestmark = [pytest.mark.bench, pytest.mark.django_db, pytest.mark.timeout(400)]

HELLO = reverse("health_live")
ROUNDS = 15


def getting(client: Client, path: str, status: int = 200) -> Callable[[], None]:
    def act() -> None:
        response = client.get(path)
        assert response.status_code == status, path

    return act


def deepest(wall: str, member: Membership) -> str:
    """The address of the last full page of a wall."""
    before = Task.objects.for_team(member.team).order_by("created_at", "pk")[PAGE]
    return f"{wall}?{urlencode({'before': PageCursor.after(before)})}"


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_a_page_of_the_gallery(client: Client, count: int) -> None:
    member = make_wall(count)
    client.force_login(member.user)
    wall = reverse("gallery", args=[member.team.slug])
    acts = {
        "hello, the same middleware": getting(client, HELLO),
        "the form, a page without cards": getting(
            client, reverse("generate", args=[member.team.slug])
        ),
        f"first page, {PAGE} cards": getting(client, wall),
        f"deepest page, {PAGE} cards": getting(client, deepest(wall, member)),
    }
    show(f"Gallery of {count:,} clips, CPU", cpu_milliseconds(acts, rounds=ROUNDS))


def test_a_poll_with_nothing_new(client: Client) -> None:
    member = make_wall(1_000)
    client.force_login(member.user)
    behind = poll(client, member)
    Task.objects.for_team(member.team).filter(version__gt=995).update(version=1_001)
    Team.objects.filter(pk=member.team_id).update(sequence=1_001)
    acts = {
        "hello, the same middleware": getting(client, HELLO),
        "changes, nothing new (204)": getting(client, poll(client, member), 204),
        "changes, four cards": getting(client, behind),
    }
    show("Changes poll, CPU", cpu_milliseconds(acts, rounds=100))


def poll(client: Client, member: Membership) -> str:
    """The address that the page of now asks for changes."""
    wall = client.get(reverse("gallery", args=[member.team.slug]))
    since = urlencode({"since": wall.context["cursor"]})
    return f"{reverse('changes', args=[member.team.slug])}?{since}"
