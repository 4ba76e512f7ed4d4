"""What a search of the gallery costs beside the gallery itself, in CPU time, in process."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Task
from tests.bench.figures import cpu_milliseconds, show
from tests.bench.test_pages import getting

from .gallery import make_wall

pytestmark = [pytest.mark.bench, pytest.mark.django_db, pytest.mark.timeout(900)]
ROUNDS = 9
RARE = "雨夜的老城小巷，红灯笼倒映在青石板上; a zebra"


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_words_of_every_kind(client: Client, count: int) -> None:
    member = make_wall(count)
    middle = Task.objects.for_team(member.team).order_by("pk")[count // 2]
    Task.objects.filter(pk=middle.pk).update(prompt=RARE)
    client.force_login(member.user)
    wall = reverse("gallery", args=[member.team.slug])
    words = {
        "the gallery, no search": "",
        "a word that one clip has": "zebra",
        "a Chinese word of two letters": "灯笼",
        "a word that every clip has": "lighthouse",
        "a word that no clip has": "nowhere",
        "a number": str(middle.pk),
    }
    acts = {
        name: getting(client, f"{wall}?{urlencode({'q': word})}") for name, word in words.items()
    }
    show(f"Search among {count:,} clips, CPU", cpu_milliseconds(acts, rounds=ROUNDS))
