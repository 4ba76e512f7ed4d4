"""Vidu's ad films (contract 2.13, 2.14): the brief, a part made anew, another cut, and the tree."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from generations.providers.catalogue import Offer
from generations.providers.contract import (
    FilmCut,
    FilmPart,
    FilmRecord,
    FilmReport,
    FilmShot,
    Order,
    Refused,
    State,
    Unavailable,
)
from generations.providers.wire.exchange import require_number
from generations.providers.wire.replies import PROMPT_LIMIT, Reply
from generations.providers.wire.values import (
    as_object,
    read_address,
    read_identifier,
    read_whole,
)

from .replies import read_state
from .requests import order_body

FILM = "ad-one-click"
COMPOSE = "ad-compose"
ROOT = f"/ent/v2/{FILM}"

# 2.13: the members of a create; it has no payload.
FIELDS = ("images", "prompt", "duration", "aspect_ratio", "language", "callback_url")

# 2.13: the type that makes each part anew.
EDITS: Mapping[str, str] = {
    "ad-footage": "generate_video",
    "ad-narration": "generate_narration",
    "ad-music": "generate_bgm",
}

# 2.14: the member that holds the number differs from call to call.
NUMBERS: Mapping[str, str] = {FILM: "task_id", COMPOSE: "compose_sub_task_id"} | dict.fromkeys(
    EDITS, "sub_task_id"
)
HIGHEST_SHOT = 999


# ---- What is sent ---------------------------------------------------------------------------


def film_call(order: Order, offer: Offer | None) -> tuple[str, dict[str, object]]:
    """Path and body of an order. Raises Refused where it could not be understood."""
    if order.kind == FILM:
        return ROOT, order_body(order, FIELDS, offer)
    part = required_part(order)
    if order.kind == COMPOSE:
        return f"{ROOT}/compose", compose_body(part) | envelope(order)
    return f"{ROOT}/edit", edit_body(order, part) | envelope(order)


def required_part(order: Order) -> FilmPart:
    """The part that an order names, with numbers that a provider may have given."""
    part = order.part
    if part is None or not read_identifier(part.film):
        raise Refused("film_required", "The order names no film.")
    return part


def edit_body(order: Order, part: FilmPart) -> dict[str, object]:
    body: dict[str, object] = {"ad_one_click_task_id": part.film, "type": EDITS[order.kind]}
    if order.kind == "ad-footage":
        if part.shot is None or part.shot < 0:
            raise Refused("shot_required", "The order names no shot.")
        body["storyboard_video_index"] = part.shot
    if not order.prompt.strip():
        raise Refused("prompt_required", "The order has no prompt.")
    return body | {"prompt": order.prompt}


def compose_body(part: FilmPart) -> dict[str, object]:
    if not part.takes:
        raise Refused("takes_required", "The cut names no takes.")
    return {
        "ad_one_click_task_id": part.film,
        "video_task_ids": [require_number(take) for take in part.takes],
        "bgm_task_id": require_number(part.music),
        "narration_task_id": require_number(part.narration),
    }


def envelope(order: Order) -> dict[str, object]:
    said = {"payload": order.reference, "callback_url": order.callback_url}
    return {name: value for name, value in said.items() if value}


# ---- What is read ---------------------------------------------------------------------------


def numbered(reply: Reply, order: Order) -> Reply:
    """A create's answer with its number where every other create has it.

    The answer to another film's order gives no number: whose task it names is unclear.
    """
    film, part = read_identifier(reply.get("ad_one_click_task_id")), order.part
    if reply.members is None or order.kind == FILM:
        return reply
    ours = part is not None and film in {"", part.film}
    number = reply.get(NUMBERS[order.kind]) if ours else None
    return replace(reply, members={**reply.members, "task_id": number})


def read_film(reply: Reply, number: str) -> FilmReport:
    """A film's tree. Raises Unavailable for what is not this film's, or is no tree."""
    tree = reply.part("data_records")
    if tree.members is None or not reply.word("state"):
        raise reply.garbled(Unavailable)
    if read_identifier(reply.get("id")) not in {"", number}:
        raise reply.garbled(Unavailable)
    shots, lost = read_shots(tree)
    narrations = read_all(tree, "narration_records", read_record)
    musics = read_all(tree, "bgm_records", read_record)
    cuts = read_all(tree, "completed_creation_records", read_cut)
    numbers = [*(each.number for each in (*narrations, *musics)), *(cut.number for cut in cuts)]
    return FilmReport(
        state=read_state(reply),
        word=reply.word("state"),
        code=reply.word("err_code"),
        shots=shots,
        narrations=[record for record in narrations if record.number],
        musics=[record for record in musics if record.number],
        cuts=[cut for cut in cuts if cut.number],
        unread=lost + numbers.count(""),
        raw=reply.raw,
    )


def read_shots(tree: Reply) -> tuple[Sequence[FilmShot], int]:
    """The shots in their order, and how many records had no number or no place among them.

    Where the seed writes ``stroyboard_id``, a corrected spelling would be ``storyboard_id``.
    """
    found: dict[int, list[FilmRecord]] = {}
    lost = 0
    for entry in read_all(tree, "storyboards", lambda entry: entry):
        records = read_all(entry, "records", read_record)
        place = read_whole(entry.get("stroyboard_id"), high=HIGHEST_SHOT)
        if place is None:
            place = read_whole(entry.get("storyboard_id"), high=HIGHEST_SHOT)
        if place is None:
            lost += max(1, len(records))
            continue
        known = [record for record in records if record.number]
        found.setdefault(place, []).extend(known)
        lost += len(records) - len(known)
    return [FilmShot(place, found[place]) for place in sorted(found)], lost


def read_all[Read](tree: Reply, name: str, read: Callable[[Reply], Read]) -> Sequence[Read]:
    """Every entry of a list, in its order. Raises Unavailable where it is no list."""
    return [read(tree.inside(entry)) for entry in entries(tree, name)]


def entries(tree: Reply, name: str) -> Iterator[object]:
    """A list's entries; a lone object counts as a list of one, and null as an empty one."""
    value = tree.get(name)
    if isinstance(value, list):
        yield from value
    elif as_object(value) is not None:
        yield value
    elif value is not None:
        raise tree.garbled(Unavailable)


def read_record(entry: Reply) -> FilmRecord:
    """One take. Its ``type`` is not heeded: the list that holds it tells what it is (2.14)."""
    url = read_address(entry.get("creation_url"))
    return FilmRecord(
        number=read_identifier(entry.get("id")),
        state=state_of(entry, url),
        word=entry.word("state"),
        prompt=entry.text("prompt", limit=PROMPT_LIMIT),
        url=url,
        code=entry.word("err_code"),
    )


def read_cut(entry: Reply) -> FilmCut:
    """One composition. The second ``bgm_task_id`` of the table is the narration's (2.14)."""
    url, params = read_address(entry.get("creation_url")), entry.part("params")
    takes = (read_identifier(take) for take in entries(params, "video_task_ids"))
    return FilmCut(
        number=read_identifier(entry.get("id")),
        state=state_of(entry, url),
        word=entry.word("state"),
        url=url,
        code=entry.word("err_code"),
        takes=[take for take in takes if take],
        narration=read_identifier(params.get("narration_task_id")),
        music=read_identifier(params.get("bgm_task_id")),
    )


def state_of(entry: Reply, url: str) -> State | None:
    """A success without its link has not ended yet."""
    state = read_state(entry)
    return State.RUNNING if state is State.SUCCEEDED and not url else state
