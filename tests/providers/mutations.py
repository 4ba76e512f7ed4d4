"""Replies as gateways, resellers and proxies change them: the same facts, written otherwise.

A *place* is the way to a member of a JSON value: names, positions, and INSIDE for the JSON that a
text holds. Whatever is changed here, docs/wire.md, 1.2 to 1.7, says what must come of it.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

type Place = tuple[str | int, ...]

INSIDE = "\0"
REMOVED: Any = object()
MARK = "@@"  # what is replaced by bytes that no JSON writer makes

MALFORMED: Sequence[Any] = (REMOVED, None, "x", [[]], -1, 10**400, True, {"id": 1})
CONTAINERS = ("data", "task", "result", "output", "Response", "Data")
STATE_NAMES = ("state", "status", "task_status", "taskStatus", "Status", "TaskState", "job_status")
ID_NAMES = ("task_id", "taskId", "taskNo", "task_no", "id", "TaskId", "taskID", "jobId")
COST_NAMES = ("credits", "totalPoints")
MESSAGE_NAMES = ("message", "err_msg", "error", "fail_reason", "failMsg", "Message")
CODE_NAMES = ("code", "reason", "err_code", "failCode", "ErrCode", "ErrCodeExt", "errorCode")
ERROR_NAMES = frozenset((*MESSAGE_NAMES, *CODE_NAMES))
RESULT_NAMES = (
    *("creations", "videos", "results", "result", "resultUrls", "result_urls", "resultJson"),
    *("output", "outputs", "data", "task_result", "content", "metadata", "response", "Response"),
    *("FileInfos", "video_list", "items"),
)
FILM_NAMES = (
    *("url", "video_url", "videoUrl", "video", "download_url", "downloadUrl", "play_url"),
    *("file_url", "FileUrl", "result_url", "creation_url", "finalVideoUrl", "uri", "href"),
    *("signed_url", "outputVideo", "videoFileUrl"),
)

# ---- Places ---------------------------------------------------------------------------------


def members(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every member with its place, from outside to inside, also of the JSON that texts hold."""
    inner: Collection[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = list(enumerate(value))
    elif (opened := json_inside(value)) is not None:
        yield from members(opened, (*place, INSIDE))
    for step, member in inner:
        yield (*place, step), member
        yield from members(member, (*place, step))


def json_inside(value: Any) -> Any:
    """The object or list that a text holds as JSON; None for anything else."""
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def get(value: Any, place: Place) -> Any:
    for step in place:
        value = json.loads(value) if step == INSIDE else value[step]
    return value


def put(value: Any, place: Place, new: Any) -> Any:
    """A copy in which one member is another one, or REMOVED; () is the value itself."""
    if not place:
        return new
    step, rest = place[0], place[1:]
    if step == INSIDE:
        return json.dumps(put(json.loads(value), rest, new), ensure_ascii=False)
    copy = value.copy()
    if new is REMOVED and not rest:
        del copy[step]
    else:
        copy[step] = put(copy[step] if rest else None, rest, new)
    return copy


def put_all(value: Any, places: Sequence[Place], new: Any) -> Any:
    """A copy in which all these members are another one, or REMOVED."""
    for place in reversed(places):  # a list is emptied from its end
        value = put(value, place, new)
    return value


def parent(place: Place) -> Place:
    """The place of the object around a member."""
    while place and not isinstance(place[-1], str):
        place = place[:-1]
    return place[:-1]


def names(place: Place) -> tuple[str, ...]:
    return tuple(step for step in place if isinstance(step, str) and step != INSIDE)


def places_of(value: Any, wanted: Collection[str], *, of: type = object) -> Sequence[Place]:
    """The places of all members with one of these names that are of a type."""
    return [
        place
        for place, member in members(value)
        if place[-1] in wanted and isinstance(member, of) and not isinstance(member, bool)
    ]


def places_like(value: Any, texts: Collection[str]) -> Sequence[Place]:
    """The places of all texts and numbers that read as one of these."""
    return [
        place
        for place, member in members(value)
        if isinstance(member, str | int) and str(member) in texts
    ]


# ---- Words of state (1.2) -------------------------------------------------------------------

WORDS: Mapping[str, str] = {
    "queued": "created pending queued queueing queuing inqueue waiting wait submitted submitting "
    "scheduled accepted received notstart notstarted init initialized starting queue3 排队等待 "
    "排队中 等待中 已提交",
    "running": "processing running inprogress progressing started generating rendering executing "
    "working active uploading finalizing 处理中 生成中 进行中 正在生成",
    "succeeded": "success succeeded succeed successful completed complete done finish finished "
    "ready ok operationsucceeded 成功 完成 已完成 任务完成",
    "failed": "failed fail failure error errored aborted abort rejected refused denied blocked "
    "moderated timeout timedout expired invalid 失败 已失败",
    "cancelled": "cancelled canceled cancel cancelling usercancelled usercanceled revoked 已取消",
}
UNKNOWN_WORDS = ("dreaming", "Waiting for payment!", "待审核", "  half done\n", "9", "0x1", "успех")


def words() -> Iterator[tuple[str, str]]:
    """Every known word of state, some of them as nobody documents them, with what it means."""
    for state, line in WORDS.items():
        for word in line.split():
            yield word, state
            yield word.upper(), state
        yield from ((spelling, state) for spelling in spellings(line.split()[0]))
    for word in ("In Progress", "IN_PROGRESS", "in-progress", "NOT_START", "not started"):
        yield word, "queued" if word.lower().startswith("not") else "running"
    yield from (("Timed-Out", "failed"), ("USER_CANCELLED", "cancelled"))


def spellings(word: str) -> Iterator[str]:
    yield from (word.title(), f" {word} ", f"{word}\r\n", f"\t{word}")
    yield from (f"{word[:3]}{joint}{word[3:]}" for joint in ("_", "-", " ", "."))


# ---- Amounts (1.5) --------------------------------------------------------------------------

AMOUNTS: Mapping[str, int] = {
    **{"35": 35, "35.0": 35, "3.5e1": 35, '"35"': 35, '" 35.00 "': 35, '"+35"': 35, "34.2": 35},
    **{'"1,250"': 1250, '"1 250.5"': 1251, '"1,250,000"': 1_250_000, '"12,5"': 13, '"0,79"': 1},
    **{'"0,790"': 1, '"35 credits"': 35, '"35积分"': 35, '"$0.79"': 1, '"0.79 USD"': 1},
    **{'"\uff13\uff15"': 35, '{"amount":"0.79","currency":"USD"}': 1, "[35]": 35, '["35"]': 35},
    **{'{"total":1000,"used":35}': 35, '{"used":35,"remaining":965}': 35},
    **{"0": 0, '"0"': 0, "0.0": 0, "1000000000000000": 10**15},
}
NO_AMOUNTS = (
    *("-3", '"-3"', "NaN", "Infinity", "true", "false", '"ten"', '"3 of 5"', "[3,5]"),
    *('{"a":3,"b":5}', '{"amount":"ten"}', "1e16", '"1000000000000001"', "1e400"),
    *('"1.2k"', '"3.5万积分"', '"35%"', '"7 credits/s"', '"每秒7积分"', '{"price":7,"quantity":5}'),
)

# ---- Links (1.6) ----------------------------------------------------------------------------

SIGNED = (
    "https://cdn.example/f/1?X-Amz-Expires=86400&sig=a%2Fb%2b+c==&n=%E4%BD%A0&e=1,2;3|~'&x=http://y"
)


def links_by_hand(link: str) -> Sequence[str]:
    """One https link as people and templates write it; a browser would open it."""
    rest = link.removeprefix("https:")
    return (
        *(f" {link}", f"{link}  ", f"\n{link}\r\n", f"\t{link}", f'"{link}"', f" '{link}' "),
        *(f"HTTPS:{rest}", f"Https:{rest}", rest, rest.removeprefix("//")),
        *(link.replace("https://", "https:\\/\\/"), link.replace("//cdn.", "\\/\\/cdn.")),
    )


def results_elsewhere(link: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """One film under each member that gateways are known to use, in each of its forms."""
    for name in FILM_NAMES:
        yield name, {name: link}
        yield f"result.{name}", {"result": {name: link}}
        yield f"creations[].{name}", {"creations": [{name: link}]}
    for name in RESULT_NAMES:
        yield f"{name}.url", {name: {"url": link}}
        yield f"{name}[].video_url", {name: [{"video_url": link}]}
        yield f"{name} as text", {name: json.dumps([{"url": link}])}
        yield f"{name}[]", {name: [link]}
        yield f"{name}", {name: link}
    yield "creations as PHP numbers them", {"creations": {"1": {"url": link}}}
    yield "fail_reason", {"fail_reason": link}


ECHOES_OF_THE_ORDER: Sequence[Mapping[str, Any]] = (
    *({"images": [SIGNED]}, {"image_url": SIGNED}, {"image_urls": [SIGNED]}, {"prompt": SIGNED}),
    *({"input": {"url": SIGNED}}, {"Input": {"FileInfos": [{"FileUrl": SIGNED}]}}),
    *({"subjects": [{"images": [SIGNED]}]}, {"wm_url": SIGNED}, {"callback_url": SIGNED}),
    {"payload": SIGNED},
)


# ---- Bytes (1.7) ----------------------------------------------------------------------------


def encoded(body: Any, prompt: str = "") -> bytes:
    """A body as UTF-8, with a prompt that it repeats."""
    more = {"prompt": prompt} if prompt else {}
    body = {**body, **more} if isinstance(body, dict) else body
    return json.dumps(body, ensure_ascii=False).encode()


def stray(body: Any) -> Iterator[tuple[str, bytes]]:
    """A reply in JSON that strict readers refuse, and that says the same to everybody else."""
    text = encoded(body, f"港口 {MARK}")
    mark = MARK.encode()
    plain = text.replace(mark, b"")
    yield "byte order mark", b"\xef\xbb\xbf" + plain
    yield "guard", b")]}',\n" + plain
    yield "JSONP", b"/**/ callback(" + plain + b");"
    yield "a line before", b"upstream 10.0.0.7 200\n" + plain
    yield "a line behind", plain + b"\n<!-- cache 12 ms -->\n"
    yield "NUL behind", plain + b"\0\0"
    yield "twice", plain + b"\n" + plain
    yield "comma too many", plain[:-1] + b",}"
    yield "comments", b"{/* v2 */" + plain[1:-1] + b"// end\n}"
    for number in (b"NaN", b"Infinity", b"-Infinity"):
        yield str(number), plain[:-1] + b',"score":' + number + b"}"
    for name, strange in STRANGE_BYTES.items():
        yield name, text.replace(mark, strange)


STRANGE_BYTES: Mapping[str, bytes] = {
    "line break in a text": b"fog\n\tat dusk",
    "control characters in a text": b"\x01\x1f\x7f",
    "NUL in a text": b"\0",
    "high surrogate": b"\\ud83d",
    "low surrogate": b"\\udE00 fog",
    "surrogates turned round": b"\\ude00\\ud83d",
    "surrogate as bytes": b"\xed\xa0\xbd",
    "no UTF-8": b"\xff\xfe\x80",
    "cut letter": "港".encode()[:2],
}


def encodings(body: Any) -> Iterator[tuple[str, Mapping[str, str], bytes]]:
    """Name, headers and bytes of one reply in encodings that are claimed and meant, or not."""
    text = encoded(body, "港口 😀").decode()
    chinese = encoded(body, "港口").decode()
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "gb18030"):
        for charset in (f"; charset={codec}", f'; Charset="{codec.upper()}"', ""):
            yield (
                f"{codec}{charset}",
                {"Content-Type": "application/json" + charset},
                text.encode(codec),
            )
    for charset in ("iso-8859-1", "no-such-thing", "utf-16", ""):
        headers = {"Content-Type": f"text/html; charset={charset}"}
        yield f"UTF-8 called {charset!r}", headers, text.encode()
    wrong = {"Content-Type": "application/json; charset=utf-8"}
    yield "gb18030 called utf-8", wrong, chinese.encode("gb18030")
    gb = {"Content-Type": "application/json; charset=gb2312"}
    trail = encoded(body, "裓").decode()  # its second byte is a backslash
    yield "gbk called gb2312", gb, trail.encode("gbk")
    packed = text.encode()
    yield "gzip", {"Content-Encoding": "gzip"}, gzip.compress(packed)
    yield "deflate", {"Content-Encoding": "deflate"}, zlib.compress(packed)
    for coding in ("aws-chunked", "none", "utf-8", "binary", "identity"):
        yield coding, {"Content-Encoding": coding}, packed


# ---- Structure (1.3, 1.6) -------------------------------------------------------------------


def nestings(body: Any, place: Place) -> Iterator[tuple[str, Any]]:
    """The object at a place one object deeper, in a list of one, or as JSON in a text."""
    inner = get(body, place)
    for name in CONTAINERS:
        yield f"{place} in {name}", put(body, place, {name: inner})
    yield f"{place} in a list", put(body, place, [inner])
    yield f"{place} as text", put(body, place, json.dumps(inner))
    yield f"{place} in data as text", put(body, place, {"data": json.dumps(inner)})


def ids_elsewhere(body: Any, place: Place) -> Iterator[tuple[str, Any]]:
    """The id of a create under each name and in each object that gateways are known to use."""
    remote_id, around = get(body, place), parent(place)
    without = put(body, place, REMOVED)
    beside = get(without, around)
    for name in ID_NAMES:
        yield name, put(without, around, {**beside, name: remote_id})
    for container in CONTAINERS:
        yield container, {**without, container: {"task_id": remote_id}}


# ---- Any two of them ------------------------------------------------------------------------

type Mutation = Callable[[Any, random.Random], tuple[Any, frozenset[str]]]

# 10**400 is more than any integer that JSON readers agree on.
NOTHINGS: Sequence[Any] = (None, "", 0, [], {}, [None], [[]])
WRONG_VALUES: Sequence[Any] = (*NOTHINGS, "x", "0", -1, 10**400, 1.5, True, {"id": 1})


def with_a_wrong_value(body: Any, dice: random.Random) -> tuple[Any, frozenset[str]]:
    told = [*members(body)]
    if not told:  # an earlier change may have left nothing
        return body, frozenset()
    place, member = dice.choice(told)
    return put(body, place, dice.choice((*WRONG_VALUES, REMOVED))), names_within(place, member)


def nested(body: Any, dice: random.Random) -> tuple[Any, frozenset[str]]:
    if not isinstance(body, dict):
        return body, frozenset()
    objects = [(), *(place for place, member in members(body) if isinstance(member, dict))]
    return dice.choice([*nestings(body, dice.choice(objects))])[1], frozenset()


def respelled(body: Any, dice: random.Random) -> tuple[Any, frozenset[str]]:
    """Words of state as others write them."""
    for place in places_of(body, STATE_NAMES, of=str):
        body = put(body, place, dice.choice([*spellings(get(body, place))]))
    return body, frozenset()


def with_unknown_members(body: Any, _dice: random.Random) -> tuple[Any, frozenset[str]]:
    """A member that nobody knows in every object."""
    for place, member in [((), body), *members(body)]:
        if isinstance(member, dict) and INSIDE not in place:
            body = put(body, place, {"unheard_of": {"deep": [1]}, **get(body, place)})
    return body, frozenset()


def names_within(place: Place, member: Any) -> frozenset[str]:
    """The name of a member and of all that it holds."""
    below = (name for inner, _ in members(member) for name in names(inner))
    return frozenset((*names(place)[-1:], *below))


STRUCTURES: Sequence[Mutation] = (respelled, with_unknown_members, with_a_wrong_value)
MUTATIONS: Sequence[Mutation] = (nested, *STRUCTURES)


def malformed(body: Any) -> Iterator[tuple[frozenset[str], Any]]:
    """Every variant with one member removed or wrong, and the names of what is gone."""
    for place, member in members(body):
        gone = names_within(place, member)
        for wrong in MALFORMED:
            yield gone, put(body, place, wrong)


def with_text(body: Any, text: str) -> Iterator[Any]:
    """Every variant with one member replaced by a text."""
    for place, _ in members(body):
        yield put(body, place, text)
