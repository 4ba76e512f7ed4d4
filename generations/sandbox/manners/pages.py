"""The manners on the sandbox's own page: a form to choose them, and a table of each kind."""

from html import escape
from itertools import groupby

from .catalogue import MANNERS
from .manner import EVERY, KINDS, Manner
from .player import MannerChoice

MOST_SHOWN = 12  # lines of the list of words in the form


def choice_form(choices: tuple[MannerChoice, ...]) -> str:
    """A form that sends a choice to /control/manners, below what is chosen already."""
    dialects = "".join(f"<option>{name}</option>" for name in EVERY)
    words = "".join(f"<option>{escape(manner.word)}</option>" for manner in MANNERS)
    return (
        "<p>A manner is what real providers do beside their documents. Write its word in square "
        "brackets into one prompt, or choose it here for all following orders of a provider. Each "
        "order gets one of the words with this chance; no word means any of them; 0 ends it.</p>"
        '<p lang="zh-Hans">“举止”是真实服务商在文档之外的表现。可把词写入某个提示词的方括号中，'
        "也可在此为某服务商之后的所有订单选择：每单按此概率取其中一词；不选词则任取；0 为停止。</p>"
        f"<ul>{''.join(map(_chosen, choices))}</ul>"
        '<form method="post" action="/control/manners">'
        f'<p><select name="dialect" aria-label="provider">{dialects}</select> '
        '<input name="chance" type="number" min="0" max="1" step="0.05" value="0.3" '
        'aria-label="chance"> <button>Choose · 选择</button></p>'
        f'<p><select name="words" multiple size="{MOST_SHOWN}" aria-label="words">{words}</select>'
        "</p></form>"
    )


def manner_tables() -> str:
    """A table of the manners of each kind."""
    kinds = groupby(MANNERS, key=lambda manner: manner.kind)
    return "".join(f"<h2>{_title(kind)}</h2>{_table(list(manners))}" for kind, manners in kinds)


def _title(kind: str) -> str:
    english, chinese = KINDS[kind]
    return f'{kind} · {english} · <span lang="zh-Hans">{chinese}</span>'


def _table(manners: list[Manner]) -> str:
    rows = (
        f"<tr><td><code>[{escape(manner.word)}]</code></td><td>{escape(manner.english)}</td>"
        f'<td lang="zh-Hans">{escape(manner.chinese)}</td><td>{manner.outcome}</td>'
        f"<td>{'' if manner.dialects == EVERY else ', '.join(manner.dialects)}</td></tr>"
        for manner in manners
    )
    return f"<table>{''.join(rows)}</table>"


def _chosen(choice: MannerChoice) -> str:
    words = ", ".join(choice.words[:MOST_SHOWN])
    more = ", …" if len(choice.words) > MOST_SHOWN else ""
    return f"<li>{choice.dialect}, {choice.chance:.0%}: {escape(words + more)}</li>"
