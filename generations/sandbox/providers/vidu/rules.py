"""What Vidu's four endpoints for clips take, what they refuse, and what they cost.

Where the sources differ: prompts may have 5,000 characters (the current page), 3:4 and 4:3 are for
q2 and q3, `audio` is refused for text and for start and end frames outside q3, and off-peak with
sound is for q3 only, with references for viduq3 only. Reference videos are not taken.
"""

import zlib
from collections.abc import Sequence
from typing import Any

from generations.sandbox import fields, pictures
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS
from generations.sandbox.fields import Order, Rule, Wrong, check, flag, one_of, text, whole
from generations.sandbox.http import Refusal
from generations.sandbox.pictures import Picture, Unfit

from .models import (
    MODELS,
    REFERENCE,
    START,
    START_END,
    TEXT,
    Model,
    Offer,
    credits_for,
)

MOST_PROMPT = 5000
MOST_PAYLOAD = 1_048_576
MOST_SEED = 2_147_483_647
REC_CREDITS = 10
PICTURE_REASONS = {
    "download": "ImageDownloadFailure",
    "format": "ImageFormatInvalid",
    "size": "PageSizeOutOfRange",
    "ratio": "PageSizeOutOfRange",
}
REASONS = {
    "unreadable": "BadRequest",
    "lacking": "FieldLacking",
    "unwanted": "FieldUnwanted",
    "invalid": "FieldInvalid",
}


def anything(_: Any) -> bool:
    return True


ADDRESS = fields.either(one_of(""), fields.address)
COMMON: dict[str, Rule] = {
    "prompt": text(MOST_PROMPT),
    "duration": whole(range(17)),
    "resolution": text(10),
    "seed": whole(range(MOST_SEED + 1)),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": flag,
    "audio": flag,
    "audio_type": one_of("all", "speech_only", "sound_effect_only"),
    "voice_id": text(200),
    "off_peak": flag,
    "watermark": flag,
    "wm_position": whole(range(1, 5)),
    "wm_url": ADDRESS,
    "meta_data": fields.json_text,
    "payload": text(MOST_PAYLOAD),
    "callback_url": ADDRESS,
}
OWN: dict[str, dict[str, Rule]] = {
    TEXT: {"style": one_of("general", "anime"), "aspect_ratio": text(5)},
    START: {"images": anything, "is_rec": flag},
    START_END: {"images": anything, "is_rec": flag},
    REFERENCE: {"images": anything, "subjects": anything, "aspect_ratio": text(5)},
}
REQUIRED = {
    TEXT: ("model", "prompt"),
    START: ("model", "images"),
    START_END: ("model", "images"),
    REFERENCE: ("model", "prompt"),
}


def read_order(kind: str, body: bytes, salt: str) -> Order:
    """The order with its defaults and pictures; Refusal when anything in it is wrong."""
    order = read_checked(
        body, OWN[kind] | COMMON | {"model": one_of(*MODELS[kind])}, REQUIRED[kind]
    )
    model = MODELS[kind][order["model"]]
    complete = _defaults(kind, model, _offer(model, order)) | order
    complete["seed"] = order.get("seed") or zlib.crc32(salt.encode()) % MOST_SEED + 1
    _check_model(model, _offer(model, order), complete)
    return complete | read(kind, model, order)


def read_checked(body: bytes, rules: dict[str, Rule], required: tuple[str, ...]) -> Order:
    """The JSON object of a request that keeps these rules, or Refusal."""
    order = read_object(body)
    try:
        fields.check(order, rules, required)
    except Wrong as wrong:
        raise _refusal(wrong) from wrong
    return order


def read_object(body: bytes) -> Order:
    """The JSON object of a request; Refusal when it is none."""
    try:
        return fields.read_object(body)
    except Wrong as wrong:
        raise _refusal(wrong) from wrong


def price(kind: str, order: Order) -> int:
    """Credits; off-peak costs half, rounded up."""
    seconds = order["duration"] or AUTOMATIC_SECONDS
    offer = _offer(MODELS[kind][order["model"]], order)
    whole_price = credits_for(offer.tariffs[order["resolution"]], seconds)
    whole_price += REC_CREDITS if order["is_rec"] else 0
    return -(-whole_price // 2) if order["off_peak"] else whole_price


def _refusal(wrong: Wrong) -> Refusal:
    return Refusal(400, REASONS[wrong.how], str(wrong))


def _offer(model: Model, order: Order) -> Offer:
    offer = model.offer(order.get("duration", model.default_duration))
    if offer is None:
        raise Refusal(400, "FieldInvalid", f"duration is invalid for {order['model']}")
    return offer


def _check_model(model: Model, offer: Offer, order: Order) -> None:
    wrong = {
        "resolution": order["resolution"] not in offer.tariffs,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios | {""},
        "audio": order["audio"] and model.mute,
        "off_peak": order["off_peak"] and order["audio"] and not model.off_peak_audio,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Refusal(400, "FieldInvalid", f"{name} is invalid for {order['model']}")


def _defaults(kind: str, model: Model, offer: Offer) -> Order:
    return {
        "prompt": "",
        "duration": model.default_duration,
        "resolution": offer.default_resolution,
        "aspect_ratio": "16:9" if "aspect_ratio" in OWN[kind] else "",
        "style": "general" if "style" in OWN[kind] else "",
        "movement_amplitude": "auto",
        "bgm": False,
        "audio": model.speaks,
        "audio_type": "all",
        "voice_id": "",
        "off_peak": False,
        "is_rec": False,
        "watermark": False,
        "wm_url": "",
        "meta_data": "",
        "payload": "",
        "callback_url": "",
    }


COUNTS = {START: range(1, 2), START_END: range(2, 3), REFERENCE: range(1, 8)}
IN_A_SUBJECT = range(1, 4)
LEAST_REFERENCE = 128  # pixels of either side
NEAR = (0.8, 1.25)  # pixels of the start frame by those of the end frame
SUBJECT: dict[str, Rule] = {
    "id": text(200, least=1),
    "name": text(200, least=1),
    "images": lambda value: isinstance(value, list),
    "voice_id": text(200),
    "server_id": text(200),
}


def read(kind: str, model: Model, order: Order) -> Order:
    """What the order keeps of its pictures: as replies name them, and as clips show them."""
    if kind == TEXT:
        return {"images": []}
    if kind != REFERENCE or "subjects" not in order:
        return _read_images(kind, order)
    if "images" in order or not model.takes_subjects:
        raise Refusal(400, "FieldUnwanted", "subjects are not for this model, or beside images")
    return _read_subjects(order["subjects"])


def take(addresses: Sequence[Any]) -> tuple[Picture, ...]:
    """The pictures behind the addresses; Refusal with Vidu's word for what is wrong."""
    if not all(isinstance(address, str) for address in addresses):
        raise Refusal(400, "FieldInvalid", "images holds something that is no text")
    try:
        return tuple(pictures.take(address) for address in addresses)
    except Unfit as unfit:
        raise Refusal(400, PICTURE_REASONS[unfit.word], str(unfit)) from unfit


def named(addresses: Sequence[str]) -> list[str]:
    """The addresses as a reply repeats them."""
    return ["" if address.startswith("data:") else address for address in addresses]


def counted(name: str, value: Any, allowed: range) -> list[Any]:
    """The list, when it is one and has so many items."""
    if not isinstance(value, list):
        raise Refusal(400, "FieldInvalid", f"{name} is no list")
    if len(value) not in allowed:
        raise Refusal(400, "FieldItemCountOutOfRange", f"{name} has {len(value)} items")
    return value


def _read_images(kind: str, order: Order) -> Order:
    if order.get("images") is None:
        raise Refusal(400, "FieldLacking", "images is required")
    addresses = counted("images", order["images"], COUNTS[kind])
    taken = take(addresses)
    _check_sizes(kind, taken)
    return {"images": named(addresses), "pictures": taken}


def _read_subjects(value: Any) -> Order:
    subjects = counted("subjects", value, COUNTS[REFERENCE])
    for subject in subjects:
        _check_subject(subject)
    if len({_name(subject) for subject in subjects}) != len(subjects):
        raise Refusal(400, "FieldInvalid", "two subjects have one name")
    addresses = [address for subject in subjects for address in subject["images"]]
    counted("images", addresses, COUNTS[REFERENCE])
    taken = take(addresses)
    _check_sizes(REFERENCE, taken)
    told = [subject | {"images": named(subject["images"])} for subject in subjects]
    return {"images": [], "subjects": told, "pictures": taken}


def _check_subject(subject: Any) -> None:
    """An older order calls its subjects by `id`, a newer one by `name`."""
    if not isinstance(subject, dict):
        raise Refusal(400, "FieldInvalid", "a subject is no object")
    try:
        check(subject, SUBJECT, ("images",))
    except Wrong as wrong:
        reason = {"lacking": "FieldLacking", "unwanted": "FieldUnwanted"}.get(wrong.how)
        raise Refusal(400, reason or "FieldInvalid", f"subjects: {wrong}") from wrong
    if "id" not in subject and "name" not in subject:
        raise Refusal(400, "FieldLacking", "a subject has no name")
    counted("images of a subject", subject["images"], IN_A_SUBJECT)


def _name(subject: Order) -> str:
    return str(subject.get("name", subject.get("id")))


def _check_sizes(kind: str, taken: Sequence[Picture]) -> None:
    small = any(min(each.width, each.height) < LEAST_REFERENCE for each in taken)
    if kind == REFERENCE and small:
        raise Refusal(400, "PageSizeOutOfRange", "a reference is smaller than 128x128")
    if kind == START_END and not _are_near(*taken):
        raise Refusal(400, "PageSizeOutOfRange", "start and end frame differ too much in pixels")


def _are_near(first: Picture, last: Picture) -> bool:
    return NEAR[0] <= first.width * first.height / (last.width * last.height) <= NEAR[1]
