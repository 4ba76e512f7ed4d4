"""A team's collections: make them, fill them from the gallery, arrange them, review them."""

import io
import re
import zipfile

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import Collection, Remark, Role, ShareLink, Task
from generations.models.collections import Decision
from generations.sharing import collections, links, review
from tests.cases import case
from tests.factories import make_member
from tests.shared_clips import (
    BYTES,
    Reel,
    make_file,
    store,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def reel() -> Reel:
    return Reel()


@pytest.fixture
def producer(client: Client, reel: Reel) -> Client:
    client.force_login(reel.member.user)
    return client


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def team_page(reel: Reel, name: str) -> str:
    return reverse(name, args=[reel.team.slug])


def body(response: HttpResponseBase) -> bytes:
    return response.getvalue()


# ---- Make and fill --------------------------------------------------------------------------


def test_clips_that_were_selected_make_a_collection(producer: Client, reel: Reel) -> None:
    files = [make_file(reel.member).pk for _ in range(2)]
    form = {"title": "Pitch", "files": files}
    response = producer.post(team_page(reel, "collection_new"), form)
    made = Collection.objects.get(title="Pitch")
    assert response["Location"] == reverse("collection", args=[reel.team.slug, made.pk])
    assert list(made.items.values_list("file_id", flat=True)) == files


def test_to_make_and_share_goes_on_to_the_link(producer: Client, reel: Reel) -> None:
    response = producer.post(
        team_page(reel, "collection_new"), {"title": "Pitch", "share": "on", "files": ["x"]}
    )
    made = Collection.objects.get(title="Pitch")
    assert response["Location"] == reverse("share_new", args=[reel.team.slug, made.pk])


def test_a_collection_without_a_title_is_not_made(producer: Client, reel: Reel) -> None:
    assert producer.post(team_page(reel, "collection_new"), {"title": " "}).status_code == 422
    assert Collection.objects.count() == 1


def test_clips_join_a_collection_and_with_htmx_a_line_says_so(producer: Client, reel: Reel) -> None:
    files = [make_file(reel.member).pk for _ in range(2)]
    form = {"collection": reel.collection.pk, "files": files}
    said = producer.post(team_page(reel, "collection_add"), form, headers=HTMX)
    assert "2 clips added to “Salt and Amber”" in said.content.decode()
    assert 'id="rail-collections" hx-swap-oob' in said.content.decode()
    again = producer.post(team_page(reel, "collection_add"), form)
    assert again["Location"] == reel.address("collection")
    assert len(reel.items) == 5


def test_a_full_collection_says_so_and_takes_nothing(
    producer: Client, reel: Reel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MOST_ITEMS", 3)
    form = {"collection": reel.collection.pk, "files": [make_file(reel.member).pk]}
    said = producer.post(team_page(reel, "collection_add"), form, headers=HTMX)
    assert "is full. Nothing was added." in said.content.decode()
    page = producer.post(team_page(reel, "collection_add"), form, follow=True)
    assert "A collection holds 3 clips at most." in page.content.decode()
    assert len(reel.items) == 3


def test_what_is_no_number_is_told_in_a_sentence(producer: Client, reel: Reel) -> None:
    first = reel.items[0]
    for value in ("9" * 5000, "٣", ""):
        with case(value[:20]):
            answer = producer.post(team_page(reel, "collection_add"), {"collection": value})
            assert answer.status_code == 422
            assert "Choose a collection first." in answer.content.decode()
            answer = producer.post(reel.address("item_replace", first.pk), {"file": value})
            assert "Choose a clip that is not in the collection yet." in answer.content.decode()
    assert reel.items[0].file_id == first.file_id


def test_the_clips_of_another_team_and_its_collections_cannot_be_reached(
    producer: Client, reel: Reel
) -> None:
    other = Reel()
    form = {"collection": other.collection.pk, "files": [reel.items[0].file_id]}
    assert producer.post(team_page(reel, "collection_add"), form).status_code == 404
    form = {"collection": reel.collection.pk, "files": [other.items[0].file_id]}
    producer.post(team_page(reel, "collection_add"), form)
    assert len(reel.items) == 3


def test_the_selection_comes_as_one_archive(producer: Client, reel: Reel) -> None:
    chosen = [reel.items[0].file_id, reel.items[2].file_id]
    response = producer.post(team_page(reel, "download"), {"files": chosen})
    content = body(response)
    assert response["Content-Length"] == str(len(content))
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert len(opened.namelist()) == 2
        assert all("viduq2" in name for name in opened.namelist())
        assert opened.read(opened.namelist()[0]) == BYTES


def test_a_selection_of_nothing_leads_back_to_the_gallery(producer: Client, reel: Reel) -> None:
    foreign = make_file(make_member())
    response = producer.post(team_page(reel, "download"), {"files": [foreign.pk, "x"]})
    assert response["Location"] == team_page(reel, "gallery")


def test_a_collection_comes_as_one_archive_in_its_order(producer: Client, reel: Reel) -> None:
    first, _second, third = reel.items
    collections.rename(third, "The walk: dawn")
    collections.move(third, "up")
    response = producer.get(f"{team_page(reel, 'download')}?collection={reel.collection.pk}")
    assert 'filename="Salt and Amber.zip"' in response["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(body(response))) as opened:
        names = opened.namelist()
    assert names[1] == "02 The walk dawn.mp4"
    assert [name[:2] for name in names] == ["01", "02", "03"]
    assert first.pk == reel.items[0].pk


# ---- Pages ----------------------------------------------------------------------------------


def queries(client: Client, address: str) -> int:
    read(client, address)
    with CaptureQueriesContext(connection) as captured:
        read(client, address)
    return len(captured.captured_queries)


def furnish(reel: Reel) -> None:
    """More of everything."""
    for _ in range(2):
        file = store(make_file(reel.member))
        collections.add(reel.collection, [file.pk], reel.member.user)
        other = collections.make(reel.team, reel.member.user, "Another")
        collections.add(other, [file.pk], reel.member.user)
        link, _token = reel.share(links.Terms(name="Aurel"))
        visit = links.start_visit(link)
        for item in reel.items:
            remark = review.add_remark(link, visit, item, "Slower?", 4160)
            review.answer(remark, reel.member.user, "Yes.")
            review.decide(link, visit, item, Decision.APPROVED, item.file.sha256)


def test_every_page_asks_as_many_queries_for_many_rows_as_for_few(
    producer: Client, reel: Reel
) -> None:
    visit = links.start_visit(reel.link)
    remark = review.add_remark(reel.link, visit, reel.items[0], "Slower?")
    review.answer(remark, reel.member.user, "Yes.")
    sha256 = reel.items[0].file.sha256
    review.decide(reel.link, visit, reel.items[0], Decision.APPROVED, sha256)
    addresses = [
        team_page(reel, "collections"),
        reel.address("collection"),
        reel.address("review"),
        team_page(reel, "shares"),
        reel.address("item_replace", reel.items[0].pk),
    ]
    few = [queries(producer, address) for address in addresses]
    furnish(reel)
    many = [queries(producer, address) for address in addresses]
    assert many == few
    assert max(few) <= 18


def test_a_viewer_looks_and_has_no_button_to_change_anything(client: Client, reel: Reel) -> None:
    client.force_login(make_member(team=reel.team, role=Role.VIEWER).user)
    pages = [read(client, reel.address("collection")), read(client, reel.address("review"))]
    pages.append(read(client, team_page(reel, "shares")))
    assert not [
        page for page in pages if "Remove from the collection" in page or ">Revoke<" in page
    ]
    assert not [page for page in pages if "data-order" in page or "Resolve" in page]


def test_the_rail_lists_the_collections_with_their_sizes(producer: Client, reel: Reel) -> None:
    html = read(producer, team_page(reel, "gallery"))
    found = re.search(r'rail-name"[^>]*>Salt and Amber</span><span class="rail-count">(\d+)', html)
    assert found
    assert found[1] == "3"


def facts(client: Client, reel: Reel) -> list[str]:
    """What the list of collections says of the reel beside its title."""
    html = read(client, team_page(reel, "collections"))
    (found,) = re.findall(r'<p class="card-facts">(.*?)</p>', html, re.DOTALL)
    return [part.strip() for part in re.sub(r"<[^>]*>", "", found).split("·")]


def test_what_is_in_the_trash_is_not_counted_until_it_comes_back(
    producer: Client, reel: Reel
) -> None:
    tasks = Task.objects.filter(files=reel.items[0].file_id)
    tasks.update(trashed_at=clock.now())
    assert facts(producer, reel)[0] == "2 clips"
    tasks.update(trashed_at=None)
    assert facts(producer, reel)[0] == "3 clips"


def test_remarks_are_new_to_each_member_until_that_member_has_opened_the_collection(
    producer: Client, reel: Reel
) -> None:
    visit = links.start_visit(reel.link)
    said = [review.add_remark(reel.link, visit, item, "Slower?") for item in reel.items[:2]]
    review.answer(said[0], reel.member.user, "Yes.")
    assert facts(producer, reel)[-1] == "2 new remarks"
    assert read(producer, reel.address("collection")).count(">New</span>") == 2
    assert "new remark" not in "".join(facts(producer, reel))
    assert ">New</span>" not in read(producer, reel.address("collection"))
    review.add_remark(reel.link, visit, reel.items[0], "Slower still?")
    assert facts(producer, reel)[-1] == "1 new remark"
    read(producer, reel.address("review"))
    assert "new remark" not in "".join(facts(producer, reel))
    other = Client()
    other.force_login(make_member(team=reel.team).user)
    assert facts(other, reel)[-1] == "3 new remarks"


def test_a_collection_that_was_removed_is_gone_and_its_clips_stay(
    producer: Client, reel: Reel
) -> None:
    producer.post(reel.address("collection_remove"))
    assert producer.get(reel.address("collection")).status_code == 404
    assert "Salt and Amber" not in read(producer, team_page(reel, "collections"))
    assert f"task-{reel.items[0].file.task_id}" in read(producer, team_page(reel, "gallery"))


def test_title_and_description_change(producer: Client, reel: Reel) -> None:
    producer.post(reel.address("collection_edit"), {"title": "Third cut", "description": "Look."})
    html = read(producer, reel.address("collection"))
    assert "<h1" in html
    assert "Third cut" in html
    assert "Look." in html
    page = producer.post(reel.address("collection_edit"), {"title": ""}, follow=True)
    assert "A collection needs a title." in page.content.decode()


# ---- Arrange --------------------------------------------------------------------------------


def numbers(reel: Reel) -> list[int]:
    return [item.pk for item in reel.items]


def test_the_order_that_was_dragged_is_the_one_of_the_next_page(
    producer: Client, reel: Reel
) -> None:
    a, b, c = numbers(reel)
    form = {"items": f"{c},{a},{b}"}
    answer = producer.post(reel.address("collection_order"), form, headers=HTMX).content.decode()
    found = [int(one) for one in re.findall(r'data-item="(\d+)"', answer)]
    assert found == numbers(reel) == [c, a, b]
    assert 'hx-swap-oob="outerMorph"' in answer


def test_without_script_an_item_moves_by_its_buttons(producer: Client, reel: Reel) -> None:
    a, b, c = numbers(reel)
    assert producer.post(reel.address("collection_order"), {"up": c}).status_code == 302
    producer.post(reel.address("collection_order"), {"down": a})
    assert numbers(reel) == [c, a, b]


def test_an_item_is_named_and_taken_out(producer: Client, reel: Reel) -> None:
    first = reel.items[0]
    producer.post(reel.address("item_name", first.pk), {"title": "The bottle"})
    assert "The bottle" in read(producer, reel.address("collection"))
    producer.post(reel.address("item_remove", first.pk))
    assert first.pk not in numbers(reel)
    assert producer.post(reel.address("item_remove", first.pk)).status_code == 404


def test_an_item_of_another_collection_is_not_found(producer: Client, reel: Reel) -> None:
    other = collections.make(reel.team, reel.member.user, "Another")
    collections.add(other, [reel.items[0].file_id], reel.member.user)
    stranger = other.items.get()
    for name in ("item_name", "item_remove", "item_replace"):
        assert producer.post(reel.address(name, stranger.pk)).status_code == 404


def test_another_version_replaces_the_clip_and_the_approval_says_that_it_differs(
    producer: Client, reel: Reel
) -> None:
    first = reel.items[0]
    approved = first.file.sha256
    visit = links.start_visit(reel.link)
    review.decide(reel.link, visit, first, Decision.APPROVED, approved)
    assert "Approved version differs" not in read(producer, reel.address("collection"))
    better = make_file(reel.member)
    form = {"file": better.pk}
    response = producer.post(reel.address("item_replace", first.pk), form)
    assert response["Location"] == reel.address("collection")
    assert "Approved version differs" in read(producer, reel.address("collection"))
    html = read(producer, f"{reel.address('review')}?clip={first.pk}")
    assert "The version that is shown now is not the approved one." in html
    assert approved in html


def test_a_clip_that_is_in_the_collection_cannot_take_a_second_place(
    producer: Client, reel: Reel
) -> None:
    first, second, _third = reel.items
    page = producer.post(reel.address("item_replace", first.pk), {"file": second.file_id})
    assert "Choose a clip that is not in the collection yet." in page.content.decode()
    foreign = make_file(make_member())
    producer.post(reel.address("item_replace", first.pk), {"file": foreign.pk})
    assert reel.items[0].file_id == first.file_id


# ---- What changed, and the review -----------------------------------------------------------


def since(html: str) -> str:
    found = re.search(r'data-since="(\d+)"', html)
    assert found
    return found[1]


def test_a_page_hears_of_a_remark_by_its_next_poll_and_else_of_nothing(
    producer: Client, reel: Reel
) -> None:
    addresses = [reel.address(name) for name in ("collection", "review")]
    seen = [since(read(producer, address)) for address in addresses]
    for address, version in zip(addresses, seen, strict=True):
        assert producer.get(f"{address}?since={version}", headers=HTMX).status_code == 204
    review.add_remark(reel.link, links.start_visit(reel.link), reel.items[0], "Slower, please")
    for address, version in zip(addresses, seen, strict=True):
        with case(address):
            answer = producer.get(f"{address}?since={version}", headers=HTMX)
            assert "Slower, please" in answer.content.decode()
            assert "<html" not in answer.content.decode()
            assert since(answer.content.decode()) != version


def test_a_review_page_whose_clip_was_taken_out_begins_anew(producer: Client, reel: Reel) -> None:
    address = f"{reel.address('review')}?clip={reel.items[0].pk}"
    collections.take_out(reel.items[0])
    assert producer.get(address)["Location"] == reel.address("review")
    poll = producer.get(f"{address}&since=0", headers=HTMX)
    assert poll["HX-Redirect"] == reel.address("review")


@pytest.fixture
def remark(reel: Reel) -> Remark:
    visit = links.start_visit(reel.link)
    review.introduce(visit, "Rosa, Aurel")
    return review.add_remark(reel.link, visit, reel.items[0], "Slower?", 4160, 5000)


def test_a_member_answers_and_settles_where_the_remark_stands(
    producer: Client, reel: Reel, remark: Remark
) -> None:
    html = read(producer, reel.address("review"))
    assert "Rosa, Aurel" in html
    assert "0:04.16 – 0:05.00" in html
    form = {"text": "Take 4 is on its way."}
    address = reel.address("remark_answer", remark.pk)
    answer = producer.post(address, form, headers=HTMX).content.decode()
    assert "<b>Mei</b>: Take 4 is on its way." in answer
    producer.post(reel.address("remark_settle", remark.pk))
    assert "1 resolved remark" in read(producer, reel.address("review"))
    producer.post(reel.address("remark_settle", remark.pk), {"open": "on"})
    assert "1 resolved remark" not in read(producer, reel.address("review"))


def test_an_empty_answer_is_not_sent(producer: Client, reel: Reel, remark: Remark) -> None:
    page = producer.post(reel.address("remark_answer", remark.pk), {"text": " "}, follow=True)
    assert "Write an answer first." in page.content.decode()
    assert remark.replies.count() == 0


def test_the_remark_of_another_team_cannot_be_answered(
    producer: Client, reel: Reel, remark: Remark
) -> None:
    other = Reel()
    theirs = review.add_remark(other.link, links.start_visit(other.link), other.items[0], "Theirs")
    for name in ("remark_answer", "remark_settle"):
        assert producer.post(reel.address(name, theirs.pk), {"text": "x"}).status_code == 404


def test_of_several_links_the_word_that_asks_for_work_is_told_first(
    producer: Client, reel: Reel
) -> None:
    second, _token = reel.share(links.Terms(name="Second client"))
    item = reel.items[0]
    for link, decision in ((second, Decision.CHANGES), (reel.link, Decision.APPROVED)):
        review.decide(link, links.start_visit(link), item, decision, item.file.sha256)
    assert ShareLink.objects.live().count() == 2
    html = read(producer, reel.address("collection"))
    assert "Changes asked" in html
    html = read(producer, f"{reel.address('review')}?clip={item.pk}")
    assert "Approved by" in html
    assert "Changes requested by" in html
