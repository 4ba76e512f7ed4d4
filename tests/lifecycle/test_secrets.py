"""On every path of failure, no key and no token of a callback reaches a log or a row."""

import json

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from generations.lifecycle import actions, sweep
from generations.models import Attempt, Task
from generations.models.tasks import TaskState

from .conftest import World

FAILURES = (
    *("[refuse FieldInvalid]", "[refuse Conflict]", "[500 after]", "[drop after]", "[garbled]"),
    *("[drop before]", "[fail Canceled]", "[query 500 before]", "[query garbled]", "[no task id]"),
)


def every_row() -> str:
    """All rows of our own tables as text."""
    models = apps.get_app_config("generations").get_models()
    return "".join(str(list(model._default_manager.values())) for model in models)


def test_no_failure_shows_the_key(
    public_world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for words in FAILURES:
        public_world.order(f"{words} [callback bad signature] A storm")
    for _ in range(5):
        public_world.wait(30)
    sweep.sweep(0)
    public_world.cluster.work()
    for task in Task.objects.filter(state=TaskState.UNCLEAR):
        with pytest.raises(actions.NotFound):
            actions.accept_found_id(task, "404404", public_world.membership.user)
    public_world.sandbox.set_fault(public_world.key, "[refuse Unauthorized]")
    public_world.order()
    public_world.wait(30)
    written = "".join(capfd.readouterr()) + caplog.text + every_row()
    assert "Unauthorized" in written
    assert public_world.key not in written
    assert json.dumps(public_world.key) not in written


def test_no_log_shows_the_token_of_a_callback(
    public_world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for words in ("[callback bad signature]", "[callback stale date]", "[drop after]", "[garbled]"):
        public_world.order(f"{words} [fail Canceled] A storm")
    for _ in range(3):
        public_world.wait(30)
    path = reverse("callback", args=["relay", Attempt.objects.latest("pk").token])
    assert Client().post(path).status_code == 404
    written = "".join(capfd.readouterr()) + caplog.text
    assert "callback refused" in written
    for token in Attempt.objects.values_list("token", flat=True):
        assert token not in written
