"""The strict reading of an order: what each of its fields may hold."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

Order = dict[str, Any]
Rule = Callable[[Any], bool]


class Wrong(Exception):
    """`how` is unreadable, lacking, unwanted or invalid; `name` is the field's."""

    def __init__(self, how: str, name: str) -> None:
        super().__init__(f"{name} is {how}")
        self.how = how
        self.name = name


def text(most: int, least: int = 0) -> Rule:
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def one_of(*values: str) -> Rule:
    return lambda value: isinstance(value, str) and value in values


def whole(allowed: range) -> Rule:
    # bool is a kind of int in Python, and is none in JSON.
    return lambda value: type(value) is int and value in allowed


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def address(value: Any) -> bool:
    """An http(s) URL."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def json_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        json.loads(value or "null")
    except ValueError:
        return False
    return True


def either(*rules: Rule) -> Rule:
    return lambda value: any(rule(value) for rule in rules)


def read_object(body: bytes) -> Order:
    """The JSON object of a request; Wrong when it is none, or one that names a member twice."""
    try:
        value = json.loads(body, object_pairs_hook=_without_twins, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Wrong("unreadable", "body") from error
    if not isinstance(value, dict):
        raise Wrong("unreadable", "body")
    return value


def check(order: Order, rules: Mapping[str, Rule], required: Collection[str]) -> None:
    """Wrong when a field is lacking, unwanted or invalid; an empty text counts as lacking."""
    for name in required:
        if order.get(name) in (None, ""):
            raise Wrong("lacking", name)
    for name, value in order.items():
        if name not in rules:
            raise Wrong("unwanted", name)
        if not rules[name](value):
            raise Wrong("invalid", name)


def _without_twins(pairs: list[tuple[str, Any]]) -> Order:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member is named twice")
    return dict(pairs)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
