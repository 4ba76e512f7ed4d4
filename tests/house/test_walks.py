"""Every file and name on the walks of docs/walks.md is there."""

import re
from collections.abc import Iterator

from .trees import HOUSE, ROOT

WALKS = (ROOT / "docs" / "walks.md").read_text(encoding="utf-8")
STOP = re.compile(r"^\| [0-9][0-9, –]* \| (.+?) \|", re.MULTILINE)


def stops() -> Iterator[tuple[str, str]]:
    """Yield each file of a walk, and again with each name in code quotes that follows it."""
    for stop in STOP.findall(WALKS):
        file = ""
        for quoted in re.findall(r"`([^`]+)`", stop):
            file, name = (quoted, "") if quoted.endswith(".py") else (file, quoted)
            yield file, name


def is_there(file: str, name: str) -> bool:
    path = HOUSE / file
    if not path.exists():
        return False
    text = path.read_text(encoding="utf-8")
    return all(re.search(rf"\b{part}\b", text) for part in name.split("."))


def test_every_file_and_name_of_a_walk_is_there() -> None:
    named = list(stops())
    assert len(named) > 100
    assert [f"{file} {name}" for file, name in named if not is_there(file, name)] == []
