"""What Vidu has beside clips: pictures, speech, lip-sync, upscales, subjects, music videos.

docs/wire.md, 2.16 to 2.22.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from generations.providers.catalogue import Offer
from generations.providers.contract import (
    Order,
    Reason,
    Receipt,
    Refused,
    RemoteState,
    Report,
    Result,
    Source,
    TaskKind,
)
from generations.providers.wire import tasks
from generations.providers.wire.links import read_address
from generations.providers.wire.objects import as_objects
from generations.providers.wire.replies import Reply
from generations.providers.wire.states import read_state_word, state_of

from .replies import DIALECT, create_error, read_listings, read_receipt, read_report
from .requests import ENVELOPE, order_body

IMAGE_MEMBERS = ("model", "prompt", "images", "seed", "aspect_ratio", "resolution", *ENVELOPE)
# Vidu's own names of what is chosen for a speech (2.18).
VOICE_MEMBERS: Mapping[str, str] = {
    "voice_id": "voice_setting_voice_id",
    "speed": "voice_setting_speed",
    "volume": "voice_setting_volume",
    "pitch": "voice_setting_pitch",
    "emotion": "voice_setting_emotion",
}
# What has an effect beside a text only (2.19).
SPOKEN_MEMBERS = ("voice_id", "speed", "volume")
SUBJECT_DIALECT = replace(DIALECT, ids=("id",))
SUBJECTS = "/ent/v2/subjects"
MUSIC_VIDEO_ROOT = "/ent/v2/one-click/mv"


# ---- What is sent ---------------------------------------------------------------------------


def sibling_call(order: Order, offer: Offer | None) -> tuple[str, dict[str, object]]:
    """Path and body of an order of one of KINDS. Raises Refused where it lacks its film."""
    path, body = KINDS[order.kind]
    return path, filled(body(order, offer))


def filled(values: Mapping[str, object]) -> dict[str, object]:
    """What somebody chose: the provider's defaults hold for the rest, and may change without us."""
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def envelope(order: Order) -> dict[str, object]:
    return {"payload": order.reference, "callback_url": order.callback_url}


def image_body(order: Order, offer: Offer | None) -> dict[str, object]:
    return order_body(order, IMAGE_MEMBERS, offer)


def speech_body(order: Order, offer: Offer | None) -> dict[str, object]:
    """There is no callback: the answer is the speech. A voice must be named."""
    chosen = voice(order)
    if offer is not None:
        chosen["voice_id"] = offer.value_of("voice_id", order)
    named = {name: chosen.get(own) for own, name in VOICE_MEMBERS.items()}
    return {"text": order.prompt, **named, "payload": order.reference}


def lip_sync_body(order: Order, _offer: Offer | None) -> dict[str, object]:
    """A sound or a text, never both: beside a sound a text would be ignored."""
    body: dict[str, object] = {"video_url": required(order.source).address}
    if order.sound is not None:
        body["audio_url"] = order.sound.address
    else:
        chosen = voice(order)
        body |= {"text": order.prompt} | {name: chosen.get(name) for name in SPOKEN_MEMBERS}
    return body | envelope(order)


def upscale_body(order: Order, _offer: Offer | None) -> dict[str, object]:
    """The film by its id where this account made it, else by an address."""
    film = required(order.source)
    member = "video_creation_id" if film.remote_id else "video_url"
    values = {member: film.remote_id or film.address, "upscale_resolution": order.resolution}
    return values | envelope(order)


def subject_body(order: Order, _offer: Offer | None) -> dict[str, object]:
    """A subject has a name and pictures, and no payload (2.20)."""
    return {"name": order.prompt, "images": [picture.address for picture in order.images]}


def required(source: Source | None) -> Source:
    if source is None:
        raise Refused("film_required", "The order names no film.")
    return source


def voice(order: Order) -> dict[str, object]:
    """The options of a voice; a speed is chosen as text, and is a number at Vidu."""
    chosen: dict[str, object] = dict(order.options)
    if speed := chosen.get("speed"):
        chosen["speed"] = float(str(speed))
    return {name: value for name, value in chosen.items() if value != ""}


type Body = Callable[[Order, Offer | None], dict[str, object]]
KINDS: Mapping[str, tuple[str, Body]] = {
    TaskKind.REFERENCES_TO_IMAGE: ("/ent/v2/reference2image", image_body),
    TaskKind.TEXT_TO_SPEECH: ("/ent/v2/audio-tts", speech_body),
    TaskKind.LIP_SYNC: ("/ent/v2/lip-sync", lip_sync_body),
    TaskKind.UPSCALE: ("/ent/v2/upscale-new", upscale_body),
    TaskKind.SUBJECT: (SUBJECTS, subject_body),
}


# ---- What comes back ------------------------------------------------------------------------


def read_sibling_receipt(reply: Reply, kind: str) -> Receipt:
    """A create's answer; that of a speech may have the speech in it (2.18)."""
    if kind == TaskKind.SUBJECT:
        return read_subject(reply)
    receipt = read_receipt(reply)
    if state_of(read_state_word(reply.first(DIALECT.states))) is not RemoteState.SUCCEEDED:
        return receipt
    url = read_address(reply.first(["file_url", "data.file_url"]))
    sound = (Result("audio", url),) if url and kind == TaskKind.TEXT_TO_SPEECH else ()
    return replace(receipt, state=RemoteState.SUCCEEDED, results=sound)


def read_subject(reply: Reply) -> Receipt:
    """A subject that is kept from now on: the answer is all that there is (2.20)."""
    receipt = tasks.read_receipt(reply, SUBJECT_DIALECT, create_error)
    return replace(receipt, state=RemoteState.SUCCEEDED)


def read_kept_subject(reply: Reply, remote_id: str) -> Report:
    """One subject of the list; an id that is not in it is not kept. Raises Refused."""
    if remote_id not in {row.remote_id for row in read_listings(reply, "subjects")}:
        raise Refused(
            "not_kept", "The account keeps no subject with this id.", reason=Reason.NOT_FOUND
        )
    return Report(RemoteState.SUCCEEDED, raw=reply.raw)


def read_music_video(reply: Reply) -> Report:
    """A music video (2.22); its cost is in no reply. Raises what ``read_report`` raises."""
    report = read_report(reply)
    if report.state in {RemoteState.FAILED, RemoteState.CANCELLED}:
        return report
    url = read_address(reply.get("signed_url")) or last_cut(reply)
    # The records of its scenes have links too, which are not the film.
    results = (Result("video", url),) if url and report.state is RemoteState.SUCCEEDED else ()
    return replace(report, results=results)


def last_cut(reply: Reply) -> str:
    """The link of the newest cut that has one, "" where none has."""
    cuts = [
        job
        for record in as_objects(reply.get("job_records"))
        if record.get("type") == "compose"
        for job in as_objects(record.get("jobs"))
    ]
    return next(filter(None, (read_address(cut.get("signed_url")) for cut in reversed(cuts))), "")
