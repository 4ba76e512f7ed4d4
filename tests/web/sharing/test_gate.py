"""The gate of a share link, walked from every side, and what none of its answers tells."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, reverse
from pytest_django import Settings

from generations import clock
from generations.models import Remark, ShareLink, Verdict
from generations.sharing import collections, links, review
from generations.web import urls
from tests.cases import case
from tests.shared_clips import (
    BYTES,
    PASSWORD,
    PERSON,
    PROMPT,
    Reel,
    make_file,
    store,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PATTERNS: dict[str, URLPattern] = {str(one.name): one for one in urls.urlpatterns}
OF_GUESTS = sorted(name for name, one in PATTERNS.items() if str(one.pattern).startswith("s/"))


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
    yield "post", reel.guest("guest_review", item, token=token), {}
    yield "post", reel.guest("guest_review", item, token=token), HTMX


def whole(reel: Reel, *, token: str = "") -> Iterator[Question]:
    """What belongs to the link as a whole."""
    yield "get", reel.guest("guest_archive", token=token), {}
    yield "head", reel.guest("guest_archive", token=token), {}
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
    assert OF_GUESTS == ["guest", "guest_archive", "guest_file", "guest_open", "guest_review"]
    walked = {address for _m, address, _h in [*inner(reel), *whole(reel), *outer(reel)]}
    for name in OF_GUESTS:
        stem = PATTERNS[name].pattern.describe().split("'")[1].split("<str:token>")[1]
        assert [one for one in walked if re.search(re.sub(r"<[^>]*>", "[^/?]+", stem), one)], name


def refusal(client: Client, reel: Reel, method: str) -> tuple[int, bytes, dict[str, str]]:
    """What a token that nobody ever made is answered."""
    address = reel.guest("guest_archive", token="guessed")
    return shape(ask(client, method if method == "head" else "get", address, {}))


def assert_refused(client: Client, reel: Reel, walk: Iterator[Question]) -> None:
    refusals = {method: refusal(client, reel, method) for method in ("get", "head", "post")}
    for method, address, headers in walk:
        answer = shape(ask(client, method, address, headers))
        assert answer == refusals[method], f"{method} {address} {headers}"
        assert answer[0] == 404
    assert not Remark.objects.exists()
    assert not Verdict.objects.exists()


def everything(reel: Reel, token: str = "") -> Iterator[Question]:
    yield from inner(reel, token=token)
    yield from whole(reel, token=token)
    yield from outer(reel, token=token)


def test_a_token_that_was_never_made_opens_nothing(client: Client, reel: Reel) -> None:
    assert_refused(client, reel, everything(reel, token="x" * 43))


def test_a_link_that_is_closed_is_as_if_it_had_never_been(guest: Client, reel: Reel) -> None:
    ways: dict[str, Callable[[], object]] = {
        "expired": lambda: ShareLink.objects.update(expires_at=clock.now()),
        "revoked": lambda: links.revoke(reel.link, reel.member.user),
        "its collection was removed": lambda: collections.remove(reel.collection, reel.member.user),
    }
    for way, close in ways.items():
        with case(way), transaction.atomic():
            close()
            assert_refused(guest, reel, everything(reel))
            transaction.set_rollback(True)


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


def test_a_file_that_is_not_in_the_collection_is_refused_alike(guest: Client, reel: Reel) -> None:
    other = collections.make(reel.team, reel.member.user, "Another")
    collections.add(other, [store(make_file(reel.member)).pk], reel.member.user)
    taken_out, on_its_way = reel.items[:2]
    collections.take_out(taken_out)
    on_its_way.file.state = "fetching"
    on_its_way.file.save()
    items = {
        "of another team": Reel().items[0].pk,
        "of another collection": other.items.get().pk,
        "taken out": taken_out.pk,
        "on its way": on_its_way.pk,
    }
    for whose, item in items.items():
        with case(whose):
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
    assert shape(client.get(reel.guest("guest_archive", token=token))) == refused
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
    client.get(reel.guest("guest_archive"))
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


def test_over_https_a_form_without_an_origin_counts_only_from_here(
    strict: Client, reel: Reel
) -> None:
    https = {"wsgi.url_scheme": "https"}
    form = {"password": PASSWORD, "csrfmiddlewaretoken": token_of(strict, reel.guest(), **https)}
    expected = {"cross-site": 403, "same-site": 403, "": 403, "same-origin": 302}
    for site, status in expected.items():
        with case(site):
            headers = {"origin": "null"} | ({"sec-fetch-site": site} if site else {})
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
        item.file.task.attempts.update(remote_id=f"91102604746032742{item.pk}", cost=48_613)
        item.file.remote_id, item.file.url = "creation-77", "https://provider.example/clip"
        item.file.save()
    remark = review.add_remark(reel.link, links.start_visit(reel.link), reel.items[0], "Slower?")
    review.answer(remark, reel.member.user, "Take 4 is on its way.")
    page = read(guest, reel.guest())
    assert "<b>Harbour Lane</b>: Take 4 is on its way." in page
    everything_told = page + "".join(map(told, answers(guest, reel)))
    secrets = [PROMPT, "secret", PERSON, "Mei", "viduq2", "91102604746032742", "creation-77"]
    secrets += [
        "credit",
        "48613",
        "48,613",
        "provider.example",
        reel.member.user.email,
        "Studio key",
    ]
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
    review.add_remark(reel.link, links.start_visit(reel.link), reel.items[0], "Slower?", 1, 2)
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
