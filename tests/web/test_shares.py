"""The gate of a share link, walked from every side, and what a client finds behind it."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from pytest_django import Settings

from generations import clock
from generations.models import Remark, ShareLink, ShareVisit, Verdict
from generations.sharing import archive, collections, links, review
from generations.web import delivery, urls, zips
from tests.factories import make_member
from tests.reels import BYTES, PERSON, PROMPT, Reel, make_file, store

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PASSWORD = "salt and amber"
PATTERNS: dict[str, URLPattern] = {str(one.name): one for one in urls.urlpatterns}
OF_GUESTS = sorted(name for name, one in PATTERNS.items() if str(one.pattern).startswith("s/"))


@pytest.fixture
def reel() -> Reel:
    return Reel(terms=links.Terms(name="Aurel", password=PASSWORD, allows_downloads=True))


@pytest.fixture
def guest(client: Client, reel: Reel) -> Client:
    """A client who has given the password."""
    client.post(reel.guest("guest_open"), {"password": PASSWORD})
    return client


def body(response: HttpResponseBase) -> bytes:
    return response.getvalue()


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


# ---- Every address behind a link ------------------------------------------------------------


type Question = tuple[str, str, dict[str, str]]
"""A method, an address, and headers."""


def inner(reel: Reel, *, token: str = "", item: int = 0) -> Iterator[Question]:
    """Every address behind the gate, with its method and headers."""
    item = item or reel.items[0].pk
    for name in ("clip.mp4", "poster.webp", "preview.mp4"):
        address = reel.guest("guest_file", item, name, token=token)
        yield "get", address, {}
        yield "head", address, {}
        yield "get", address, {"range": "bytes=0-99"}
        yield "get", f"{address}?download=1", {}
    yield "post", reel.guest("guest_say", item, token=token), {}
    yield "post", reel.guest("guest_say", item, token=token), HTMX


def whole(reel: Reel, *, token: str = "") -> Iterator[Question]:
    """What belongs to the link as a whole."""
    yield "get", reel.guest("guest_zip", token=token), {}
    yield "head", reel.guest("guest_zip", token=token), {}
    yield "get", reel.guest(token=token) + "?since=0", HTMX


def outer(reel: Reel, *, token: str = "") -> Iterator[Question]:
    """The gate itself: a live link shows it, any other shows nothing."""
    yield "get", reel.guest(token=token), {}
    yield "head", reel.guest(token=token), {}
    yield "get", reel.guest(token=token) + "?clip=1", HTMX
    yield "post", reel.guest("guest_open", token=token), {}


FORM = {"password": PASSWORD, "name": "Rosa", "text": "Slower?", "decision": "approved"}


def ask(client: Client, method: str, address: str, headers: dict[str, str]) -> HttpResponseBase:
    send = getattr(client, method)
    values = FORM if method == "post" else None
    answer: HttpResponseBase = send(address, values, headers=headers)
    return answer


def shape(answer: HttpResponseBase) -> tuple[int, bytes, dict[str, str]]:
    kept = ("Content-Type", "Cache-Control", "Referrer-Policy", "X-Robots-Tag", "Vary")
    told = {name: answer.get(name, "") for name in kept}
    return answer.status_code, body(answer), told | {"Set-Cookie": answer.cookies.output()}


def test_the_walk_goes_to_every_address_that_a_link_has(reel: Reel) -> None:
    assert OF_GUESTS == ["guest", "guest_file", "guest_open", "guest_say", "guest_zip"]
    walked = {address for _m, address, _h in [*inner(reel), *whole(reel), *outer(reel)]}
    for name in OF_GUESTS:
        stem = PATTERNS[name].pattern.describe().split("'")[1].split("<str:token>")[1]
        assert [one for one in walked if re.search(re.sub(r"<[^>]*>", "[^/?]+", stem), one)], name


def refusal(client: Client, reel: Reel, method: str) -> tuple[int, bytes, dict[str, str]]:
    """What a token that nobody ever made is answered."""
    address = reel.guest("guest_zip", token="guessed")
    return shape(ask(client, method if method == "head" else "get", address, {}))


def assert_refused(client: Client, reel: Reel, walk: Iterator[Question]) -> None:
    for method, address, headers in walk:
        answer = shape(ask(client, method, address, headers))
        assert answer == refusal(client, reel, method), f"{method} {address} {headers}"
        assert answer[0] == 404
    assert not Remark.objects.exists()
    assert not Verdict.objects.exists()


def everything(reel: Reel, token: str = "") -> Iterator[Question]:
    yield from inner(reel, token=token)
    yield from whole(reel, token=token)
    yield from outer(reel, token=token)


def test_a_token_that_was_never_made_opens_nothing(client: Client, reel: Reel) -> None:
    assert_refused(client, reel, everything(reel, token="x" * 43))


def test_an_expired_link_is_as_if_it_had_never_been(guest: Client, reel: Reel) -> None:
    ShareLink.objects.update(expires_at=clock.now())
    assert_refused(guest, reel, everything(reel))


def test_a_revoked_link_is_as_if_it_had_never_been(guest: Client, reel: Reel) -> None:
    links.revoke(reel.link, reel.member.user)
    assert_refused(guest, reel, everything(reel))


def test_the_link_of_a_collection_that_was_removed_opens_nothing(guest: Client, reel: Reel) -> None:
    collections.remove(reel.collection, reel.member.user)
    assert_refused(guest, reel, everything(reel))


def test_without_the_password_the_gate_stands_before_everything(client: Client, reel: Reel) -> None:
    assert_refused(client, reel, inner(reel))
    assert_refused(client, reel, whole(reel))


def test_a_wrong_password_opens_nothing(client: Client, reel: Reel) -> None:
    answer = client.post(reel.guest("guest_open"), {"password": "salt and Amber"})
    assert answer.status_code == 422
    assert_refused(client, reel, inner(reel))
    assert_refused(client, reel, whole(reel))


def test_the_password_of_one_link_opens_no_other(guest: Client, reel: Reel) -> None:
    _other, token = reel.share(links.Terms(password=PASSWORD, allows_downloads=True))
    assert_refused(guest, reel, inner(reel, token=token))
    assert_refused(guest, reel, whole(reel, token=token))


def test_a_password_that_changed_locks_again(guest: Client, reel: Reel) -> None:
    other, _token = reel.share(links.Terms(password="another"))
    ShareLink.objects.filter(pk=reel.link.pk).update(password=other.password)
    assert_refused(guest, reel, inner(reel))


@pytest.mark.parametrize("whose", ["another collection", "another team", "taken out", "on its way"])
def test_a_file_that_is_not_in_the_collection_is_refused_alike(
    guest: Client, reel: Reel, whose: str
) -> None:
    if whose == "another team":
        item = Reel().items[0].pk
    elif whose == "another collection":
        other = collections.make(reel.team, reel.member.user, "Another")
        collections.add(other, [store(make_file(reel.member)).pk], reel.member.user)
        item = other.items.get().pk
    else:
        first = reel.items[0]
        item = first.pk
        if whose == "taken out":
            collections.take_out(first)
        else:
            first.file.state = "fetching"
            first.file.save()
    assert_refused(guest, reel, inner(reel, item=item))


def test_the_file_of_a_collection_is_not_reached_by_its_own_number(
    guest: Client, reel: Reel
) -> None:
    spare = store(make_file(reel.member))  # so that numbers of files and places differ
    assert_refused(guest, reel, inner(reel, item=spare.pk + 1000))
    login = guest.get(reverse("file", args=[spare.pk, "clip.mp4"]))
    assert login["Location"].startswith(reverse("account_login"))


def test_where_downloads_are_off_nothing_comes_as_a_download(client: Client, reel: Reel) -> None:
    _link, token = reel.share(links.Terms())
    clip = reel.guest("guest_file", reel.items[0].pk, "clip.mp4", token=token)
    refused = shape(client.get(f"{clip}?download=1"))
    assert refused == refusal(client, reel, "get")
    assert shape(client.get(reel.guest("guest_zip", token=token))) == refused
    shown = client.get(clip)
    assert (shown.status_code, body(shown)) == (200, BYTES)
    assert shown["Content-Disposition"].startswith("inline")
    html = read(client, reel.guest(token=token))
    assert "download" not in html.lower()


# ---- The gate -------------------------------------------------------------------------------


def test_the_gate_tells_the_title_and_nothing_of_what_is_behind(client: Client, reel: Reel) -> None:
    html = read(client, reel.guest())
    assert "Salt and Amber" in html
    assert "Harbour Lane" in html
    assert "clips/" not in html
    assert PROMPT not in html
    assert PASSWORD not in html


def test_the_password_opens_for_the_session_and_is_in_no_address(guest: Client, reel: Reel) -> None:
    html = read(guest, reel.guest())
    assert f"clips/{reel.items[0].pk}/clip.mp4" in html
    assert read(guest, reel.guest())
    session = str(dict(guest.session))
    assert PASSWORD not in session + html
    assert reel.token not in session


def test_a_session_gets_a_new_key_when_it_is_unlocked(client: Client, reel: Reel) -> None:
    client.get(reel.guest("guest_zip"))
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    client.post(reel.guest("guest_open"), {"password": PASSWORD})
    assert client.cookies["sessionid"].value != session.session_key


class Hasher(MD5PasswordHasher):
    """Counts how often a password reaches it."""

    verified = 0

    def verify(self, password: str, encoded: str) -> bool:
        Hasher.verified += 1
        return super().verify(password, encoded)


def test_ten_tries_reach_the_hasher_and_then_the_gate_asks_for_patience(
    client: Client, reel: Reel, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Hasher"]
    Hasher.verified = 0
    tries = [
        client.post(reel.guest("guest_open"), {"password": f"guess {n}"}).status_code
        for n in range(14)
    ]
    assert tries == [422] * 10 + [429] * 4
    assert Hasher.verified == 10
    right = client.post(reel.guest("guest_open"), {"password": PASSWORD})
    assert right.status_code == 429
    assert "Wait ten minutes" in right.content.decode()
    elsewhere = client.post(
        reel.guest("guest_open"), {"password": PASSWORD}, REMOTE_ADDR="192.0.2.7"
    )
    assert elsewhere.status_code == 302


def test_the_addresses_of_one_ipv6_network_are_one_caller(client: Client, reel: Reel) -> None:
    tries = [
        client.post(
            reel.guest("guest_open"), {"password": "guess"}, REMOTE_ADDR=f"2001:db8:1:2::{n}"
        ).status_code
        for n in range(1, 12)
    ]
    assert tries == [422] * 10 + [429]


def test_an_empty_password_takes_no_try(client: Client, reel: Reel) -> None:
    tries = [client.post(reel.guest("guest_open"), {"password": ""}) for _ in range(12)]
    assert {one.status_code for one in tries} == {422}
    assert client.post(reel.guest("guest_open"), {"password": PASSWORD}).status_code == 302


# ---- Forms of a page without a referrer -----------------------------------------------------


@pytest.fixture
def strict(reel: Reel) -> Client:
    """A browser whose forms are checked."""
    return Client(enforce_csrf_checks=True)


def token_of(client: Client, address: str, **extra: str) -> str:
    found = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"',
        client.get(address, **extra).content.decode(),  # type: ignore[arg-type]
    )
    assert found
    return found[1]


def test_a_form_from_another_site_does_nothing(strict: Client, reel: Reel) -> None:
    assert strict.post(reel.guest("guest_open"), {"password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 302), ("cross-site", 403), ("same-site", 403), ("", 403)]
)
def test_over_https_a_form_without_an_origin_counts_only_from_here(
    strict: Client, reel: Reel, site: str, status: int
) -> None:
    https = {"wsgi.url_scheme": "https"}
    form = {"password": PASSWORD, "csrfmiddlewaretoken": token_of(strict, reel.guest(), **https)}
    headers = {"origin": "null", "sec-fetch-site": site} if site else {"origin": "null"}
    answer = strict.post(reel.guest("guest_open"), form, headers=headers, **https)  # type: ignore[arg-type]
    assert answer.status_code == status


def test_a_form_needs_its_token_also_without_an_origin(strict: Client, reel: Reel) -> None:
    strict.get(reel.guest())
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}
    answer = strict.post(reel.guest("guest_open"), {"password": PASSWORD}, headers=headers)
    assert answer.status_code == 403


# ---- What is told, and what is not ----------------------------------------------------------


def answers(client: Client, reel: Reel, token: str = "") -> list[HttpResponseBase]:
    """Everything that a client can see of a link that is open."""
    walk = [*inner(reel, token=token), *whole(reel, token=token), *outer(reel, token=token)]
    return [ask(client, method, address, headers) for method, address, headers in walk]


def told(answer: HttpResponseBase) -> str:
    """Its body and its headers, as a curious client reads them."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.items())
    return unquote(head) + body(answer).decode("latin-1")


def test_no_answer_tells_a_prompt_a_cost_a_person_or_a_number_of_the_provider(
    guest: Client, reel: Reel
) -> None:
    for item in reel.items:
        item.file.task.attempts.update(number=f"91102604746032742{item.pk}", cost=35)
        item.file.number, item.file.url = "creation-77", "https://provider.example/clip"
        item.file.save()
    remark = review.remark(reel.link, links.visit(reel.link), reel.items[0], "Slower?")
    review.answer(remark, reel.member.user, "Take 4 is on its way.")
    page = read(guest, reel.guest())
    assert "<b>Harbour Lane</b>: Take 4 is on its way." in page
    everything_told = page + "".join(map(told, answers(guest, reel)))
    secrets = [PROMPT, "secret", PERSON, "Mei", "viduq2", "91102604746032742", "creation-77"]
    secrets += ["credit", "35", "provider.example", reel.member.user.email, "Studio key"]
    assert [one for one in secrets if one in everything_told] == []


def test_prompts_are_shown_where_the_team_says_so(client: Client, reel: Reel) -> None:
    _link, token = reel.share(links.Terms(shows_prompts=True))
    assert PROMPT in read(client, reel.guest(token=token))


def test_no_answer_is_indexed_or_gives_its_address_away_and_no_page_is_kept(
    guest: Client, reel: Reel
) -> None:
    for answer in [*answers(guest, reel), guest.get(reel.guest(token="guessed"))]:
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"].startswith("noindex")
        if answer.get("Content-Type", "").startswith("text/html"):
            assert answer["Cache-Control"] == "no-store"
        elif answer.status_code != 204:
            assert answer["Cache-Control"].startswith("private") or answer.status_code == 302
    clip = guest.get(reel.guest("guest_file", reel.items[0].pk, "clip.mp4"))
    assert clip["Cache-Control"] == "private, max-age=300"


def test_no_page_carries_inline_style_or_script(guest: Client, reel: Reel) -> None:
    review.remark(reel.link, links.visit(reel.link), reel.items[0], "Slower?", 1, 2)
    pages = [read(guest, reel.guest()), read(Client(), reel.guest())]
    inline = re.compile(r"\sstyle=|\son\w+=|<style|<script(?![^>]*src=)")
    assert not [page for page in pages if inline.search(page)]


def test_each_link_speaks_its_language_and_a_guest_may_choose_another(
    client: Client, reel: Reel
) -> None:
    _link, token = reel.share(links.Terms(language="zh-hans"))
    answer = client.get(reel.guest(token=token))
    assert '<html lang="zh-Hans"' in answer.content.decode()
    assert answer["Content-Language"] == "zh-hans"
    chosen = client.get(reel.guest(token=token) + "?language=en")
    assert chosen["Location"] == reel.guest(token=token)
    assert '<html lang="en"' in read(client, reel.guest(token=token))
    _other, other = reel.share(links.Terms(language="zh-hans"))
    assert '<html lang="zh-Hans"' in read(client, reel.guest(token=other))


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
    guest.post(reel.guest("guest_say", reel.items[0].pk), {"name": "Rosa", "text": "Slower?"})
    member = Client()
    member.force_login(reel.member.user)
    html = read(member, reverse("shares", args=[reel.team.slug]))
    assert "made by Mei" in html
    assert "opened once" in html
    assert "Rosa" in html
    assert "ends in 13 days" in html
    response = member.post(reverse("share_revoke", args=[reel.team.slug, reel.link.pk]))
    assert response.status_code == 302
    assert guest.get(reel.guest()).status_code == 404
    assert "No link is open" in read(member, reverse("shares", args=[reel.team.slug]))


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


@pytest.mark.parametrize(
    "wrong", [{"days": "0"}, {"days": "365"}, {"language": "xx"}, {"password": "x" * 129}]
)
def test_a_link_with_terms_that_nobody_offered_is_not_made(
    client: Client, reel: Reel, wrong: dict[str, str]
) -> None:
    client.force_login(reel.member.user)
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
    collections.name(second, "The walk / 散步")
    answer = guest.get(reel.guest("guest_file", second.pk, "clip.mp4") + "?download=1")
    assert unquote(answer["Content-Disposition"]) == (
        "attachment; filename*=utf-8''02 The walk 散步.mp4"
    )


def test_all_clips_come_as_one_archive(guest: Client, reel: Reel) -> None:
    collections.name(reel.items[0], "The bottle")
    answer = guest.get(reel.guest("guest_zip"))
    content = body(answer)
    assert answer["Content-Length"] == str(len(content))
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.namelist() == ["01 The bottle.mp4", "02 Clip 2.mp4", "03 Clip 3.mp4"]
        assert opened.read("02 Clip 2.mp4") == BYTES


def test_an_archive_gives_its_place_back_when_it_is_closed(guest: Client, reel: Reel) -> None:
    entries = [zips.entry(item.file, str(item.pk)) for item in reel.items]
    for _ in range(60):
        assert delivery.streams.acquire(blocking=False)
        stream = zips.Stream(archive.stream(entries))
        next(iter(stream))
        stream.close()
        stream.close()


def test_when_too_many_large_files_leave_an_archive_is_asked_to_wait(
    guest: Client, reel: Reel
) -> None:
    taken = 0
    while delivery.streams.acquire(blocking=False):
        taken += 1
    try:
        assert guest.get(reel.guest("guest_zip")).status_code == 503
    finally:
        for _ in range(taken):
            delivery.streams.release()


# ---- What a guest says ----------------------------------------------------------------------


def say(guest: Client, reel: Reel, place: int = 0, **form: object) -> HttpResponseBase:
    answer: HttpResponseBase = guest.post(reel.guest("guest_say", reel.items[place].pk), form)
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


@pytest.mark.parametrize(
    ("start", "end", "kept"), [(9000, 11_120, 11_120), (9000, 9000, None), ("", 5, None)]
)
def test_a_range_is_kept_only_where_it_ends_after_it_begins(
    guest: Client, reel: Reel, start: object, end: object, kept: int | None
) -> None:
    say(guest, reel, name="Rosa", text="Keep.", start_ms=start, end_ms=end)
    assert Remark.objects.get().end_ms == kept


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
    assert b"A newer version came meanwhile." in body(answer)
    assert not Verdict.objects.exists()


def test_with_htmx_what_was_said_comes_back_in_its_places(guest: Client, reel: Reel) -> None:
    form = {"name": "Rosa", "text": "Slower?", "start_ms": "4160"}
    address = reel.guest("guest_say", reel.items[0].pk)
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
    assert b"This link has taken all the remarks it can." in body(answer)


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
    assert "A newer version" not in guest.get(poll, headers=HTMX).content.decode()
    collections.replace(first, store(make_file(reel.member)))
    assert "A newer version" in guest.get(poll, headers=HTMX).content.decode()


def test_a_page_whose_clip_was_taken_out_begins_anew(guest: Client, reel: Reel) -> None:
    first = reel.items[0]
    collections.take_out(first)
    assert guest.get(f"{reel.guest()}?clip={first.pk}")["Location"] == reel.guest()
    poll = guest.get(f"{reel.guest()}?clip={first.pk}&since=0", headers=HTMX)
    assert poll["HX-Redirect"] == reel.guest()


def test_an_empty_collection_says_so(guest: Client, reel: Reel) -> None:
    for item in reel.items:
        collections.take_out(item)
    assert "Nothing is here yet" in read(guest, reel.guest())
    assert guest.get(reel.guest("guest_zip")).status_code == 404


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
