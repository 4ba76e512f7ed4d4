"""Every page there is, in the states that it can show, and what is asked of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from django.urls import reverse
from playwright.sync_api import Page, ViewportSize

from generations import clock
from generations.billing import caps, ledger, prices, statements
from generations.lifecycle import imports, stops
from generations.models import Attempt, BalanceFall, Claim, File, Heartbeat, Role, Task
from generations.models.caps import WhenUnknown
from generations.models.files import FileState
from generations.models.ledger import booking_day
from generations.models.tasks import TaskState
from generations.providers.contract import Reason
from generations.teams import members
from tests.factories import make_credential
from tests.films.stage import make_film

from .studio import Studio, inline_code

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}

RUN = """async rules => {
  const found = await axe.run(document, {runOnly: rules});
  return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`));
}"""
# No colour is judged half way in a fade.
TURN = """theme => {
  document.documentElement.dataset.theme = theme;
  getComputedStyle(document.body).color;
  for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
}"""
# Words of Latin letters that a person sees or hears, save for what people typed themselves.
LATIN = r"""allowed => {
  const own = "[dir=auto], [lang=en], code, kbd, script, style, noscript, video, .avatar, .sign";
  const said = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.nodeType === 3 ? node.parentElement : node;
    if (!element || element.closest?.(own)) continue;
    if (node.nodeType === 3) said.push(node.data);
    else if (node.nodeType === 1)
      for (const name of ["aria-label", "title", "placeholder", "alt", "data-copied"])
        if (node.hasAttribute(name)) said.push(node.getAttribute(name));
  }
  const known = new Set(allowed);
  const words = text => text.replace(/vidu[\w.-]+/g, "").match(/[A-Za-z][A-Za-z’']+/g) ?? [];
  const foreign = text => words(text).filter(word => !known.has(word));
  return said.filter(text => foreign(text).length).map(text => text.trim());
}"""


def entrance() -> Iterator[str]:
    """What is seen before one is inside."""
    yield reverse("account_login")
    yield reverse("account_signup")
    yield reverse("account_reset_password")
    yield "/nowhere/"


def team(studio: Studio) -> Iterator[str]:
    """The pages of a team with something of everything in it."""
    tasks, film = studio.every_state(), studio.film()
    coming = make_film(membership=studio.owner)
    _, token = members.invite(studio.team, studio.owner.user, Role.VIEWER)
    yield studio.address("gallery")
    yield studio.address("gallery") + "?q=nothing+like+it"
    yield studio.address("generate")
    yield studio.address("films")
    yield studio.address("film_new")
    yield studio.address("film", film.pk) + "?at=2"
    yield studio.address("film", film.pk) + "?at=narration"
    yield studio.address("film", coming.pk)
    yield studio.address("film_compare", film.pk) + "?one=1&other=2"
    yield studio.address("uploads")
    yield studio.address("credentials")
    yield studio.address("credential_new")
    yield studio.address("credential", studio.credential.pk)
    yield studio.address("members")
    yield from told_in_time(studio)
    yield from money(studio)
    yield from binned(studio)
    yield reverse("invitation", args=[token])
    yield reverse("team_new")
    yield studio.address("task", 999_999)
    for task in tasks.values():
        yield studio.address("task", task.pk)


def told_in_time(studio: Studio) -> Iterator[str]:
    """A number that nobody knows, files at risk, and an order that stays unclear."""
    imports.import_tasks(studio.owner, studio.credential, ["911026047460327424"])
    unknown = Task.objects.filter(imported_at__isnull=False)
    unknown.update(
        state=TaskState.FAILED, reason=Reason.IMPORT_NOT_FOUND, message="911026047460327424"
    )
    File.objects.unfetched().update(warned_at=clock.now())
    unclear = Task.objects.filter(state=TaskState.UNCLEAR)
    unclear.update(unclear_at=clock.now() - timedelta(minutes=20), alarmed_at=clock.now())
    yield studio.address("import")
    yield studio.address("at_risk")
    yield studio.address("gallery") + "?state=unclear"
    yield studio.address("task", unknown.get().pk)


def money(studio: Studio) -> Iterator[str]:
    """What nobody knows the cost of: asked before the press, beside the sums, and gone unbooked."""
    key = make_credential(team=studio.team, kind="vivienne", name="Studio key 2")
    prices.set_price(
        studio.credential,
        studio.owner.user,
        kind="text_to_video",
        model="viduq2",
        amount=Decimal("7.5"),
        checked_on=booking_day(),
    )
    yield studio.address("generate") + f"?credential={key.pk}"
    caps.change(studio.team, None, "point", 500, studio.owner.user, when_unknown=WhenUnknown.REFUSE)
    yield studio.address("generate") + f"?credential={key.pk}"
    task = studio.order(TaskState.SUCCEEDED, accepted_at=clock.now(), finished_at=clock.now())
    ledger.settle(Attempt.objects.select_related("task", "credential").get(task=task), None)
    for hours in (0, 30):
        until = clock.now() - timedelta(hours=hours) + timedelta(minutes=5)
        BalanceFall.objects.create(
            team=studio.team,
            credential=studio.credential,
            unit="credit",
            amount=79,
            since=until - timedelta(minutes=15),
            until=until,
        )
    yield studio.address("prices", studio.credential.pk) + "?kind=text_to_video&model=viduq2"
    yield studio.address("prices", key.pk)
    yield studio.address("caps")
    yield studio.address("usage")
    yield studio.address("usage_rows") + "?what=unknown"
    yield studio.address("falls")
    yield studio.address("task", task.pk)


def binned(studio: Studio) -> Iterator[str]:
    """The bin with something in it, a clip that was emptied from it, and all that can be amiss."""
    task, gone = studio.keep(), studio.keep()
    studio.change(task, trashed_at=clock.now(), trashed_by=studio.owner.user)
    studio.change(gone, trashed_at=clock.now(), purged_at=clock.now())
    File.objects.filter(task=gone).update(state=FileState.DELETED, name="")
    yield studio.address("trash")
    yield studio.address("task", task.pk)
    yield studio.address("task", gone.pk)
    Heartbeat.objects.create(name="cluster", at=clock.now() - timedelta(minutes=3))
    stops.stop_team(studio.team, studio.owner.user)
    yield studio.address("gallery")
    yield studio.address("members")
    stops.allow_team(studio.team, studio.owner.user)
    Heartbeat.record("cluster")


def account() -> Iterator[str]:
    """One's own account, and the admin site."""
    yield reverse("mfa_index")
    yield reverse("mfa_activate_totp")
    yield reverse("account_change_password")
    yield reverse("account_reauthenticate")
    yield reverse("admin:index")


def books(studio: Studio) -> Iterator[str]:
    """What an auditor opens in the admin site, with a statement that claims other than booked."""
    task = studio.order(TaskState.FAILED, accepted_at=clock.now(), finished_at=clock.now())
    attempt = Attempt.objects.select_related("task", "credential").get(task=task)
    ledger.settle(attempt, 20, failed=True)
    content = f"task_id,credits\n{attempt.remote_id},35\n77,20\n"
    taken, looked = (
        statements.draft(studio.credential, name, (content + more).encode(), studio.owner.user)
        for name, more in (("october.csv", ""), ("november.csv", "78,free\n"))
    )
    statements.import_lines(taken, studio.owner.user)
    for model in ("entry", "claim", "statement", "cap", "task", "auditevent"):
        yield reverse(f"admin:generations_{model}_changelist")
    yield reverse("admin:generations_task_change", args=[task.pk])
    yield reverse("admin:generations_claim_change", args=[Claim.objects.earliest("pk").pk])
    yield reverse("admin:generations_statement_add")
    yield reverse("admin:generations_statement_change", args=[taken.pk])
    yield reverse("admin:generations_statement_change", args=[looked.pk])
    yield studio.address("usage")
    yield studio.address("usage_rows")


@dataclass
class Inspector:
    """Looks a page over and writes down all that is wrong, with the address before it."""

    page: Page
    wrong: list[str]

    def look_over(self, address: str) -> None:
        """Both themes and both widths: wide in the dark, narrow in the light, then the colours."""
        self.page.set_viewport_size(WIDE)
        response = self.page.goto(address)
        assert response
        self._note(address, inline_code(response.text()))
        self.page.evaluate(AXE)
        self._judge(address, "dark", RULES)
        self._judge(address, "light", ["color-contrast"])
        self.page.set_viewport_size(NARROW)
        self._judge(address, "light", RULES)
        self._judge(address, "dark", ["color-contrast"])
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self._note(address, [f"{width} px wide"] if width > NARROW["width"] else [])

    def _judge(self, address: str, theme: str, rules: list[str]) -> None:
        self.page.evaluate(TURN, theme)
        kind = "rule" if rules == ["color-contrast"] else "tag"
        found = self.page.evaluate(RUN, {"type": kind, "values": rules})
        self._note(f"{address} {theme}", found)

    def _note(self, where: str, wrong: list[str]) -> None:
        self.wrong += [f"{where} {each}" for each in wrong]
