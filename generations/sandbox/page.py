"""The control page: keys, words and tasks, in English and Chinese."""

from html import escape

from generations.sandbox.guide import BASES, KEYS, WORDS, Line
from generations.sandbox.guide_films import FILM_WORDS
from generations.sandbox.guide_gateways import (
    APIXO_WORDS,
    GATEWAY_WORDS,
    RELAY_WORDS,
    VIVIENNE_WORDS,
)
from generations.sandbox.stage import Stage
from generations.sandbox.tasks import Task

MOST_TASKS = 100
TABLES = (
    ("Keys · 密钥", KEYS),
    ("Words · 提示词中的词", WORDS),
    ("Words of films · 成片的词", FILM_WORDS),
    ("Words of the gateways · 各网关共用的词", GATEWAY_WORDS),
    ("Words of the relay · 中转的词", RELAY_WORDS),
    ("Words of Vivienne · Vivienne 的词", VIVIENNE_WORDS),
    ("Words of APIXO · APIXO 的词", APIXO_WORDS),
)
STYLE = """
:root { color-scheme: dark; font: 15px/1.5 system-ui, "PingFang SC", "Noto Sans SC", sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem; background: #151311; color: #ece8e1 }
h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin-top: 2.5rem } p, td { color: #bdb7ad }
table { border-collapse: collapse; width: 100% } code { color: #f2af5c; white-space: nowrap }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0 }
tr { border-bottom: 1px solid #2b2723 } .prompt { overflow-wrap: anywhere }
"""
INTRODUCTION = """
<h1>Sandbox · 沙盒</h1>
<p>A pretend provider. It costs nothing, keeps no secret and makes real clips. Use one of the keys
below with one of the addresses; write a word in brackets into a prompt to choose what goes
wrong.</p>
<p lang="zh-Hans">这是一个模拟服务方：不收费，不保密，生成真实的视频。
请把下面的密钥与其中一个地址一起使用；在提示词里写入方括号中的词，即可选择要发生的问题。</p>
"""
CONTROL = """
<p><code>POST /control/advance {"seconds": 60}</code></p>
<p><code>POST /control/faults {"key": "sandbox-studio", "words": "[429 TooManyRequests]",
"on": "create", "times": 2}</code> (on: create, query, any)</p>
<p><code>POST /control/fire/&lt;task&gt;</code> · <code>POST /control/expire</code> ·
<code>POST /control/reset</code></p>
<p><code>GET /control/requests</code> · <code>GET /control/tasks</code> ·
<code>GET /control/callbacks</code> · <code>GET /control/counts</code></p>
"""


def render(stage: Stage, base_url: str) -> str:
    with stage.studio.lock:
        tasks = list(stage.studio.tasks.values())[-MOST_TASKS:]
        rows = "".join(_task_row(task, stage.clock.now()) for task in reversed(tasks))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body>{INTRODUCTION}"
        f"<h2>Addresses · 地址</h2>{_bases(base_url)}"
        f"<h2>Tasks · 任务</h2><table>{rows or '<tr><td>None yet · 暂无</td></tr>'}</table>"
        f"{''.join(f'<h2>{title}</h2>{_table(lines)}' for title, lines in TABLES)}"
        f"<h2>Control · 控制</h2>{CONTROL}</body></html>"
    )


def _bases(base_url: str) -> str:
    rows = (
        f"<tr><td><code>{escape(base_url + base.path)}</code></td>"
        f"<td><code>{escape(base.authorization)}</code></td><td>{escape(base.english)}</td>"
        f'<td lang="zh-Hans">{escape(base.chinese)}</td></tr>'
        for base in BASES
    )
    return f"<table>{''.join(rows)}</table>"


def _table(lines: tuple[Line, ...]) -> str:
    rows = (
        f"<tr><td><code>{escape(line.word)}</code></td><td>{escape(line.english)}</td>"
        f'<td lang="zh-Hans">{escape(line.chinese)}</td></tr>'
        for line in lines
    )
    return f"<table>{''.join(rows)}</table>"


def _task_row(task: Task, now: float) -> str:
    cells = (task.id, task.dialect, task.key, task.state, f"{task.progress(now)} %", task.err_code)
    row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr>{row}<td class="prompt">{escape(task.order.get("prompt", ""))}</td></tr>'
