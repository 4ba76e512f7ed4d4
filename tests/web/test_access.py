"""Every address against every kind of person: signed out, stranger, viewer, producer, owner."""

from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from generations import people
from generations.models import File, Role, Task, Team, User
from generations.sharing import collections, links, review
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
READ |= {"usage", "usage_rows", "usage_csv"}
READ |= {"films", "film", "film_changes", "film_compare"}
FORMS = {"caps", "generate", "credential_new", "credential", "uploads", "film_new"}
QUERIES = {"changes": "?since=0~", "film_compare": "?one=1&other=1"}
READ |= {"collections", "collection", "review", "shares"}
FORMS |= {"share_new", "place_replace", "download"}
MAY = {
    access.MEMBER: set(Role),
    access.PRODUCER: {Role.PRODUCER, Role.OWNER},
    access.OWNER: {Role.OWNER},
}


@dataclass
class House:
    """A team that has one of everything that an address can name."""

    team: Team = field(default_factory=make_team)

    def __post_init__(self) -> None:
        owner = make_member(team=self.team, role=Role.OWNER)
        self.credential = make_credential(team=self.team)
        (self.task,) = make_tasks(membership=owner, credential=self.credential)
        self.invitation, self.token = people.invite(self.team, owner.user, Role.VIEWER)
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
        rows |= {"upload": self.upload, "film": self.film}
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


@pytest.fixture
def house() -> House:
    return House()


def ask(client: Client, name: str, address: str) -> int:
    """The status of the answer to the method that an address is made for."""
    method = client.get if name in READ | FORMS else client.post
    return method(address).status_code


def test_every_address_stands_in_the_table_and_no_other() -> None:
    assert set(PATTERNS) == set(access.ACCESS)


def test_every_address_of_a_team_says_which_role_may_enter() -> None:
    assert {access.ACCESS[name] for name in OF_TEAM} <= set(MAY)
    assert len(OF_TEAM) >= 20


@pytest.mark.parametrize("name", OF_TEAM)
def test_a_stranger_finds_nothing(name: str, house: House, client: Client) -> None:
    client.force_login(make_member(role=Role.OWNER).user)
    assert ask(client, name, house.address(name)) == 404


@pytest.mark.parametrize("name", OF_TEAM)
def test_a_team_that_does_not_exist_looks_the_same(name: str, house: House, client: Client) -> None:
    client.force_login(make_member(role=Role.OWNER).user)
    address = house.address(name).replace(house.team.slug, "nobody")
    assert ask(client, name, address) == 404


@pytest.mark.parametrize("name", [name for name in OF_TEAM if "pk" in str(PATTERNS[name].pattern)])
def test_the_number_of_another_team_finds_nothing_in_ones_own(
    name: str, house: House, client: Client
) -> None:
    mine = make_member(role=Role.OWNER)
    client.force_login(mine.user)
    assert ask(client, name, house.address(name).replace(house.team.slug, mine.team.slug)) == 404
    assert Task.objects.get(pk=house.task.pk).state == house.task.state


@pytest.mark.parametrize("name", OF_TEAM)
def test_somebody_signed_out_is_led_to_the_login_and_back(
    name: str, house: House, client: Client
) -> None:
    address = house.address(name)
    method = client.get if name in READ | FORMS else client.post
    response = method(address)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login") + "?next=/t/")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", OF_TEAM)
def test_a_role_enters_what_it_may_and_is_told_what_it_may_not(
    name: str, role: Role, house: House, client: Client
) -> None:
    client.force_login(make_member(team=house.team, role=role).user)
    status = ask(client, name, house.address(name))
    assert (status == 403) is (role not in MAY[access.ACCESS[name]])
    assert status in {200, 204, 302, 403, 422}


@pytest.mark.parametrize("name", OF_TEAM)
def test_the_wrong_method_is_refused(name: str, house: House, client: Client) -> None:
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)
    wrong = client.put if name in FORMS else client.post if name in READ else client.get
    assert wrong(house.address(name)).status_code == 405


@pytest.mark.parametrize("name", [name for name in OF_TEAM if name not in READ])
def test_a_form_from_another_site_changes_nothing(name: str, house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)
    assert client.post(house.address(name)).status_code == 403


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
