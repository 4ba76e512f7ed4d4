"""The Chinese catalogue says everything that the pages say, and says it the Chinese way."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.safestring import mark_safe
from django.utils.translation import override

from generations import clock
from generations.providers.catalogue import Problem
from generations.templatetags import formats
from generations.web.messages.orders import explain_problem

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.po"
SOURCES = ("generations", "project", "templates")
QUOTED = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])? )?(".*")')
PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}|<(/?a\b)")
VALUE = re.compile(r"%\(\w+\)s|\{\w+\}")
CHINESE_VALUE = re.compile(  # e.g. 35 积分, 版本 3, 十一月
    r"%\((?:after|amount|before|held|left|month|name|other|role|span|take)\)s"
)
MARKUP = re.compile(r"<[^>]*>")
HAN = r"[\u3400-\u9fff]"
HALF_WIDTH = re.compile(rf"(?<={HAN})[,.:;?!()\"']|[,.:;?!()\"'](?={HAN})|\.\.\.")
CLOSE_TO_LATIN = re.compile(rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9]{HAN}")
needs_gettext = pytest.mark.skipif(
    shutil.which("msgfmt") is None, reason="no gettext here: apt-get install gettext"
)


@dataclass
class Entry:
    """One message of a catalogue, as gettext tells it apart."""

    flags: str = ""
    msgctxt: str = ""
    msgid: str = ""
    msgid_plural: str = ""
    msgstr: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.msgctxt, self.msgid, self.msgid_plural


def entries(catalogue: Path) -> Iterator[Entry]:
    """Its messages without the header."""
    for block in catalogue.read_text("utf-8").split("\n\n")[1:]:
        yield _entry(block)


def _entry(block: str) -> Entry:
    entry, name, form = Entry(), "", ""
    for line in block.splitlines():
        if line.startswith("#,"):
            entry.flags += line
        if match := QUOTED.fullmatch(line):
            name, form = (match[1], match[2] or "0") if match[1] else (name, form)
            text = ast.literal_eval(match[3])
            if name == "msgstr":
                entry.msgstr[form] = entry.msgstr.get(form, "") + text
            else:
                setattr(entry, name, getattr(entry, name) + text)
    return entry


ENTRIES = list(entries(CATALOGUE))


@needs_gettext
def test_the_catalogue_has_what_the_pages_say_and_nothing_else(tmp_path: Path) -> None:
    for source in (*SOURCES, "manage.py"):
        copy = shutil.copytree if (settings.BASE_DIR / source).is_dir() else shutil.copy
        copy(settings.BASE_DIR / source, tmp_path / source)
    fresh = tmp_path / CATALOGUE.relative_to(settings.BASE_DIR)
    fresh.unlink()
    command = [sys.executable, "manage.py", "makemessages", "--locale", "zh_Hans"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    said, known = ({entry.key for entry in entries(one)} for one in (fresh, CATALOGUE))
    assert said - known == set(), "run manage.py makemessages, and translate"
    assert known - said == set(), "nothing says this any more"


@needs_gettext
def test_the_compiled_catalogue_is_that_of_the_written_one() -> None:
    command = ["msgfmt", "--check", "--output-file=-", str(CATALOGUE)]
    compiled = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled


def test_every_message_is_translated_with_all_its_values() -> None:
    unfinished = [entry for entry in ENTRIES if "fuzzy" in entry.flags or not _is_whole(entry)]
    assert not unfinished


def _is_whole(entry: Entry) -> bool:
    text = entry.msgstr.get("0", "")
    wanted = entry.msgid_plural or entry.msgid
    return bool(text) and list(entry.msgstr) == ["0"] and _values(text) == _values(wanted)


def _values(text: str) -> set[tuple[str, ...]]:
    return set(PLACEHOLDER.findall(text))


def test_every_message_is_set_as_chinese_is_set() -> None:
    texts = [entry.msgstr["0"] for entry in ENTRIES]
    assert not [text for text in texts if HALF_WIDTH.search(_shown(text))]
    assert not [text for text in texts if CLOSE_TO_LATIN.search(_shown(text))]
    assert not [text for text in texts if text != text.strip()]


def _shown(text: str) -> str:
    """As a page shows it, with some number or name for each value."""
    return VALUE.sub("9", MARKUP.sub(" ", CHINESE_VALUE.sub("积分", text)))


def test_ages_places_amounts_and_sentences_follow_chinese_grammar() -> None:
    with override("zh-hans"):
        assert formats.age(clock.now() - timedelta(minutes=2, seconds=5)) == "2 分钟前"
        assert formats.dated(datetime(2026, 5, 6, 9, 30, tzinfo=UTC)) == "5 月 6 日 09:30"
        assert formats.ordinal(3) == "<small>第</small><strong>3</strong>"
        assert formats.amount(12_480, "credit") == "12,480\N{NO-BREAK SPACE}积分"
        assert (
            formats.sentences("换一张图片。", "", "35 积分已退回。")
            == "换一张图片。35 积分已退回。"
        )


def test_a_list_of_choices_is_joined_as_chinese_joins_it() -> None:
    problem = Problem("resolution", "choice", {"choices": ("540p", "720p", "1080p")})
    with override("zh-hans"):
        assert explain_problem(problem) == "在此时长下，模型可生成 540p、720p 或 1080p。"


def test_sentences_escape_what_is_not_safe_and_only_once() -> None:
    assert formats.sentences("It's <b>.", mark_safe("Done &amp; kept.")) == (
        "It&#x27;s &lt;b&gt;. Done &amp; kept."
    )
