"""Runs a provider's flow on answers that are given, without a socket."""

from collections.abc import Sequence

import httpx

from generations.providers.contract import Flow

type Answer = httpx.Response | Exception


def run[T](flow: Flow[T], *answers: Answer) -> tuple[T, Sequence[httpx.Request]]:
    """The value of a flow and what it asked, answered in turn; each answer must be used."""
    asked: list[httpx.Request] = []
    left = list(answers)
    try:
        asked.append(next(flow))
        while left:
            answer = left.pop(0)
            asked.append(flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer))
    except StopIteration as stop:
        assert not left, "The flow ended before its answers did."
        value: T = stop.value
        return value, asked
    finally:
        flow.close()
    raise AssertionError(f"The flow asked for more: {asked[-1].url}")


def value_of[T](flow: Flow[T], *answers: Answer) -> T:
    return run(flow, *answers)[0]


def value_then[T](flow: Flow[T], first: httpx.Response, answer: Answer) -> T:
    """The value of a flow that gets one answer, and another to all that it asks afterwards."""
    try:
        next(flow)
        flow.send(first)
        for _ in range(100):
            flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
    except StopIteration as stop:
        value: T = stop.value
        return value
    raise AssertionError("The flow asks without end.")


def first_request[T](flow: Flow[T]) -> httpx.Request:
    request = next(flow)
    flow.close()
    return request


def value_when_always_answered[T](flow: Flow[T], answer: httpx.Response) -> T:
    """The value of a flow that gets the same answer to all that it asks."""
    try:
        next(flow)
        for _ in range(100):
            flow.send(answer)
    except StopIteration as stop:
        value: T = stop.value
        return value
    raise AssertionError("The flow asks without end.")
