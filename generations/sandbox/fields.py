"""Rules for the fields of an order, and the strict reading of its JSON."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

Order = dict[str, Any]
Rule = Callable[[Any], bool]


class FieldError(Exception):
    """`problem` is unreadable, lacking, unwanted or invalid; `name` is that of the field."""

    def __init__(self, problem: str, name: str) -> None:
        super().__init__(f"{name} is {problem}")
        self.problem = problem
        self.name = name


def text(most: int, least: int = 0) -> Rule:
    """A text of so many characters."""
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def one_of(*values: str) -> Rule:
    return lambda value: isinstance(value, str) and value in values


def integer(allowed: range) -> Rule:
    # bool is a kind of int in Python, but not in JSON.
    return lambda value: type(value) is int and value in allowed


def number(least: float, most: float) -> Rule:
    """A number, with or without a fraction."""
    return lambda value: type(value) in (int, float) and least <= value <= most


def either(*rules: Rule) -> Rule:
    return lambda value: any(rule(value) for rule in rules)


def is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_url(value: Any) -> bool:
    """With http or https, and a host."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def is_json_text(value: Any) -> bool:
    """A text that holds JSON, or nothing."""
    if not isinstance(value, str):
        return False
    try:
        json.loads(value or "null")
    except ValueError:
        return False
    return True


def read_object(body: bytes) -> Order:
    """The JSON object of a request.

    Raises FieldError if it is no object, has a name twice, or holds what JSON does not know (NaN).
    """
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()  # fails for half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise FieldError("unreadable", "body") from error
    if not isinstance(value, dict):
        raise FieldError("unreadable", "body")
    return value


def check(order: Order, rules: Mapping[str, Rule], required: Collection[str]) -> None:
    """Raise FieldError if a field is lacking, unwanted or invalid; "" counts as lacking."""
    for name in required:
        if order.get(name) in (None, ""):
            raise FieldError("lacking", name)
    for name, value in order.items():
        if name not in rules:
            raise FieldError("unwanted", name)
        if not rules[name](value):
            raise FieldError("invalid", name)


def _unique(pairs: list[tuple[str, Any]]) -> Order:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name is used twice")
    return dict(pairs)


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
