"""W6: costs in other forms; and W3, where the id of a new task stands."""

from collections.abc import Callable
from typing import Any

from generations.sandbox.remote_ids import FORMS

from .manner import TELL_COST, DraftReply, Manner, Outcome
from .members import COSTS, IDS, change, holder

# Stands around a text that `player.encode` writes without quotes: a number in an unusual form.
BARE = "\ue000"
BIG_PRICE = 1250
OTHER_ID = "grok:299604b7-c5ea-47b5-bc64-c06f300f0d27"
QUERY_IDS = (("id",), ("data", "taskNo"), ("data", "taskId"))


def _cost(new: Callable[[int], Any]) -> Callable[[DraftReply], Any]:
    def body(reply: DraftReply) -> Any:
        change(reply.body, COSTS, new)
        return reply.body

    return body


def _exponent(cost: int) -> str:
    return f"{BARE}{cost / 10}e1{BARE}"


FULL_WIDTH = {ord("0") + digit: ord("０") + digit for digit in range(10)}
# The name of each form, how 35 is written in it, and whether people must be told.
FORMS_OF_COST: tuple[tuple[str, str, Callable[[int], Any], Outcome], ...] = (
    ("float", "35.0", float, "right"),
    ("text", '"35"', str, "right"),
    ("text float", '"35.0"', lambda cost: f"{cost}.0", "right"),
    ("text cents", '"35.00"', lambda cost: f"{cost}.00", "right"),
    ("blanks", '" 35 "', lambda cost: f" {cost} ", "right"),
    ("plus", '"+35"', lambda cost: f"+{cost}", "right"),
    ("exponent", "3.5e1", _exponent, "right"),
    ("with unit", '"35 credits"', lambda cost: f"{cost} credits", "right"),
    ("with chinese unit", '"35积分"', lambda cost: f"{cost}积分", "right"),
    ("full width", '"３５"', lambda cost: str(cost).translate(FULL_WIDTH), "right"),
    ("object", '{"amount": 35}', lambda cost: {"amount": cost}, "right"),
    (
        "object value",
        '{"value": "35", "unit": "credit"}',
        lambda cost: {"value": str(cost), "unit": "credit"},
        "right",
    ),
    ("array", "[35]", lambda cost: [cost], "right"),
    # Not told at all: the estimate stands in its place.
    ("null", "null", lambda cost: None, "right"),
    ("empty", '""', lambda cost: "", "right"),
    ("words", '"free?"', lambda cost: "free?", "told"),
    ("dash", '"-"', lambda cost: "-", "told"),
    ("negative", "-35", lambda cost: -cost, "told"),
    ("true", "true", lambda cost: True, "told"),
    ("fraction", '"35/40"', lambda cost: f"{cost}/{cost + 5}", "told"),
)


def _form(name: str, shown: str, new: Callable[[int], Any], outcome: Outcome) -> Manner:
    return Manner(
        f"cost {name}",
        "W6",
        f"A cost of 35 is written {shown}.",
        f"35 的费用写作 {shown}。",
        outcome,
        TELL_COST,
        body=_cost(new),
    )


def _moved_cost(reply: DraftReply) -> Any:
    """The cost as `usage.credits`, and at its usual place no longer."""
    for path in COSTS:
        if (found := holder(reply.body, path)) is not None:
            reply.body["usage"] = {"credits": found.pop(path[-1])}
            break
    return reply.body


def _padded(reply: DraftReply) -> Any:
    """The id of a new task with blanks and a line break around it."""
    if reply.moment == "create":
        change(reply.body, IDS, lambda task_id: f" {task_id}\n")
    return reply.body


def _other_id(reply: DraftReply) -> Any:
    """Another id in the reply to a query: that of the service behind the gateway."""
    if reply.moment == "query":
        change(reply.body, QUERY_IDS, lambda task_id: OTHER_ID)
    return reply.body


def _id_as(place: Callable[[Any], dict[str, Any]]) -> Callable[[DraftReply], Any]:
    """The id of a new task at another place."""

    def body(reply: DraftReply) -> Any:
        if reply.moment != "create":
            return reply.body
        for path in IDS:
            if (found := holder(reply.body, path)) is not None:
                return reply.body | place(found.pop(path[-1]))
        return reply.body

    return body


COST_MANNERS = (
    *(_form(name, shown, new, outcome) for name, shown, new, outcome in FORMS_OF_COST),
    Manner(
        "cost thousands",
        "W6",
        'A cost of 1250 is written "1,250".',
        '1250 的费用写作 "1,250"。',
        dialects=TELL_COST,
        body=_cost(lambda cost: f"{cost:,}"),
        price=BIG_PRICE,
    ),
    Manner(
        "cost thousands float",
        "W6",
        'A cost of 1250 is written "1,250.00".',
        '1250 的费用写作 "1,250.00"。',
        dialects=TELL_COST,
        body=_cost(lambda cost: f"{cost:,}.00"),
        price=BIG_PRICE,
    ),
    Manner(
        "cost elsewhere",
        "W6",
        "The cost stands as usage.credits.",
        "费用写作 usage.credits。",
        dialects=TELL_COST,
        body=_moved_cost,
    ),
)
ID_MANNERS = (
    *(
        Manner(
            f"id {name}",
            "W3",
            f"The id of the task 1 is {form('1')[:40]}.",
            f"任务 1 的编号是 {form('1')[:40]}。",
        )
        for name, form in FORMS.items()
    ),
    Manner(
        "id number",
        "W3",
        "The id is a JSON number.",
        "任务编号是 JSON 数字。",
        dialects=("vidu", "relay"),
        implied=("task id number",),
    ),
    Manner(
        "id padded",
        "W3",
        "Blanks and a line break stand around the id in the reply to an order.",
        "下单回复中的任务编号前后有空格和换行。",
        body=_padded,
    ),
    Manner(
        "id other in queries",
        "W3",
        "Replies to queries have the id of the service behind the gateway.",
        "查询回复中是网关背后服务的编号。",
        body=_other_id,
    ),
    Manner(
        "id as id",
        "W3",
        "The reply to an order calls the id only id.",
        "下单回复中任务编号的字段名为 id。",
        body=_id_as(lambda task_id: {"id": task_id}),
    ),
    Manner(
        "id in data",
        "W3",
        "The reply to an order has the id as data.task_id.",
        "下单回复中任务编号位于 data.task_id。",
        body=_id_as(lambda task_id: {"data": {"task_id": task_id}}),
    ),
    Manner(
        "id as data",
        "W3",
        "The data of the reply to an order is the id itself.",
        "下单回复的 data 就是任务编号。",
        body=_id_as(lambda task_id: {"data": task_id}),
    ),
    Manner(
        "id in output",
        "W3",
        "The reply to an order has the id as output.task_id.",
        "下单回复中任务编号位于 output.task_id。",
        body=_id_as(lambda task_id: {"output": {"task_id": task_id}}),
    ),
)
