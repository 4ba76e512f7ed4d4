"""A producer, her team's key, her browser without script; a collection behind a gate."""

import pytest
from django.test import Client

from generations.models import Credential, Membership
from generations.sharing import links
from tests.factories import make_credential, make_member, make_user
from tests.shared_clips import PASSWORD, Reel


@pytest.fixture
def member() -> Membership:
    return make_member(user=make_user(name="Mei Tanaka", email="mei@example.com"))


@pytest.fixture
def credential(member: Membership) -> Credential:
    return make_credential(team=member.team)


@pytest.fixture
def site(client: Client, member: Membership) -> Client:
    client.force_login(member.user)
    return client


@pytest.fixture
def reel() -> Reel:
    return Reel(terms=links.Terms(name="Aurel", password=PASSWORD, allows_downloads=True))


@pytest.fixture
def guest(client: Client, reel: Reel) -> Client:
    """A client who has given the password."""
    client.post(reel.guest("guest_open"), {"password": PASSWORD})
    return client


def leave_pages_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render no page, where only the statuses of many of them are asked for."""
    monkeypatch.setattr("django.template.backends.django.Template.render", lambda *_, **__: "")


@pytest.fixture
def blank_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_pages_blank(monkeypatch)
