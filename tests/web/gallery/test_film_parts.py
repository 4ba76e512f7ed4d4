"""The page of a take or a cut says what it is of which film, in words that lead there."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from generations.films import order_cut, order_takes
from generations.models import Film, Membership, Task
from generations.models.films import SegmentKind
from tests.films.stage import finish, make_read_film

pytestmark = pytest.mark.django_db
FROM_THE_ORDER = ("film_edit", "take_remote_ids", "shot_index", "{&#x27;")


def page(site: Client, task: Task) -> str:
    html = site.get(reverse("task", args=[task.team.slug, task.pk])).text
    assert not [word for word in FROM_THE_ORDER if word in html]
    return html


@pytest.fixture
def film(member: Membership) -> Film:
    return make_read_film(membership=member)


@pytest.mark.parametrize(
    ("kind", "shot", "place", "at"),
    [
        (SegmentKind.SHOT, 1, "Shot 2, take 2", "2"),
        (SegmentKind.NARRATION, None, "Narration, version 2", "narration"),
        (SegmentKind.MUSIC, None, "Music, version 2", "music"),
    ],
)
def test_a_take_leads_to_its_place_on_the_board(
    site: Client,
    film: Film,
    member: Membership,
    kind: SegmentKind,
    shot: int | None,
    place: str,
    at: str,
) -> None:
    [take] = order_takes(
        *(member, film, kind),
        shot=shot,
        prompt="Warmer",
        accepts_unknown=True,
        form_token=uuid4().hex,
    )
    assert take.task
    html = page(site, take.task)
    assert place in html
    board = reverse("film", args=[film.team.slug, film.pk])
    assert f'href="{board}?at={at}"' in html
    assert "Aurel, salt and amber</a>" in html
    assert site.get(f"{board}?at={at}").status_code == 200


def test_a_cut_names_the_takes_that_are_joined_in_it(
    site: Client, film: Film, member: Membership
) -> None:
    cut = order_cut(member, film, accepts_unknown=True, form_token=uuid4().hex)
    assert cut.task
    finish(cut.task, number=901)
    html = page(site, cut.task)
    assert "Cut 2" in html
    for piece in ("Shot 1, take 1", "Shot 3, take 1", "Narration, version 1", "Music, version 1"):
        assert f"<li>{piece}</li>" in html
