"""How many pictures Vidu's endpoints accept, and of what size (docs/wire.md, 2.4)."""

from collections.abc import Sequence
from typing import Any

from generations.sandbox import pictures
from generations.sandbox.fields import FieldError, Order, Rule, check, text
from generations.sandbox.http import ApiError
from generations.sandbox.pictures import OrderPicture, PictureError

from .errors import FIELD_REASONS, PICTURE_REASONS
from .models import MODELS, REFERENCE, START, START_END, TEXT

IMAGE_COUNTS = {START: range(1, 2), START_END: range(2, 3), REFERENCE: range(1, 8)}
SUBJECT_IMAGE_COUNTS = range(1, 4)
MIN_REFERENCE_SIDE = 128  # pixels
# Pixels of the start frame by pixels of the end frame, the least and the most.
MIN_PIXEL_RATIO, MAX_PIXEL_RATIO = 0.8, 1.25
SUBJECT_FIELDS: dict[str, Rule] = {
    "id": text(200, least=1),
    "name": text(200, least=1),
    "images": lambda value: isinstance(value, list),
    "voice_id": text(200),
    "server_id": text(200),
}


def with_pictures(kind: str, order: Order) -> Order:
    """The order with `pictures` as its clip shows them, and `images` as its replies name them."""
    return order | _picture_fields(kind, order)


def read_pictures(addresses: Sequence[Any]) -> tuple[OrderPicture, ...]:
    """The pictures at these addresses; ApiError with Vidu's word for what is wrong."""
    if not all(isinstance(address, str) for address in addresses):
        raise ApiError(400, "FieldInvalid", "images holds something that is no text")
    try:
        return tuple(pictures.read_picture(address) for address in addresses)
    except PictureError as error:
        raise ApiError(400, PICTURE_REASONS[error.problem], str(error)) from error


def as_echoed(addresses: Sequence[str]) -> list[str]:
    """The addresses as a reply repeats them: a data URI becomes an empty text."""
    return ["" if address.startswith("data:") else address for address in addresses]


def counted_list(name: str, value: Any, allowed: range) -> list[Any]:
    """The value, when it is a list with an allowed count of items; else ApiError."""
    if not isinstance(value, list):
        raise ApiError(400, "FieldInvalid", f"{name} is no list")
    if len(value) not in allowed:
        raise ApiError(400, "FieldItemCountOutOfRange", f"{name} has {len(value)} items")
    return value


def _picture_fields(kind: str, order: Order) -> Order:
    if kind == TEXT:
        return {"images": []}
    if kind != REFERENCE or "subjects" not in order:
        return _read_images(kind, order)
    if "images" in order or not MODELS[kind][order["model"]].has_subjects:
        raise ApiError(400, "FieldUnwanted", "subjects are not for this model, or beside images")
    return _read_subjects(order["subjects"])


def _read_images(kind: str, order: Order) -> Order:
    if order.get("images") is None:
        raise ApiError(400, "FieldLacking", "images is required")
    addresses = counted_list("images", order["images"], IMAGE_COUNTS[kind])
    shown = read_pictures(addresses)
    _check_sizes(kind, shown)
    return {"images": as_echoed(addresses), "pictures": shown}


def _read_subjects(value: Any) -> Order:
    subjects = counted_list("subjects", value, IMAGE_COUNTS[REFERENCE])
    for subject in subjects:
        _check_subject(subject)
    if len({_subject_name(subject) for subject in subjects}) != len(subjects):
        raise ApiError(400, "FieldInvalid", "two subjects have one name")
    addresses = [address for subject in subjects for address in subject["images"]]
    counted_list("images", addresses, IMAGE_COUNTS[REFERENCE])
    shown = read_pictures(addresses)
    _check_sizes(REFERENCE, shown)
    echoed = [subject | {"images": as_echoed(subject["images"])} for subject in subjects]
    return {"images": [], "subjects": echoed, "pictures": shown}


def _check_subject(subject: Any) -> None:
    if not isinstance(subject, dict):
        raise ApiError(400, "FieldInvalid", "a subject is no object")
    try:
        check(subject, SUBJECT_FIELDS, ("images",))
    except FieldError as error:
        raise ApiError(400, FIELD_REASONS[error.problem], f"subjects: {error}") from error
    if "id" not in subject and "name" not in subject:
        raise ApiError(400, "FieldLacking", "a subject has no name")
    counted_list("images of a subject", subject["images"], SUBJECT_IMAGE_COUNTS)


def _subject_name(subject: Order) -> str:
    # Older models call a subject by `id`, newer ones by `name` (docs/wire.md, section 7).
    return str(subject.get("name", subject.get("id")))


def _check_sizes(kind: str, shown: Sequence[OrderPicture]) -> None:
    is_small = any(min(each.width, each.height) < MIN_REFERENCE_SIDE for each in shown)
    if kind == REFERENCE and is_small:
        raise ApiError(400, "PageSizeOutOfRange", "a reference is smaller than 128x128")
    if kind == START_END and not _are_alike_in_pixels(*shown):
        raise ApiError(400, "PageSizeOutOfRange", "start and end frame differ too much in pixels")


def _are_alike_in_pixels(start: OrderPicture, end: OrderPicture) -> bool:
    ratio = start.width * start.height / (end.width * end.height)
    return MIN_PIXEL_RATIO <= ratio <= MAX_PIXEL_RATIO
