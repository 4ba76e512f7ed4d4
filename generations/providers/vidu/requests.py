"""What is sent to order a clip from Vidu (docs/wire.md, 2.3 and 2.4); the relay takes the same.

https://platform.vidu.com/docs/text-to-video

Last come Vidu's names in the forms of this site, from before it had names of its own.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from generations.providers.catalogue import Offer
from generations.providers.contract import Order, TaskKind

PATHS: Mapping[str, str] = {
    TaskKind.TEXT_TO_VIDEO: "/ent/v2/text2video",
    TaskKind.IMAGE_TO_VIDEO: "/ent/v2/img2video",
    TaskKind.FRAMES_TO_VIDEO: "/ent/v2/start-end2video",
    TaskKind.REFERENCES_TO_VIDEO: "/ent/v2/reference2video",
}

# The members that each endpoint declares, in this order; any other answers FieldUnwanted (2.3).
WATERMARK = ("watermark", "wm_position", "wm_url", "meta_data")
ENVELOPE = ("payload", "callback_url")
MEMBERS: Mapping[str, Sequence[str]] = {
    TaskKind.TEXT_TO_VIDEO: (
        *("model", "prompt", "duration", "seed", "aspect_ratio", "resolution", "style"),
        *("movement_amplitude", "bgm", "audio", "off_peak", *WATERMARK, *ENVELOPE),
    ),
    TaskKind.IMAGE_TO_VIDEO: (
        *("model", "images", "prompt", "duration", "seed", "resolution", "movement_amplitude"),
        *("bgm", "audio", "audio_type", "voice_id", "is_rec", "off_peak", *WATERMARK, *ENVELOPE),
    ),
    TaskKind.FRAMES_TO_VIDEO: (
        *("model", "images", "prompt", "duration", "seed", "resolution", "movement_amplitude"),
        *("bgm", "audio", "is_rec", "off_peak", *WATERMARK, *ENVELOPE),
    ),
    TaskKind.REFERENCES_TO_VIDEO: (
        *("model", "images", "subjects", "prompt", "duration", "seed", "aspect_ratio"),
        *("resolution", "movement_amplitude", "bgm", "audio", "off_peak", *WATERMARK, *ENVELOPE),
    ),
}

# What every model of an endpoint supports; the catalogue says which model supports the rest.
ALWAYS_SENT = frozenset(
    {"model", "images", "subjects", "prompt", "duration", "resolution", *ENVELOPE}
)

# The corners of a watermark by Vidu's numbers (2.3).
CORNERS: Mapping[object, int] = MappingProxyType(
    {"top_left": 1, "top_right": 2, "bottom_right": 3, "bottom_left": 4}
)


def order_body(order: Order, members: Sequence[str], offer: Offer | None) -> dict[str, object]:
    """The members of a create that the order has a value for and the model supports.

    ``offer`` is None for a model that the catalogue does not know; then every value is sent.
    """
    values = dict(order.options) | {
        "model": order.model,
        **picture_members(order),
        "prompt": order.prompt,
        "duration": order.duration,
        "seed": order.seed,
        "aspect_ratio": order.aspect_ratio,
        "resolution": order.resolution,
        "payload": order.reference,
        "callback_url": order.callback_url,
    }
    values["wm_position"] = CORNERS.get(values.get("wm_position"))
    # 0 and False are choices. What nobody chose is not sent: the provider's own default holds, and
    # may change without us.
    return {
        name: values[name]
        for name in members
        if values.get(name) not in (None, "", [])
        and (name in ALWAYS_SENT or offer is None or offer.supports(name, order))
    }


def picture_members(order: Order) -> dict[str, object]:
    """``images``, or ``subjects`` where the prompt refers to pictures by name; never both (2.4)."""
    if not any(picture.name for picture in order.images):
        return {"images": [picture.address for picture in order.images]}
    subjects: dict[str, list[str]] = {}
    kept: dict[str, str] = {}
    for picture in order.images:
        subjects.setdefault(picture.name, []).append(picture.address)
        kept[picture.name] = picture.kept_id
    # What Vidu keeps already is named by its id, and its pictures need not go again (2.20).
    return {
        "subjects": [
            {"name": name} | ({"server_id": kept[name]} if kept[name] else {"images": images})
            for name, images in subjects.items()
        ]
    }


# ---- Vidu's names in the forms of this site ---------------------------------------------------

# The order form, the gallery's filter and the forms of a film's board still accept them (2.2 and
# 2.13), so that bookmarks and scripts go on working.
FORM_KINDS: Mapping[str, str] = {
    "text2video": TaskKind.TEXT_TO_VIDEO,
    "img2video": TaskKind.IMAGE_TO_VIDEO,
    "start-end2video": TaskKind.FRAMES_TO_VIDEO,
    "reference2video": TaskKind.REFERENCES_TO_VIDEO,
    "ad-one-click": TaskKind.FILM,
}
FORM_EDIT_MEMBERS = {"make": "type", "shot": "storyboard_video_index"}
FORM_EDIT_TYPES = {
    "generate_video": "shot",
    "generate_narration": "narration",
    "generate_bgm": "music",
}
FORM_CUT_MEMBERS = {
    "takes": "video_task_ids",
    "narration": "narration_task_id",
    "music": "bgm_task_id",
}
