"""The pages of ad films: the brief, the board, and what people do on it."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations import films
from generations.billing import ledger
from generations.models import (
    Cap,
    Composition,
    Credential,
    File,
    Film,
    Membership,
    Role,
    Take,
    Task,
)
from generations.models.collections import Decision
from generations.models.films import StripKind
from generations.models.tasks import TaskState
from generations.sharing import collections, links, review
from generations.web.films import messages
from generations.web.films.takes import wording
from tests.factories import make_credential, make_member, make_tasks, make_upload
from tests.films.stage import (
    FAILED,
    again,
    cut,
    finish,
    keep,
    make_film,
    make_read_film,
    read,
    take,
    told,
    tree,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def film(member: Membership) -> Film:
    return make_read_film(membership=member)


def at(film: Film, name: str = "") -> str:
    return f"/t/{film.team.slug}/films/{film.pk}/{name}"


def redo(member: Membership, film: Film, count: int = 1, shot: int = 1) -> list[Take]:
    return films.redo(
        member,
        again(film),
        StripKind.SHOT,
        shot=shot,
        prompt="At dusk",
        count=count,
        form_token=uuid4().hex,
    )


def edit(**other: str) -> dict[str, str]:
    return {"type": "generate_video", "storyboard_video_index": "1", "prompt": "At dusk", **other}


# ---- The brief ------------------------------------------------------------------------------


def brief(key: Credential, pictures: int = 2, **other: object) -> dict[str, object]:
    return {
        "credential": key.pk,
        "images": [make_upload(team=key.team).pk for _ in range(pictures)],
        "prompt": "Aurel, salt and amber",
        "duration": "20",
        "aspect_ratio": "9:16",
        "language": "en",
        "form_token": "one-press",
        **other,
    }


def test_a_brief_becomes_a_film_with_its_pictures(site: Client, member: Membership) -> None:
    key = make_credential(team=member.team)
    answer = site.post(f"/t/{member.team.slug}/films/new/", brief(key))
    film = Film.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, at(film))
    assert film.task.settings == {"duration": 20, "aspect_ratio": "9:16", "language": "en"}
    assert film.task.prompt == "Aurel, salt and amber"
    assert film.task.pictures.count() == 2


def test_the_same_press_makes_one_film(site: Client, member: Membership) -> None:
    sent = brief(make_credential(team=member.team))
    for _ in range(2):
        assert site.post(f"/t/{member.team.slug}/films/new/", sent).status_code == 303
    assert Film.objects.count() == 1


@pytest.mark.parametrize(
    ("pictures", "other", "said"),
    [
        (0, {}, "takes 1 to 7 pictures"),
        (8, {}, "takes 1 to 7 pictures"),
        (2, {"duration": "61"}, "10 to 60 whole seconds"),
        (2, {"duration": "9"}, "10 to 60 whole seconds"),
        (2, {"prompt": "x" * 2001}, "2,001 characters; the model reads 2,000"),
        (2, {"aspect_ratio": "4:3"}, "This model makes 16:9, 9:16 or 1:1"),
        (2, {"language": "fr"}, "Choose zh or en"),
    ],
)
def test_a_brief_that_the_provider_cannot_take_is_refused_with_the_reason(
    site: Client, member: Membership, pictures: int, other: dict[str, str], said: str
) -> None:
    sent = brief(make_credential(team=member.team), pictures, **other)
    answer = site.post(f"/t/{member.team.slug}/films/new/", sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Task.objects.exists()


def test_a_brief_of_pictures_alone_is_enough(site: Client, member: Membership) -> None:
    sent = brief(make_credential(team=member.team), 1, prompt="")
    assert site.post(f"/t/{member.team.slug}/films/new/", sent).status_code == 303


def test_the_price_of_a_film_is_what_the_last_of_its_length_cost_and_else_the_providers_word(
    site: Client, member: Membership, film: Film
) -> None:
    address = f"/t/{member.team.slug}/films/new/"
    assert "Make the film · 400 credits" in site.get(address).text
    other = site.get(address, {"duration": "20"}).text
    assert "Make the film ·" not in other
    assert "the provider tells the price" in other


def test_only_keys_that_make_films_are_offered(site: Client, member: Membership) -> None:
    address = f"/t/{member.team.slug}/films/new/"
    make_credential(team=member.team, kind="vivienne", name="Gateway")
    assert "No key that makes films" in site.get(address).text
    make_credential(team=member.team, name="Official")
    page = site.get(address).text
    assert "Official" in page
    assert "Gateway" not in page


def test_the_order_form_leads_to_the_brief(site: Client, member: Membership) -> None:
    make_credential(team=member.team)
    page = site.get(f"/t/{member.team.slug}/new/").text
    assert f'href="/t/{member.team.slug}/films/new/"' in page


# ---- The list and the gallery ---------------------------------------------------------------


def test_the_list_shows_each_film_with_what_it_has_and_cost(site: Client, film: Film) -> None:
    page = site.get(f"/t/{film.team.slug}/films/").text
    assert "3 shots · 1 cut · 400 credits" in page
    assert f'href="{at(film)}"' in page


def test_the_list_is_paged_and_asks_as_many_queries_for_many_as_for_few(
    site: Client, member: Membership
) -> None:
    counts = []
    site.get(f"/t/{member.team.slug}/films/")  # the session is written once
    for _ in range(2):
        make_read_film(membership=member)
        with CaptureQueriesContext(connection) as captured:
            site.get(f"/t/{member.team.slug}/films/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_list_has_nothing_new_until_something_of_the_team_changes(
    site: Client, film: Film
) -> None:
    address = f"/t/{film.team.slug}/films/"
    film.team.refresh_from_db()
    since = film.team.sequence
    assert site.get(address, {"since": since}).status_code == 204
    films.rename(make_member(team=film.team), film, "Salt")
    changed = site.get(address, {"since": since}, headers=HTMX)
    assert changed.status_code == 200
    assert ">Salt</a>" in changed.text


def test_the_gallery_shows_the_film_and_leads_to_its_board_but_not_its_parts(
    site: Client, member: Membership, film: Film
) -> None:
    (clip,) = make_tasks(membership=member, credential=film.task.credential)
    (made,) = redo(member, film)
    page = site.get(f"/t/{film.team.slug}/").text
    assert f'href="{at(film)}"' in page
    assert f"task-{clip.pk}" in page
    assert f"task-{made.task_id}" not in page
    changed = site.get(f"/t/{film.team.slug}/changes", {"since": "0~"}).text
    assert f"task-{made.task_id}" not in changed


# ---- The board ------------------------------------------------------------------------------


def test_a_film_on_its_way_says_how_far_it_is(site: Client, member: Membership) -> None:
    film = make_film(membership=member)
    Task.objects.filter(pk=film.task_id).update(state=TaskState.RUNNING, progress=40)
    page = site.get(at(film)).text
    assert "<strong>40</strong>" in page
    assert "Aurel, salt and amber" in page
    assert 'data-moving="true"' in page


def test_a_film_that_failed_says_why_and_what_became_of_the_credits(
    site: Client, member: Membership
) -> None:
    film = make_film(membership=member)
    Task.objects.filter(pk=film.task_id).update(state="failed", code="TaskPromptPolicyViolation")
    page = site.get(at(film)).text
    assert "The provider refused the prompt under its rules." in page
    assert "Compose" not in page


def test_the_board_has_every_shot_with_its_take_and_the_voice_and_the_music(
    site: Client, film: Film
) -> None:
    page = site.get(at(film)).text
    for shot in ("1", "2", "3"):
        assert f'id="shot-{shot}"' in page
    assert 'id="sound-narration"' in page
    assert 'id="sound-music"' in page
    assert "15 s · 16:9 · Chinese voice" in " ".join(page.split())
    assert 'data-moving="false"' in page


def test_the_takes_of_any_strip_can_be_shown(site: Client, film: Film) -> None:
    for name, title in (("2", "Shot 2"), ("narration", "Narration"), ("nothing", "Shot 1")):
        page = site.get(at(film), {"at": name}).text
        assert f'<h2 id="takes-title">{title}</h2>' in page


def test_only_the_chosen_take_wears_the_ring(site: Client, member: Membership, film: Film) -> None:
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71)
    page = site.get(at(film), {"at": "2"}).text
    takes = page[page.index('id="takes"') : page.index("takes-words")]
    assert takes.count('class="circled"') == 1
    chosen = takes.index('class="circled"')
    assert chosen < takes.index(f'id="take-{made.pk}"')


def test_failed_takes_fold_into_one_frame_that_says_why(
    site: Client, member: Membership, film: Film
) -> None:
    for number, made in enumerate(redo(member, film, 2), start=71):
        assert made.task
        finish(made.task, number=number, state=FAILED, kept=False)
    page = site.get(at(film), {"at": "2"}).text
    assert page.count("take-failed") == 1
    assert "2 failed" in page
    assert "Nothing was charged." in page


def test_a_prompt_is_told_apart_word_by_word_from_that_of_the_cut() -> None:
    pieces = wording("one walker, noon, wide", "one walker, low sun, wide")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "one walker, "),
        ("gone", "noon"),
        ("new", "low sun"),
        ("same", ", wide"),
    ]
    chinese = wording("一人独行，正午", "一人独行，低日")
    assert [(piece.kind, piece.text) for piece in chinese] == [
        ("same", "一人独行，"),
        ("gone", "正午"),
        ("new", "低日"),
    ]


def test_a_board_asks_as_many_queries_for_a_large_film_as_for_a_small_one(
    site: Client, member: Membership
) -> None:
    small = make_read_film(membership=member)
    large = make_film(membership=member)
    shots = {n: [told(1000 + 10 * n + nth) for nth in range(5)] for n in range(12)}
    cuts = [cut(900 + n, [1000 + 10 * n for n in range(12)], 200, 300) for n in range(3)]
    read(large, tree(shots, [told(200)], [told(300)], cuts))
    keep(*File.objects.filter(task=large.task))
    for film in (small, large):
        for made in redo(member, film, 2):
            assert made.task
    counts = []
    site.get(at(small))  # the session is written once
    for film in (small, large):
        with CaptureQueriesContext(connection) as captured:
            page = site.get(at(film), {"at": "2"})
        assert page.status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] < 50


def test_a_viewer_sees_the_board_without_a_button_that_orders(film: Film) -> None:
    client = Client()
    client.force_login(make_member(team=film.team, role=Role.VIEWER).user)
    page = client.get(at(film)).text
    for name in ("film_edit", "edit", "choose", "compose"):
        assert f'action="{at(film, name)}"' not in page


# ---- What changed ---------------------------------------------------------------------------


def test_a_poll_is_empty_until_the_film_changes(
    site: Client, member: Membership, film: Film
) -> None:
    since = films.version(again(film))
    assert site.get(at(film, "changes"), {"since": since}).status_code == 204
    (made,) = redo(member, film)
    changed = site.get(at(film, "changes"), {"since": str(since), "at": "2"}, headers=HTMX)
    assert changed.status_code == 200
    assert f'id="take-{made.pk}"' in changed.text
    assert 'id="film" data-state="succeeded" hx-swap-oob="outerMorph"' in changed.text


# ---- New takes ------------------------------------------------------------------------------


def test_a_new_take_is_ordered_of_a_shot_by_its_index(site: Client, film: Film) -> None:
    answer = site.post(at(film, "edit"), edit(form_token="press"))
    assert (answer.status_code, answer["Location"]) == (302, at(film) + "?at=2")
    task = Task.objects.get(kind="ad-footage")
    assert (task.prompt, task.settings["part"]["shot"]) == ("At dusk", 1)
    assert not films.load_board(again(film)).shots[1].takes[1].is_chosen


@pytest.mark.parametrize(
    ("word", "kind"), [("generate_narration", "ad-narration"), ("generate_bgm", "ad-music")]
)
def test_narration_and_music_are_ordered_anew(
    site: Client, film: Film, word: str, kind: str
) -> None:
    answer = site.post(at(film, "edit"), {"type": word, "prompt": "Softer"})
    assert answer.status_code == 302
    assert Task.objects.get(kind=kind).settings["part"]["shot"] is None


def test_several_takes_are_ordered_at_once_and_once_for_each_press(
    site: Client, film: Film
) -> None:
    for _ in range(2):
        site.post(at(film, "edit"), edit(count="3", form_token="press"))
    assert Task.objects.filter(kind="ad-footage").count() == 3


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"storyboard_video_index": ""}, "Say which shot the new take is for."),
        ({"storyboard_video_index": "7"}, "This film has no such shot."),
        ({"storyboard_video_index": "x"}, "This film has no such shot."),
        ({"prompt": "  "}, "Write what the new take is to be."),
        ({"prompt": "x" * 2001}, "This has 2,001 characters; 2,000 fit."),
        ({"type": "generate_all"}, "Say what to make anew"),
        ({"count": "21"}, "Order 1 to 20 clips at once."),
    ],
)
def test_an_edit_that_says_too_little_or_too_much_is_refused_before_anything_is_sent(
    site: Client, film: Film, fields: dict[str, str], said: str
) -> None:
    answer = site.post(at(film, "edit"), edit(**fields))
    assert answer.status_code == 422
    assert said in answer.text
    assert not Task.objects.exclude(kind="ad-one-click").exists()


def test_an_edit_of_an_unfinished_film_is_refused(site: Client, member: Membership) -> None:
    film = make_film(membership=member)
    answer = site.post(at(film, "edit"), edit(), headers=HTMX)
    assert Task.objects.count() == 1
    assert answer.status_code == 200
    answer = site.post(at(film, "edit"), edit())
    assert answer.status_code == 422
    assert "This film is not finished; its parts can be changed then." in answer.text


def test_what_was_typed_is_still_there_after_a_refusal(site: Client, film: Film) -> None:
    Credential.objects.filter(pk=film.task.credential_id).update(paused_code="stopped")
    Credential.objects.filter(pk=film.task.credential_id).update(paused_at="2026-01-01T00:00Z")
    answer = site.post(at(film, "edit"), edit(prompt="Half of an idea"))
    assert answer.status_code == 422
    assert "Half of an idea</textarea>" in answer.text
    assert "Nothing was ordered and nothing was charged." in answer.text


def test_the_prompt_of_the_chosen_take_is_filled_in_and_what_stays_is_said(
    site: Client, film: Film
) -> None:
    page = site.get(at(film), {"at": "2"}).text
    assert ">p101</textarea>" in page
    assert "It stays: 3 s long, in this place." in page
    assert "Chinese voice, and the speaker" in site.get(at(film), {"at": "narration"}).text


def test_the_price_of_a_take_stands_in_its_button_for_as_many_as_are_wanted(
    site: Client, member: Membership, film: Film
) -> None:
    assert "the provider tells the price" in site.get(at(film)).text
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71, cost=80)
    page = site.get(at(film)).text
    assert "New take · 80 credits" in page
    assert "3 new takes · 240 credits" in page


# ---- Choosing -------------------------------------------------------------------------------


def test_a_take_is_put_into_the_next_cut(site: Client, member: Membership, film: Film) -> None:
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71)
    answer = site.post(at(film, "choose"), {"take": made.pk})
    assert (answer.status_code, answer["Location"]) == (302, at(film) + "?at=2")
    chosen = films.load_board(again(film)).shots[1].chosen
    assert chosen
    assert chosen.pk == made.pk


def test_a_take_that_is_not_here_is_not_chosen(
    site: Client, member: Membership, film: Film
) -> None:
    (made,) = redo(member, film)
    answer = site.post(at(film, "choose"), {"take": made.pk})
    assert answer.status_code == 422
    assert "Shot 2: the take is not here yet." in answer.text


def test_a_take_of_another_film_is_not_found(site: Client, member: Membership, film: Film) -> None:
    other = make_read_film(membership=member)
    answer = site.post(at(film, "choose"), {"take": take(other, 101).pk})
    assert answer.status_code == 422
    assert "This film has no such take." in answer.text


# ---- Cuts -----------------------------------------------------------------------------------


def changed(member: Membership, film: Film) -> Take:
    """The second shot has another take than the newest cut."""
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71)
    films.choose(member, take(film, 71))
    return made


def test_a_stale_cut_says_what_changed_and_what_composing_again_costs(
    site: Client, member: Membership, film: Film
) -> None:
    assert "is stale" not in site.get(at(film)).text
    changed(member, film)
    page = " ".join(site.get(at(film)).text.split())
    assert "Cut 1 is stale." in page
    assert "Shot 2 is now take 2, the cut has take 1." in page
    assert "What composing again costs the provider tells in its reply." in page
    second = films.compose(member, again(film), form_token="press")
    assert second.task
    finish(second.task, number=901, cost=400)
    page = site.get(at(film)).text
    assert "is stale" not in page
    assert "Cut 2 has just these takes." in page
    assert "Compose cut 3 · 400 credits" in page


def approve(film: Film, file: File) -> None:
    """A client of the team says yes to this file."""
    owner = film.task.created_by
    collection = collections.make(film.team, owner, "Aurel")
    collections.add(collection, [file.pk], owner)
    link, _token = links.make(collection, owner, links.Terms())
    item = collection.items.get()
    review.decide(link, links.visit(link), item, Decision.APPROVED, file.sha256)


def test_a_stale_cut_says_which_cut_the_client_approved(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    assert "approved" not in site.get(at(film)).text
    kept = Composition.objects.get(film=film).file
    assert kept
    approve(film, kept)
    page = site.get(at(film)).text
    assert "The client approved cut 1, and it has not changed." in page
    File.objects.filter(pk=kept.pk).update(sha256="f" * 64)  # other bytes than the client saw
    assert "approved" not in site.get(at(film)).text


def test_what_is_here_of_a_film_can_be_shared_from_its_board(
    site: Client, member: Membership, film: Film
) -> None:
    cut, shot = Composition.objects.get(film=film).file, take(film, 100).file
    assert cut
    assert shot
    page = site.get(at(film)).text
    assert f'name="files" value="{cut.pk}" checked' in page
    assert f'name="files" value="{shot.pk}">' in page
    sent = {"title": "Aurel", "files": [cut.pk, shot.pk], "share": "on"}
    answer = site.post(f"/t/{member.team.slug}/collections/new", sent)
    made = member.team.collections.get()
    assert answer["Location"].endswith(f"/collections/{made.pk}/share")
    assert list(made.items.kept().values_list("file", flat=True)) == [cut.pk, shot.pk]


def test_a_cut_is_ordered_of_what_is_chosen(site: Client, film: Film) -> None:
    answer = site.post(at(film, "compose"), {"form_token": "press"})
    assert answer.status_code == 302
    made = Composition.objects.get(film=film, task__isnull=False)
    assert [piece.number for piece in made.ingredients.all()] == ["300", "200", "100", "101", "102"]


def test_a_cut_may_name_its_parts_by_the_providers_numbers(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    site.post(at(film, "compose"), {"video_task_ids": ["100", "101", "102"]})
    made = Composition.objects.get(film=film, task__isnull=False)
    shots = made.ingredients.filter(kind="shot")
    assert [piece.number for piece in shots] == ["100", "101", "102"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"video_task_ids": ["100"]}, "A cut needs one take for each of 3 shots; 1 are named."),
        ({"video_task_ids": ["100", "101", "9"]}, "This film has no take with the number 9."),
        ({"video_task_ids": ["100", "102", "101"]}, "The take with the number 102 is none of Shot"),
        ({"narration_task_id": ""}, "No narration is chosen."),
        ({"bgm_task_id": ""}, "No music is chosen."),
    ],
)
def test_a_cut_of_wrong_parts_is_refused_before_anything_is_sent(
    site: Client, film: Film, fields: dict[str, object], said: str
) -> None:
    answer = site.post(at(film, "compose"), fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Task.objects.filter(kind="ad-compose").exists()


def test_what_is_missing_for_a_cut_stands_beside_the_button(
    site: Client, member: Membership
) -> None:
    film = make_film(membership=member)
    read(film, tree({0: [told(100)], 1: [told(101, FAILED)]}, [told(200)]))
    page = site.get(at(film)).text
    assert "Shot 1: the take is not here yet." in page
    assert "Shot 2 has no chosen take." in page
    assert "Narration: the take is not here yet." in page
    assert "1 more." in page


def test_two_cuts_stand_side_by_side_with_the_shots_that_differ_marked(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    second = films.compose(member, again(film), form_token="press")
    assert second.task
    finish(second.task, number=901, cost=400)
    page = site.get(at(film, "compare"), {"one": "1", "other": "2"}).text
    assert '<rect x="333" y="0" width="333" height="1"/>' in page
    assert page.count('height="1"/>') == 1
    assert "<td>take 1</td><td>take 2</td>" in page
    assert site.get(at(film, "compare"), {"one": "1", "other": "9"}).status_code == 404


def test_every_cut_is_listed_with_what_it_was_made_of(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    films.compose(member, again(film), form_token="press")
    page = site.get(at(film)).text
    second, first = page.index('id="cut-2"'), page.index('id="cut-1"')
    assert second < first
    assert "Shot 2 take 2" in page[second:first]
    assert "Shot 2 take 1" in page[first:]


# ---- Money ----------------------------------------------------------------------------------


def test_the_board_says_what_was_spent_on_chosen_takes_and_on_others(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    (other,) = redo(member, film)
    assert other.task
    finish(other.task, number=72, cost=70)
    page = " ".join(site.get(at(film)).text.split())
    assert '<td class="number">80</td><td class="number">70</td>' in page
    assert '<td class="number">480</td><td class="number">70</td>' in page
    redo(member, film)
    assert "<dt>Held</dt><dd>70 credits</dd>" in site.get(at(film)).text


def test_the_least_that_a_cap_leaves_is_shown_where_there_is_one(
    site: Client, member: Membership, film: Film
) -> None:
    assert "cap" not in site.get(at(film)).text.partition('id="sum"')[2].partition("</dl>")[0]
    Cap.objects.create(team=film.team, unit="credit", amount=2000, changed_by=member.user)
    Cap.objects.create(
        team=film.team, user=member.user, unit="credit", amount=900, changed_by=member.user
    )
    assert "500 / 900" in site.get(at(film)).text


def test_too_few_credits_are_told_beside_the_button(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    key = film.task.credential
    Credential.objects.filter(pk=key.pk).update(balance=10)
    left = ledger.left(key) or 0
    ledger.adjust(key, 10 - left, "for a test")
    answer = site.post(at(film, "edit"), edit())
    assert answer.status_code == 422
    assert "This needs 80 and the key has" in answer.text


# ---- Words ----------------------------------------------------------------------------------


def test_every_obstacle_and_alarm_of_a_film_has_a_sentence() -> None:
    values = {"wanted": 3, "given": 1, "length": 2001, "limit": 2000, "number": "9", "shot": 1}
    for code in messages.OBSTACLES:
        said = messages.obstacle(films.Obstacle(code, values | {"kind": "shot"}))
        assert said
        assert "%" not in said
    for code in messages.ALARMS:
        assert messages.alarm(f"{code} 1") == str(messages.ALARMS[code])


def test_an_alarm_of_a_film_is_seen_on_its_board(site: Client, film: Film) -> None:
    Film.objects.filter(pk=film.pk).update(alarm="turned_failed")
    assert "The provider calls it failed after it had succeeded." in site.get(at(film)).text


def test_a_film_is_called_what_people_call_it(site: Client, film: Film) -> None:
    assert '<h1 dir="auto">Aurel, salt and amber</h1>' in site.get(at(film)).text
    site.post(at(film, "rename"), {"title": "Salt"})
    assert '<h1 dir="auto">Salt</h1>' in site.get(at(film)).text


def test_the_parts_are_asked_for_again(site: Client, film: Film) -> None:
    Film.objects.filter(pk=film.pk).update(due_at=None)
    site.post(at(film, "look"))
    assert again(film).due_at is not None
