"""Keys are seen by all, changed by owners, tested at once and never shown again."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from generations.lifecycle import transitions
from generations.models import Credential, File, Membership, Role, Task
from generations.providers.contract import Reason
from generations.teams import credentials
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db
KEY = "vda_0123456789abcdef_4f2a"
HTMX = {"HX-Request": "true"}


class Provider(BaseHTTPRequestHandler):
    """Knows one key: answers 404 to the question for a task that is not, and tells the balance."""

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Token {KEY}":
            self.answer(401, b'{"code":401,"reason":"Unauthorized","message":"no"}')
        elif "credits" in self.path:
            self.answer(200, b'{"remains":[{"type":"test","credit_remain":12480}]}')
        else:
            self.answer(404, b'{"code":404,"reason":"TaskNotFound","message":"no"}')

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is not a log."""


@pytest.fixture
def provider(settings: Settings) -> Iterator[str]:
    """The address of a provider on this machine, which the settings allow."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER)


@pytest.fixture
def at(owner: Membership) -> str:
    return f"/t/{owner.team.slug}/credentials/"


@pytest.fixture
def site(owner: Membership) -> Client:
    client = Client()
    client.force_login(owner.user)
    return client


def typed(base_url: str, **other: str) -> dict[str, str]:
    return {"kind": "vidu", "name": "Studio key", "base_url": base_url, "key": KEY, **other}


def test_a_new_key_is_sealed_and_tested_at_once(site: Client, at: str, provider: str) -> None:
    page = site.post(f"{at}new/", typed(provider), follow=True).content.decode()
    credential = Credential.objects.get()
    assert credential.open_key().reveal() == KEY
    assert (credential.key_tail, credential.slots, credential.balance) == ("4f2a", 5, 12480)
    assert "“Studio key” works." in page
    assert KEY not in page
    assert "12,480 credits left" in page


def test_a_key_that_the_provider_refuses_is_kept_paused_with_its_remedy(
    site: Client, at: str, provider: str
) -> None:
    page = site.post(f"{at}new/", typed(provider, key="wrong_key"), follow=True).content.decode()
    assert Credential.objects.get().is_paused
    assert "The provider refused this key." in page
    assert "Replace key" in page


def test_limits_may_be_given_with_a_new_key(site: Client, at: str, provider: str) -> None:
    site.post(f"{at}new/", typed(provider, slots="9", requests_per_minute="60"))
    credential = Credential.objects.get()
    assert (credential.slots, credential.requests_per_minute) == (9, 60)


def test_a_refused_form_loses_nothing_but_the_key(site: Client, at: str) -> None:
    answer = site.post(f"{at}new/", typed("http://api.vidu.example", name="My key"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The address must begin with https://." in page
    assert 'value="My key"' in page
    assert KEY not in page
    assert not Credential.objects.exists()


NO_SERVERS = (
    "ftp://api.vidu.cn",
    "api.vidu.cn",
    "https://",
    "https://[",
    "javascript:1",
    "https://me:secret@api.vidu.cn",
    "https://api.vidu.cn?key=secret",
)


@pytest.mark.usefixtures("blank_pages")
def test_an_address_that_is_none_is_refused(site: Client, at: str) -> None:
    for url in NO_SERVERS:
        with case(url):
            assert site.post(f"{at}new/", typed(url)).status_code == 422


def test_the_sandbox_may_speak_http(site: Client, at: str, settings: Settings) -> None:
    settings.SANDBOX, settings.SANDBOX_URL = True, "http://127.0.0.1:9"
    assert site.post(f"{at}new/", typed(settings.SANDBOX_URL)).status_code == 302
    settings.SANDBOX = False
    assert site.post(f"{at}new/", typed(settings.SANDBOX_URL, name="Two")).status_code == 422


def test_a_name_is_used_once_in_a_team(site: Client, at: str, owner: Membership) -> None:
    make_credential(team=owner.team)
    page = site.post(f"{at}new/", typed("https://api.vidu.cn")).content.decode()
    assert "Another key of this team has this name." in page


def test_the_name_of_a_removed_key_is_free_again(
    site: Client, at: str, owner: Membership, provider: str
) -> None:
    credentials.remove(make_credential(team=owner.team), owner.user)
    assert site.post(f"{at}new/", typed(provider)).status_code == 302


def test_the_form_of_a_key_never_shows_it(site: Client, at: str, owner: Membership) -> None:
    credential = make_credential(team=owner.team, key=KEY)
    page = site.get(f"{at}{credential.pk}/").content.decode()
    assert KEY not in page
    assert 'autocomplete="off"' in page
    assert "ends in 4f2a" in page


def test_a_key_is_changed_without_being_typed_again(
    site: Client, at: str, owner: Membership
) -> None:
    credential = make_credential(team=owner.team, key=KEY)
    said = {"name": "New name", "base_url": "https://api.vidu.cn", "slots": "2"}
    assert site.post(f"{at}{credential.pk}/", said).status_code == 302
    credential.refresh_from_db()
    assert (credential.name, credential.slots) == ("New name", 2)
    assert credential.open_key().reveal() == KEY


def test_replacing_a_key_tests_it_and_lifts_the_pause(
    site: Client, at: str, owner: Membership, provider: str
) -> None:
    credential = make_credential(team=owner.team, base_url=provider, key="old")
    transitions.pause_credential(credential, Reason.KEY_REFUSED)
    assert site.post(f"{at}{credential.pk}/", {"replace": "1", "key": KEY}).status_code == 302
    credential.refresh_from_db()
    assert not credential.is_paused
    assert credential.last_good_at is not None


def test_an_empty_replacement_is_refused_and_the_old_key_stays(
    site: Client, at: str, owner: Membership
) -> None:
    credential = make_credential(team=owner.team, key=KEY)
    answer = site.post(f"{at}{credential.pk}/", {"replace": "1", "key": ""})
    assert answer.status_code == 422
    assert "Paste the key from the provider." in answer.content.decode()
    credential.refresh_from_db()
    assert credential.open_key().reveal() == KEY


def test_a_test_answers_with_the_row_alone(
    site: Client, at: str, owner: Membership, provider: str
) -> None:
    credential = make_credential(team=owner.team, base_url=provider, key=KEY)
    row = site.post(f"{at}{credential.pk}/test", headers=HTMX).content.decode()
    assert f'id="credential-{credential.pk}"' in row
    assert "tested just now" in row
    assert "12,480 credits left" in row
    assert "<html" not in row


def test_a_test_that_fails_says_what_to_do(
    site: Client, at: str, owner: Membership, provider: str
) -> None:
    credential = make_credential(team=owner.team, base_url=provider, key="wrong")
    row = site.post(f"{at}{credential.pk}/test", headers=HTMX).content.decode()
    assert "Replace it with one that works." in row


def test_without_script_a_test_leads_back_to_the_list(
    site: Client, at: str, owner: Membership, provider: str
) -> None:
    credential = make_credential(team=owner.team, base_url=provider, key=KEY)
    page = site.post(f"{at}{credential.pk}/test", follow=True).content.decode()
    assert "“Studio key” works." in page


def test_an_owner_pauses_resumes_and_removes(site: Client, at: str, owner: Membership) -> None:
    credential = make_credential(team=owner.team)
    site.post(f"{at}{credential.pk}/pause")
    assert "A member of the team paused it." in site.get(at).content.decode()
    site.post(f"{at}{credential.pk}/resume")
    credential.refresh_from_db()
    assert not credential.is_paused
    site.post(f"{at}{credential.pk}/remove")
    assert not Credential.objects.for_team(owner.team).exists()


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.VIEWER])
def test_others_see_the_list_without_its_buttons(
    site: Client, at: str, owner: Membership, role: Role
) -> None:
    credential = make_credential(team=owner.team)
    site.force_login(make_member(team=owner.team, role=role).user)
    page = site.get(at).content.decode()
    assert "Studio key" in page
    assert "<dialog" not in page
    assert "Add a key" not in page
    assert site.get(f"{at}new/").status_code == 403
    for act in ("", "test", "pause", "resume", "remove"):
        assert site.post(f"{at}{credential.pk}/{act}").status_code == 403


def test_a_key_of_another_team_is_not_found(site: Client, at: str) -> None:
    foreign = make_credential(team=make_member().team)
    for act in ("", "test", "pause", "resume", "remove"):
        assert site.post(f"{at}{foreign.pk}/{act}").status_code == 404


def test_an_act_by_get_is_refused(site: Client, at: str, owner: Membership) -> None:
    credential = make_credential(team=owner.team)
    for act in ("test", "pause", "resume", "remove"):
        with case(act):
            assert site.get(f"{at}{credential.pk}/{act}").status_code == 405


def test_a_stranger_finds_nothing_and_a_guest_is_asked_to_sign_in(site: Client, at: str) -> None:
    site.force_login(make_member().user)
    assert site.get(at).status_code == 404
    assert Client().get(at)["Location"].startswith("/accounts/login/")


def test_the_list_asks_as_many_questions_for_ten_keys_as_for_one(
    site: Client, at: str, owner: Membership
) -> None:
    make_credential(team=owner.team)
    site.get(at)
    with CaptureQueriesContext(connection) as one:
        site.get(at)
    for number in range(9):
        make_credential(team=owner.team, name=f"Key {number}")
    with CaptureQueriesContext(connection) as ten:
        site.get(at)
    assert len(ten) == len(one)


def test_a_key_with_clips_under_way_is_not_removed(
    site: Client, at: str, owner: Membership
) -> None:
    credential = make_credential(team=owner.team)
    make_tasks(membership=owner, credential=credential, count=2)
    page = site.post(f"{at}{credential.pk}/remove", follow=True).content.decode()
    assert "2 clips are in progress on this key." in page
    Task.objects.update(state="succeeded")
    for task in Task.objects.all():
        File.objects.create(task=task, team=owner.team, role="video")
    page = site.post(f"{at}{credential.pk}/remove", follow=True).content.decode()
    assert "2 files of this key are not saved here yet." in page
    assert Credential.objects.for_team(owner.team).get() == credential
