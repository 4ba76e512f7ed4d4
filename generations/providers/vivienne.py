"""The Vivienne gateway (contract 3): order, ask and callbacks.

Its document leaves open the header of the key, the schema of the body and the host, so these are
settings of each account.
"""

from collections.abc import Mapping, Sequence

import httpx

from generations.providers import vivienne_ring
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    Balance,
    FilmReport,
    Flow,
    Listing,
    Order,
    Receipt,
    Refused,
    Report,
    Ring,
    RingRequest,
    Unauthorised,
)
from generations.providers.exchange import ask, build_request, create, not_offered, require_number
from generations.providers.reply import Reply
from generations.providers.vivienne_order import order_body
from generations.providers.vivienne_replies import read_receipt, read_report

KIND = "vivienne"
# A form cannot say "": there an empty field means the usual value.
NO_PREFIX = "none"


class Vivienne:
    """The adapter; it keeps nothing between calls."""

    kind = KIND
    unit = "point"
    has_balance = False
    has_list = False
    can_cancel = False
    rings_signed = True
    rings_name = True  # the signature runs over the number without a mark of where it ends

    def echoes_reference(self, kind: str) -> bool:
        return False

    def wants_rings(self, access: Access) -> bool:
        return True

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST the account's template, filled (3.2). Raises all four errors."""
        offer = catalogue(KIND).offer(order.kind, order.model)
        if offer is None:
            raise Refused("kind_unknown", f"The gateway has no {order.model}_{order.kind}.")
        body = order_body(settings_of(access)["body"], order, offer)
        request = call(access, "POST", "submit_path", body=body)
        return read_receipt((yield from create(access, request)))

    def check(self, access: Access, number: str) -> Flow[Report]:
        """GET generationTask?taskNo= (3.3)."""
        return read_report((yield from ask_for_task(access, require_number(number))))

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0, of which a good key is told that it does not exist."""
        reply = yield from ask_for_task(access, "0")
        try:
            read_report(reply)
        except Refused:
            return

    def cancel(self, access: Access, number: str) -> Flow[None]:
        return not_offered("cancel")

    def balance(self, access: Access) -> Flow[Balance]:
        return not_offered("balance")

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        return not_offered("list of tasks")

    def film(self, access: Access, number: str) -> Flow[FilmReport]:
        return not_offered("ad films")

    def read_ring(self, access: Access, request: RingRequest, *, now: float) -> Ring:
        """Judge a callback by its signature and read the hints in its body (3.4)."""
        return vivienne_ring.read_ring(access.key, request, now=now)


def ask_for_task(access: Access, number: str) -> Flow[Reply]:
    request = call(access, "GET", "query_path", query={"taskNo": number})
    return (yield from ask(access, request))


def call(
    access: Access,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> httpx.Request:
    """A request to the path that the account's setting of this name says."""
    said = settings_of(access)
    prefix, header = said["auth_prefix"], said["auth_header"]
    scheme = "" if prefix == NO_PREFIX else prefix
    return build_request(
        access, method, said[path], scheme=scheme, header=header, query=query, body=body
    )


def settings_of(access: Access) -> Mapping[str, str]:
    """The account's settings. Raises Unauthorised for one that could only be sent wrongly."""
    book = catalogue(KIND)
    said = {each.name: book.setting(access.options, each.name) for each in book.settings}
    for setting in book.settings:
        value = said[setting.name]
        if not isinstance(value, str) or not setting.fits(value):
            raise Unauthorised("setting_invalid", f"The account's {setting.name} cannot be used.")
    return said
