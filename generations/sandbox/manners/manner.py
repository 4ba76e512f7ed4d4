"""What a manner is: a word, whom it fits, what must come of it, and what it changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from generations.sandbox.callbacks import OutgoingCallback
from generations.sandbox.http import Response
from generations.sandbox.tasks import SandboxTask

Moment = Literal["create", "query", "tree", "callback", "file"]
# right: the film is taken in whole, or else a person is told. told: a person must be told.
# refused: nothing runs, and what was held is given back.
Outcome = Literal["right", "told", "refused"]

EVERY = ("vidu", "relay", "vivienne", "apixo")
TELL_COST = ("vidu", "relay", "vivienne")

# The kinds of manners, in English and Chinese.
KINDS = {
    "W1": ("Words of state vary", "状态词不一"),
    "W2": ("Results stand elsewhere", "结果在别处"),
    "W3": ("Ids are any text", "任务编号可以是任意文本"),
    "W4": ("JSON is not clean", "JSON 不规范"),
    "W5": ("Encodings are claimed, not meant", "编码声明与内容不符"),
    "W6": ("Amounts have many forms", "金额写法不一"),
    "W7": ("A proxy answers in between", "中间的代理代为回复"),
    "W8": ("Addresses redirect", "地址被重定向"),
    "W9": ("Links are late", "链接迟到"),
    "W10": ("One link is dead early", "个别链接提前失效"),
    "W11": ("Links are written by hand", "链接书写随意"),
    "W12": ("Containers differ", "文件格式不一"),
    "W13": ("A refusal is a word in a sentence", "拒绝原因藏在句子里"),
    "W14": ("Ordered but not delivered", "下单内容未交付"),
    "W15": ("Callbacks come in chunks", "回调分块发送"),
    "W16": ("What is echoed once is gone later", "先前回显的内容后来消失"),
}


@dataclass(frozen=True, slots=True)
class DraftReply:
    """What a reply says, before it becomes text; `body` is a copy that a manner may change."""

    task: SandboxTask
    moment: Moment
    body: Any
    at: float


@dataclass(frozen=True, slots=True)
class Interruption:
    """An answer in place of the provider's: by a proxy, a redirect, or an error in other words.

    It comes so many `times` for one order, 0 without end; `is_after` it was taken. `build` makes
    it from the task and the address that was asked, or raises ApiError.
    """

    moment: Moment
    build: Callable[[SandboxTask, str], Response]
    times: int = 1
    is_after: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """A manner with its hooks; where none is set, the word is read where files are made.

    `order` holds members that an order must have for the manner to be seen, `implied` further
    directives. A number may follow the word of an `interruption`: how many times it comes. One that
    `stops_key` is not drawn and not listed: no other order of that key would leave any more. One
    `on_films` is about ad films. `text` and `response` are for replies of these `moments`.
    """

    word: str
    kind: str
    english: str
    chinese: str
    outcome: Outcome = "right"
    dialects: tuple[str, ...] = EVERY
    order: Mapping[str, Any] = field(default_factory=dict)
    implied: tuple[str, ...] = ()
    body: Callable[[DraftReply], Any] | None = None
    text: Callable[[bytes], bytes] | None = None
    response: Callable[[Response], Response] | None = None
    interruption: Interruption | None = None
    callback: Callable[[OutgoingCallback], OutgoingCallback] | None = None
    link: Callable[[str], str] | None = None
    file: Callable[[Response], Response] | None = None
    price: int = 0
    stops_key: bool = False
    on_films: bool = False
    moments: tuple[Moment, ...] = ("create", "query", "tree", "callback")

    def to_json(self) -> dict[str, Any]:
        """What a program needs to order it and to judge what came of it."""
        return {
            "word": self.word,
            "kind": self.kind,
            "dialects": list(self.dialects),
            "outcome": self.outcome,
            "order": dict(self.order),
            "english": self.english,
            "chinese": self.chinese,
        }
