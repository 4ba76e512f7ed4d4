"""A relay of Vidu behind a Bearer key: order, ask and callbacks (docs/wire.md, section 4).

The two pages of the relay name two paths to ask for a task, which may belong to two different
services, and some relays have one of their own. So a task is asked for at the path that answered
last, and where that does not know it, at the others.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    Access,
    CallbackReading,
    CallbackRequest,
    CallbackTrust,
    Flow,
    Order,
    ProviderError,
    Receipt,
    Refused,
    RemoteState,
    Report,
)
from generations.providers.vidu.requests import order_body
from generations.providers.wire.callbacks import read_body, read_hints
from generations.providers.wire.exchange import (
    MinimalAdapter,
    ask,
    build_request,
    create,
    id_in_path,
)
from generations.providers.wire.replies import Reply

from .replies import is_missing, read_receipt, read_report
from .requests import MEMBERS, PATHS, query_path, query_paths


class Relay(MinimalAdapter):
    """The adapter; it keeps nothing between calls."""

    kind = "relay"
    unit = "credit"
    has_signed_callbacks = False  # Vidu signs with the relay's own key, which nobody else has (4.4)
    has_named_callbacks = False
    callback_reply: Mapping[str, object] = {}

    def echoes_reference(self, kind: str) -> bool:
        return False  # only one of the five shapes has the payload (4.3)

    def accepts_callback_url(self, access: Access) -> bool:
        return catalogue(self.kind).setting(access.options, "callbacks") == "on"

    def submit(self, access: Access, order: Order) -> Flow[Receipt]:
        """POST /ent/v2/text2video (4.2)."""
        if order.kind not in PATHS:
            raise Refused("kind_unknown", f"The relay has no endpoint {order.kind}.")
        offer = catalogue(self.kind).offer_for(order)
        body = order_body(order, MEMBERS, offer)
        request = build_request(access, "POST", PATHS[order.kind], body=body)
        return read_receipt((yield from create(access, request)))

    def check(
        self, access: Access, remote_id: str, *, wanted: Collection[str] = ()
    ) -> Flow[Report]:
        """Ask at the path that answered last, then at the others (4.3)."""
        setting, reply = yield from ask_for_task(access, id_in_path(remote_id))
        report = replace(read_report(reply), account_options={"query_path": setting})
        if not missing_roles(report, wanted):
            return report
        return (yield from with_other_results(access, remote_id, report, wanted))

    def test(self, access: Access) -> Flow[None]:
        """Ask for task 0: the answer to a good key is that it does not exist (4.4)."""
        _setting, reply = yield from ask_for_task(access, "0")
        try:
            read_report(reply)
        except Refused:
            return

    def read_callback(
        self, access: Access, request: CallbackRequest, *, now: float
    ) -> CallbackReading:
        """Read the hints of a callback, which nothing proves (4.4)."""
        body = read_body(request, access.key)
        hints = read_hints(body, ids=("id", "task_id"), states=("state", "status"))
        return CallbackReading(CallbackTrust.UNSIGNED, hints.remote_id, hints.state_word)


def ask_for_task(access: Access, segment: str) -> Flow[tuple[str, Reply]]:
    """The setting of the path that answered, and its answer; ``segment`` is the id, escaped.

    Where no path knows the task, an answer in JSON comes before one that is a page.
    """
    answers: list[tuple[str, Reply]] = []
    # A question costs nothing, so further paths may be tried; a create has one path only.
    for setting in query_paths(last_setting(access)):
        reply = yield from ask_at(access, setting, segment)
        answers.append((setting, reply))
        if not is_missing(reply):
            return setting, reply
    return next((each for each in reversed(answers) if each[1].members is not None), answers[0])


def last_setting(access: Access) -> str:
    return catalogue("relay").setting(access.options, "query_path")


def ask_at(access: Access, setting: str, segment: str) -> Flow[Reply]:
    request = build_request(access, "GET", query_path(setting, segment))
    return (yield from ask(access, request))


# ---- What only another path tells (4.3) -------------------------------------------------------


def missing_roles(report: Report, wanted: Collection[str]) -> Collection[str]:
    """The roles of results that were ordered and that a success lacks."""
    if report.state is not RemoteState.SUCCEEDED:
        return ()
    return {*wanted} - {result.role for result in report.results}


def with_other_results(
    access: Access, remote_id: str, report: Report, wanted: Collection[str]
) -> Flow[Report]:
    """A success with what it lacks, from the first other path that has it."""
    answered = report.account_options["query_path"]
    for setting in query_paths(last_setting(access)):
        missing = missing_roles(report, wanted)
        if setting == answered or not missing:
            continue
        try:
            reply = yield from ask_at(access, setting, id_in_path(remote_id))
            other = read_report(reply)
        except ProviderError:
            continue  # what this path does not tell takes nothing from what another told
        more = [result for result in other.results if result.role in missing]
        report = replace(report, results=(*report.results, *more))
    return report
