"""Every test that docs/promises.md names is there."""

import re

from .trees import ROOT

TESTS = ROOT / "tests"
PROMISES = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
TEST_FILE = re.compile(r"[\w/]+/test_\w+\.py")
WORDS_OF_A_TEST = re.compile(r"[a-z]+(_[a-z]+)*")


def citations() -> list[tuple[str, str]]:
    """Return each cited file; and again with each word in code quotes that follows it."""
    found: list[tuple[str, str]] = []
    for line in PROMISES.splitlines():
        file = ""
        for quoted in re.findall(r"`([^`]+)`", line):
            if TEST_FILE.fullmatch(quoted):
                file = quoted.removeprefix("tests/")
                found.append((file, ""))
            elif file and WORDS_OF_A_TEST.fullmatch(quoted):
                found.append((file, quoted))
    return found


def is_there(file: str, words: str) -> bool:
    """Whether the file exists, and holds a test or a case of a table with these words."""
    path = TESTS / file
    if not path.exists():
        return False
    text = path.read_text(encoding="utf-8")
    return words in text or words.replace("_", " ") in text


def test_every_test_that_a_promise_names_is_there() -> None:
    assert len(citations()) > 50
    missing = [f"{file} {words}" for file, words in citations() if not is_there(file, words)]
    assert not missing, "\n".join(missing)


def test_no_promise_names_a_test_without_its_folder() -> None:
    assert not re.findall(r"`test_\w+\.py`", PROMISES)
