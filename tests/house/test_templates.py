"""What a template may hold, and how it is written."""

import re
from pathlib import Path

import pytest

from .trees import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LINE_LIMIT = 120

INLINE = {
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[^=\s]*)\s*=", re.IGNORECASE),
    "an event filter": re.compile(r"hx-trigger[^=]*=\s*[\"'][^\"']*\[", re.IGNORECASE),
    "a script value": re.compile(r"=\s*[\"'](js|javascript):", re.IGNORECASE),
}


def found(pattern: re.Pattern[str], path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]


@pytest.mark.parametrize("what", INLINE)
def test_no_template_holds(what: str) -> None:
    """The content policy allows none of it, and evaluates nothing."""
    wrong = [line for path in TEMPLATES for line in found(INLINE[what], path)]
    assert not wrong, "\n".join(wrong)


def test_a_line_of_a_template_can_be_read() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} signs"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LINE_LIMIT
    ]
    assert not wrong, "\n".join(wrong)
