"""Every address against every kind of person: signed out, stranger, viewer, producer, owner."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, reverse

from generations.models import File, Role, Team, User
from generations.sharing import collections, links, review
from generations.teams import members
from generations.web import access, urls
from tests.factories import (
    make_credential,
    make_member,
    make_tasks,
    make_team,
    make_upload,
    make_user,
)
from tests.films.stage import make_read_film

pytestmark = pytest.mark.django_db

PATTERNS: dict[str, URLPattern] = {str(one.name): one for one in urls.urlpatterns}
OF_TEAM = sorted(name for name, one in PATTERNS.items() if "team" in one.pattern.converters)
READ = {"gallery", "changes", "task", "credentials", "members", "upload", "bin"}
READ |= {"risk", "usage", "usage_rows", "usage_csv"}
READ |= {"films", "film", "film_changes", "film_compare"}
FORMS = {"caps", "generate", "credential_new", "credential", "uploads", "film_new"}
QUERIES = {"changes": "?since=0~", "film_compare": "?one=1&other=1"}
READ |= {"collections", "collection", "review", "shares"}
FORMS |= {"adopt"}
FORMS |= {"share_new", "place_replace", "download"}
MAY = {
    access.MEMBER: set(Role),
    access.PRODUCER: {Role.PRODUCER, Role.OWNER},
    access.OWNER: {Role.OWNER},
}

type Answering = Callable[[str], HttpResponseBase]


@dataclass
class House:
    """A team that has one of everything that an address can name."""

    team: Team = field(default_factory=make_team)

    def __post_init__(self) -> None:
        owner = make_member(team=self.team, role=Role.OWNER)
        self.credential = make_credential(team=self.team)
        (self.task,) = make_tasks(membership=owner, credential=self.credential)
        self.invitation, self.token = members.invite(self.team, owner.user, Role.VIEWER)
        self.other = make_member(team=self.team, role=Role.VIEWER)
        self.upload = make_upload(team=self.team)
        self.film = make_read_film(membership=owner)
        self.file = File.objects.create(
            task=self.task, team=self.team, part="video", state="stored", name="a.mp4"
        )
        self._share(owner.user)

    def _share(self, owner: User) -> None:
        self.collection = collections.make(self.team, owner, "Night ferry")
        collections.add(self.collection, [self.file.pk], owner)
        self.item = self.collection.items.get()
        self.share, self.share_token = links.make(self.collection, owner, links.Terms())
        visit = links.visit(self.share)
        self.remark = review.remark(self.share, visit, self.item, "Slower?")

    def number(self, name: str) -> int:
        """What ``<int:pk>`` stands for in an address."""
        first = name.partition("_")[0]
        rows = {"task": self.task, "credential": self.credential, "member": self.other}
        rows |= {"upload": self.upload, "film": self.film, "risk": self.file}
        rows |= {"invitation": self.invitation, "share": self.share}
        if name == "share_new" or first not in rows:
            return self.collection.pk
        return int(rows[first].pk)

    def address(self, name: str) -> str:
        values: dict[str, object] = {"team": self.team.slug}
        if "pk" in PATTERNS[name].pattern.converters:
            values["pk"] = self.number(name)
        if "name" in PATTERNS[name].pattern.converters:
            values["name"] = "picture.jpg"
        for part, row in (("item", self.item), ("remark", self.remark)):
            if part in PATTERNS[name].pattern.converters:
                values[part] = row.pk
        return reverse(name, kwargs=values) + QUERIES.get(name, "")

    def addresses(self, names: Iterable[str] = OF_TEAM, team: str = "") -> dict[str, str]:
        """Of these names, in a team whose name may be another's."""
        mine = f"/t/{self.team.slug}/"
        return {
            name: self.address(name).replace(mine, f"/t/{team or self.team.slug}/")
            for name in names
        }


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


def test_a_stranger_finds_nothing(house: House, client: Client) -> None:
    client.force_login(make_member(role=Role.OWNER).user)
    assert set(statuses(client, house.addresses()).values()) == {404}


def test_a_team_that_does_not_exist_looks_the_same(house: House, client: Client) -> None:
    client.force_login(make_member(role=Role.OWNER).user)
    assert set(statuses(client, house.addresses(team="nobody")).values()) == {404}


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


@pytest.mark.parametrize("role", list(Role))
def test_a_role_enters_what_it_may_and_is_told_what_it_may_not(
    role: Role, house: House, client: Client
) -> None:
    client.force_login(make_member(team=house.team, role=role).user)
    found = statuses(client, house.addresses())
    refused = {name for name, status in found.items() if status == 403}
    assert refused == {name for name in OF_TEAM if role not in MAY[access.ACCESS[name]]}
    assert set(found.values()) <= {200, 204, 302, 403, 422}


def test_the_wrong_method_is_refused(house: House, client: Client) -> None:
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)

    def wrong(name: str) -> Answering:
        return client.put if name in FORMS else client.post if name in READ else client.get

    addresses = house.addresses()
    found = {name: _undone(wrong(name), address) for name, address in addresses.items()}
    assert {name for name, status in found.items() if status != 405} == set()


def test_a_form_from_another_site_changes_nothing(house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)
    addresses = house.addresses(name for name in OF_TEAM if name not in READ)
    found = {name: _undone(client.post, address) for name, address in addresses.items()}
    assert set(found.values()) == {403}


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
