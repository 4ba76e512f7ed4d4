"""The page on which ids of clips are pasted that another tool ordered."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from generations.billing import ledger
from generations.models import Attempt, Credential, Film, Membership, Role, Task
from generations.models.tasks import TaskState
from generations.providers.contract import Reason
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db


def post(site: Client, credential: Credential, numbers: str, **more: str) -> tuple[int, str]:
    sent = {"credential": str(credential.pk), "numbers": numbers} | more
    answer = site.post(reverse("import", args=[credential.team.slug]), sent)
    return answer.status_code, answer.text


def test_pasted_ids_are_imported_and_what_is_not_is_said_beside_it(
    site: Client, credential: Credential, member: Membership
) -> None:
    (ours,) = make_tasks(membership=member, credential=credential)
    Attempt.objects.filter(task=ours).update(remote_id="911")
    long = "9" * 256
    status, page = post(site, credential, f"911, 912\n'vidu2.0:1762-<b>' {long}")
    assert status == 200
    assert "2 tasks are being imported." in page
    assert (
        f'<code>911</code> <a href="/t/{member.team.slug}/tasks/{ours.pk}/">is already here' in page
    )
    assert f"<code>{long[:59]}…</code> is not a task ID" in page
    assert Attempt.objects.filter(remote_id="vidu2.0:1762-<b>").exists()
    imported = Task.objects.filter(imported_at__isnull=False)
    assert [task.created_by for task in imported] == [member.user] * 2
    assert 'hx-get="' in page, "the list goes on by itself"


def test_a_card_and_a_page_say_that_it_was_imported_and_by_whom(
    site: Client, credential: Credential, member: Membership
) -> None:
    post(site, credential, "912")
    task = Task.objects.get()
    only = site.get(reverse("gallery", args=[member.team.slug]), {"kind": task.kind}).text
    assert f'id="task-{task.pk}"' in only
    assert "imported by Mei" in only
    page = site.get(reverse("task", args=[member.team.slug, task.pk])).text
    assert "made in another tool, imported by Mei Tanaka" in page
    assert "never sent from here" in page
    assert "?like=" not in page


def test_the_reason_stands_beside_an_id_that_its_provider_does_not_know(
    site: Client, credential: Credential, member: Membership
) -> None:
    post(site, credential, "912")
    reason = Reason.IMPORT_NOT_FOUND
    Task.objects.update(state=TaskState.FAILED, reason=reason, message="912: not found")
    rows = site.get(reverse("import", args=[member.team.slug]) + "?rows").text
    assert "does not know this id with this key." in rows
    assert "912: not found" in rows
    assert "hx-get" not in rows


def test_an_empty_or_a_too_long_list_imports_nothing(site: Client, credential: Credential) -> None:
    wrong = {" ,; ": "Type at least one ID.", " ".join(map(str, range(1, 502))): "501 IDs"}
    for numbers, sentence in wrong.items():
        with case(sentence):
            status, page = post(site, credential, numbers)
            assert status == 422
            assert sentence in page
    assert not Task.objects.exists()


def test_the_key_of_another_team_and_films_where_none_are_made_are_refused(
    site: Client, credential: Credential, member: Membership
) -> None:
    other = make_credential(team=make_member().team)
    sent = {"credential": str(other.pk), "numbers": "912"}
    assert site.post(reverse("import", args=[member.team.slug]), sent).status_code == 422
    relay = make_credential(team=member.team, kind="relay", name="relay")
    assert post(site, relay, "912", films="on")[0] == 422
    assert not Task.objects.exists()


def test_usage_shows_what_imported_clips_cost_beside_what_was_spent(
    site: Client, credential: Credential, member: Membership
) -> None:
    post(site, credential, "912")
    attempt = Attempt.objects.select_related("task", "credential").get()
    ledger.record_import(attempt, 77)
    page = site.get(reverse("usage", args=[member.team.slug])).text
    assert "77 for imported clips" in page
    assert "<b>77</b>" not in page
    rows = site.get(reverse("usage_rows", args=[member.team.slug]) + "?what=imported")
    assert "Imported" in rows.text


def test_the_command_imports_and_tells_of_each_id(
    credential: Credential, member: Membership
) -> None:
    owner = make_member(team=member.team, role=Role.OWNER)
    said = StringIO()
    for _ in range(2):
        call_command(
            "import_clips", member.team.slug, "912", "913", credential=credential.name, stdout=said
        )
    task = Task.objects.order_by("pk")[0]
    assert f"912 is imported as task {task.pk}." in said.getvalue()
    assert f"912 is here already, as task {task.pk}." in said.getvalue()
    assert Task.objects.filter(created_by=owner.user).count() == 2
    with pytest.raises(CommandError, match="There are: Studio key"):
        call_command("import_clips", member.team.slug, "912", credential="none")
    with pytest.raises(CommandError, match="may order"):
        call_command("adopt", member.team.slug, "9", credential=credential.name, by="x@example.com")


def test_an_imported_film_has_its_board_though_nobody_knows_its_brief(
    site: Client, credential: Credential, member: Membership
) -> None:
    assert post(site, credential, "912", films="on")[0] == 200
    film = Film.objects.get()
    for name, values in (("films", []), ("film", [film.pk]), ("task", [film.task_id])):
        answer = site.get(reverse(name, args=[member.team.slug, *values]), follow=True)
        assert answer.status_code == 200
