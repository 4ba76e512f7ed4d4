"""What Vidu's orders of pictures, speech, lip-sync and upscaling say, and what they cost.

The members are those of docs/wire.md, 2.17 to 2.19 and 2.21. Where they are silent: a begun unit of
a price counts whole, and members that hold only beside `text` are ignored beside a sound.
"""

import math
import re
import zlib
from typing import Any

from generations.sandbox import fields
from generations.sandbox.clips.spoken import PAUSE, width_of
from generations.sandbox.fields import Order, Rule, integer, number, one_of, text
from generations.sandbox.http import ApiError

from .rules import (
    MAX_PAYLOAD,
    MAX_SEED,
    MIN_REFERENCE_SIDE,
    OPTIONAL_ADDRESS,
    any_value,
    as_echoed,
    counted_list,
    read_checked,
    read_pictures,
)

# ---- Pictures -------------------------------------------------------------------------------

Q1, Q2 = "viduq1", "viduq2"
EARLY_RATIOS = frozenset({"16:9", "9:16", "1:1", "3:4", "4:3"})
RATIOS = {Q1: EARLY_RATIOS, Q2: EARLY_RATIOS | {"21:9", "2:3", "3:2", "auto"}}
IMAGE_COUNTS = {Q1: range(1, 8), Q2: range(8)}
# Credits by model and resolution: without a picture, with 1 to 3, with 4 to 7.
PICTURE_CREDITS: dict[str, dict[str, tuple[int, int, int]]] = {
    Q1: {"1080p": (0, 20, 20)},
    Q2: {"1080p": (6, 8, 10), "2K": (8, 12, 16), "4K": (10, 20, 30)},
}
SHARED_FIELDS: dict[str, Rule] = {"payload": text(MAX_PAYLOAD), "callback_url": OPTIONAL_ADDRESS}
PICTURE_FIELDS: dict[str, Rule] = SHARED_FIELDS | {
    "model": one_of(Q1, Q2),
    "prompt": text(2000),
    "images": any_value,
    "seed": integer(range(MAX_SEED + 1)),
    "aspect_ratio": text(5),
    "resolution": text(5),
}


def read_picture_order(body: bytes, task_id: str) -> Order:
    """The order of a picture with its defaults and pictures; ApiError when it breaks a rule."""
    order = read_checked(body, PICTURE_FIELDS, ("model", "prompt"))
    defaults = {"aspect_ratio": "16:9", "resolution": "1080p", "payload": "", "callback_url": ""}
    order = defaults | order
    model = order["model"]
    if model == Q1 and order.get("images") is None:
        raise ApiError(400, "FieldLacking", "images is required")
    addresses = counted_list("images", order.get("images", []), IMAGE_COUNTS[model])
    has_no_ratio = order["aspect_ratio"] == "auto" and not addresses
    if order["aspect_ratio"] not in RATIOS[model] or has_no_ratio:
        raise ApiError(400, "FieldInvalid", f"aspect_ratio is invalid for {model}")
    if order["resolution"] not in PICTURE_CREDITS[model]:
        raise ApiError(400, "FieldInvalid", f"resolution is invalid for {model}")
    shown = read_pictures(addresses)
    if any(min(each.width, each.height) < MIN_REFERENCE_SIDE for each in shown):
        raise ApiError(400, "PageSizeOutOfRange", "a picture is smaller than 128x128")
    seed = order.get("seed") or zlib.crc32(task_id.encode()) % MAX_SEED + 1
    # A picture is a moment of a clip, and that has a length.
    return order | {"images": as_echoed(addresses), "pictures": shown, "seed": seed, "duration": 1}


def picture_price(order: Order) -> int:
    none, some, many = PICTURE_CREDITS[order["model"]][order["resolution"]]
    count = len(order["images"])
    return none if count == 0 else some if count <= 3 else many


# ---- Speech ---------------------------------------------------------------------------------

EMOTIONS = ("happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm")
TONE = re.compile(r"[^/]+/.+")
CREDITS_OF_SPEECH, CHARACTERS = 10, 500


def _is_tone_list(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) and TONE.fullmatch(each) for each in value
    )


def _is_speech(value: Any) -> bool:
    """A text whose pauses are well written: between two spoken parts, never two in a row."""
    if not isinstance(value, str):
        return False
    # Odd ones are the seconds of the pauses.
    parts = PAUSE.split(value)
    spoken, pauses = parts[::2], [float(each) for each in parts[1::2]]
    is_spoken = all(part.strip() and "<#" not in part for part in spoken)
    return is_spoken and all(0.01 <= pause <= 99.99 for pause in pauses)


def _spoken_text(most: int, least: int) -> Rule:
    return lambda value: _is_speech(value) and least <= width_of(value) <= most


SPEECH_FIELDS: dict[str, Rule] = {
    "text": lambda value: _is_speech(value) and len(value) < 10_000,
    "voice_setting_voice_id": text(200, least=1),
    "voice_setting_speed": number(0.5, 2),
    "voice_setting_volume": integer(range(11)),
    "voice_setting_pitch": integer(range(-12, 13)),
    "voice_setting_emotion": one_of(*EMOTIONS),
    "pronunciation_dict_tone": _is_tone_list,
    "payload": text(MAX_PAYLOAD),
}


def read_speech_order(body: bytes) -> Order:
    """The order of a speech with its defaults; ApiError when it breaks a rule."""
    order = read_checked(body, SPEECH_FIELDS, ("text", "voice_setting_voice_id"))
    return {"voice_setting_speed": 1.0, "payload": ""} | order | {"prompt": order["text"]}


def speech_price(order: Order) -> int:
    return CREDITS_OF_SPEECH * math.ceil(len(order["text"]) / CHARACTERS)


# ---- Lip-sync -------------------------------------------------------------------------------

LIP_SYNC_CREDITS, LIP_SYNC_SECONDS = 20, 5
# A Chinese character counts as two.
LIP_SYNC_FIELDS: dict[str, Rule] = SHARED_FIELDS | {
    "video_url": fields.is_url,
    "audio_url": OPTIONAL_ADDRESS,
    "text": fields.either(one_of(""), _spoken_text(2000, 4)),
    "voice_id": text(200),
    "speed": number(0.5, 2),
    "volume": integer(range(11)),
    "ref_photo_url": OPTIONAL_ADDRESS,
}


def read_lip_sync_order(body: bytes) -> Order:
    """The order of a lip-sync with its defaults; ApiError when it breaks a rule."""
    order = read_checked(body, LIP_SYNC_FIELDS, ("video_url",))
    defaults = {"audio_url": "", "text": "", "speed": 1.0, "payload": "", "callback_url": ""}
    order = defaults | order
    if not order["audio_url"] and not order["text"]:
        raise ApiError(400, "FieldLacking", "audio_url or text is required")
    return order | {"prompt": "" if order["audio_url"] else order["text"]}


def lip_sync_price(seconds: float) -> int:
    return LIP_SYNC_CREDITS * math.ceil(round(seconds, 3) / LIP_SYNC_SECONDS)


# ---- Upscale --------------------------------------------------------------------------------

UPSCALE_CREDITS = {"1080p": 10, "2K": 20, "4K": 40, "8K": 160}  # for each second
UPSCALE_FIELDS: dict[str, Rule] = SHARED_FIELDS | {
    "video_creation_id": text(200),
    "video_url": OPTIONAL_ADDRESS,
    "upscale_resolution": one_of(*UPSCALE_CREDITS),
}


def read_upscale_order(body: bytes) -> Order:
    """The order of an upscale with its defaults; ApiError when it breaks a rule."""
    order = read_checked(body, UPSCALE_FIELDS, ())
    defaults = {"video_creation_id": "", "video_url": "", "upscale_resolution": "1080p"}
    order = defaults | {"payload": "", "callback_url": ""} | order
    if not order["video_creation_id"] and not order["video_url"]:
        raise ApiError(400, "FieldLacking", "video_creation_id or video_url is required")
    return order


def upscale_price(order: Order, seconds: float) -> int:
    return UPSCALE_CREDITS[order["upscale_resolution"]] * math.ceil(round(seconds, 3))
