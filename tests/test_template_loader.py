"""Layout whitespace: what of it is sent, what is kept, and that pages read the same without it."""

import doctest
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.template import TemplateSyntaxError, engines
from django.template.autoreload import reset_loaders
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from project import templates
from project.templates import minify
from tests.factories import make_credential, make_member, make_tasks, make_user

FOLDER = Path(settings.BASE_DIR) / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))

BETWEEN_ELEMENTS = [
    ("", ""),
    ("\n \n", ""),
    ("<p>\n  words\n</p>\n", "<p>words</p>"),
    ("<p>one\n   two</p>", "<p>one two</p>"),
    ("<p>one\r\n   two</p>\r\n", "<p>one two</p>"),
    ("one\n{{ x }}\n{{ y }}\ntwo", "one {{ x }} {{ y }} two"),
    ("<b>a</b>  <i>b</i>", "<b>a</b>  <i>b</i>"),
    ("<b>a</b> \n <i>b</i>", "<b>a</b><i>b</i>"),
    ('<b>a</b>{{ " " }}\n<i>b</i>', '<b>a</b>{{ " " }}<i>b</i>'),
    ("word\n<b>a</b>\nword", "word<b>a</b>word"),
    ("word \n{# why #}\n{{ x }}", "word{# why #}{{ x }}"),
    ("word\n{% if x %}\n  y\n{% endif %}", "word{% if x %}y{% endif %}"),
    ("{% load i18n %}\n\n<p>\n", "{% load i18n %}<p>"),
    ('{% extends "a.html" %}\n{% load i18n %}', '{% extends "a.html" %}{% load i18n %}'),
    ("{% if a > b %}\n<p>\n{% endif %}", "{% if a > b %}<p>{% endif %}"),
    ("a < b > c\nd", "a < b > c d"),
    ("a\u00a0\nb\u3000\nc", "a\u00a0 b\u3000 c"),
    ("<!doctype html>\n<html>\n", "<!doctype html><html>"),
    ("</div>\n<br/>\n<p>", "</div><br/><p>"),
]
PRINTING_TAGS = [
    ('{% translate "a" %}\n{{ b }}', '{% translate "a" %} {{ b }}'),
    ('{% translate "a" as b %}\n{{ b }}', '{% translate "a" as b %}{{ b }}'),
    ('word\n{% translate "lost as it is" %}', 'word {% translate "lost as it is" %}'),
    ("{% amount x y %}\n·\n{% figure x y %}", "{% amount x y %} · {% figure x y %}"),
    ("{% amount x y as z %}\n{{ z }}", "{% amount x y as z %}{{ z }}"),
    ('{% icon "x" 14 %}\nword', '{% icon "x" 14 %}word'),
    ('word\n{% include "x.html" %}', 'word{% include "x.html" %}'),
    (
        "a\n{% blocktranslate %}b\n c{% endblocktranslate %}\nd",
        "a {% blocktranslate %}b\n c{% endblocktranslate %} d",
    ),
    (
        "a\n{% blocktranslate asvar b %}b{% endblocktranslate %}\nd",
        "a{% blocktranslate asvar b %}b{% endblocktranslate %}d",
    ),
]
INSIDE_TAGS = [
    ('<a\n  class="b"\n  href="/"\n>\n  x\n</a>', '<a class="b" href="/">x</a>'),
    ("<input\n  disabled\n/>\n", "<input disabled/>"),
    ('<p class="\n  a\n  b\n">', '<p class="a b">'),
    ("<p title='\n a \"\n b\n'>", "<p title='a \" b'>"),
    ('<p title="a > b\n c">\n<b>', '<p title="a > b c"><b>'),
    ('<p title="it\'s"\n id="a">\n', '<p title="it\'s" id="a">'),
    (
        '<a title="{% translate "x > y" %}"\n id="a">\n',
        '<a title="{% translate "x > y" %}" id="a">',
    ),
    ("<a\n{% if a > b %}\nhidden{% endif %}>\nx", "<a {% if a > b %}hidden{% endif %}>x"),
    (
        "<a\n  {% if x %}hidden{% endif %}\n  {% if y %}download{% endif %}\n>",
        "<a {% if x %}hidden{% endif %} {% if y %}download{% endif %}>",
    ),
    (
        "<a\n  {% if x %}\n    hidden\n  {% endif %}\n  download\n>",
        "<a {% if x %}hidden{% endif %} download>",
    ),
    (
        "<a\n  {% if x %}\n    b\n  {% else %}\n    c\n  {% endif %}\n>",
        "<a {% if x %}b {% else %} c{% endif %}>",
    ),
    ('<p class="a{% if x %}\n b{% endif %}">', '<p class="a{% if x %} b{% endif %}">'),
    ('<p class="\n{% if x %}\nb\n{% endif %}\nc">', '<p class="{% if x %}b{% endif %} c">'),
    ('<p\n {% include "x.html" %}\n id="a">', '<p {% include "x.html" %} id="a">'),
    ("<p {% for x in y %}\n {{ x }}\n{% endfor %}>", "<p {% for x in y %} {{ x }} {% endfor %}>"),
    (
        '<{% if x %}a\n href="/"{% else %}p{% endif %}\n id="a">\n</{{ x }}>\n',
        '<{% if x %}a href="/"{% else %}p{% endif %} id="a"></{{ x }}>',
    ),
]
KEPT = [
    ("<pre>\n a\n  b\n</pre>\n<p>", "<pre>\n a\n  b\n</pre><p>"),
    ('<textarea\n name="a"\n>\n a </textarea>\n', '<textarea name="a">\n a </textarea>'),
    ("<script>\nif (a < b) {\n</script>\n", "<script>\nif (a < b) {\n</script>"),
    ('<SCRIPT\n src="x"></SCRIPT>\n<p>', '<SCRIPT src="x"></SCRIPT><p>'),
    ("<style>\na > b {\n}\n</style>\n", "<style>\na > b {\n}\n</style>"),
    ("<p>\n<!-- a\n > b -->\n</p>", "<p><!-- a\n > b --></p>"),
    (
        "<p>\n{% verbatim x %}\n<p>\n a {% endverbatim x %}\n",
        "<p>{% verbatim x %}\n<p>\n a {% endverbatim x %}",
    ),
    ("{% comment %}\nwhy <a\n{% endcomment %}\n<p>", "{% comment %}\nwhy <a\n{% endcomment %}<p>"),
    (
        '<p title="{% blocktranslate %}a\n"b"{% endblocktranslate %}"\n id="c">',
        '<p title="{% blocktranslate %}a\n"b"{% endblocktranslate %}" id="c">',
    ),
]


@pytest.mark.parametrize(
    ("source", "result"), [*BETWEEN_ELEMENTS, *PRINTING_TAGS, *INSIDE_TAGS, *KEPT]
)
def test_layout_is_removed_and_nothing_else(source: str, result: str) -> None:
    assert minify(source) == result
    assert minify(result) == result


def test_each_of_our_tags_is_known_to_print_words_or_elements() -> None:
    elements = {"icon", "day_chart", "day_bars"}
    libraries = engines["django"].engine.template_libraries  # type: ignore[attr-defined]
    ours = {
        name
        for library in libraries.values()
        for name, compiler in library.tags.items()
        if inspect.unwrap(compiler).__module__.startswith("generations.")
    }
    assert ours - elements == ours & templates.PRINTING_TAGS
    assert ours >= elements | {"amount", "figure"}


def test_the_example_is_true() -> None:
    assert doctest.testmod(templates).failed == 0


@pytest.mark.parametrize("source", ["<p>\n<a href='x", '<p>\n<a href="x>\n</a>', "<p>\n<b "])
def test_an_html_tag_that_is_never_closed_is_an_error(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="line 2"):
        minify(source)


# ---- Our own templates ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles_without_its_layout(name: str) -> None:
    source = (FOLDER / name).read_text()
    template = get_template(name)
    assert template.origin.name == str(FOLDER / name)  # type: ignore[attr-defined]
    small = minify(source)
    assert template.template.source == small  # type: ignore[attr-defined]
    assert re.sub(r"\s", "", small) == re.sub(r"\s", "", source)
    assert len(small) <= len(source)


def test_mails_and_templates_of_packages_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mail.txt").write_text("Dear <b>\n\n  you\n")
    monkeypatch.setattr(engines["django"].engine, "dirs", [tmp_path])  # type: ignore[attr-defined]
    reset_loaders()
    mail = get_template("mail.txt")
    base = get_template("admin/base.html")
    reset_loaders()
    assert mail.template.source == "Dear <b>\n\n  you\n"  # type: ignore[attr-defined]
    assert "\n\n" in base.template.source  # type: ignore[attr-defined]


def test_our_template_may_extend_the_one_it_stands_before() -> None:
    name = "admin/base_site.html"
    assert get_template(name).origin.name == str(FOLDER / name)  # type: ignore[attr-defined]
    assert "user-tools" in get_template(name).render({"has_permission": True})


def test_in_development_a_mistake_is_shown_on_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.html").write_text("<p>\n</p>\n{% nonsense %}\n")
    engine = engines["django"].engine  # type: ignore[attr-defined]
    monkeypatch.setattr(engine, "dirs", [tmp_path])
    monkeypatch.setattr(engine, "debug", True)
    with pytest.raises(TemplateSyntaxError, match="on line 3"):
        get_template("wrong.html")


# ---- Pages read the same --------------------------------------------------------------------


@pytest.fixture
def kept_layout(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Ask it to compile templates as they are written."""
    yield monkeypatch
    monkeypatch.undo()
    reset_loaders()


def words(html: str) -> list[str]:
    """The visible text of a page, word by word."""
    return re.sub(r"<[^>]*>", " ", html).split()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["gallery", "task", "generate", "usage", "credentials", "members"])
def test_a_page_says_the_same_without_its_layout(
    client: Client, kept_layout: pytest.MonkeyPatch, name: str
) -> None:
    member = make_member(user=make_user(name="Mei Tanaka"))
    with time_machine.travel(datetime(2025, 11, 20, 9, 21, tzinfo=UTC), tick=False):
        (task,) = make_tasks(membership=member, credential=make_credential(team=member.team))
        client.force_login(member.user)
        place = [member.team.slug, task.pk] if name == "task" else [member.team.slug]
        small = client.get(reverse(name, args=place)).content.decode()
        kept_layout.setattr(templates, "minify", str)
        reset_loaders()
        whole = client.get(reverse(name, args=place)).content.decode()
    assert words(small) == words(whole)
    assert len(small) < len(whole)
