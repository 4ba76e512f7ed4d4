"""Where the members of a reply stand, whatever its dialect and shape."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from .manner import DraftReply

Path = tuple[str, ...]
STATES: tuple[Path, ...] = (
    ("Response", "AigcVideoTask", "Status"),
    ("Response", "Status"),
    ("state",),
    ("status",),
    ("data", "state"),
    ("data", "status"),
)
IDS: tuple[Path, ...] = (
    ("task_id",),
    ("sub_task_id",),
    ("compose_sub_task_id",),
    ("data", "taskNo"),
    ("taskNo",),
    ("data", "taskId"),
)
# The address of a video or a sound; covers and marked films have other names.
FILM = re.compile(r"media/.*(?:video|second)\.mp4|media/.*sound\.mp3")
COSTS: tuple[Path, ...] = (("credits",), ("data", "usage", "totalPoints"), ("usage", "totalPoints"))


def holder(body: Any, path: Path) -> dict[str, Any] | None:
    """The object that has the last member of the path; None if there is none."""
    for name in path[:-1]:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, dict) and path[-1] in body else None


def change(body: Any, paths: tuple[Path, ...], new: Callable[[Any], Any]) -> bool:
    """Change the member at the first of these paths that the body has; False if it has none."""
    for path in paths:
        if (found := holder(body, path)) is not None:
            found[path[-1]] = new(found[path[-1]])
            return True
    return False


def change_state(reply: DraftReply, new: Callable[[Any], Any]) -> None:
    """Change the word of state, in the tree of a film those of all its records."""
    if reply.moment == "tree":
        for each in _objects(reply.body):
            change(each, (("state",),), new)
        return
    for found, name in state_members(reply.body):
        found[name] = new(found[name])


def state_members(body: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """The objects that hold the state, with its name in each; Tencent's shape has two of them."""
    found = [(each, path[-1]) for path in STATES if (each := holder(body, path)) is not None]
    return found[:2] if "Response" in body else found[:1]


def main_object(body: dict[str, Any]) -> dict[str, Any]:
    """The object that holds the state: the body, or its `data`."""
    for path in STATES:
        if (found := holder(body, path)) is not None:
            return found
    return body


def film_links(value: Any) -> list[str]:
    """All links to films in a reply, but not those to covers and marked films."""
    if isinstance(value, str):
        inner = _json_text(value)
        if inner is not None:
            return film_links(inner)
        return [value] if is_film_link(value) else []
    children = value.values() if isinstance(value, dict) else value
    return [link for each in children for link in film_links(each)] if _is_tree(value) else []


def without_films(value: Any) -> Any:
    """The same reply without its films, and without the objects in lists that held them."""
    if isinstance(value, dict):
        return {name: without_films(each) for name, each in value.items() if not is_film_link(each)}
    if isinstance(value, list):
        return [without_films(each) for each in value if not _holds_film(each)]
    inner = _json_text(value)
    return value if inner is None else json.dumps(without_films(inner))


def is_film_link(value: Any) -> bool:
    return isinstance(value, str) and bool(FILM.search(value)) and _json_text(value) is None


def _holds_film(value: Any) -> bool:
    if isinstance(value, dict):
        return any(is_film_link(each) for each in value.values())
    return is_film_link(value)


def _is_tree(value: Any) -> bool:
    return isinstance(value, dict | list)


def _json_text(value: Any) -> Any:
    """The object or list in a text, as APIXO writes its results; None if it is no such text."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if _is_tree(value):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _objects(each)
