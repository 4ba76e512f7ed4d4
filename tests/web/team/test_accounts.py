"""Signing in, the second step, and what a server without mail says."""

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.test import Client
from pytest_django import Settings

from generations.models import Membership, Role, User
from tests.cases import case
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "rushes-rushes"


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER, user=make_user(email="mei@example.com"))


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def sign_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def confirmed(user: User) -> Client:
    """Signed in, and the password given once more, as allauth asks before it touches a factor."""
    client = sign_in(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def test_the_pages_before_one_is_inside_wear_the_entrance() -> None:
    for page in ("login", "signup", "password/reset"):
        with case(page):
            html = Client().get(f"/accounts/{page}/").content.decode()
            assert "entrance-pane" in html
            assert "style=" not in html


def test_the_pages_of_ones_account_wear_the_shell(owner: Membership) -> None:
    client = confirmed(owner.user)
    for page in ("password/change", "email", "logout", "2fa", "2fa/totp/activate", "3rdparty"):
        with case(page):
            html = client.get(f"/accounts/{page}/").content.decode()
            assert 'class="rail"' in html
            assert "style=" not in html


def test_a_wrong_password_is_told_and_the_address_stays(owner: Membership) -> None:
    typed = {"login": owner.user.email, "password": "wrong"}
    page = Client().post("/accounts/login/", typed).content.decode()
    assert "not correct" in page
    assert f'value="{owner.user.email}"' in page


def test_a_second_step_is_set_up_without_mail_and_then_asked_for(owner: Membership) -> None:
    site = confirmed(owner.user)
    secret = site.get("/accounts/2fa/totp/activate/").context["form"].secret
    site.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    codes = site.get("/accounts/2fa/recovery-codes/").content.decode()
    assert 'class="codes"' in codes
    again = Client()
    typed = {"login": owner.user.email, "password": PASSWORD}
    assert again.post("/accounts/login/", typed)["Location"].startswith(
        "/accounts/2fa/authenticate"
    )
    assert "entrance-pane" in again.get("/accounts/2fa/authenticate/").content.decode()


def test_an_owner_is_led_to_enrol_before_anything_else(
    owner: Membership, settings: Settings
) -> None:
    settings.MFA_REQUIRED = True
    site = sign_in(owner.user)
    for address in ("/", f"/t/{owner.team.slug}/members/", "/admin/"):
        assert site.get(address)["Location"] == "/accounts/2fa/totp/activate/"
    page = site.get("/accounts/2fa/totp/activate/", follow=True).content.decode()
    assert "Confirm" in page
    assert "Set up two-step sign-in first." in page


def test_staff_is_led_to_enrol_too(settings: Settings) -> None:
    settings.MFA_REQUIRED = True
    site = sign_in(User.objects.create_superuser("root@example.com", PASSWORD))
    assert site.get("/admin/")["Location"] == "/accounts/2fa/totp/activate/"


def test_who_has_enrolled_passes(owner: Membership, settings: Settings) -> None:
    settings.MFA_REQUIRED = True
    TOTP.activate(owner.user, "JBSWY3DPEHPK3PXP")
    site = Client()
    site.force_login(owner.user)
    assert site.get(f"/t/{owner.team.slug}/members/").status_code == 200


@pytest.mark.parametrize("required", [True, False])
def test_others_need_no_second_step(settings: Settings, required: bool) -> None:
    settings.MFA_REQUIRED = required
    member = make_member(role=Role.PRODUCER)
    assert sign_in(member.user).get(f"/t/{member.team.slug}/members/").status_code == 200


def test_a_server_without_mail_says_so(owner: Membership, settings: Settings) -> None:
    settings.MAIL_HOST, settings.DEBUG = "", False
    answer = Client().post("/accounts/password/reset/", {"email": owner.user.email})
    assert answer.status_code == 503
    assert "No mail was sent" in answer.content.decode()


def test_a_server_with_mail_sends_the_link(owner: Membership, settings: Settings) -> None:
    settings.MAIL_HOST = "mail.example"
    Client().post("/accounts/password/reset/", {"email": owner.user.email})
    assert mail.outbox[0].to == [owner.user.email]
