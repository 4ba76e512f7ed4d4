"""Providers as they are: every manner of the sandbox at every provider, on a running site.

``make manners`` orders all of them and prints which were right, told and wrong; ``make slow``
orders one of each kind.
"""

import time
from collections import Counter

import pytest

from tests.processes.conftest import Build
from tests.processes.manners import (
    DIALECTS,
    Manner,
    Outcome,
    clips,
    is_settled,
    judge,
    manners,
    order_all,
    order_prompts,
    report,
)
from tests.processes.site import PROMPT, Site

# Seconds in which nothing settles: the slowest manners keep a link dead for 45 s, several times.
PATIENCE = 300
# Many slow downloads at once; one job at a time would wait for them one after the other.
MANY_WORKERS = {"WORKERS": "16"}


def wait_until_settled(site: Site) -> None:
    """Until every order is kept or told, or nothing has settled for long: the rest is wrong."""
    settled, since = 0, time.monotonic()
    while time.monotonic() < since + PATIENCE:
        found = clips(site)
        now = sum(map(is_settled, found.values()))
        if now == len(found):
            return
        if now > settled:
            settled, since = now, time.monotonic()
        time.sleep(2)


def play(site: Site, ordered: list[Manner]) -> str:
    """Order these manners and wait for what becomes of them; return the report of what is wrong."""
    order_all(site, ordered)
    wait_until_settled(site)
    verdicts = judge(site, ordered)
    print(f"\n{report(verdicts)}")
    assert "The books hold." in site.manage("verify_ledger")
    return report([each for each in verdicts if each.outcome is Outcome.WRONG])


@pytest.mark.manners
@pytest.mark.timeout(3600)
def test_no_manner_of_any_provider_loses_or_hides_what_was_paid_for(build: Build) -> None:
    site = build(seconds_per_task=1, tiny=False)
    site.start(**MANY_WORKERS)
    everything = manners(site)
    assert everything
    wrong = play(site, everything)
    assert "wrong " not in wrong, wrong


@pytest.mark.slow
@pytest.mark.xdist_group("manners")
@pytest.mark.timeout(600)
def test_a_manner_of_each_kind_at_each_provider_comes_out_right_or_is_told(build: Build) -> None:
    site = build(seconds_per_task=1, tiny=False)
    site.start()
    one_of_each = {(each.kind, each.dialect): each for each in manners(site)}
    wrong = play(site, list(one_of_each.values()))
    assert "wrong " not in wrong, wrong


@pytest.mark.manners
@pytest.mark.timeout(3600)
def test_a_crowd_with_every_manner_mixed_in_loses_nothing_and_pays_nothing_twice(
    build: Build,
) -> None:
    """No callback comes, and links live a minute."""
    site = build(seconds_per_task=2, tiny=False)
    site.start(**MANY_WORKERS)
    for dialect in DIALECTS:
        site.provider.tell("manners", dialect=dialect, words=[], chance=0.5)
    prompts = [f"{PROMPT}, no. {number} [callback never] [link 60]" for number in range(200)]
    order_prompts(site, [(DIALECTS[n % 4], each, {}) for n, each in enumerate(prompts)])
    brief = f"{PROMPT}, a film [callback never] [link 60]"
    site.do(f"order_films(provider={site.provider.url!r}, count=20, prompt={brief!r})")
    wait_until_settled(site)
    site.wait(lambda: not site.count("file", "state IN ('remote', 'fetching')"), "kept", PATIENCE)
    truth = site.provider.ask("truth")
    assert len([task for task in truth["tasks"] if task["is_ordered"]]) <= 220
    references = Counter(task["reference"] for task in truth["tasks"] if task["is_ordered"])
    assert set(references.values()) == {1}, "an order was created twice"
    made = {file["sha256"] for task in truth["tasks"] for file in task["files"]}
    stored = "SELECT sha256 FROM generations_file WHERE sha256 != '' AND role != 'cover'"
    assert not {sha for (sha,) in site.rows(stored)} - made
    found = clips(site)
    ready = [task for task in truth["tasks"] if task["is_ordered"] and task["state"] == "success"]
    assert ready
    for clip in (found[task["prompt"]] for task in ready):
        assert clip.state != "failed"
        assert clip.kept or clip.is_told
    assert site.count("file", "state = 'lost'") == 0
    held = site.rows(
        "SELECT count(*) FROM generations_entry h JOIN generations_attempt a ON a.id = h.attempt_id"
        " JOIN generations_task t ON t.id = a.task_id WHERE h.kind = 'hold' AND NOT EXISTS"
        " (SELECT 1 FROM generations_entry e WHERE e.attempt_id = a.id AND e.kind != 'hold')"
        " AND t.state != 'unclear' AND t.alarm = ''"  # a person was told of the others
    )
    assert held == [(0,)], site.tail()
    assert "The books hold." in site.manage("verify_ledger")
    assert "Traceback" not in site.log.read_text(errors="replace")
    site.manage("verify_files")
