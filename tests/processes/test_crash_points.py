"""A worker dies at each named point, and the rest ends as if nothing had been."""

import ast
from collections.abc import Iterator

import pytest

from tests.processes.outcome import assert_all_is_right, wait_for_the_end
from tests.processes.site import ROOT, Site, one_site_at_a_time

pytestmark = one_site_at_a_time("crashes")

BEFORE_THE_POST = "send.marked"
POINTS = [
    "send.claimed",
    "send.posted",
    "fetch.downloaded",
    "fetch.written",
    "fetch.kept",
]
TASKS = 3


def points_in_the_source() -> Iterator[str]:
    """The argument of every ``crash.point(…)`` of the project."""
    for path in (ROOT / "generations").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="crash"), attr="point"),
                    args=[ast.Constant(value=str(name))],
                ):
                    yield name


def test_every_crash_point_of_the_source_is_tried_here() -> None:
    assert sorted(points_in_the_source()) == sorted([BEFORE_THE_POST, *POINTS])


def die_at(site: Site, point: str) -> None:
    """Order some clips and let the first worker that comes to the point die there."""
    mark = site.data.parent / "died"
    site.start(RUSHES_CRASH_AT=f"{point}:{mark}")
    site.order(TASKS)
    site.wait(mark.exists, f"a worker died at {point}")


@pytest.mark.parametrize("point", POINTS)
def test_after_a_death_at_this_point_everything_ends_as_without_it(site: Site, point: str) -> None:
    die_at(site, point)
    site.let_leases_end()
    wait_for_the_end(site, TASKS)
    assert_all_is_right(site, TASKS)


def test_an_order_that_may_have_left_waits_for_a_person_who_may_send_it_again(site: Site) -> None:
    """Nobody can know whether the POST left, so the machine never sends it again."""
    die_at(site, BEFORE_THE_POST)
    site.let_leases_end()
    site.wait(lambda: site.count("task", "state = 'unclear'") == 1, "the order is unclear")
    site.wait(lambda: site.count("file", "state = 'stored'") == 4, "the other two are stored")
    site.wait(lambda: site.count("attempt", "searched_at IS NOT NULL") == 1, "it was searched for")
    assert site.provider.posts() == TASKS - 1
    assert site.rows("SELECT sum(balance > 0) FROM generations_account WHERE name = 'held'")[0][0]
    site.do("send_again()")
    wait_for_the_end(site, TASKS)
    assert_all_is_right(site, TASKS, attempts=TASKS + 1)
