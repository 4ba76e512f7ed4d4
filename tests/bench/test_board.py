"""What the board of a large film costs beside a page of the gallery, in CPU time, in process."""

import pytest
from django.test import Client
from django.urls import reverse

from generations import films
from generations.models import File, Film, Membership
from tests.bench.figures import cpu_milliseconds, show
from tests.bench.test_pages import HELLO, ROUNDS, getting
from tests.films.stage import again, cut, keep, make_film, read, told, tree

from .gallery import make_wall

pytestmark = [pytest.mark.bench, pytest.mark.django_db, pytest.mark.timeout(400)]
SHOTS, TAKES, CUTS = 12, 5, 3
PROMPT = "One walker, low sun ahead, wind off the crest, wide, take "


def make_large_film(member: Membership) -> Film:
    """12 shots with 5 takes each, a voice, music, and three cuts, all of it kept."""
    film = make_film(membership=member)
    shots = {
        shot: [told(1000 + 10 * shot + take, prompt=f"{PROMPT}{take}") for take in range(TAKES)]
        for shot in range(SHOTS)
    }
    firsts = [1000 + 10 * shot for shot in range(SHOTS)]
    cuts = [cut(900 + number, firsts, 200, 300) for number in range(CUTS)]
    read(film, tree(shots, [told(200)], [told(300)], cuts))
    files = File.objects.filter(task=film.task)
    keep(*files)
    files.update(name="clip.mp4", poster="poster.webp", width=1280, height=720)
    return again(film)


def test_the_board_of_a_large_film(client: Client) -> None:
    member = make_wall(1_000)
    film = make_large_film(member)
    client.force_login(member.user)
    team = member.team.slug
    board = reverse("film", args=[team, film.pk])
    changes = reverse("film_changes", args=[team, film.pk])
    acts = {
        "first page of the gallery, 48 cards": getting(client, reverse("gallery", args=[team])),
        f"board, {SHOTS} shots, {TAKES} takes each": getting(client, board),
        "the takes of another shot": getting(client, f"{changes}?at=7"),
        "list of films": getting(client, reverse("films", args=[team])),
        "changes, nothing new (204)": getting(
            client, f"{changes}?since={films.board_version(film)}", 204
        ),
        "hello, the same middleware": getting(client, HELLO),
    }
    show("The board of a film of 60 s, CPU", cpu_milliseconds(acts, rounds=ROUNDS))
