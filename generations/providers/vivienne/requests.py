"""What is sent to Vivienne: the account's template with the order's values (docs/wire.md, 3.2).

https://platform.xxd.fans/docs/en/api-reference/vidu-text2video/submit-generation-vidu-text-2-video
"""

import re
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from generations.providers.catalogue import Offer
from generations.providers.contract import Order, Reason, Unauthorised

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def order_body(template: str, order: Order, offer: Offer) -> dict[str, object]:
    """The template with the order's values; a member without a value is left out."""
    members: object = None
    # Read strictly, because it is sent: the check of the setting lets NaN pass.
    with suppress(msgspec.DecodeError, RecursionError):
        members = msgspec.json.decode(template)
    if not isinstance(members, dict):
        raise Unauthorised(
            "setting_invalid",
            "The account's body is no JSON object.",
            reason=Reason.ACCOUNT_SETTING_INVALID,
        )
    return fill_object(members, order_values(order, offer))


def order_values(order: Order, offer: Offer) -> Mapping[str, object]:
    """What each placeholder of a template stands for; the model's name includes the kind (3.2)."""
    options = {name: value for name, value in order.options.items() if offer.supports(name, order)}
    values = options | {
        "model": offer.wire.get("model", order.model),
        "prompt": order.prompt,
        "duration": order.duration,
        "resolution": order.resolution,
        "aspect_ratio": order.aspect_ratio,
        "seed": order.seed,
        "callback_url": order.callback_url,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def fill_object(template: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    return {name: fill(each, values) for name, each in template.items() if has_value(each, values)}


def fill(template: object, values: Mapping[str, object]) -> object:
    """A value of the template; a placeholder becomes what stands for it, with its own type."""
    if isinstance(template, dict):
        return fill_object(template, values)
    if isinstance(template, list):
        return [fill(each, values) for each in template if has_value(each, values)]
    return values.get(placeholder(template), template)


def has_value(template: object, values: Mapping[str, object]) -> bool:
    return placeholder(template) in {"", *values}


def placeholder(template: object) -> str:
    """``prompt`` for ``{prompt}``; "" for what is sent as it stands."""
    match = PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return match[1] if match else ""
