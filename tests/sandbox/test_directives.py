"""What directives and faults make of an exchange."""

import httpx
import pytest

from generations.sandbox.app import Sandbox
from generations.sandbox.directives import Directives, without_directives
from tests.cases import case
from tests.sandbox.conftest import KEY
from tests.sandbox.orders import create, finish, post, query_task


def test_directives_are_read_from_brackets_and_left_out_of_the_drawn_title() -> None:
    directives = Directives.parse("A lamp [refuse FieldInvalid] [Slow  answer 3] turns [fast]")
    assert directives.argument("refuse") == "FieldInvalid"
    assert directives.numeric_argument("slow answer", 10) == 3
    assert "fast" in directives
    assert "slow" not in directives
    assert without_directives("A lamp [fast] turns") == "A lamp turns"


def test_a_dropped_connection_leaves_no_answer_and_perhaps_a_task(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for directive, created in (("drop before", 0), ("drop after", 1)):
        with case(directive):
            sandbox.reset()
            with pytest.raises(httpx.RemoteProtocolError):
                post(client, f"A lighthouse [{directive}]")
            assert sandbox.counts.creates == created


def test_a_server_error_comes_before_or_after_the_task_was_created(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    for directive, status, created in [
        ("500 before", 500, 0),
        ("500 after", 500, 1),
        ("502 before", 502, 0),
        ("503 after", 503, 1),
    ]:
        with case(directive):
            sandbox.reset()
            response = post(client, f"A lighthouse [{directive}]")
            assert response.status_code == status
            assert sandbox.counts.creates == created
            assert response.headers["content-type"].startswith(
                "application/json" if status == 500 else "text/html"
            )


def test_a_code_may_stand_in_a_200(sandbox: Sandbox, client: httpx.Client) -> None:
    response = post(client, "x [code in 200]")
    assert (response.status_code, response.json()["code"]) == (200, 400)
    assert sandbox.counts.creates == 0


def test_an_answer_may_be_garbled_though_the_task_was_made(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    response = post(client, "x [garbled]")
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|delimiter"):
        response.json()
    assert sandbox.counts.creates == 1


def test_an_answer_may_come_late(sandbox: Sandbox, client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.post(
            "/ent/v2/text2video",
            json={"model": "viduq2", "prompt": "x [slow answer 5]"},
            timeout=0.2,
        )
    assert sandbox.counts.creates == 1


def test_the_task_id_may_be_lacking_or_a_json_number(client: httpx.Client) -> None:
    assert "task_id" not in post(client, "x [no task id]").json()
    assert isinstance(post(client, "x [task id number]").json()["task_id"], int)


def test_creations_may_be_empty_once(sandbox: Sandbox, client: httpx.Client) -> None:
    first = finish(sandbox, client, "x [empty creations]")
    assert (first["state"], first["creations"]) == ("success", [])
    assert query_task(client, first["id"])["creations"]


def test_a_state_may_be_unknown_once(client: httpx.Client) -> None:
    task_id = create(client, "x [unknown word]")
    assert [query_task(client, task_id)["state"] for _ in range(2)] == ["rendering", "created"]


def test_the_query_reply_may_lack_its_id_and_progress(client: httpx.Client) -> None:
    body = query_task(client, create(client, "x [no id] [no progress]"))
    assert not {"id", "progress"} & body.keys()


def test_the_first_query_may_go_wrong(client: httpx.Client) -> None:
    task_id = create(client, "x [query 429 TooManyRequests]")
    address = f"/ent/v2/tasks/{task_id}/creations"
    assert [client.get(address).status_code for _ in range(2)] == [429, 200]


def test_a_stuck_task_never_ends(sandbox: Sandbox, client: httpx.Client) -> None:
    body = finish(sandbox, client, "x [stuck]")
    assert (body["state"], body["progress"]) == ("processing", 99)


def test_a_task_that_never_starts_is_given_up_after_two_days(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    task_id = create(client, "x [never starts]", model="viduq2", off_peak=True)
    sandbox.advance(47 * 3600)
    assert query_task(client, task_id)["state"] == "queueing"
    sandbox.advance(3600)
    body = query_task(client, task_id)
    assert (body["state"], body["err_code"], body["credits"]) == ("failed", "Canceled", 0)


def test_fast_and_slow_change_the_pace(sandbox: Sandbox, client: httpx.Client) -> None:
    fast, slow = create(client, "x [fast]"), create(client, "x [slow]")
    sandbox.advance(1.5)
    assert query_task(client, fast)["state"] == "success"
    sandbox.advance(15)
    assert query_task(client, slow)["state"] == "processing"


def test_a_fault_of_a_key_applies_as_often_as_it_was_set(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    sandbox.set_fault(KEY, "[429 SystemThrottling]", on="create", times=2)
    assert [post(client).status_code for _ in range(3)] == [429, 429, 200]
    sandbox.set_fault(KEY, "[drop before]", on="query")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/ent/v2/credits")
    sandbox.set_fault(KEY, "")
    assert client.get("/ent/v2/credits").status_code == 200
