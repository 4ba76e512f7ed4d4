"""W2: films that stand elsewhere in a reply, or in another type."""

import json
from collections.abc import Callable
from typing import Any

from .manner import EVERY, DraftReply, Manner
from .members import film_links, main_object, without_films

Place = Callable[[str], dict[str, Any]]
SUCCESS = ("query", "callback")
OFFICIAL = ("vidu", "vivienne", "apixo")


def _moved(place: Place) -> Callable[[DraftReply], Any]:
    """The first film as members beside the state, and at its usual place no longer."""

    def body(reply: DraftReply) -> Any:
        links = film_links(reply.body)
        if reply.moment not in SUCCESS or not links:
            return reply.body
        changed = without_films(reply.body)
        main_object(changed).update(place(links[0]))
        return changed

    return body


def _retyped(new: Callable[[Any], Any]) -> Callable[[DraftReply], Any]:
    """The member that holds the films, in another type."""

    def body(reply: DraftReply) -> Any:
        if reply.moment in SUCCESS and film_links(reply.body):
            found = main_object(reply.body)
            for name in _holding(found):
                found[name] = new(found[name])
        return reply.body

    return body


def _holding(found: dict[str, Any]) -> list[str]:
    return [name for name, value in found.items() if film_links(value)]


def _loaded(value: Any) -> Any:
    """The value itself where it is JSON in a text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value


def _as_object(value: Any) -> Any:
    """An object where an array stands, and an object around a link."""
    value = _loaded(value)
    if isinstance(value, list):
        return value[0] if isinstance(value[0], dict) else {"url": value[0]}
    if isinstance(value, str):
        return {"url": value}
    return {name: _as_object(each) if film_links(each) else each for name, each in value.items()}


def _as_array(value: Any) -> Any:
    return [_loaded(value)]


def _as_text(value: Any) -> Any:
    return json.dumps(value if isinstance(value, dict | list) else [value])


def _twice_as_text(value: Any) -> Any:
    return json.dumps(json.dumps(_loaded(value)))


def _as_indexed(value: Any) -> Any:
    """An object with the indexes of an array as its names, as PHP writes one."""
    value = _loaded(value)
    links = film_links(value)
    return {str(index): link for index, link in enumerate(links, start=1)}


def _as_link(value: Any) -> Any:
    return film_links(value)[0]


def _wrapped(around: Callable[[Any], Any]) -> Callable[[DraftReply], Any]:
    """The whole reply one level deeper."""
    return lambda reply: around(reply.body) if reply.moment in SUCCESS else reply.body


def _none(reply: DraftReply) -> Any:
    return without_films(reply.body) if reply.moment in SUCCESS else reply.body


def _decoys(reply: DraftReply) -> Any:
    """Links that are no results beside the film: in the prompt, of the input, of the service."""
    if reply.moment == "query":
        main_object(reply.body).update(
            prompt="As https://cdn.example/older.mp4, but at night",
            input={"video_url": "https://cdn.example/input.mp4"},
            callback_url="https://app.example/hooks/video.mp4",
            docs="https://docs.example/videos",
        )
    return reply.body


PLACES: tuple[tuple[str, Place], ...] = (
    ("video_url", lambda link: {"video_url": link}),
    ("videoUrl", lambda link: {"videoUrl": link}),
    ("url", lambda link: {"url": link}),
    ("urls", lambda link: {"urls": [link]}),
    ("output", lambda link: {"output": link}),
    ("outputs", lambda link: {"outputs": [link]}),
    ("output.video_url", lambda link: {"output": {"video_url": link}}),
    ("output.urls", lambda link: {"output": {"urls": [link]}}),
    ("result", lambda link: {"result": {"video_url": link}}),
    ("result_url", lambda link: {"result_url": link}),
    ("results", lambda link: {"results": [{"url": link, "type": "video"}]}),
    ("data.videos", lambda link: {"data": {"videos": [{"url": link, "duration": "5"}]}}),
    ("videos", lambda link: {"videos": [link]}),
    ("video", lambda link: {"video": {"url": link, "content_type": "video/mp4"}}),
    ("content", lambda link: {"content": {"video_url": link}}),
    ("assets", lambda link: {"assets": {"video": link}}),
    ("Result.Url", lambda link: {"Result": {"Url": link}}),
    ("generations", lambda link: {"generations": [{"video": {"url": link}, "id": "1"}]}),
    ("works", lambda link: {"works": [{"resource": {"resource": link}}]}),
    ("artifacts", lambda link: {"artifacts": [link]}),
    ("task_result", lambda link: {"task_result": {"videos": [{"id": "1", "url": link}]}}),
    ("metadata", lambda link: {"metadata": {"result": {"url": link}}}),
    ("download_url", lambda link: {"files": [{"download_url": link}]}),
    ("creations texts", lambda link: {"creations": [link]}),
    ("creations text", lambda link: {"creations": link}),
    ("creations video", lambda link: {"creations": [{"id": "1", "video": {"url": link}}]}),
)


def _at(name: str, place: Place) -> Manner:
    shown = json.dumps(place("…"), ensure_ascii=False)
    english, chinese = f"The film stands as {shown}.", f"影片写作 {shown}。"
    # The relay's own page has this one.
    dialects = OFFICIAL if name == "video_url" else EVERY
    return Manner(f"film {name}", "W2", english, chinese, dialects=dialects, body=_moved(place))


def _in_tree(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[DraftReply], Any]:
    """Every list of records of a film's tree, changed."""
    return lambda reply: _changed(reply.body, change) if reply.moment == "tree" else reply.body


def _changed(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_changed(each, change) for each in value]
    if not isinstance(value, dict):
        return value
    return change({name: _changed(each, change) for name, each in value.items()})


def _as_url(each: dict[str, Any]) -> dict[str, Any]:
    return {"url" if name == "creation_url" else name: value for name, value in each.items()}


def _as_creations(each: dict[str, Any]) -> dict[str, Any]:
    link = each.pop("creation_url", "")
    return each | ({"creations": [{"id": "1", "url": link}]} if link else {})


def _by_index(each: dict[str, Any]) -> dict[str, Any]:
    """Objects with indexes as names in place of lists, but for those of ids."""
    return {
        name: {str(index): item for index, item in enumerate(value)}
        if isinstance(value, list) and value and isinstance(value[0], dict)
        else value
        for name, value in each.items()
    }


TREES: tuple[tuple[str, str, str, Callable[[DraftReply], Any]], ...] = (
    ("url", "The link of a part is called url.", "部分的链接字段名为 url。", _in_tree(_as_url)),
    (
        "creations",
        "The link of a part is in creations.",
        "部分的链接位于 creations 中。",
        _in_tree(_as_creations),
    ),
    (
        "indexed",
        "Lists are objects with indexes.",
        "列表变成以序号为键的对象。",
        _in_tree(_by_index),
    ),
    (
        "deeper",
        "The whole tree is in data.",
        "整个详情位于 data 中。",
        lambda reply: {"code": 200, "data": reply.body} if reply.moment == "tree" else reply.body,
    ),
)


MANNERS = (
    *(
        Manner(f"tree {name}", "W2", english, chinese, dialects=("vidu",), body=body, on_films=True)
        for name, english, chinese, body in TREES
    ),
    *(_at(name, place) for name, place in PLACES),
    Manner(
        "film object",
        "W2",
        "An object stands where the page shows an array or a link.",
        "文档中的数组或链接变成了对象。",
        body=_retyped(_as_object),
    ),
    Manner(
        "film array",
        "W2",
        "An array stands around what the page shows alone.",
        "文档中的单个值外面套了一层数组。",
        body=_retyped(_as_array),
    ),
    Manner(
        "film indexed",
        "W2",
        "An object with the names 1, 2, … stands in place of an array.",
        "以 1、2 …… 为键的对象代替数组。",
        body=_retyped(_as_indexed),
    ),
    Manner(
        "film json text",
        "W2",
        "What holds the film is JSON in a text.",
        "含影片的字段是 JSON 文本。",
        # APIXO's own page has it so.
        dialects=("vidu", "relay", "vivienne"),
        body=_retyped(_as_text),
    ),
    Manner(
        "film json text twice",
        "W2",
        "What holds the film is JSON in a text in a text.",
        "含影片的字段是两层 JSON 文本。",
        body=_retyped(_twice_as_text),
    ),
    Manner(
        "film link",
        "W2",
        "The link alone stands in place of what holds it.",
        "含影片的字段直接就是链接。",
        dialects=OFFICIAL,
        body=_retyped(_as_link),
    ),
    Manner(
        "film deeper",
        "W2",
        "The whole reply is in data.",
        "整个回复位于 data 中。",
        body=_wrapped(lambda body: {"code": 200, "message": "success", "data": body}),
        dialects=("vidu", "relay"),
    ),
    Manner(
        "film in response",
        "W2",
        "The whole reply is in response.",
        "整个回复位于 response 中。",
        body=_wrapped(lambda body: {"response": body}),
    ),
    Manner(
        "film in list",
        "W2",
        "The whole reply is a list of one.",
        "整个回复是只有一项的列表。",
        body=_wrapped(lambda body: [body]),
    ),
    Manner(
        "film in text",
        "W2",
        "The whole reply is JSON in a text.",
        "整个回复是 JSON 文本。",
        body=_wrapped(lambda body: json.dumps(body, ensure_ascii=False)),
    ),
    Manner(
        "film decoys",
        "W2",
        "Links that are no results stand beside the film.",
        "影片旁边有并非结果的链接。",
        body=_decoys,
    ),
    Manner(
        "film none", "W2", "A success without any film.", "成功，但没有影片。", "told", body=_none
    ),
)
