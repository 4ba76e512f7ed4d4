"""What a key says about its account."""

from generations.sandbox.app import Sandbox
from generations.sandbox.dialects import DIALECTS, account_name, is_known_key, open_account
from tests.sandbox.dialects import body_of, in_process_client


def test_every_demo_key_opens_an_account() -> None:
    slots = {
        dialect.name: open_account(account_name(dialect.name, dialect.demo_key)).slots
        for dialect in DIALECTS
    }
    assert all(is_known_key(dialect.demo_key) for dialect in DIALECTS)
    assert slots == {"vidu": 5, "relay": 5, "vivienne": 5, "apixo": 10}


def test_a_key_says_how_much_its_account_may() -> None:
    account = open_account(account_name("apixo", "sandbox-few-slots20-rate600"))
    assert (account.credits, account.slots, account.requests_per_minute) == (100, 20, 600)
    assert not is_known_key("sandbox-bad")
    assert not is_known_key("somebody")


def test_one_key_at_two_providers_opens_two_accounts(in_process: Sandbox) -> None:
    order = {"model": "viduq2", "prompt": "x"}
    for dialect in ("vidu", "relay"):
        client = in_process_client(in_process, dialect, "sandbox-both")
        task_id = body_of(client.post("/ent/v2/text2video", json=order))["task_id"]
    accounts = in_process.context.engine.accounts
    assert {account.credits for account in accounts.values()} == {100_000 - 35}
    assert len(accounts) == 2
    other = in_process_client(in_process, "vidu", "sandbox-both")
    assert other.get(f"/ent/v2/tasks/{task_id}/creations").status_code == 404
    assert len(other.get("/ent/v2/tasks").json()["tasks"]) == 1


def test_the_minute_in_which_requests_are_counted_slides() -> None:
    account = open_account(account_name("apixo", "sandbox-rate3"))
    assert [account.count_request(now) for now in (0, 20, 40, 59)] == [True, True, True, False]
    assert [account.count_request(now) for now in (60, 61, 80, 100)] == [True, False, True, True]
