"""The Vivienne gateway: order, ask and callbacks (docs/wire.md, section 3).

Its page leaves open the header of the key, the schema of the body and the host, so these are
settings of each account.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping

import httpx

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Flow,
    Order,
    Reason,
    Receipt,
    Refused,
    Report,
    Unauthorised,
)
from generations.providers.wire.callbacks import read_body
from generations.providers.wire.exchange import (
    MinimalAdapter,
    ask,
    build_request,
    create,
    require_remote_id,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.states import read_state_word
from generations.providers.wire.values import WORD_LIMIT, read_identifier, read_text

from .replies import read_receipt, read_report
from .requests import order_body

KIND = "vivienne"
# The value of auth_prefix for a key that stands alone; in a form, "" means the default.
NO_PREFIX = "none"


class Vivienne(MinimalAdapter):
    """The adapter; it keeps nothing between calls."""

    kind = KIND
    unit = "point"
    has_signed_callbacks = True
    has_named_callbacks = True  # the signed text does not say where the id ends (3.4)
    callback_reply: Mapping[str, object] = {"code": 1000, "message": "success"}  # (3.4)

    def echoes_reference(self, kind: str) -> bool:
        return False

    def accepts_callback_url(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST the account's template, filled (3.2)."""
        offer = catalogue(KIND).offer_for(order)
        if offer is None:
            raise Refused("kind_unknown", f"The gateway has no {order.model}_{order.kind}.")
        body = order_body(account_settings(access)["body"], order, offer)
        request = build_call(access, "POST", "submit_path", body=body)
        return read_receipt((yield from create(access, request)))

    def check(
        self, access: Access, remote_id: str, *, wanted: Collection[str] = ()
    ) -> Flow[Report]:
        """GET generationTask?taskNo= (3.3)."""
        return read_report((yield from ask_for_task(access, require_remote_id(remote_id))))

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0: the answer to a good key is that it does not exist (3.5)."""
        reply = yield from ask_for_task(access, "0")
        try:
            read_report(reply)
        except Refused:
            return

    def read_callback(
        self, access: Access, request: CallbackRequest, *, now: float
    ) -> CallbackReading:
        """Judge a callback by its signature and read the hints in its body (3.4)."""
        body = read_body(request, access.key)
        # Only the signed number names the task: ``data.task_id`` is another's (3.4).
        remote_id = read_identifier(body.get("taskNo"))
        signature = read_text(body.get("sign"), limit=SIGNATURE_LIMIT).lower()
        timestamp = read_timestamp(body.get("timestamp"))
        return CallbackReading(
            trust=judge(access.key, remote_id, timestamp, signature, now),
            remote_id=remote_id,
            state_word=body.hidden(read_state_word(body.get("status")), WORD_LIMIT),
            nonce=signature,  # there is no nonce, and each signature is of one task and time (3.4)
        )


def ask_for_task(access: Access, remote_id: str) -> Flow[Reply]:
    request = build_call(access, "GET", "query_path", query={"taskNo": remote_id})
    return (yield from ask(access, request))


def build_call(
    access: Access,
    method: str,
    path_setting: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> httpx.Request:
    """A request to the path that an account's setting names, with the account's own header."""
    settings = account_settings(access)
    prefix = settings["auth_prefix"]
    return build_request(
        access,
        method,
        settings[path_setting],
        scheme="" if prefix == NO_PREFIX else prefix,
        header=settings["auth_header"],
        query=query,
        body=body,
    )


def account_settings(access: Access) -> Mapping[str, str]:
    """The account's settings. Raises Unauthorised for one that could only be sent wrongly."""
    offered = catalogue(KIND)
    values = {each.name: offered.setting(access.options, each.name) for each in offered.settings}
    for setting in offered.settings:
        # Only the form of the site checks a setting when it is stored, by the rules of that day.
        value = values[setting.name]
        if not isinstance(value, str) or not setting.fits(value):
            raise Unauthorised(
                "setting_invalid",
                f"The account's {setting.name} cannot be used.",
                reason=Reason.ACCOUNT_SETTING_INVALID,
            )
    return values


# ---- The signature of a callback (3.4) --------------------------------------------------------

# The id and the time are signed without a mark between them, so digits could move from one to the
# other. So only seconds and milliseconds are times, and the caller compares the id.
SECONDS = re.compile(r"[0-9]{10}")
MILLISECONDS = re.compile(r"[0-9]{13}")
WINDOW = 24 * 60 * 60  # seconds
SIGNATURE_LIMIT = 200


def judge(key: str, remote_id: str, timestamp: str, signature: str, now: float) -> CallbackTrust:
    """Check the signature by the key that ordered the task; ``now`` in Unix seconds."""
    if not signature:
        return CallbackTrust.UNSIGNED
    sent = unix_seconds(timestamp)
    if not key or sent is None or not remote_id:
        return CallbackTrust.FORGED
    expected = hashlib.sha256(f"{remote_id}{timestamp}{key}".encode("utf-8", "replace")).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return CallbackTrust.FORGED
    return CallbackTrust.SIGNED if abs(now - sent) <= WINDOW else CallbackTrust.STALE


def read_timestamp(value: object) -> str:
    """The time as it was signed: JSON writes an integer of these lengths in one way only."""
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, int | str) else ""


def unix_seconds(timestamp: str) -> float | None:
    """Unix seconds (1.4), None where the text is no time."""
    if SECONDS.fullmatch(timestamp):
        return float(timestamp)
    return int(timestamp) / 1000 if MILLISECONDS.fullmatch(timestamp) else None
