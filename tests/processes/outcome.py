"""What must be so in the end, whatever happened on the way."""

import hashlib
import urllib.request

from tests.processes.site import Site

ROLES = 2  # a video and its cover
SUFFIX = {"video": "mp4", "cover": "jpg"}
TINY = {"not_delivered"}


def wait_for_the_end(site: Site, tasks: int, *, seconds: float = 150) -> None:
    """Until every task succeeded and every file is stored."""
    site.wait(
        lambda: (
            site.count("task", "state = 'succeeded'") == tasks
            and site.count("file", "state = 'stored'") == tasks * ROLES
        ),
        f"{tasks} tasks succeeded and their files are stored",
        seconds,
    )


def go_on_to_the_end(site: Site, tasks: int, *, died_at: float) -> None:
    """As after a kill: leases end, lost orders are decided on, and the rest goes by itself."""
    site.let_leases_end(died_at)
    site.wait(lambda: all_unclear_are_lost(site), "what arrived was found again")
    if site.count("task", "state = 'unclear'"):
        site.do("send_again()")
    wait_for_the_end(site, tasks)


def all_unclear_are_lost(site: Site) -> bool:
    """The dead senders were found out, and no unclear order is one that the provider has."""
    if site.count("task", "state = 'sending' AND lease_until < datetime('now')"):
        return False
    unclear = site.rows("SELECT reference FROM generations_attempt WHERE state = 'unclear'")
    arrived = site.provider.ask("counts")["by_payload"]
    return not any(reference in arrived for (reference,) in unclear)


def assert_all_is_right(site: Site, tasks: int, *, attempts: int | None = None) -> None:
    """``tasks`` clips, each ordered once, kept once, paid once; nothing else and nothing left."""
    alarms = site.rows("SELECT alarm FROM generations_task WHERE state = 'succeeded'")
    assert len(alarms) == tasks
    # The clips of these tests are tiny, and so less than was ordered. Nothing else may be told.
    assert {line.split()[0] for (alarm,) in alarms for line in alarm.splitlines()} <= TINY
    assert_each_was_sent_once(site, tasks)
    assert_each_file_is_the_providers(site, tasks)
    assert_the_books_hold(site, tasks, attempts or tasks)
    assert_nothing_else_is_kept(site)
    assert "database is locked" not in site.log.read_text(errors="replace")


def assert_each_was_sent_once(site: Site, tasks: int) -> None:
    counts = site.provider.ask("counts")
    references = {ref for (ref,) in site.rows("SELECT reference FROM generations_attempt")}
    assert set(counts["by_payload"].values()) == {1}
    assert set(counts["by_payload"]) <= references
    assert counts["creates"] == site.provider.posts() == tasks


def assert_each_file_is_the_providers(site: Site, tasks: int) -> None:
    """The bytes on the disk have the row's fingerprint, which is that of what the link serves."""
    rows = site.rows("SELECT role, name, sha256, size, url FROM generations_file")
    assert len(rows) == len({name for _role, name, *_rest in rows}) == tasks * ROLES
    served: dict[str, str] = {}
    for role, name, fingerprint, size, url in rows:
        kept = (site.data / "media" / name).read_bytes()
        assert name.endswith(SUFFIX[role])
        assert len(kept) == size
        assert hashlib.sha256(kept).hexdigest() == fingerprint, f"{name} is not what its row says"
        served.setdefault(fingerprint, url)
    for fingerprint, url in served.items():
        with urllib.request.urlopen(url, timeout=30) as body:
            assert hashlib.sha256(body.read()).hexdigest() == fingerprint, url


def assert_nothing_else_is_kept(site: Site) -> None:
    """On the disk is what the rows name: results, posters and previews."""
    rows = site.rows("SELECT name, poster, preview FROM generations_file")
    named = {name for row in rows for name in row if name}
    media = site.data / "media"
    kept = {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}
    missing, surplus = sorted(named - kept), sorted(kept - named)
    assert not [*missing, *surplus], f"missing: {missing}; in no row: {surplus}"
    # A worker that comes late to a stored file removes the folder that it made.
    partial = site.data / "partial"
    site.wait(lambda: not list(partial.glob("*")), "nothing is left of downloads", 20)


def assert_the_books_hold(site: Site, tasks: int, attempts: int) -> None:
    """Each attempt was held once and closed once, and nothing is held any more."""
    assert "The books hold." in site.manage("verify_ledger")
    kinds = dict(site.rows("SELECT kind, count(*) FROM generations_entry GROUP BY kind"))
    assert kinds["hold"] == attempts
    assert kinds["settle"] == tasks
    assert kinds.get("release", 0) == attempts - tasks
    held = "SELECT sum(balance) FROM generations_account WHERE name = 'held'"
    assert site.rows(held) == [(0,)]
