"""Stopping in good order while clips are under way, and going on later."""

import signal
import subprocess
import sys
import time

from tests.processes.outcome import assert_all_is_right, go_on_to_the_end
from tests.processes.site import ROOT, Site, one_site_at_a_time
from tests.processes.system import lives, mentioning

pytestmark = one_site_at_a_time("load")

TASKS = 12
LONGEST = 12.0  # seconds; 5 of them are the grace for work that ends in good order


def stop_with(site: Site, number: signal.Signals) -> float:
    """Send the signal to the supervisor alone, and see that it leaves nothing behind; when."""
    family = site.family()
    began = time.monotonic()
    site.send_signal(number)
    assert site.wait_for_its_end() == 0
    site.wait(lambda: not any(map(lives, family)), "nothing is left")
    assert time.monotonic() - began < LONGEST
    assert mentioning(str(site.data)) == []
    return time.time()


def test_after_ctrl_c_and_after_sigterm_the_next_start_goes_on(site: Site) -> None:
    site.start()
    site.order(TASKS, keys=2)
    site.wait(lambda: site.provider.posts() > 2, "the first orders have arrived")
    stopped_at = stop_with(site, signal.SIGINT)
    site.start()
    site.let_leases_end(stopped_at)
    site.wait(lambda: site.count("file", "state = 'stored'"), "the first file is stored")
    stopped_at = stop_with(site, signal.SIGTERM)
    site.start()
    go_on_to_the_end(site, TASKS, died_at=stopped_at)
    assert_all_is_right(site, TASKS, attempts=site.count("attempt"))


def test_a_second_start_on_the_same_port_is_refused(site: Site) -> None:
    site.start()
    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=site.environment(DATA_DIR=f"{site.data}-second"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"Port {site.port} on 127.0.0.1 cannot be used" in second.stderr
    assert site.is_ready()
