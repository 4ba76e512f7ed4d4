"""``python -m tests.simulation SEED``: play one run and tell all that happens in it."""

import os
import sys

import pytest

if __name__ == "__main__":
    os.environ["SEED"] = sys.argv[1]
    told = "tests/simulation/test_seeds.py::test_a_run_is_told_that_is_asked_for"
    raise SystemExit(pytest.main(["-n0", "-s", told]))
