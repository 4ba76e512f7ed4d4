"""What a key says of its account."""

from generations.sandbox.app import Sandbox
from generations.sandbox.tasks import (
    DEMO_KEYS,
    is_known,
    open_account,
    purse,
)
from tests.sandbox.dialects import body_of, inside


def test_every_demo_key_opens_an_account() -> None:
    accounts = {name: open_account(purse(name, key)) for name, key in DEMO_KEYS.items()}
    assert all(is_known(key) for key in DEMO_KEYS.values())
    assert {name: account.slots for name, account in accounts.items()} == {
        "vidu": 5,
        "relay": 5,
        "vivienne": 5,
        "apixo": 10,
    }


def test_a_key_says_how_much_its_account_may() -> None:
    account = open_account(purse("apixo", "sandbox-few-slots20-rate600"))
    assert (account.credits, account.slots, account.requests_per_minute) == (100, 20, 600)
    assert not is_known("sandbox-bad")
    assert not is_known("somebody")


def test_one_key_at_two_providers_opens_two_accounts() -> None:
    with Sandbox.indoors() as sandbox:
        order = {"model": "viduq2", "prompt": "x"}
        for dialect in ("vidu", "relay"):
            client = inside(sandbox, dialect, "sandbox-both")
            number = body_of(client.post("/ent/v2/text2video", json=order))["task_id"]
        accounts = sandbox.stage.studio.accounts
        assert {account.credits for account in accounts.values()} == {100_000 - 35}
        assert len(accounts) == 2
        stranger = inside(sandbox, "vidu", "sandbox-both")
        assert stranger.get(f"/ent/v2/tasks/{number}/creations").status_code == 404
        assert len(stranger.get("/ent/v2/tasks").json()["tasks"]) == 1


def test_a_minute_slides() -> None:
    account = open_account(purse("apixo", "sandbox-rate3"))
    assert [account.may_call(now) for now in (0, 20, 40, 59)] == [True, True, True, False]
    assert [account.may_call(now) for now in (60, 61, 80, 100)] == [True, False, True, True]
