"""Load our HTML templates without the line breaks and indentation that only people need.

A template is written one element or tag a line. ``minify`` works on the source before Django
compiles it, so a page pays nothing at run time and sends none of the layout. The rule:

- Whitespace with a line break in it is layout. Other whitespace is kept.
- Inside an HTML tag, layout is one space; at the ends of the tag or of a quoted value, nothing.
- Between words, ``{{ variables }}`` and tags that print words, layout is one space.
- Next to an HTML tag, another ``{% tag %}``, a ``{# comment #}`` or an end of the file: nothing.

>>> minify('<p>\\n  Hello\\n  {{ name }}\\n</p>\\n<a\\n  class="big"\\n  href="/"\\n>Home</a>\\n')
'<p>Hello {{ name }}</p><a class="big" href="/">Home</a>'
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

from django.template import Origin, Template, TemplateSyntaxError
from django.template.loaders.filesystem import Loader as FilesystemLoader

# They print words or values, so layout beside them parts words. All other tags stand apart.
PRINTING_TAGS = frozenset(
    {"translate", "trans", "blocktranslate", "blocktrans", "now", "url", "static", "querystring"}
    | {"firstof", "widthratio", "amount", "figure", "ordinal", "sentences"}
)
OPENING_TAGS = frozenset({"if", "ifchanged", "with"})
CLOSING_TAGS = frozenset({"endif", "endifchanged", "endwith"})
KEPT_ELEMENTS = frozenset({"pre", "textarea", "script", "style"})

# Django's tags come first: quotes and ">" in them mean nothing to HTML. Only the whitespace of
# HTML is layout; a no-break or an ideographic space is a sign that somebody meant.
_TOKEN = re.compile(
    r"""
    (?P<block>\{%\s*(?P<kept>verbatim|comment|blocktrans(?:late)?)\b.*?%\}
        (?s:.*?)\{%\s*end(?P=kept)\b.*?%\})
    |(?P<tag>\{%\s*(?P<name>\w*).*?%\})
    |(?P<variable>\{\{.*?\}\})
    |(?P<note>\{\#.*?\#\}|<!--(?s:.*?)-->)
    |(?P<layout>[ \t\r\f]*\n[ \t\r\f\n]*)
    |(?P<start></?(?P<element>[a-zA-Z][\w-]*|(?=\{%))|<!)
    |(?P<end>/?>)
    |(?P<quote>["'])
    |[^\s<>{"'/]+|(?s:.)
    """,
    re.VERBOSE,
)
_SILENT = re.compile(r"\sas\s+\w+\s*%\}|\sasvar\s")


class _Kind(Enum):
    """What a token is to the layout beside it."""

    LAYOUT = auto()  # between elements
    TEXT = auto()  # running text, and what prints it
    WALL = auto()  # elements, tags and comments: layout beside them means nothing
    GAP = auto()  # layout inside an HTML tag
    INNER = auto()  # any piece of an HTML tag
    QUOTE = auto()  # opens a value
    END = auto()  # closes a value or an HTML tag
    OPENING = auto()  # {% if %} inside an HTML tag
    CLOSING = auto()  # {% endif %} inside an HTML tag


def minify(source: str) -> str:
    """Return the source of a template without its layout.

    Raises TemplateSyntaxError where an HTML tag or a quoted value is never closed.
    """
    tokens = list(_tokens(source))
    kinds = [_Kind.WALL, *(kind for kind, _ in tokens), _Kind.WALL, _Kind.WALL]
    parts: list[str] = []
    for index, (kind, text) in enumerate(tokens):
        before, after = kinds[index], kinds[index + 2]
        if kind is _Kind.LAYOUT:
            parts.append(" " if before is after is _Kind.TEXT else "")
        elif kind is not _Kind.GAP:
            parts.append(text)
        else:
            # Of two gaps around {% if %} or {% endif %}, the outer one is enough on every path.
            after_if = before is _Kind.OPENING and kinds[index - 1] in {_Kind.GAP, _Kind.QUOTE}
            before_endif = after is _Kind.CLOSING and kinds[index + 3] in {_Kind.GAP, _Kind.END}
            at_an_end = before is _Kind.QUOTE or after is _Kind.END
            parts.append("" if at_an_end or after_if or before_endif else " ")
    return "".join(parts)


def _tokens(source: str) -> Iterator[tuple[_Kind, str]]:
    """Cut a source into pieces; an HTML tag is many, what is kept as it stands is one."""
    position, start, quote = 0, 0, ""
    element: str | None = None  # the HTML tag that we are in; "" where it has no name of its own
    while match := _TOKEN.match(source, position):
        position, text = match.end(), match[0]
        if element is None:
            if match["start"]:
                start = match.start()
                element = (match["element"] or "").lower() if text[1:2] != "/" else "/"
            yield (_Kind.INNER if element is not None else _content(match)), text
        elif text == quote:
            quote = ""
            yield _Kind.END, text
        elif match["quote"] and not quote:
            quote = text
            yield _Kind.QUOTE, text
        elif match["end"] and not quote:
            yield _Kind.END, text
            if element in KEPT_ELEMENTS:
                closing = re.compile(rf"</{element}\b", re.IGNORECASE).search(source, position)
                end = closing.start() if closing else len(source)
                yield _Kind.WALL, source[position:end]
                position = end
            element = None
        else:
            yield _inside(match), text
    if element is not None:
        line = source.count("\n", 0, start) + 1
        raise TemplateSyntaxError(f"The HTML tag that begins on line {line} is never closed.")


def _content(match: re.Match[str]) -> _Kind:
    """Say what a token between HTML tags is."""
    if match["layout"]:
        return _Kind.LAYOUT
    if match["block"] or match["tag"]:
        name, opening = match["kept"] or match["name"], match[0].partition("%}")[0] + "%}"
        is_text = name in PRINTING_TAGS and not _SILENT.search(opening)
        return _Kind.TEXT if is_text else _Kind.WALL
    return _Kind.WALL if match["note"] else _Kind.TEXT


def _inside(match: re.Match[str]) -> _Kind:
    """Say what a token inside an HTML tag is."""
    if match["layout"]:
        return _Kind.GAP
    if match["name"] in OPENING_TAGS:
        return _Kind.OPENING
    return _Kind.CLOSING if match["name"] in CLOSING_TAGS else _Kind.INNER


class Loader(FilesystemLoader):
    """Read templates of ``DIRS``; minify those in HTML, and leave mails and the like alone."""

    def get_contents(self, origin: Origin) -> str:
        source = super().get_contents(origin)
        if not origin.name.endswith(".html"):
            return source
        if self.engine.debug:
            # The lines of the minified source are not those of the file. Compiling the file
            # first lets Django's debug page show a syntax error where it was written.
            Template(source, origin, engine=self.engine)
        return minify(source)
