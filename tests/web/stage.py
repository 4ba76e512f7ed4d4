"""A team that has one of everything that an address can name, and the names of all addresses."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.urls import URLPattern, reverse

from generations.billing import prices
from generations.models import BalanceFall, File, Role, Team, User
from generations.sharing import collections, links, review
from generations.teams import members
from generations.web import urls
from tests.factories import make_credential, make_member, make_tasks, make_team, make_upload
from tests.films.stage import make_read_film

PATTERNS: dict[str, URLPattern] = {str(one.name): one for one in urls.urlpatterns}
OF_TEAM = sorted(name for name, one in PATTERNS.items() if "team" in one.pattern.converters)
READ = {"gallery", "changes", "task", "credentials", "members", "upload", "trash"}
READ |= {"at_risk", "usage", "usage_rows", "usage_csv", "falls"}
READ |= {"films", "film", "film_changes", "film_compare"}
READ |= {"collections", "collection", "review", "shares"}
FORMS = {"caps", "generate", "credential_new", "credential", "uploads", "film_new"}
FORMS |= {"import", "share_new", "item_replace", "download", "prices"}
QUERIES = {"changes": "?since=0~", "film_compare": "?one=1&other=1"}


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
            task=self.task, team=self.team, role="video", state="stored", name="a.mp4"
        )
        self._account(owner.user)
        self._share(owner.user)

    def _account(self, owner: User) -> None:
        self.price = prices.set_price(
            self.credential, owner, kind="text_to_video", model="viduq2", amount=Decimal(7)
        )
        self.fall = BalanceFall.objects.create(
            team=self.team,
            credential=self.credential,
            unit="credit",
            amount=79,
            since=self.task.created_at,
            until=self.task.created_at,
        )

    def _share(self, owner: User) -> None:
        self.collection = collections.make(self.team, owner, "Night ferry")
        collections.add(self.collection, [self.file.pk], owner)
        self.item = self.collection.items.get()
        self.share, self.share_token = links.make(self.collection, owner, links.Terms())
        visit = links.start_visit(self.share)
        self.remark = review.add_remark(self.share, visit, self.item, "Slower?")

    def number(self, name: str) -> int:
        """What ``<int:pk>`` stands for in an address."""
        first = name.partition("_")[0]
        rows = {"task": self.task, "credential": self.credential, "member": self.other}
        rows |= {"upload": self.upload, "film": self.film, "at": self.file}
        rows |= {"invitation": self.invitation, "share": self.share}
        rows |= {"prices": self.credential, "price": self.credential, "fall": self.fall}
        if name == "share_new" or first not in rows:
            return self.collection.pk
        return int(rows[first].pk)

    def address(self, name: str) -> str:
        values: dict[str, object] = {"team": self.team.slug}
        if "pk" in PATTERNS[name].pattern.converters:
            values["pk"] = self.number(name)
        if "name" in PATTERNS[name].pattern.converters:
            values["name"] = "picture.jpg"
        for part, row in (
            ("item", self.item),
            ("remark", self.remark),
            ("price", self.price),
        ):
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

    def old_addresses(self) -> dict[str, str]:
        """The address of earlier versions, by the name of the page that it leads to."""
        return {
            name: f"/t/{self.team.slug}/"
            + route.replace("<int:pk>", str(self.number(name))).replace(
                "<int:item>", str(self.item.pk)
            )
            for route, name in urls.OLD_ADDRESSES
        }
