"""The pictures of a Vidu order: how many, in which fields, and what is wrong with them.

A reply names a picture by its address; one that was sent as a data URI is named "".
"""

from collections.abc import Sequence
from typing import Any

from generations.sandbox import pictures
from generations.sandbox.fields import Order, Rule, Wrong, check, text
from generations.sandbox.pictures import Picture, Unfit
from generations.sandbox.vidu_models import REFERENCE, START, START_END, TEXT, Model
from generations.sandbox.wire import Refusal

COUNTS = {START: range(1, 2), START_END: range(2, 3), REFERENCE: range(1, 8)}
IN_A_SUBJECT = range(1, 4)
LEAST_REFERENCE = 128  # pixels of either side
NEAR = (0.8, 1.25)  # pixels of the start frame by those of the end frame
REASONS = {
    "download": "ImageDownloadFailure",
    "format": "ImageFormatInvalid",
    "size": "PageSizeOutOfRange",
    "ratio": "PageSizeOutOfRange",
}
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
        raise Refusal(400, REASONS[unfit.word], str(unfit)) from unfit


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
