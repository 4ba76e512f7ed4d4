"""What Vidu's four endpoints for clips accept and refuse, and what an order costs.

The fields are those of docs/wire.md, 2.3. Where its sources differ: prompts may have 5,000
characters (the current page), 3:4 and 4:3 are for q2 and q3. Outside q3 `audio` is refused for
text, for start and end frames and beside plain references, and an off-peak order has none; on q3 an
off-peak order has sound. Reference videos are not accepted. How many pictures an order has, and of
what size, is that of 2.4; ad films use these rules too.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

from generations.sandbox import fields, pictures
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS
from generations.sandbox.fields import (
    FieldError,
    Order,
    Rule,
    check,
    integer,
    is_boolean,
    one_of,
    text,
)
from generations.sandbox.http import ApiError
from generations.sandbox.pictures import OrderPicture, PictureError

from .models import MODELS, REFERENCE, START, START_END, TEXT, Variant, ViduModel, credits_for
from .replies import FIELD_REASONS, PICTURE_REASONS

MAX_PROMPT = 5000
MAX_PAYLOAD = 1_048_576
MAX_SEED = 2_147_483_647
REC_CREDITS = 10  # for a prompt that Vidu writes (`is_rec`)


def any_value(_: Any) -> bool:
    """The rule of a field that is checked elsewhere."""
    return True


OPTIONAL_ADDRESS = fields.either(one_of(""), fields.is_url)
# The members of an order: docs/wire.md, 2.3.
COMMON_FIELDS: dict[str, Rule] = {
    "prompt": text(MAX_PROMPT),
    "duration": integer(range(17)),
    "resolution": text(10),
    "seed": integer(range(MAX_SEED + 1)),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": is_boolean,
    "audio": is_boolean,
    "audio_type": one_of("all", "speech_only", "sound_effect_only"),
    "voice_id": text(200),
    "off_peak": is_boolean,
    "watermark": is_boolean,
    "wm_position": integer(range(1, 5)),
    "wm_url": OPTIONAL_ADDRESS,
    "meta_data": fields.is_json_text,
    "payload": text(MAX_PAYLOAD),
    "callback_url": OPTIONAL_ADDRESS,
}
ENDPOINT_FIELDS: dict[str, dict[str, Rule]] = {
    TEXT: {"style": one_of("general", "anime"), "aspect_ratio": text(5)},
    START: {"images": any_value, "is_rec": is_boolean},
    START_END: {"images": any_value, "is_rec": is_boolean},
    REFERENCE: {"images": any_value, "subjects": any_value, "aspect_ratio": text(5)},
}
REQUIRED_FIELDS = {
    TEXT: ("model", "prompt"),
    START: ("model", "images"),
    START_END: ("model", "images"),
    REFERENCE: ("model", "prompt"),
}


def read_order(kind: str, body: bytes, task_id: str) -> Order:
    """The order with its defaults, but without its pictures; ApiError when a field is wrong."""
    model_names = {"model": one_of(*MODELS[kind])}
    allowed = ENDPOINT_FIELDS[kind] | COMMON_FIELDS | model_names
    order = read_checked(body, allowed, REQUIRED_FIELDS[kind])
    model = MODELS[kind][order["model"]]
    variant = _variant(model, order)
    complete = _defaults(kind, model, variant) | order
    complete["seed"] = order.get("seed") or zlib.crc32(task_id.encode()) % MAX_SEED + 1
    _check_model(model, variant, complete)
    return complete


def _variant(model: ViduModel, order: Order) -> Variant:
    variant = model.variant(order.get("duration", model.default_duration))
    if variant is None:
        raise ApiError(400, "FieldInvalid", f"duration is invalid for {order['model']}")
    return variant


def _check_model(model: ViduModel, variant: Variant, order: Order) -> None:
    wrong = {
        "resolution": order["resolution"] not in variant.tariffs,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios | {""},
        "audio": order["audio"] and not model.may_have_audio(has_subjects="subjects" in order),
        "off_peak": order["off_peak"] and order["audio"] != model.off_peak_audio,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise ApiError(400, "FieldInvalid", f"{name} is invalid for {order['model']}")


def _defaults(kind: str, model: ViduModel, variant: Variant) -> Order:
    return {
        "prompt": "",
        "duration": model.default_duration,
        "resolution": variant.default_resolution,
        "aspect_ratio": model.default_ratio if "aspect_ratio" in ENDPOINT_FIELDS[kind] else "",
        "style": "general" if "style" in ENDPOINT_FIELDS[kind] else "",
        "movement_amplitude": "auto",
        "bgm": False,
        "audio": model.default_audio,
        "audio_type": "all",
        "voice_id": "",
        "off_peak": False,
        "is_rec": False,
        "watermark": model.default_watermark,
        "wm_url": "",
        "meta_data": "",
        "payload": "",
        "callback_url": "",
    }


def price(kind: str, order: Order) -> int:
    """Credits; off-peak costs half, rounded up, unless the model has prices of its own for it."""
    seconds = order["duration"] or AUTOMATIC_SECONDS
    model = MODELS[kind][order["model"]]
    variant = _variant(model, order)
    more = REC_CREDITS if order["is_rec"] else 0
    if order["off_peak"] and variant.off_peak is not None:
        return credits_for(variant.off_peak[order["resolution"]], seconds) + more
    more += model.audio_credits if order["audio"] else 0
    full_price = credits_for(variant.tariffs[order["resolution"]], seconds) + more
    return -(-full_price // 2) if order["off_peak"] else full_price


def read_checked(body: bytes, rules: dict[str, Rule], required: tuple[str, ...]) -> Order:
    """The JSON object of a request; ApiError when it breaks one of these rules."""
    order = read_object(body)
    try:
        check(order, rules, required)
    except FieldError as error:
        raise _api_error(error) from error
    return order


def read_object(body: bytes) -> Order:
    """The JSON object of a request; ApiError when it is none."""
    try:
        return fields.read_object(body)
    except FieldError as error:
        raise _api_error(error) from error


def _api_error(error: FieldError) -> ApiError:
    return ApiError(400, FIELD_REASONS[error.problem], str(error))


def check_task_id(task_id: str) -> None:
    """Refuse an id that is no number. Vidu does this before it checks the key (2.7)."""
    if not task_id.isdecimal():
        raise ApiError(400, "CODEC", f'parsing field "id": strconv.ParseInt: parsing "{task_id}"')


# ---- Pictures -------------------------------------------------------------------------------

IMAGE_COUNTS = {START: range(1, 2), START_END: range(2, 3), REFERENCE: range(1, 8)}
MOST_IMAGES = 7
SUBJECT_IMAGE_COUNTS = range(1, 4)
MIN_REFERENCE_SIDE = 128  # pixels
# Pixels of the start frame by pixels of the end frame, the least and the most.
MIN_PIXEL_RATIO, MAX_PIXEL_RATIO = 0.8, 1.25
SUBJECT_FIELDS: dict[str, Rule] = {
    "name": text(200, least=1),
    "images": lambda value: isinstance(value, list),
    "voice_id": text(200),
    "server_id": text(200, least=1),
}
KeptPictures = Callable[[str], tuple[OrderPicture, ...]]


def with_pictures(kind: str, order: Order, kept_pictures: KeptPictures) -> Order:
    """The order with `pictures` as its clip shows them, and `images` as its replies name them.

    `kept_pictures` are those of a subject that Vidu keeps, by its id.
    """
    if kind == TEXT:
        return order | {"images": []}
    if kind != REFERENCE or "subjects" not in order:
        return order | _read_images(kind, order)
    if "images" in order or not MODELS[kind][order["model"]].has_subjects:
        raise ApiError(400, "FieldUnwanted", "subjects are not for this model, or beside images")
    return order | _read_subjects(order["subjects"], kept_pictures)


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


def _read_images(kind: str, order: Order) -> Order:
    if order.get("images") is None:
        raise ApiError(400, "FieldLacking", "images is required")
    allowed = IMAGE_COUNTS[kind]
    if kind == REFERENCE:
        allowed = range(1, MODELS[kind][order["model"]].most_images + 1)
    addresses = counted_list("images", order["images"], allowed)
    shown = read_pictures(addresses)
    _check_sizes(kind, shown)
    return {"images": as_echoed(addresses), "pictures": shown}


def _read_subjects(value: Any, kept_pictures: KeptPictures) -> Order:
    subjects = counted_list("subjects", value, IMAGE_COUNTS[REFERENCE])
    for subject in subjects:
        _check_subject(subject)
    names = {subject["name"] for subject in subjects}
    if len(names) != len(subjects):
        raise ApiError(400, "FieldInvalid", "two subjects have one name")
    sent = [subject for subject in subjects if "server_id" not in subject]
    addresses = [address for subject in sent for address in subject["images"]]
    if len(addresses) > MOST_IMAGES:
        raise ApiError(400, "FieldItemCountOutOfRange", f"images has {len(addresses)} items")
    shown = read_pictures(addresses)
    _check_sizes(REFERENCE, shown)
    kept = [
        picture
        for subject in subjects
        if "server_id" in subject
        for picture in kept_pictures(subject["server_id"])
    ]
    echoed = [
        subject if "server_id" in subject else subject | {"images": as_echoed(subject["images"])}
        for subject in subjects
    ]
    return {"images": [], "subjects": echoed, "pictures": (*shown, *kept[:MOST_IMAGES])}


def _check_subject(subject: Any) -> None:
    if not isinstance(subject, dict):
        raise ApiError(400, "FieldInvalid", "a subject is no object")
    try:
        required = ("name",) if "server_id" in subject else ("name", "images")
        check(subject, SUBJECT_FIELDS, required)
    except FieldError as error:
        raise ApiError(400, FIELD_REASONS[error.problem], f"subjects: {error}") from error
    if "server_id" in subject:
        if "images" in subject:
            raise ApiError(400, "FieldUnwanted", "subjects: images beside server_id")
        return
    counted_list("images of a subject", subject["images"], SUBJECT_IMAGE_COUNTS)


def _check_sizes(kind: str, shown: Sequence[OrderPicture]) -> None:
    is_small = any(min(each.width, each.height) < MIN_REFERENCE_SIDE for each in shown)
    if kind == REFERENCE and is_small:
        raise ApiError(400, "PageSizeOutOfRange", "a reference is smaller than 128x128")
    if kind == START_END:
        start, end = (each.width * each.height for each in shown)
        if not MIN_PIXEL_RATIO <= start / end <= MAX_PIXEL_RATIO:
            message = "start and end frame differ too much in pixels"
            raise ApiError(400, "PageSizeOutOfRange", message)
