"""A staffed admin site over one team's, or several teams', worth of rows."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from generations import audit
from generations.billing import ledger, statements
from generations.models import (
    Attempt,
    Callback,
    Cap,
    Composition,
    Credential,
    File,
    Film,
    Ingredient,
    Installation,
    Lease,
    Membership,
    Pulse,
    Strip,
    Take,
    Task,
    TaskPicture,
    User,
)
from generations.models.collections import Decision
from generations.models.files import FilePart
from generations.sharing import collections, links, review
from generations.teams import members
from tests.factories import a_word, make_credential, make_member, make_tasks, make_upload, make_user

LINK = "https://results.invalid/clip.mp4?signature=signed-by-the-provider"


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.com", "rushes-rushes")


@pytest.fixture
def site(client: Client, operator: User) -> Client:
    """A browser without script, signed in as the operator."""
    client.force_login(operator)
    return client


@pytest.fixture
def fill(operator: User) -> Callable[[int], list[Membership]]:
    """Make so many teams, each with one row of every family."""
    return lambda count: [_team(operator) for _ in range(count)]


def _team(operator: User) -> Membership:
    member = make_member(user=make_user(name="Mei Tan"))
    credential = make_credential(team=member.team, key="key-that-nobody-may-see")
    _clip(member, credential)
    _share(member)
    members.invite(member.team, operator, "viewer")
    audit.record(member.team, member.user, "credential.paused", credential)
    Cap.objects.create(team=member.team, unit="credit", amount=100)
    _statement(member, credential)
    name = a_word()
    Pulse.beat(name)
    Lease.take(name, "holder", 60)
    Installation.here()
    return member


def _share(member: Membership) -> None:
    """A collection with a link, and what a client said and decided."""
    collection = collections.make(member.team, member.user, "Night ferry")
    collections.add(collection, member.team.files.values_list("pk", flat=True), member.user)
    terms = links.Terms(name="Aurel", password="a password that nobody may see")
    link, _token = links.make(collection, member.user, terms)
    visit, item = links.visit(link), collection.items.first()
    assert item
    review.remark(link, visit, item, "Slower?", 1200)
    review.decide(link, visit, item, Decision.APPROVED, item.file.sha256)


def _clip(member: Membership, credential: Credential) -> None:
    (task,) = make_tasks(membership=member, credential=credential)
    attempt = task.attempts.get()
    echoed = f'{{"task_id": "1", "payload": "{attempt.reference}", "url": "/{attempt.token}"}}'
    Attempt.objects.filter(pk=attempt.pk).update(
        state="accepted", reply=echoed, report=echoed, sent_at=timezone.now(), number=attempt.pk
    )
    ledger.settle(attempt, attempt.estimate + 5)
    File.objects.create(task=task, team=member.team, part=FilePart.VIDEO, url=LINK)
    upload = make_upload(team=member.team, by=member.user)
    TaskPicture.objects.create(task=task, upload=upload, ordinal=0)
    Callback.objects.create(
        attempt=attempt, verdict="signed", word="success", body=echoed, headers={"x": echoed}
    )
    _film(task)


def _statement(member: Membership, credential: Credential) -> None:
    """It claims more than was booked, and something that nobody here knows."""
    number = Attempt.objects.filter(task__team=member.team).values_list("number", flat=True)[0]
    content = f"task_id,credits\n{number},50\n99{number},35\n".encode()
    statements.take_in(statements.draft(credential, "may.csv", content, member.user), member.user)


def _film(task: Task) -> None:
    film = Film.objects.create(team=task.team, task=task, report="{}")
    strip = Strip.objects.create(film=film, kind="shot")
    made = {"film": film, "ordinal": 0, "number": "7", "file": task.files.get()}
    take = Take.objects.create(strip=strip, prompt="A harbour", **made)
    cut = Composition.objects.create(**made)
    Ingredient.objects.create(composition=cut, kind="shot", number="7", take=take)
