"""Vidu's ad films: the brief, new takes, new cuts, and the tree (docs/wire.md, 2.13 and 2.14)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from generations.providers.catalogue import Offer
from generations.providers.contract import (
    FilmCut,
    FilmEdit,
    FilmRecord,
    FilmReport,
    FilmShot,
    Order,
    Refused,
    RemoteState,
    TaskKind,
    Unavailable,
)
from generations.providers.wire.exchange import require_remote_id
from generations.providers.wire.reasons import code_reason
from generations.providers.wire.replies import (
    PROMPT_LIMIT,
    Reply,
    as_object,
    read_address,
    read_identifier,
    read_integer,
)

from .reasons import REASONS
from .replies import read_state
from .requests import order_body

FILM = TaskKind.FILM
SHOT_TAKE = TaskKind.SHOT_TAKE
COMPOSE = TaskKind.FILM_CUT
ROOT = "/ent/v2/ad-one-click"

# The members of a create; there is no payload, so the reference cannot come back (2.13).
MEMBERS = ("images", "prompt", "duration", "aspect_ratio", "language", "callback_url")

# The type of an edit that makes each kind of take (2.13).
EDIT_TYPES: Mapping[str, str] = {
    SHOT_TAKE: "generate_video",
    TaskKind.NARRATION_TAKE: "generate_narration",
    TaskKind.MUSIC_TAKE: "generate_bgm",
}

# The member that holds the id in the answer to each create (2.14).
ID_MEMBERS: Mapping[str, str] = {
    FILM: "task_id",
    COMPOSE: "compose_sub_task_id",
} | dict.fromkeys(EDIT_TYPES, "sub_task_id")
HIGHEST_SHOT = 999


# ---- What is sent ---------------------------------------------------------------------------


def film_call(order: Order, offer: Offer | None) -> tuple[str, dict[str, object]]:
    """Path and body of an order. Raises Refused where it does not name its film or takes."""
    if order.kind == FILM:
        return ROOT, order_body(order, MEMBERS, offer)
    edit = order.film_edit
    if edit is None or not read_identifier(edit.film_remote_id):
        raise Refused("film_required", "The order names no film.")
    # Other than the film's own create, these have a payload, so that their reference comes back.
    envelope = {"payload": order.reference, "callback_url": order.callback_url}
    filled = {name: value for name, value in envelope.items() if value}
    if order.kind == COMPOSE:
        return f"{ROOT}/compose", compose_body(edit) | filled
    return f"{ROOT}/edit", edit_body(order, edit) | filled


def edit_body(order: Order, edit: FilmEdit) -> dict[str, object]:
    body: dict[str, object] = {
        "ad_one_click_task_id": edit.film_remote_id,
        "type": EDIT_TYPES[order.kind],
    }
    if order.kind == SHOT_TAKE:
        if edit.shot_index is None or edit.shot_index < 0:
            raise Refused("shot_required", "The order names no shot.")
        body["storyboard_video_index"] = edit.shot_index
    if not order.prompt.strip():
        raise Refused("prompt_required", "The order has no prompt.")
    return body | {"prompt": order.prompt}


def compose_body(edit: FilmEdit) -> dict[str, object]:
    if not edit.take_remote_ids:
        raise Refused("takes_required", "The cut names no takes.")
    return {
        "ad_one_click_task_id": edit.film_remote_id,
        "video_task_ids": [require_remote_id(take) for take in edit.take_remote_ids],
        "bgm_task_id": require_remote_id(edit.music_remote_id),
        "narration_task_id": require_remote_id(edit.narration_remote_id),
    }


# ---- What is read ---------------------------------------------------------------------------


def with_task_id(reply: Reply, order: Order) -> Reply:
    """A create's answer with its id in ``task_id``, where a clip's create has it.

    An answer that names another film gives no id, because it is unclear whose task that is.
    """
    if reply.members is None or order.kind == FILM:
        return reply
    film, edit = read_identifier(reply.get("ad_one_click_task_id")), order.film_edit
    is_ours = edit is not None and film in {"", edit.film_remote_id}
    task_id = reply.get(ID_MEMBERS[order.kind]) if is_ours else None
    return replace(reply, members={**reply.members, "task_id": task_id})


def read_film(reply: Reply, remote_id: str) -> FilmReport:
    """A film's tree. Raises Unavailable for an answer of another film, or without a tree."""
    tree = reply.child("data_records")
    if tree.members is None or not reply.word("state"):
        raise reply.unreadable(Unavailable)
    # Asked for again rather than applied: its takes would appear in this film.
    if read_identifier(reply.get("id")) not in {"", remote_id}:
        raise reply.unreadable(Unavailable)
    shots, unreadable = read_shots(tree)
    narrations = read_all(tree, "narration_records", read_record)
    musics = read_all(tree, "bgm_records", read_record)
    cuts = read_all(tree, "completed_creation_records", read_cut)
    unreadable += sum(not record.remote_id for record in (*narrations, *musics))
    unreadable += sum(not cut.remote_id for cut in cuts)
    code = reply.word("err_code")
    return FilmReport(
        state=read_state(reply),
        state_word=reply.word("state"),
        code=code,
        reason=code_reason(code, REASONS),
        shots=shots,
        narrations=[record for record in narrations if record.remote_id],
        musics=[record for record in musics if record.remote_id],
        cuts=[cut for cut in cuts if cut.remote_id],
        unreadable_count=unreadable,
        raw=reply.raw,
    )


def read_shots(tree: Reply) -> tuple[Sequence[FilmShot], int]:
    """The shots in their order, and how many records had no id or no shot index."""
    found: dict[int, list[FilmRecord]] = {}
    unreadable = 0
    for entry in read_all(tree, "storyboards", lambda entry: entry):
        records = read_all(entry, "records", read_record)
        index = read_shot_index(entry)
        if index is None:
            # Never guessed: a take in the wrong shot would be joined there. The count raises an
            # alarm, also where the entry is empty.
            unreadable += max(1, len(records))
            continue
        known = [record for record in records if record.remote_id]
        found.setdefault(index, []).extend(known)
        unreadable += len(records) - len(known)
    return [FilmShot(index, found[index]) for index in sorted(found)], unreadable


def read_shot_index(entry: Reply) -> int | None:
    """``stroyboard_id``, as the page spells it, else the right spelling (2.14)."""
    # No ``or`` between the two: the first shot has the index 0.
    index = read_integer(entry.get("stroyboard_id"), high=HIGHEST_SHOT)
    if index is None:
        index = read_integer(entry.get("storyboard_id"), high=HIGHEST_SHOT)
    return index


def read_all[Read](tree: Reply, name: str, read: Callable[[Reply], Read]) -> Sequence[Read]:
    """Every entry of a list, in its order. Raises Unavailable where it is no list."""
    return [read(tree.at(entry)) for entry in entries(tree, name)]


def entries(tree: Reply, name: str) -> Iterator[object]:
    """A list's entries; one object alone counts as a list of one, and null as an empty one."""
    value = tree.get(name)
    if isinstance(value, list):
        yield from value
    elif as_object(value) is not None:
        yield value
    elif value is not None:
        raise tree.unreadable(Unavailable)


def read_record(entry: Reply) -> FilmRecord:
    """One take. The list that holds it says what it is; its ``type`` does not (2.14)."""
    url, code = read_address(entry.get("creation_url")), entry.word("err_code")
    return FilmRecord(
        remote_id=read_identifier(entry.get("id")),
        state=record_state(entry, url),
        state_word=entry.word("state"),
        prompt=entry.text("prompt", limit=PROMPT_LIMIT),
        url=url,
        code=code,
        reason=code_reason(code, REASONS),
    )


def read_cut(entry: Reply) -> FilmCut:
    """One cut, and the takes that were joined in it."""
    url, code = read_address(entry.get("creation_url")), entry.word("err_code")
    params = entry.child("params")
    takes = (read_identifier(take) for take in entries(params, "video_task_ids"))
    return FilmCut(
        remote_id=read_identifier(entry.get("id")),
        state=record_state(entry, url),
        state_word=entry.word("state"),
        url=url,
        code=code,
        take_remote_ids=[take for take in takes if take],
        narration_remote_id=read_identifier(params.get("narration_task_id")),
        music_remote_id=read_identifier(params.get("bgm_task_id")),
        reason=code_reason(code, REASONS),
    )


def record_state(entry: Reply, url: str) -> RemoteState | None:
    """A success without its link counts as running, so that it is asked for again."""
    state = read_state(entry)
    is_unlinked = state is RemoteState.SUCCEEDED and not url
    return RemoteState.RUNNING if is_unlinked else state
