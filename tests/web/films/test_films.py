"""The pages of ad films: the brief, the board, and what people do on it."""

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations import films
from generations.billing import ledger, prices
from generations.models import (
    Cap,
    Credential,
    Cut,
    File,
    Film,
    Membership,
    Role,
    Take,
    Task,
)
from generations.models.collections import Decision
from generations.models.films import FILM_CUT, TAKE_KINDS, SegmentKind
from generations.models.prices import PriceUnit
from generations.models.tasks import TaskState
from generations.providers.contract import Reason, TaskKind
from generations.providers.vidu.requests import FORM_EDIT_TYPES
from generations.sharing import collections, links, review
from generations.web.films import list as film_list
from generations.web.films.board import order_of
from generations.web.films.segments import compare_words
from generations.web.layout.estimates import answer_of
from generations.web.messages import films as film_messages
from tests.cases import case
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
    return films.order_takes(
        member,
        again(film),
        SegmentKind.SHOT,
        shot=shot,
        prompt="At dusk",
        count=count,
        accepts_unknown=True,
        form_token=uuid4().hex,
    )


def answer_to(film: Film, kind: TaskKind) -> str:
    """What the tick of the question sends: nobody knows what such a part costs."""
    return answer_of(order_of(kind), [film.task.credential])


def edit(**other: str) -> dict[str, str]:
    return {"make": "shot", "shot": "1", "prompt": "At dusk", **other}


def board(site: Client, film: Film, **query: str) -> str:
    """The board as a script asks for it: without the page around it."""
    answer = site.get(at(film, "changes"), query)
    assert answer.status_code == 200
    return answer.text


def one_line(html: str) -> str:
    return " ".join(html.split())


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
        "accepts_unknown": f"film.one-click.{key.pk}",
        **other,
    }


def test_a_brief_becomes_one_film_with_its_pictures(site: Client, member: Membership) -> None:
    key = make_credential(team=member.team)
    sent = brief(key)
    for _ in range(2):  # a double press
        answer = site.post(f"/t/{member.team.slug}/films/new/", sent)
        film = Film.objects.get()
        assert (answer.status_code, answer["Location"]) == (303, at(film))
    assert film.task.settings == {"duration": 20, "aspect_ratio": "9:16", "language": "en"}
    assert film.task.prompt == "Aurel, salt and amber"
    assert film.task.pictures.count() == 2
    with case("pictures alone are enough"):
        sent = brief(key, 1, prompt="", form_token="next-press")
        assert site.post(f"/t/{member.team.slug}/films/new/", sent).status_code == 303


def test_a_brief_that_the_provider_cannot_take_is_refused_with_the_reason(
    site: Client, member: Membership
) -> None:
    key = make_credential(team=member.team)
    wrong: list[tuple[int, dict[str, str], list[str]]] = [
        (0, {}, ["takes 1 to 7 pictures"]),
        (8, {}, ["takes 1 to 7 pictures"]),
        (2, {"duration": "61"}, ["10 to 60 whole seconds"]),
        (
            2,
            {"duration": "9", "aspect_ratio": "4:3", "language": "fr"},
            ["10 to 60 whole seconds", "This model makes 16:9, 9:16 or 1:1", "Choose zh or en"],
        ),
        (2, {"prompt": "x" * 2001}, ["2,001 characters; the model reads 2,000"]),
    ]
    for pictures, other, sentences in wrong:
        headers = {} if "prompt" in other else HTMX  # the part of the page that has the sentence
        sent = brief(key, pictures, **other)
        answer = site.post(f"/t/{member.team.slug}/films/new/", sent, headers=headers)
        for sentence in sentences:
            with case(sentence):
                assert answer.status_code == 422
                assert sentence in answer.text
    assert not Task.objects.exists()


def test_the_price_of_a_film_is_what_the_last_of_its_length_cost_and_else_the_providers_word(
    site: Client, member: Membership, film: Film
) -> None:
    address = f"/t/{member.team.slug}/films/new/"
    page = site.get(address, headers=HTMX).text
    assert "Make the film · about 400 credits" in page
    assert "as your last film of 15 s" in page
    other = site.get(address, {"duration": "20"}, headers=HTMX).text
    assert "Make the film ·" not in other
    assert "price not known" in other
    assert "accepts_unknown" not in other  # the first film was ordered all the same


def test_a_film_of_unknown_price_is_asked_about_and_ordered_with_the_answer(
    site: Client, member: Membership
) -> None:
    address = f"/t/{member.team.slug}/films/new/"
    sent = brief(make_credential(team=member.team))
    tick = sent.pop("accepts_unknown")
    refused = site.post(address, sent)
    assert refused.status_code == 422
    assert "Nothing was ordered and nothing was charged yet." in refused.text
    assert f'name="accepts_unknown" value="{tick}"' in refused.text
    assert 'value="one-press"' in refused.text
    assert "Aurel, salt and amber</textarea>" in refused.text
    assert not Task.objects.exists()
    assert site.post(address, sent | {"accepts_unknown": tick}).status_code == 303


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


def test_the_list_is_paged_and_asks_as_many_queries_for_many_as_for_few(
    site: Client, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    site.get(f"/t/{member.team.slug}/films/")  # the session is written once
    for _ in range(2):
        make_read_film(membership=member)
        with CaptureQueriesContext(connection) as captured:
            site.get(f"/t/{member.team.slug}/films/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
    monkeypatch.setattr(film_list, "PAGE", 1)
    newer, older = Film.objects.order_by("-pk")
    page = site.get(f"/t/{member.team.slug}/films/").text
    assert f'href="?before={newer.pk}"' in page
    rest = site.get(f"/t/{member.team.slug}/films/", {"before": newer.pk}).text
    assert 'href="?before=' not in rest
    for html, film in ((page, newer), (rest, older)):
        assert re.findall(r'data-film="(\d+)"', html) == [str(film.pk)]


def test_the_list_shows_what_a_film_has_and_is_not_sent_again_until_the_team_changes(
    site: Client, film: Film
) -> None:
    address = f"/t/{film.team.slug}/films/"
    page = one_line(site.get(address).text)
    assert "3 shots · 1 cut · 400 credits" in page
    assert f'href="{at(film)}"' in page
    film.team.refresh_from_db()
    since = film.team.sequence
    assert site.get(address, {"since": since}).status_code == 204
    films.rename_film(make_member(team=film.team), film, "Salt")
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


def test_a_film_on_its_way_says_how_far_it_is_and_one_that_failed_says_why(
    site: Client, member: Membership
) -> None:
    film = make_film(membership=member)
    Task.objects.filter(pk=film.task_id).update(state=TaskState.RUNNING, progress=40)
    page = site.get(at(film)).text
    assert "<strong>40</strong>" in page
    assert "Aurel, salt and amber" in page
    assert 'data-moving="true"' in page
    Task.objects.filter(pk=film.task_id).update(state="failed", reason=Reason.PROMPT_REFUSED)
    page = site.get(at(film)).text
    assert "The provider refused the prompt under its rules." in page
    assert "Compose" not in page


def test_the_board_has_every_shot_with_its_take_and_the_voice_and_the_music(
    site: Client, film: Film
) -> None:
    page = site.get(at(film), {"at": "nothing"}).text
    for shot in ("1", "2", "3"):
        assert f'id="shot-{shot}"' in page
    assert 'id="sound-narration"' in page
    assert 'id="sound-music"' in page
    assert "15 s · 16:9 · Chinese voice" in one_line(page)
    assert 'data-moving="false"' in page
    assert '<h1 dir="auto">Aurel, salt and amber</h1>' in page
    with case("the takes of any segment can be shown, else those of the first"):
        assert '<h2 id="takes-title">Shot 1</h2>' in page
    with case("the prompt of the chosen take is filled in, and what stays is said"):
        page = board(site, film, at="2")
        assert '<h2 id="takes-title">Shot 2</h2>' in page
        assert ">p101</textarea>" in page
        assert "Unchanged: 3 s long, in this position." in page
        page = board(site, film, at="narration")
        assert '<h2 id="takes-title">Narration</h2>' in page
        assert "Chinese voice, and the speaker" in page
    with case("what is here can be shared"):
        joined, first = Cut.objects.get(film=film).file, take(film, 100).file
        assert joined
        assert first
        assert f'name="files" value="{joined.pk}" checked' in page
        assert f'name="files" value="{first.pk}">' in page
        sent = {"title": "Aurel", "files": [joined.pk, first.pk], "share": "on"}
        answer = site.post(f"/t/{film.team.slug}/collections/new", sent)
        made = film.team.collections.get()
        assert answer["Location"].endswith(f"/collections/{made.pk}/share")
        assert list(made.items.kept().values_list("file", flat=True)) == [joined.pk, first.pk]


def test_only_the_chosen_take_wears_the_ring(site: Client, member: Membership, film: Film) -> None:
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71)
    page = board(site, film, at="2")
    takes = page[page.index('id="takes"') : page.index("take-prompts")]
    assert takes.count('class="circled"') == 1
    chosen = takes.index('class="circled"')
    assert chosen < takes.index(f'id="take-{made.pk}"')


def test_failed_takes_fold_into_one_frame_that_says_why(
    site: Client, member: Membership, film: Film
) -> None:
    for number, made in enumerate(redo(member, film, 2), start=71):
        assert made.task
        finish(made.task, number=number, state=FAILED, kept=False)
    page = board(site, film, at="2")
    assert page.count("take-failed") == 1
    assert "2 failed" in page
    assert "Nothing was charged." in page


def test_a_prompt_is_told_apart_word_by_word_from_that_of_the_cut() -> None:
    pieces = compare_words("one walker, noon, wide", "one walker, low sun, wide")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "one walker, "),
        ("gone", "noon"),
        ("new", "low sun"),
        ("same", ", wide"),
    ]
    chinese = compare_words("一人独行，正午", "一人独行，低日")
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
    for name in ("edit", "choose", "compose"):
        assert f'action="{at(film, name)}"' not in page


# ---- What changed ---------------------------------------------------------------------------


def test_a_poll_is_empty_until_the_film_changes(
    site: Client, member: Membership, film: Film
) -> None:
    since = films.board_version(again(film))
    assert site.get(at(film, "changes"), {"since": since}).status_code == 204
    (made,) = redo(member, film)
    changed = site.get(at(film, "changes"), {"since": str(since), "at": "2"}, headers=HTMX)
    assert changed.status_code == 200
    assert f'id="take-{made.pk}"' in changed.text
    assert 'id="film" data-state="succeeded" hx-swap-oob="outerMorph"' in changed.text


# ---- New takes ------------------------------------------------------------------------------


def test_takes_of_a_shot_narration_and_music_are_ordered_once_for_each_press(
    site: Client, film: Film
) -> None:
    for _ in range(2):
        tick = answer_to(film, TaskKind.SHOT_TAKE)
        sent = edit(form_token="press", count="3", accepts_unknown=tick)
        answer = site.post(at(film, "edit"), sent)
        assert (answer.status_code, answer["Location"]) == (302, at(film) + "?at=2")
    tasks = Task.objects.filter(kind=TAKE_KINDS[SegmentKind.SHOT])
    assert tasks.count() == 3
    for task in tasks:
        assert (task.prompt, task.settings["film_edit"]["shot_index"]) == ("At dusk", 1)
    assert not films.load_board(again(film)).shots[1].takes[1].is_chosen
    for kind in (SegmentKind.NARRATION, SegmentKind.MUSIC):
        with case(kind):
            tick = answer_to(film, TAKE_KINDS[kind])
            sent = {"make": kind, "prompt": "Softer", "accepts_unknown": tick}
            answer = site.post(at(film, "edit"), sent)
            assert answer.status_code == 302
            task = Task.objects.get(kind=TAKE_KINDS[kind])
            assert task.settings["film_edit"]["shot_index"] is None


def test_the_providers_names_of_the_fields_of_a_take_are_still_understood(
    site: Client, film: Film
) -> None:
    for word, kind in FORM_EDIT_TYPES.items():
        with case(word):
            sent = {"type": word, "storyboard_video_index": "1", "prompt": "At dusk"}
            sent["accepts_unknown"] = answer_to(film, TAKE_KINDS[SegmentKind(kind)])
            assert site.post(at(film, "edit"), sent).status_code == 302
            index = 1 if kind == SegmentKind.SHOT else None
            task = Task.objects.get(kind=TAKE_KINDS[SegmentKind(kind)])
            assert task.settings["film_edit"]["shot_index"] == index


def test_an_edit_that_says_too_little_or_too_much_is_refused_before_anything_is_sent(
    site: Client, film: Film
) -> None:
    refused = [
        ({"shot": ""}, "Choose the shot of the new take."),
        ({"shot": "7"}, "This film has no such shot."),
        ({"shot": "x"}, "This film has no such shot."),
        ({"prompt": "  "}, "Describe the new take."),
        ({"prompt": "x" * 2001}, "This has 2,001 characters; 2,000 fit."),
        ({"make": "generate_all"}, "Choose what to generate again"),
        ({"count": "21"}, "Order 1 to 20 clips at once."),
    ]
    for fields, sentence in refused:
        with case(fields):
            answer = site.post(at(film, "edit"), edit(**fields), headers=HTMX)
            assert sentence in answer.text
    assert site.post(at(film, "edit"), edit(**refused[0][0])).status_code == 422
    assert not Task.objects.exclude(pk=film.task_id).exists()


def test_an_edit_of_an_unfinished_film_is_refused(site: Client, member: Membership) -> None:
    film = make_film(membership=member)
    answer = site.post(at(film, "edit"), edit(), headers=HTMX)
    assert answer.status_code == 200
    answer = site.post(at(film, "edit"), edit())
    assert Task.objects.count() == 1
    assert answer.status_code == 422
    assert "This film is not finished; its parts can be changed then." in answer.text


def test_what_was_typed_is_still_there_after_a_refusal(site: Client, film: Film) -> None:
    Credential.objects.filter(pk=film.task.credential_id).update(paused_reason="stopped")
    Credential.objects.filter(pk=film.task.credential_id).update(paused_at="2026-01-01T00:00Z")
    answer = site.post(at(film, "edit"), edit(prompt="Half of an idea"))
    assert answer.status_code == 422
    assert "Half of an idea</textarea>" in answer.text
    assert "Nothing was ordered and nothing was charged." in answer.text


def test_the_price_of_a_take_stands_in_its_button_for_as_many_as_are_wanted(
    site: Client, member: Membership, film: Film
) -> None:
    assert "price not known" in board(site, film)
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71, cost=80)
    page = board(site, film)
    assert "New take · about 80 credits" in page
    assert "3 new takes · about 240 credits" in page
    assert "as your last take" in page
    with case("an owner's price comes first"):
        prices.set_price(
            film.task.credential,
            member.user,
            kind=TaskKind.SHOT_TAKE,
            model="footage",
            per=PriceUnit.CLIP,
            amount=Decimal("60.5"),
        )
        page = board(site, film)
        assert "New take · 61 credits" in page
        assert "by your price" in page


def test_a_part_of_unknown_price_is_asked_about_with_all_that_was_typed(
    site: Client, member: Membership, film: Film
) -> None:
    for name, sent, kind in [
        ("edit", edit(count="3", form_token="take"), TaskKind.SHOT_TAKE),
        ("compose", {"form_token": "cut"}, FILM_CUT),
    ]:
        with case(name):
            tick = answer_to(film, kind)
            refused = site.post(at(film, name), sent)
            assert refused.status_code == 422
            assert "Nothing was ordered and nothing was charged yet." in refused.text
            assert f'name="accepts_unknown" value="{tick}"' in refused.text
            assert f'name="form_token" value="{sent["form_token"]}"' in refused.text
            if name == "edit":
                assert "At dusk</textarea>" in refused.text
                assert 'name="count" value="3" checked' in refused.text
            assert not Task.objects.filter(kind=kind).exists()
            assert site.post(at(film, name), sent | {"accepts_unknown": tick}).status_code == 302
            assert Task.objects.filter(kind=kind).exists()
    with case("once it was answered it is not asked again"):
        assert site.post(at(film, "edit"), edit(form_token="next")).status_code == 302
    with case("a cap that refuses leaves no answer"):
        Cap.objects.create(team=film.team, unit="credit", amount=900, when_unknown="refuse")
        page = board(site, film, at="narration")
        assert "lets no order pass without a known price" in page
        assert "accepts_unknown" not in page


# ---- Choosing -------------------------------------------------------------------------------


def test_a_stored_take_of_the_film_is_put_into_the_next_cut(
    site: Client, member: Membership, film: Film
) -> None:
    (made,) = redo(member, film)
    assert made.task
    with case("it is not here yet"):
        answer = site.post(at(film, "choose"), {"take": made.pk})
        assert answer.status_code == 422
        assert "Shot 2: the take is not here yet." in answer.text
    with case("of another film"):
        other = make_read_film(membership=member)
        answer = site.post(at(film, "choose"), {"take": take(other, 101).pk})
        assert answer.status_code == 422
        assert "This film has no such take." in answer.text
    finish(made.task, number=71)
    answer = site.post(at(film, "choose"), {"take": made.pk})
    assert (answer.status_code, answer["Location"]) == (302, at(film) + "?at=2")
    chosen = films.load_board(again(film)).shots[1].chosen
    assert chosen
    assert chosen.pk == made.pk


# ---- Cuts -----------------------------------------------------------------------------------


def changed(member: Membership, film: Film) -> Take:
    """The second shot has another take than the newest cut."""
    (made,) = redo(member, film)
    assert made.task
    finish(made.task, number=71)
    films.choose_take(member, take(film, 71))
    return made


def approve(film: Film, file: File) -> None:
    """A client of the team says yes to this file."""
    owner = film.task.created_by
    collection = collections.make(film.team, owner, "Aurel")
    collections.add(collection, [file.pk], owner)
    link, _token = links.make(collection, owner, links.Terms())
    item = collection.items.get()
    review.decide(link, links.start_visit(link), item, Decision.APPROVED, file.sha256)


def test_a_stale_cut_says_what_changed_what_composing_again_costs_and_what_was_approved(
    site: Client, member: Membership, film: Film
) -> None:
    assert "is out of date" not in board(site, film)
    changed(member, film)
    page = one_line(board(site, film))
    assert "Cut 1 is out of date." in page
    assert "Shot 2 is now take 2, the cut has take 1." in page
    assert "The provider sets the price of composing again in its reply." in page
    assert "approved" not in page
    kept = Cut.objects.get(film=film).file
    assert kept
    approve(film, kept)
    page = board(site, film)
    assert "The client approved cut 1, and it has not changed." in page
    File.objects.filter(pk=kept.pk).update(sha256="f" * 64)  # other bytes than the client saw
    assert "approved" not in board(site, film)


def test_cuts_are_listed_with_what_they_were_made_of_and_compared(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    second = films.order_cut(member, again(film), accepts_unknown=True, form_token="press")
    assert second.task
    finish(second.task, number=901, cost=400)
    page = one_line(board(site, film))
    assert "is out of date" not in page
    assert "Cut 2 already uses these takes." in page
    assert "Compose cut 3 · about 400 credits" in page
    newer, older = page.index('id="cut-2"'), page.index('id="cut-1"')
    assert newer < older
    assert "Shot 2 take 2" in page[newer:older]
    assert "Shot 2 take 1" in page[older:]
    page = site.get(at(film, "compare"), {"one": "1", "other": "2"}).text
    assert '<rect x="333" y="0" width="333" height="1"/>' in page
    assert page.count('height="1"/>') == 1
    assert "<td>take 1</td><td>take 2</td>" in "".join(page.split("\n")).replace("  ", "")
    assert site.get(at(film, "compare"), {"one": "1", "other": "9"}).status_code == 404


def test_a_cut_is_ordered_of_what_is_chosen_or_of_what_is_named_by_the_providers_ids(
    site: Client, member: Membership, film: Film
) -> None:
    tick = answer_to(film, FILM_CUT)
    answer = site.post(at(film, "compose"), {"form_token": "press", "accepts_unknown": tick})
    assert answer.status_code == 302
    made = Cut.objects.get(film=film, task__isnull=False)
    assert [piece.remote_id for piece in made.pieces.all()] == ["300", "200", "100", "101", "102"]
    changed(member, film)
    for name in ("takes", "video_task_ids"):
        with case(name):
            site.post(at(film, "compose"), {name: ["100", "101", "102"]})
            shots = Cut.objects.filter(film=film).latest("pk").pieces.filter(kind="shot")
            assert [piece.remote_id for piece in shots] == ["100", "101", "102"]
    assert Cut.objects.filter(film=film, task__isnull=False).count() == 3


def test_a_cut_of_wrong_parts_is_refused_before_anything_is_sent(site: Client, film: Film) -> None:
    refused: list[tuple[dict[str, object], str]] = [
        ({"takes": ["100"]}, "A cut needs one take for each of 3 shots; 1 are named."),
        ({"takes": ["100", "101", "9"]}, "This film has no take 9."),
        ({"takes": ["100", "102", "101"]}, "Take 102 does not belong to Shot"),
        ({"narration": ""}, "No narration is chosen."),
        ({"music": ""}, "No music is chosen."),
        ({"bgm_task_id": ""}, "No music is chosen."),
    ]
    for fields, sentence in refused:
        with case(fields):
            answer = site.post(at(film, "compose"), fields, headers=HTMX)
            assert sentence in answer.text
    assert site.post(at(film, "compose"), refused[0][0]).status_code == 422
    assert not Task.objects.filter(kind=FILM_CUT).exists()


def test_what_is_missing_for_a_cut_stands_beside_the_button(
    site: Client, member: Membership
) -> None:
    film = make_film(membership=member)
    read(film, tree({0: [told(100)], 1: [told(101, FAILED)]}, [told(200)]))
    page = board(site, film)
    assert "Shot 1: the take is not here yet." in page
    assert "Shot 2 has no chosen take." in page
    assert "Narration: the take is not here yet." in page
    assert "1 more." in page


# ---- Money ----------------------------------------------------------------------------------


def test_the_board_says_what_was_spent_on_chosen_takes_and_on_others(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    (other,) = redo(member, film)
    assert other.task
    finish(other.task, number=72, cost=70)
    page = " ".join(board(site, film).split())
    assert '<td class="number">80</td><td class="number">70</td>' in page
    assert '<td class="number">480</td><td class="number">70</td>' in page
    redo(member, film)
    Cap.objects.create(team=film.team, unit="credit", amount=2000, changed_by=member.user)
    Cap.objects.create(
        team=film.team, user=member.user, unit="credit", amount=900, changed_by=member.user
    )
    assert "cap" not in page.partition('id="sum"')[2].partition("</dl>")[0]
    page = board(site, film)
    assert "<dt>Held</dt><dd>70 credits</dd>" in page
    with case("the least that a cap leaves, where there is one"):
        assert "280 / 900" in page


def test_too_few_credits_are_told_beside_the_button(
    site: Client, member: Membership, film: Film
) -> None:
    changed(member, film)
    key = film.task.credential
    Credential.objects.filter(pk=key.pk).update(balance=10)
    left = ledger.available(key) or 0
    ledger.adjust(key, 10 - left, "for a test")
    answer = site.post(at(film, "edit"), edit())
    assert answer.status_code == 422
    assert "This needs 80 and the key has" in answer.text


# ---- Words ---------------------------------------------------------------------------------


def test_every_obstacle_and_alarm_of_a_film_has_a_sentence() -> None:
    values = {"wanted": 3, "given": 1, "length": 2001, "limit": 2000, "number": "9", "shot": 1}
    for code in film_messages.OBSTACLES:
        said = film_messages.obstacle(films.Obstacle(code, values | {"kind": "shot"}))
        assert said
        assert "%" not in said
    for code in film_messages.ALARMS:
        assert film_messages.alarm(f"{code} 1") == str(film_messages.ALARMS[code])


def test_a_board_has_the_films_name_and_its_alarm(site: Client, film: Film) -> None:
    Film.objects.filter(pk=film.pk).update(alarm="turned_failed")
    site.post(at(film, "rename"), {"title": "Salt"})
    page = site.get(at(film)).text
    assert '<h1 dir="auto">Salt</h1>' in page
    assert "The provider now reports it as failed, after it had succeeded." in page


def test_the_parts_are_asked_for_again(site: Client, film: Film) -> None:
    Film.objects.filter(pk=film.pk).update(due_at=None)
    site.post(at(film, "check"))
    assert again(film).due_at is not None
