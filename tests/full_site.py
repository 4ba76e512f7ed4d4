"""A site with a row in every table, for tests of all pages, all rows and all upgrades."""

from datetime import timedelta
from decimal import Decimal

from django.apps import apps
from django.utils import timezone

from generations import clock
from generations.billing import ledger, prices, statements
from generations.models import (
    Attempt,
    BalanceFall,
    Callback,
    Cap,
    Credential,
    Cut,
    CutPiece,
    File,
    Film,
    Heartbeat,
    Installation,
    Lease,
    Membership,
    OfferChange,
    Segment,
    Take,
    Task,
    TaskPicture,
    User,
    audit,
    events,
)
from generations.models.collections import Decision
from generations.models.events import EventKind
from generations.models.files import FileRole
from generations.sharing import collections, links, review
from generations.teams import members
from tests.factories import a_word, make_credential, make_member, make_tasks, make_upload, make_user

LINK = "https://results.invalid/clip.mp4?signature=signed-by-the-provider"


def empty_tables() -> list[str]:
    """The tables of the project that have no row."""
    models = apps.get_app_config("generations").get_models()
    return [model._meta.db_table for model in models if not model._default_manager.exists()]


def fill_team(operator: User) -> Membership:
    """Add a team with a row in every table."""
    member = make_member(user=make_user(name="Mei Tan"))
    credential = make_credential(team=member.team, key="key-that-nobody-may-see")
    _clip(member, credential)
    _share(member)
    members.invite(member.team, operator, "viewer")
    audit.record(member.team, member.user, "credential.paused", credential)
    Cap.objects.create(team=member.team, unit="credit", amount=100)
    _statement(member, credential)
    BalanceFall.objects.create(
        team=member.team,
        credential=credential,
        unit="credit",
        amount=30,
        since=clock.now() - timedelta(hours=1),
        until=clock.now(),
    )
    kind, model = "text_to_video", "viduq3-pro"
    prices.set_price(credential, member.user, kind=kind, model=model, amount=Decimal("7.5"))
    OfferChange.objects.create(
        provider="vidu", kind=kind, model=a_word(), like=model, changed_by=operator
    )
    name = a_word()
    Heartbeat.record(name)
    Lease.acquire(name, "holder", 60)
    Installation.here()
    events.record(member.team, EventKind.CREDENTIAL_PAUSED, credential.pk)
    return member


def _share(member: Membership) -> None:
    """A collection with a link, and what a client said and decided."""
    collection = collections.make(member.team, member.user, "Night ferry")
    collections.add(collection, member.team.files.values_list("pk", flat=True), member.user)
    terms = links.Terms(name="Aurel", password="a password that nobody may see")
    link, _token = links.make(collection, member.user, terms)
    visit, item = links.start_visit(link), collection.items.first()
    assert item
    review.add_remark(link, visit, item, "Slower?", 1200)
    review.mark_read(collection, member.user)
    review.decide(link, visit, item, Decision.APPROVED, item.file.sha256)


def _clip(member: Membership, credential: Credential) -> None:
    (task,) = make_tasks(membership=member, credential=credential)
    attempt = task.attempts.get()
    echoed = f'{{"task_id": "1", "payload": "{attempt.reference}", "url": "/{attempt.token}"}}'
    Attempt.objects.filter(pk=attempt.pk).update(
        state="accepted",
        reply=echoed,
        first_report=echoed,
        report=echoed,
        sent_at=timezone.now(),
        remote_id=attempt.pk,
    )
    ledger.settle(attempt, 40)
    File.objects.create(task=task, team=member.team, role=FileRole.VIDEO, url=LINK)
    upload = make_upload(team=member.team, by=member.user)
    TaskPicture.objects.create(task=task, upload=upload, ordinal=0)
    Callback.objects.create(
        attempt=attempt, verdict="signed", state_word="success", body=echoed, headers={"x": echoed}
    )
    _film(task)


def _statement(member: Membership, credential: Credential) -> None:
    """It claims more than was booked, and something that nobody here knows."""
    remote_id = Attempt.objects.filter(task__team=member.team).values_list("remote_id", flat=True)[
        0
    ]
    content = f"task_id,credits\n{remote_id},50\n99{remote_id},35\n".encode()
    statements.import_lines(
        statements.draft(credential, "may.csv", content, member.user), member.user
    )


def _film(task: Task) -> None:
    film = Film.objects.create(team=task.team, task=task, report="{}")
    segment = Segment.objects.create(film=film, kind="shot")
    made = {"film": film, "ordinal": 0, "remote_id": "7", "file": task.files.get()}
    take = Take.objects.create(segment=segment, prompt="A harbour", **made)
    cut = Cut.objects.create(**made)
    CutPiece.objects.create(cut=cut, kind="shot", remote_id="7", take=take)
