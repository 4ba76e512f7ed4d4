"""A team's wall of many finished clips, written in bulk."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Model

from generations.models import Attempt, File, Membership, Task
from generations.models.tasks import AttemptState
from tests.factories import make_credential, make_member

START = datetime(2026, 1, 1, tzinfo=UTC)
DISTINCT = 1_000


def make_wall(count: int) -> Membership:
    """A member of a team with ``count`` clips, each with its attempt and its stored video.

    The first thousand are made one by one, the others are their copies by SQL.
    """
    member = make_member()
    credential = make_credential(team=member.team)
    tasks = Task.objects.bulk_create(_task(member, credential.pk, n) for n in range(DISTINCT))
    Attempt.objects.bulk_create(_attempt(task) for task in tasks)
    File.objects.bulk_create(_video(task) for task in tasks)
    for copy in range(1, count // DISTINCT):
        _copy(Task, copy, form_token="form_token || %(mark)s", version="version + %(step)s")
        _copy(Attempt, copy, task_id="task_id + %(step)s", token="token || %(mark)s")
        _copy(File, copy, task_id="task_id + %(step)s")
    member.team.sequence = count
    member.team.save()
    return member


def _copy(model: type[Model], copy: int, **changed: str) -> None:
    """Insert the first thousand rows again, with what must differ in each copy."""
    columns = [str(field.column) for field in model._meta.concrete_fields]
    first = model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
    changed = {"id": "id + %(step)s", **changed}
    values = ", ".join(changed.get(column, connection.ops.quote_name(column)) for column in columns)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    facts = {"step": copy * DISTINCT, "mark": f"-{copy}", "first": first}
    facts["last"] = first + DISTINCT - 1
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}"
            " WHERE id BETWEEN %(first)s AND %(last)s",
            facts,
        )


def _task(member: Membership, credential: int, number: int) -> Task:
    return Task(
        team=member.team,
        created_by=member.user,
        credential_id=credential,
        kind="text_to_video",
        model="viduq2",
        prompt=f"A lighthouse at dusk, take {number}, slow crane shot over the breakers",
        settings={"duration": 5, "resolution": "720p", "aspect_ratio": "16:9"},
        form_token=str(number),
        state="succeeded",
        version=number,
        created_at=START + timedelta(minutes=number),
        accepted_at=START + timedelta(minutes=number, seconds=2),
        finished_at=START + timedelta(minutes=number, seconds=62),
    )


def _attempt(task: Task) -> Attempt:
    return Attempt(
        task=task,
        credential_id=task.credential_id,
        ordinal=1,
        state=AttemptState.ACCEPTED,
        estimate=35,
        cost=35,
    )


def _video(task: Task) -> File:
    return File(
        task=task,
        team_id=task.team_id,
        role="video",
        state="stored",
        size=6_000_000,
        duration_ms=5000,
        width=1280,
        height=720,
        name=f"{task.pk}.mp4",
        poster=f"{task.pk}.webp",
        stored_at=task.finished_at,
    )
