"""What a client finds behind a share link, and says; who sees that it was opened."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import File, Remark, ShareLink, ShareVisit, Verdict
from generations.sharing import archive, collections, links, review
from generations.web.files import responses
from generations.web.sharing import room
from tests.cases import case
from tests.factories import make_member
from tests.shared_clips import (
    BYTES,
    PASSWORD,
    Reel,
    make_file,
    store,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def body(response: HttpResponseBase) -> bytes:
    return response.getvalue()


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


# ---- Visits ---------------------------------------------------------------------------------


def opens(reel: Reel) -> int:
    return ShareLink.objects.get(pk=reel.link.pk).opens


def test_a_session_is_counted_once_however_often_it_looks(guest: Client, reel: Reel) -> None:
    for _ in range(3):
        guest.get(reel.guest())
    guest.head(reel.guest())
    assert opens(reel) == 1
    again = Client()
    again.post(reel.guest("guest_open"), {"password": PASSWORD})
    assert opens(reel) == 1  # a gate that was opened is not yet a room that was seen
    again.get(reel.guest())
    assert opens(reel) == 2


def test_a_member_of_the_team_who_looks_is_no_visit(guest: Client, reel: Reel) -> None:
    guest.force_login(reel.member.user)
    guest.post(reel.guest("guest_open"), {"password": PASSWORD})
    guest.get(reel.guest())
    assert opens(reel) == 0
    guest.force_login(make_member().user)
    guest.post(reel.guest("guest_open"), {"password": PASSWORD})
    guest.get(reel.guest())
    assert opens(reel) == 1


def test_the_team_sees_who_made_a_link_and_how_often_it_was_opened(
    guest: Client, reel: Reel
) -> None:
    guest.get(reel.guest())
    guest.post(reel.guest("guest_review", reel.items[0].pk), {"name": "Rosa", "text": "Slower?"})
    member = Client()
    member.force_login(reel.member.user)
    html = read(member, reverse("shares", args=[reel.team.slug]))
    assert "created by Mei" in html
    assert "opened once" in html
    assert "Rosa" in html
    assert "expires in 13 days" in html
    response = member.post(reverse("share_revoke", args=[reel.team.slug, reel.link.pk]))
    assert response.status_code == 302
    assert guest.get(reel.guest()).status_code == 404
    assert "No active links" in read(member, reverse("shares", args=[reel.team.slug]))


def test_a_link_is_shown_once(client: Client, reel: Reel) -> None:
    client.force_login(reel.member.user)
    form = {"name": "Aurel", "password": "x y", "days": "7", "language": "en"}
    answer = client.post(reel.address("share_new"), form | {"allows_downloads": "on"})
    found = re.search(r'value="http://testserver(/s/[\w-]{43}/)"', answer.content.decode())
    assert found
    assert answer["Cache-Control"] == "no-store"
    made = ShareLink.objects.latest("pk")
    assert made.expires_at - clock.now() > timedelta(days=6, hours=23)
    assert (made.name, made.allows_downloads, made.shows_prompts) == ("Aurel", True, False)
    assert found[1] not in read(client, reel.address("collection"))
    assert Client().get(found[1]).status_code == 200


def test_a_link_with_terms_that_nobody_offered_is_not_made(client: Client, reel: Reel) -> None:
    client.force_login(reel.member.user)
    for wrong in ({"days": "0"}, {"days": "365"}, {"language": "xx"}, {"password": "x" * 129}):
        with case(wrong):
            form = {"days": "14", "language": "en"} | wrong
            assert client.post(reel.address("share_new"), form).status_code == 422
            assert ShareLink.objects.count() == 1


# ---- Files ----------------------------------------------------------------------------------


def test_a_film_is_served_whole_and_in_ranges(guest: Client, reel: Reel) -> None:
    clip = reel.guest("guest_file", reel.items[0].pk, "clip.mp4")
    assert body(guest.get(clip)) == BYTES
    part = guest.get(clip, headers={"range": "bytes=0-99"})
    assert (part.status_code, body(part)) == (206, BYTES[:100])
    assert guest.head(clip)["Content-Length"] == str(len(BYTES))


def test_a_download_bears_the_name_that_the_page_shows(guest: Client, reel: Reel) -> None:
    second = reel.items[1]
    collections.rename(second, "The walk / 散步")
    answer = guest.get(reel.guest("guest_file", second.pk, "clip.mp4") + "?download=1")
    assert unquote(answer["Content-Disposition"]) == (
        "attachment; filename*=utf-8''02 The walk 散步.mp4"
    )


def test_a_guest_sees_the_copy_for_browsers_and_downloads_the_original(
    guest: Client, reel: Reel
) -> None:
    item = reel.items[0]
    copy = default_storage.save("a.proxy.mp4", ContentFile(b"copy"))
    File.objects.filter(pk=item.file_id).update(
        proxy=copy, codec="prores", content_type="video/quicktime", plays_in_browsers=False
    )
    html = guest.get(reel.guest() + f"?clip={item.pk}").text
    address = reel.guest("guest_file", item.pk, "proxy.mp4")
    assert f'src="{address}"' in html
    assert "You are watching a copy that plays in every browser." in html
    assert body(guest.get(address)) == b"copy"
    original = reel.guest("guest_file", item.pk, "clip.mp4") + "?download=1"
    assert f'href="{original}"' in html
    assert body(guest.get(original)) == BYTES


def test_a_picture_is_shown_as_one_and_not_in_a_player(guest: Client, reel: Reel) -> None:
    File.objects.filter(pk=reel.items[0].file_id).update(
        content_type="image/png", name="1/picture.png", poster="", role="image"
    )
    html = guest.get(reel.guest()).text
    assert f'src="{reel.guest("guest_file", reel.items[0].pk, "image.png")}"' in html
    assert 'id="player"' not in html


def test_all_clips_come_as_one_archive(guest: Client, reel: Reel) -> None:
    collections.rename(reel.items[0], "The bottle")
    answer = guest.get(reel.guest("guest_archive"))
    content = body(answer)
    assert answer["Content-Length"] == str(len(content))
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.namelist() == ["01 The bottle.mp4", "02 Clip 2.mp4", "03 Clip 3.mp4"]
        assert opened.read("02 Clip 2.mp4") == BYTES


def test_an_archive_gives_its_place_back_when_it_is_closed(guest: Client, reel: Reel) -> None:
    entries = [room.archive_entry(item.file, str(item.pk)) for item in reel.items]
    for _ in range(60):
        assert responses.stream_slots.acquire(blocking=False)
        stream = room.ArchiveStream(archive.stream(entries))
        next(iter(stream))
        stream.close()
        stream.close()


def test_when_too_many_large_files_leave_an_archive_is_asked_to_wait(
    guest: Client, reel: Reel
) -> None:
    taken = 0
    while responses.stream_slots.acquire(blocking=False):
        taken += 1
    try:
        assert guest.get(reel.guest("guest_archive")).status_code == 503
    finally:
        for _ in range(taken):
            responses.stream_slots.release()


# ---- What a guest says ----------------------------------------------------------------------


def say(guest: Client, reel: Reel, place: int = 0, **form: object) -> HttpResponseBase:
    answer: HttpResponseBase = guest.post(reel.guest("guest_review", reel.items[place].pk), form)
    return answer


def test_a_guest_is_asked_for_a_name_once(guest: Client, reel: Reel) -> None:
    assert say(guest, reel, text="Slower?").status_code == 422
    assert say(guest, reel, name="Rosa, Aurel", text="Slower?", start_ms=4160).status_code == 302
    assert say(guest, reel, text="And darker.").status_code == 302
    assert list(Remark.objects.values_list("name", flat=True)) == ["Rosa, Aurel"] * 2
    html = read(guest, reel.guest())
    assert 'name="name"' not in html
    assert "0:04.16" in html
    assert ShareVisit.objects.get().name == "Rosa, Aurel"


def test_nothing_said_is_no_remark(guest: Client, reel: Reel) -> None:
    answer = say(guest, reel, name="Rosa", text="  ")
    assert answer.status_code == 422
    assert not Remark.objects.exists()


def test_a_range_is_kept_only_where_it_ends_after_it_begins(guest: Client, reel: Reel) -> None:
    for start, end, kept in ((9000, 11_120, 11_120), (9000, 9000, None), ("", 5, None)):
        with case((start, end)):
            say(guest, reel, name="Rosa", text="Keep.", start_ms=start, end_ms=end)
            assert Remark.objects.latest("pk").end_ms == kept
    assert Remark.objects.count() == 3


def test_an_approval_keeps_the_fingerprint_and_the_words_that_came_with_it(
    guest: Client, reel: Reel
) -> None:
    sha256 = reel.items[0].file.sha256
    say(guest, reel, name="Rosa", text="Lovely.", decision="approved", sha256=sha256)
    verdict = Verdict.objects.get()
    assert (verdict.decision, verdict.sha256, verdict.name) == ("approved", sha256, "Rosa")
    assert Remark.objects.get().text == "Lovely."
    assert "Approved by Rosa" in read(guest, reel.guest())


def test_what_was_replaced_meanwhile_is_not_approved_unseen(guest: Client, reel: Reel) -> None:
    seen = reel.items[0].file.sha256
    collections.replace(reel.items[0], store(make_file(reel.member)))
    answer = say(guest, reel, name="Rosa", decision="approved", sha256=seen)
    assert answer.status_code == 422
    assert b"There is a newer version now." in body(answer)
    assert not Verdict.objects.exists()


def test_with_htmx_what_was_said_comes_back_in_its_places(guest: Client, reel: Reel) -> None:
    form = {"name": "Rosa", "text": "Slower?", "start_ms": "4160"}
    address = reel.guest("guest_review", reel.items[0].pk)
    html = guest.post(address, form, headers=HTMX).content.decode()
    assert html.lstrip().startswith("<form")
    swapped = re.findall(r'id="(\w+)"[^>]* hx-swap-oob="outerMorph"', html)
    assert {"remarks", "head", "reel", "live", "me"} <= set(swapped)
    assert "Slower?" in html
    wrong = guest.post(address, {"text": ""}, headers=HTMX)
    assert wrong.status_code == 422
    assert "<html" not in wrong.content.decode()


def test_guests_of_one_link_read_each_other_and_not_those_of_another(
    guest: Client, reel: Reel
) -> None:
    say(guest, reel, name="Rosa", text="From the first client")
    _second, token = reel.share(links.Terms(name="Second client"))
    other = Client()
    assert "From the first client" not in read(other, reel.guest(token=token))
    third = Client()
    third.post(reel.guest("guest_open"), {"password": PASSWORD})
    assert "From the first client" in read(third, reel.guest())


def test_a_link_that_is_full_says_so(
    guest: Client, reel: Reel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_REMARKS", 0)
    answer = say(guest, reel, name="Rosa", text="Slower?")
    assert b"This link has reached its limit of remarks." in body(answer)


# ---- What changed ---------------------------------------------------------------------------


def since(html: str) -> str:
    found = re.search(r'data-since="(\d+)"', html)
    assert found
    return found[1]


def test_the_page_hears_of_an_answer_by_its_next_poll_and_else_of_nothing(
    guest: Client, reel: Reel
) -> None:
    say(guest, reel, name="Rosa", text="Slower?")
    seen = since(read(guest, reel.guest()))
    poll = f"{reel.guest()}?clip={reel.items[0].pk}&since={seen}"
    assert guest.get(poll, headers=HTMX).status_code == 204
    review.answer(Remark.objects.get(), reel.member.user, "Take 4 is on its way.")
    html = guest.get(poll, headers=HTMX).content.decode()
    assert "Take 4 is on its way." in html
    assert "<textarea" not in html  # what is being typed stays as it is


def test_a_poll_tells_that_a_newer_version_is_there(guest: Client, reel: Reel) -> None:
    first = reel.items[0]
    poll = f"{reel.guest()}?clip={first.pk}&since=0&seen={first.file.sha256}"
    assert "There is a newer version" not in guest.get(poll, headers=HTMX).content.decode()
    collections.replace(first, store(make_file(reel.member)))
    assert "There is a newer version" in guest.get(poll, headers=HTMX).content.decode()


def test_a_page_whose_clip_was_taken_out_begins_anew(guest: Client, reel: Reel) -> None:
    first = reel.items[0]
    collections.take_out(first)
    assert guest.get(f"{reel.guest()}?clip={first.pk}")["Location"] == reel.guest()
    poll = guest.get(f"{reel.guest()}?clip={first.pk}&since=0", headers=HTMX)
    assert poll["HX-Redirect"] == reel.guest()


def test_an_empty_collection_says_so(guest: Client, reel: Reel) -> None:
    for item in reel.items:
        collections.take_out(item)
    assert "No clips yet" in read(guest, reel.guest())
    assert guest.get(reel.guest("guest_archive")).status_code == 404


def count(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured.captured_queries)


def test_the_clients_page_asks_as_many_queries_for_many_clips_as_for_few(
    guest: Client, reel: Reel
) -> None:
    say(guest, reel, name="Rosa", text="Slower?", decision="changes", sha256=sha(reel))
    review.answer(Remark.objects.get(), reel.member.user, "Yes.")
    addresses: dict[str, Callable[[], str]] = {
        "page": reel.guest,
        "poll": lambda: f"{reel.guest()}?since=0",
        "film": lambda: reel.guest("guest_file", reel.items[0].pk, "clip.mp4"),
        "quiet": lambda: f"{reel.guest()}?since={since(read(guest, reel.guest()))}",
    }
    few = {name: count(guest, address()) for name, address in addresses.items()}
    for _ in range(5):
        file = store(make_file(reel.member))
        collections.add(reel.collection, [file.pk], reel.member.user)
        say(guest, reel, text="Again", decision="changes", sha256=sha(reel))
        review.answer(Remark.objects.latest("pk"), reel.member.user, "Yes.")
    many = {name: count(guest, address()) for name, address in addresses.items()}
    assert many == few
    assert few["page"] <= 9
    assert few["quiet"] <= 3
    assert few["film"] <= 3


def sha(reel: Reel) -> str:
    return reel.items[0].file.sha256
