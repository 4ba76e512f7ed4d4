"""What the control page says of dialects, keys and words, in both languages."""

from typing import NamedTuple

from generations.sandbox.accounts import DEMO_KEYS


class Line(NamedTuple):
    word: str
    english: str
    chinese: str


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


def base(dialect: str) -> Base:
    return next(each for each in BASES if each.name == dialect)
