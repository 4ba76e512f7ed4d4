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
    Receipt,
    Refused,
    RemoteState,
    TaskKind,
    Unavailable,
    Unclear,
)
from generations.providers.wire.complaints import Complaint
from generations.providers.wire.errors import unreadable
from generations.providers.wire.exchange import require_remote_id
from generations.providers.wire.objects import as_object, unpacked
from generations.providers.wire.pasted import read_pasted_ids
from generations.providers.wire.reasons import code_reason
from generations.providers.wire.replies import Reply
from generations.providers.wire.results import find_results
from generations.providers.wire.states import read_state_word, state_of
from generations.providers.wire.tasks import (
    end_by_word,
    own_complaint,
    read_receipt,
    widest_complaint,
)
from generations.providers.wire.values import (
    PROMPT_LIMIT,
    TASK_IDS,
    WORD_LIMIT,
    is_empty,
    read_identifier,
    read_integer,
    spellings,
)

from .reasons import REASONS
from .replies import DIALECT, create_error
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
SHOT_NAMES = spellings("stroyboard_id", "storyboard_id")


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


def read_part_receipt(reply: Reply, order: Order) -> Receipt:
    """A create's answer, whose id has another name for each kind of part (2.14).

    An answer that names another film gives no id, because it is unclear whose task that is; and the
    film's own id is not that of its part.
    """
    film = order.film_edit.film_remote_id if order.film_edit else ""
    named = map(read_identifier, reply.neighbours(["ad_one_click_task_id"]))
    if film and any(name not in {"", film} for name in named):
        raise unreadable(reply, Unclear)
    dialect = replace(DIALECT, ids=(ID_MEMBERS[order.kind],), other_ids=frozenset({film}))
    return read_receipt(reply, dialect, create_error)


def read_film(reply: Reply, remote_id: str) -> FilmReport:
    """A film's tree. Raises Unavailable for an answer of another film, or without a tree."""
    wrapped = (scope for scope in reply.scopes if scope.child("data_records").members is not None)
    reply = next(wrapped, reply)
    tree, word = reply.child("data_records"), read_word(reply)
    if tree.members is None or not word:
        raise unreadable(reply, Unavailable)
    # Asked for again rather than applied: its takes would appear in this film.
    if read_identifier(reply.get("id")) not in {"", remote_id}:
        raise unreadable(reply, Unavailable)
    shots, unreadable_count = read_shots(tree)
    narrations = read_all(tree, "narration_records", read_record)
    musics = read_all(tree, "bgm_records", read_record)
    cuts = read_all(tree, "completed_creation_records", read_cut)
    unreadable_count += sum(not record.remote_id for record in (*narrations, *musics))
    unreadable_count += sum(not cut.remote_id for cut in cuts)
    complaint = complaint_of(reply)
    return FilmReport(
        state=end_by_word(state_of(word), complaint, DIALECT),
        state_word=word,
        code=complaint.code,
        reason=code_reason(complaint.code, REASONS),
        shots=shots,
        narrations=[record for record in narrations if record.remote_id],
        musics=[record for record in musics if record.remote_id],
        cuts=[cut for cut in cuts if cut.remote_id],
        unreadable_count=unreadable_count,
        raw=reply.raw,
    )


def read_word(entry: Reply) -> str:
    """The word of a state, from Vidu's own member or the one beside it."""
    return entry.hidden(read_state_word(entry.first(["state", "status"])), WORD_LIMIT)


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
    told = (read_integer(entry.get(name), high=HIGHEST_SHOT) for name in SHOT_NAMES)
    # The first shot has the index 0.
    return next((index for index in told if index is not None), None)


def read_all[Read](tree: Reply, name: str, read: Callable[[Reply], Read]) -> Sequence[Read]:
    """Every entry of a list, in its order. Raises Unavailable where it is no list."""
    return [read(tree.at(entry)) for entry in entries(tree, name)]


def entries(tree: Reply, name: str) -> Iterator[object]:
    """A list's entries; one object alone counts as a list of one, and null as an empty one.

    A list that lost an entry is an object of numbers in PHP: ``{"0": {...}, "2": {...}}``.
    """
    value = unpacked(tree.get(name))
    if isinstance(value, dict) and value and all(number.isdigit() for number in value):
        value = [*value.values()]
    if isinstance(value, list):
        yield from value
    elif as_object(value) is not None:
        yield value
    elif not is_empty(value):
        raise unreadable(tree, Unavailable)


def read_record(entry: Reply) -> FilmRecord:
    """One take. The list that holds it says what it is; its ``type`` does not (2.14)."""
    complaint = complaint_of(entry)
    url = read_link(entry)
    return FilmRecord(
        remote_id=read_id(entry),
        state=record_state(entry, url, complaint),
        state_word=read_word(entry),
        prompt=entry.text("prompt", limit=PROMPT_LIMIT),
        url=url,
        code=complaint.code,
        reason=code_reason(complaint.code, REASONS),
    )


def read_cut(entry: Reply) -> FilmCut:
    """One cut, and the takes that were joined in it."""
    complaint = complaint_of(entry)
    url, params = read_link(entry), entry.child("params")
    named = params.get("video_task_ids")
    is_text = isinstance(unpacked(named), str)
    takes = map(
        params.identifier,
        read_pasted_ids(str(named)) if is_text else entries(params, "video_task_ids"),
    )
    return FilmCut(
        remote_id=read_id(entry),
        state=record_state(entry, url, complaint),
        state_word=read_word(entry),
        url=url,
        code=complaint.code,
        take_remote_ids=[take for take in takes if take],
        narration_remote_id=params.identifier(params.get("narration_task_id")),
        music_remote_id=params.identifier(params.get("bgm_task_id")),
        reason=code_reason(complaint.code, REASONS),
    )


def read_id(entry: Reply) -> str:
    return entry.identifier(entry.first(["id", *TASK_IDS, *spellings("sub_task_id")]))


def complaint_of(entry: Reply) -> Complaint:
    """What is said against a film or one of its records; of one that failed, in any member."""
    own = own_complaint(entry, DIALECT)
    has_failed = state_of(read_word(entry)) in {RemoteState.FAILED, RemoteState.CANCELLED}
    return own if own.is_known or not has_failed else widest_complaint(entry, DIALECT, own)


def read_link(entry: Reply) -> str:
    """The link of a record, "" where it has none; the kind of its file is known from its list."""
    found = find_results(
        entry.members or {}, ["creation_url"], is_finished=True, scheme=entry.scheme
    )
    links = [result.url for result in found if result.role in {"video", "audio"}]
    return links[0] if links else ""


def record_state(entry: Reply, url: str, complaint: Complaint) -> RemoteState | None:
    """A link beside any word but a failure is a success; one without a link is asked for again."""
    state = end_by_word(state_of(read_word(entry)), complaint, DIALECT)
    if state in {RemoteState.FAILED, RemoteState.CANCELLED}:
        return state
    if url:
        return RemoteState.SUCCEEDED
    return RemoteState.RUNNING if state is RemoteState.SUCCEEDED else state
