"""The control page: keys, words and tasks, in English and Chinese."""

from html import escape
from typing import NamedTuple

from generations.sandbox.tasks import Task

from .context import Stage
from .tasks import DEMO_KEYS

MOST_TASKS = 100


class Line(NamedTuple):
    word: str
    english: str
    chinese: str


KEYS = (
    Line(
        "sandbox-…",
        "Known, with an account of its own at each provider: 100,000 units, 5 slots (APIXO: 10).",
        "有效，在每个服务方各有一个账户：100,000 单位，5 个并发（APIXO 为 10）。",
    ),
    Line("…bad…", "Unknown: 401.", "无效：401。"),
    Line("sandbox-forbidden…", "Known, but not allowed: 403.", "有效但无权限：403。"),
    Line("sandbox-broke…", "Nothing left.", "余额为零。"),
    Line(
        "sandbox-broke400…",
        "APIXO: the same with 400 instead of 402.",
        "APIXO：同上，但返回 400 而非 402。",
    ),
    Line("sandbox-few…", "100 units.", "只有 100 单位。"),
    Line("sandbox-busy…", "Every order is throttled: 429.", "每次下单都被限流：429。"),
    Line("sandbox-quota…", "A task over its slots is refused.", "超出并发的任务被拒绝。"),
    Line("sandbox-…rate600", "APIXO: 600 requests a minute.", "APIXO：每分钟 600 次请求。"),
    Line(
        "sandbox-…params",
        "Vivienne: the fields of an order lie in params.",
        "Vivienne：请求字段放在 params 中。",
    ),
    Line("sandbox-…slots20", "20 slots.", "20 个并发。"),
)

WORDS = (
    Line("[fast] [slow]", "Five times quicker, six times slower.", "快五倍；慢六倍。"),
    Line("[stuck] [never starts]", "Never done; never begun.", "永不完成；永不开始。"),
    Line("[fail CODE]", "The task fails with this code.", "任务以此错误码失败。"),
    Line("[failed at once]", "The reply to the order says failed.", "下单回复即为失败。"),
    Line("[refuse REASON]", "The order is refused.", "下单被拒绝。"),
    Line("[429 REASON]", "The order is throttled.", "下单被限流。"),
    Line("[quota]", "Refused when all slots are taken.", "并发用完时被拒绝。"),
    Line(
        "[500 before] [500 after]",
        "An error, before or after the task was made; also 502, 503.",
        "在任务生成之前或之后出错；也可用 502、503。",
    ),
    Line(
        "[drop before] [drop after]",
        "The connection closes without an answer.",
        "连接关闭，没有回复。",
    ),
    Line("[slow answer N]", "The answer takes N seconds.", "回复延迟 N 秒。"),
    Line(
        "[garbled] [not JSON] [code in 200]",
        "Broken JSON; a page; an error in a 200.",
        "JSON 损坏；返回网页；200 中含错误码。",
    ),
    Line(
        "[no task id] [task id number]",
        "The reply lacks its number, or writes it as a number.",
        "回复缺少任务编号，或以数字形式给出。",
    ),
    Line(
        "[query …]",
        "Any of these for the first look, such as [query drop after].",
        "以上任意一种用于首次查询，例如 [query drop after]。",
    ),
    Line(
        "[empty creations] [unknown word]",
        "Once: success without a file; a state that nobody knows.",
        "一次：成功但无文件；未知状态。",
    ),
    Line(
        "[no id] [no progress] [no cover]", "The query reply lacks them.", "查询回复缺少这些字段。"
    ),
    Line(
        "[list missing] [creations object]",
        "The list has no row, or an object instead of an array.",
        "列表中没有该任务，或以对象代替数组。",
    ),
    Line(
        "[link N] [link day] [expired 404]",
        "Links live N seconds; a day; a dead one answers 404 instead of 403.",
        "链接有效 N 秒；一天；失效后返回 404 而非 403。",
    ),
    Line(
        "[media N] [media N always]",
        "The first file request gets status N; all do.",
        "首次（或每次）下载返回状态 N。",
    ),
    Line("[media drop]", "The first file request is cut.", "首次下载被断开。"),
    Line(
        "[truncated] [truncated always]",
        "Half a body, but ranges are whole; never whole.",
        "正文只有一半，分段请求完整；始终不完整。",
    ),
    Line("[html body] [html as mp4]", "A page instead of a video.", "以网页代替视频。"),
    Line(
        "[slow body N] [drip] [endless]",
        "A body of N seconds; a byte a second; without end.",
        "正文耗时 N 秒；每秒一字节；永无止境。",
    ),
    Line("[huge N]", "A video of N megabytes, 1024 if unsaid.", "N MB 的视频，默认 1024。"),
    Line(
        "[no range] [changed]", "Ranges are ignored; the tag changes.", "忽略分段请求；标签变化。"
    ),
    Line("[redirect] [redirect loop] [redirect private]", "Links that lead on.", "链接重定向。"),
    Line("[no sound]", "A clip without sound.", "无声视频。"),
    Line(
        "[callback never] [callback late N] [callback early]",
        "Not, late, before the order is answered.",
        "不发送；延迟 N 秒；早于下单回复。",
    ),
    Line(
        "[callback duplicate] [callback again] [callback five times]",
        "Twice with one nonce; with a new one; five times.",
        "同一随机数两次；新随机数；五次。",
    ),
    Line(
        "[callback out of order] [callback contradicting]",
        "processing after success; a body that is not true.",
        "成功之后才到“处理中”；内容不实。",
    ),
    Line(
        "[callback bad signature] [callback unsigned]",
        "Signed with another key; not at all.",
        "用其他密钥签名；不签名。",
    ),
    Line(
        "[callback stale date] [callback no nonce]",
        "An hour old; without a nonce.",
        "一小时前；没有随机数。",
    ),
    Line(
        "[callback no id] [callback status word] [callback oversized]",
        "Without id; status for state; 3 MB.",
        "没有编号；以 status 代替 state；3 MB。",
    ),
)


GATEWAY_WORDS = (
    Line("[two results]", "Two videos instead of one.", "两个视频。"),
    Line(
        "[callback ahead]",
        "Success is told while a look still says that the task runs.",
        "查询仍为处理中时，回调已通知成功。",
    ),
)

RELAY_WORDS = (
    Line(
        "[shape 1] [shape 3]",
        "A look is answered at /ent/v2/tasks/{id}/creations, as Vidu or Tencent do; the usual "
        "path answers 404.",
        "查询须用 /ent/v2/tasks/{id}/creations，格式同 Vidu 或腾讯；原路径返回 404。",
    ),
    Line(
        "[task not exist]",
        "With these two: 400 task_not_exist instead of 404.",
        "与上述两词连用：以 400 task_not_exist 代替 404。",
    ),
    Line(
        "[shape 4] [shape 4 nested]",
        "The relay's own envelope; with Vidu's reply inside.",
        "中转自有的外层；内含 Vidu 的回复。",
    ),
    Line(
        "[shape 5] [shape 5 metadata]",
        "A video object with video_url; with metadata.url.",
        "video 对象，含 video_url；含 metadata.url。",
    ),
    Line(
        "[other words]",
        "The other state words that were seen, such as FINISHED.",
        "使用另一组状态词，例如 FINISHED。",
    ),
    Line(
        "[refuse insufficient_user_quota] [429 insufficient_user_quota]",
        "No quota, with 403 and with 429; [refuse error insufficient_user_quota] nests it.",
        "额度不足，返回 403 或 429；[refuse error insufficient_user_quota] 则嵌套返回。",
    ),
    Line(
        "[refuse FieldInvalid] [refuse fail_to_fetch_task]",
        "Vidu's error as text in the relay's; a page as text.",
        "Vidu 的错误以文本形式包在中转的错误中；以网页为文本。",
    ),
    Line(
        "[refuse unauthorized] [refuse forbidden] [refuse no_channel]",
        "new_api_error with 401, 403, 503.",
        "new_api_error，状态 401、403、503。",
    ),
)

VIVIENNE_WORDS = (
    Line(
        "[refuse 2001] [refuse disabled] [refuse balance]",
        "Code 2001 in a 200; 403 for the one reason and for the other.",
        "200 中返回错误码 2001；403，密钥停用或余额不足。",
    ),
    Line(
        "[no data] [query no data] [top level]",
        "A reply without data; the first look without; taskNo beside data.",
        "回复缺少 data；首次查询缺少 data；taskNo 位于顶层。",
    ),
    Line(
        "[callback milliseconds] [callback upper case]",
        "A timestamp of 13 digits; a signature in capitals.",
        "13 位时间戳；大写签名。",
    ),
    Line(
        "[callback bad signature] [callback unsigned] [callback stale date]",
        "Signed with another key; not at all; 25 hours ago.",
        "用其他密钥签名；不签名；25 小时前。",
    ),
    Line(
        "[callback altered]",
        "A good signature over a result that is not true.",
        "签名正确，但结果被篡改。",
    ),
)

APIXO_WORDS = (
    Line(
        "[fail CONTENT_VIOLATION]",
        "The task fails with this failCode; also with one that no page knows.",
        "任务以此 failCode 失败；也可用文档中没有的错误码。",
    ),
    Line(
        "[refuse 402] [refuse Insufficient credits]",
        "An error with this status; 400 with this message.",
        "以此状态返回错误；以 400 返回此消息。",
    ),
    Line("[no data]", "The reply to an order has null for its data.", "下单回复的 data 为 null。"),
    Line(
        "[bad result] [result object]",
        "Once: resultJson is cut short; it is an object instead of a text.",
        "一次：resultJson 不完整；resultJson 为对象而非文本。",
    ),
)


FILM_WORDS = (
    Line(
        "[two takes] [one take]",
        "The first storyboard has two records; one.",
        "第一个分镜有两条记录；只有一条。",
    ),
    Line("[fail shot N CODE]", "Storyboard N, from 0, fails.", "第 N 个分镜（从 0 起）失败。"),
    Line(
        "[drop shot N]",
        "Storyboard N has no records in the detail.",
        "详情中第 N 个分镜没有记录。",
    ),
    Line("[shuffle records]", "All records are in another order.", "所有记录顺序被打乱。"),
    Line("[unknown records]", "Lists and fields that nobody knows.", "出现未知的列表和字段。"),
    Line("[right types]", "Narration and music are typed as such.", "旁白与音乐的类型正确。"),
    Line("[right spelling]", "storyboard_id, not stroyboard_id.", "拼写为 storyboard_id。"),
    Line(
        "[all takes]",
        "The composition names every take, as in the example.",
        "合成记录列出全部片段，与示例一致。",
    ),
    Line(
        "[detail …] [edit …] [compose …]",
        "In a film: any word for the first of them, such as [compose drop after].",
        "写在成片提示词中：用于首次详情、编辑或合成，例如 [compose drop after]。",
    ),
    Line("[done at once]", "The reply to the order says success.", "下单回复即为成功。"),
)
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


class Base(NamedTuple):
    """A dialect and where it is spoken: `path` follows the address of the sandbox."""

    name: str
    path: str
    scheme: str
    english: str
    chinese: str

    @property
    def authorization(self) -> str:
        """The header that its demo key makes."""
        return f"{self.scheme} {DEMO_KEYS[self.name]}"


# Vidu stays at the root, as on its own host; the others are told apart by their base paths.
BASES = (
    Base("vidu", "", "Token", "Vidu's official API.", "Vidu 官方接口。"),
    Base("relay", "/relay", "Bearer", "The Bearer relay.", "Bearer 中转。"),
    Base("vivienne", "/vivienne", "Bearer", "Vivienne's gateway.", "Vivienne 网关。"),
    Base("apixo", "/apixo", "Bearer", "APIXO's vidu-q3.", "APIXO 的 vidu-q3。"),
)


def base(dialect: str) -> Base:
    return next(each for each in BASES if each.name == dialect)
