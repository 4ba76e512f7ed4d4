"""How soon the first byte of an archive leaves, in process, beside a hello."""

import time
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from generations.models import File
from generations.sharing import collections, links
from tests.bench.figures import show
from tests.factories import make_member
from tests.shared_clips import make_file

pytestmark = [pytest.mark.bench, pytest.mark.django_db, pytest.mark.timeout(400)]
CLIPS, SIZE, ROUNDS = 200, 4_000_000, 15


def test_an_archive_of_two_hundred_clips(client: Client) -> None:
    member = make_member()
    stored = default_storage.save("clip.mp4", ContentFile(bytes(SIZE)))
    numbers = [make_file(member, name=stored, size=SIZE).pk for _ in range(CLIPS)]
    assert File.objects.count() == CLIPS
    collection = collections.make(member.team, member.user, "Salt and Amber")
    collections.add(collection, numbers, member.user)
    _link, token = links.make(collection, member.user, links.Terms(allows_downloads=True))
    archive = reverse("guest_archive", args=[token])
    acts = {
        "hello, the same middleware": lambda: client.get(reverse("health_live")),
        f"archive of {CLIPS} clips: the first byte": lambda: next(
            iter(client.get(archive).streaming_content)  # type: ignore[attr-defined]
        ),
        "the client's page, 200 clips": lambda: client.get(reverse("guest", args=[token])),
        "the client's poll, nothing new": lambda: client.get(
            f"{reverse('guest', args=[token])}?since={collection.version}"
        ),
    }
    collection.refresh_from_db()
    show("Sharing, on the clock", {name: measure(act) for name, act in acts.items()})


def measure(act: Callable[[], object]) -> list[float]:
    """Milliseconds."""
    act()
    samples = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        samples.append((time.perf_counter() - began) * 1000)
    return samples
