"""The page at /: addresses, tasks, keys and directives, in English and Chinese."""

from html import escape

from .context import Context
from .dialects import DIALECTS
from .help_tables import TABLES, HelpEntry
from .tasks import SandboxTask

MAX_TASKS = 100
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
<p>A server that answers as a provider does. It costs nothing, keeps no secret and makes real video
files. Use one of the keys below with one of the addresses. To choose what goes wrong, write words
in square brackets into a prompt.</p>
<p lang="zh-Hans">这是一个模拟服务商：不收费，不保密，生成真实的视频。
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


def render(context: Context, base_url: str) -> str:
    with context.engine.lock:
        tasks = list(context.engine.tasks.values())[-MAX_TASKS:]
        rows = "".join(_task_row(task, context.clock.now()) for task in reversed(tasks))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body>{INTRODUCTION}"
        f"<h2>Addresses · 地址</h2>{_addresses(base_url)}"
        f"<h2>Tasks · 任务</h2><table>{rows or '<tr><td>None yet · 暂无</td></tr>'}</table>"
        f"{''.join(f'<h2>{title}</h2>{_help_table(entries)}' for title, entries in TABLES)}"
        f"<h2>Control · 控制</h2>{CONTROL}</body></html>"
    )


def _addresses(base_url: str) -> str:
    rows = (
        f"<tr><td><code>{escape(base_url + dialect.path)}</code></td>"
        f"<td><code>{escape(dialect.authorization)}</code></td><td>{escape(dialect.english)}</td>"
        f'<td lang="zh-Hans">{escape(dialect.chinese)}</td></tr>'
        for dialect in DIALECTS
    )
    return f"<table>{''.join(rows)}</table>"


def _help_table(entries: tuple[HelpEntry, ...]) -> str:
    rows = (
        f"<tr><td><code>{escape(entry.syntax)}</code></td><td>{escape(entry.english)}</td>"
        f'<td lang="zh-Hans">{escape(entry.chinese)}</td></tr>'
        for entry in entries
    )
    return f"<table>{''.join(rows)}</table>"


def _task_row(task: SandboxTask, now: float) -> str:
    cells = (task.id, task.dialect, task.key, task.state, f"{task.progress(now)} %", task.err_code)
    row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr>{row}<td class="prompt">{escape(task.order.get("prompt", ""))}</td></tr>'
