"""Every address against every kind of person: signed out, stranger, viewer, producer, owner."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from generations.models import Role, User
from generations.web import access
from tests.cases import case
from tests.factories import make_member, make_user

from .conftest import leave_pages_blank
from .stage import FORMS, OF_TEAM, PATTERNS, READ, House

pytestmark = pytest.mark.django_db

MAY = {
    access.MEMBER: set(Role),
    access.PRODUCER: {Role.PRODUCER, Role.OWNER},
    access.OWNER: {Role.OWNER},
}

# Templates ask who may order and who may manage: of these two one may all of it, one nothing.
WHOLE_PAGES = {Role.OWNER, Role.VIEWER}

type Answering = Callable[[str], HttpResponseBase]


@pytest.fixture
def house() -> House:
    return House()


def method(client: Client, name: str) -> Answering:
    """The one that an address is made for."""
    return client.get if name in READ | FORMS else client.post


def statuses(client: Client, addresses: dict[str, str]) -> dict[str, int]:
    """What each address answers, as if no other had been asked before it."""
    return {name: _undone(method(client, name), address) for name, address in addresses.items()}


def _undone(act: Answering, address: str) -> int:
    with transaction.atomic():
        status = act(address).status_code
        transaction.set_rollback(True)
    return status


def test_every_address_stands_in_the_table_and_no_other() -> None:
    assert set(PATTERNS) == set(access.ACCESS)


def test_every_address_of_a_team_says_which_role_may_enter() -> None:
    assert {access.ACCESS[name] for name in OF_TEAM} <= set(MAY)
    assert len(OF_TEAM) >= 20


@pytest.mark.usefixtures("blank_pages")
def test_a_stranger_finds_nothing_and_a_team_that_does_not_exist_looks_the_same(
    house: House, client: Client
) -> None:
    client.force_login(make_member(role=Role.OWNER).user)
    assert set(statuses(client, house.addresses()).values()) == {404}
    assert set(statuses(client, house.addresses(team="nobody")).values()) == {404}


@pytest.mark.usefixtures("blank_pages")
def test_the_number_of_another_team_finds_nothing_in_ones_own(house: House, client: Client) -> None:
    mine = make_member(role=Role.OWNER)
    client.force_login(mine.user)
    numbered = [name for name in OF_TEAM if "pk" in PATTERNS[name].pattern.converters]
    assert len(numbered) >= 20
    found = statuses(client, house.addresses(numbered, team=mine.team.slug))
    assert {name for name, status in found.items() if status != 404} == set()


def test_somebody_signed_out_is_led_to_the_login_and_back(house: House, client: Client) -> None:
    login = reverse("account_login") + "?next=/t/"
    answers = {name: method(client, name)(address) for name, address in house.addresses().items()}
    assert {answer.status_code for answer in answers.values()} == {302}
    assert all(answer["Location"].startswith(login) for answer in answers.values())


def test_a_role_enters_what_it_may_and_is_told_what_it_may_not(
    house: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in sorted(Role, key=lambda role: role not in WHOLE_PAGES):
        if role not in WHOLE_PAGES:
            leave_pages_blank(monkeypatch)
        with case(role):
            client.force_login(make_member(team=house.team, role=role).user)
            found = statuses(client, house.addresses())
            refused = {name for name, status in found.items() if status == 403}
            assert refused == {name for name in OF_TEAM if role not in MAY[access.ACCESS[name]]}
            assert set(found.values()) <= {200, 204, 302, 403, 422}


@pytest.mark.usefixtures("blank_pages")
def test_the_wrong_method_is_refused(house: House, client: Client) -> None:
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)

    def wrong(name: str) -> Answering:
        return client.put if name in FORMS else client.post if name in READ else client.get

    addresses = house.addresses()
    found = {name: _undone(wrong(name), address) for name, address in addresses.items()}
    assert {name for name, status in found.items() if status != 405} == set()


@pytest.mark.usefixtures("blank_pages")
def test_a_form_from_another_site_changes_nothing(house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)
    addresses = house.addresses(name for name in OF_TEAM if name not in READ)
    found = {name: _undone(client.post, address) for name, address in addresses.items()}
    assert set(found.values()) == {403}


def test_an_old_address_leads_on_for_good_with_its_query(house: House, client: Client) -> None:
    for name, address in house.old_addresses().items():
        for ask in (client.get, client.head):
            with case((name, ask.__name__)):
                answer = ask(f"{address}?before=2026-11-20~7&rows")
                assert answer.status_code == 301
                assert answer["Location"] == f"{house.address(name)}?before=2026-11-20~7&rows"


@pytest.mark.usefixtures("blank_pages")
def test_an_old_address_answers_a_form_as_the_new_one_does(house: House) -> None:
    people = {who: Client() for who in ("nobody", "stranger", *map(str, Role))}
    people["stranger"].force_login(make_member(role=Role.OWNER).user)
    for role in Role:
        people[str(role)].force_login(make_member(team=house.team, role=role).user)
    for name, address in house.old_addresses().items():
        for who, client in people.items():
            with case((name, who)):
                old, new = (_undone(client.post, one) for one in (address, house.address(name)))
                assert old == new
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_member(team=house.team, role=Role.OWNER).user)
    posted = {_undone(strict.post, address) for address in house.old_addresses().values()}
    assert posted == {403}


def test_a_file_is_for_the_members_of_its_team(house: House, client: Client) -> None:
    address = reverse("file", args=[house.file.pk, "clip.mp4"])
    assert client.get(address)["Location"].startswith(reverse("account_login"))
    client.force_login(make_member(role=Role.OWNER).user)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["home", "team_new"])
def test_ones_own_pages_ask_one_to_sign_in(name: str, client: Client) -> None:
    assert client.get(reverse(name))["Location"].startswith(reverse("account_login"))
    client.force_login(make_user())
    assert client.get(reverse(name)).status_code in {200, 302}


def test_an_invitation_opens_by_its_token_alone(house: House, client: Client) -> None:
    assert client.get(reverse("invitation", args=[house.token])).status_code == 200
    assert client.get(reverse("invitation", args=["guessed"])).status_code in {404, 410}


def test_the_admin_site_is_for_staff(client: Client) -> None:
    client.force_login(make_member(role=Role.OWNER).user)
    assert client.get(reverse("admin:index")).status_code in {302, 403, 404}
    User.objects.filter(memberships__role=Role.OWNER).update(is_staff=True)
    assert client.get(reverse("admin:index")).status_code == 200
