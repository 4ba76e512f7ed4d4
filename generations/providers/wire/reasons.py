"""What HTTP statuses and reasons mean for the caller, where a provider has no word of its own."""

from collections.abc import Mapping

from generations.providers.contract import (
    ProviderError,
    Reason,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)

from .complaints import Complaint

# Of a create; any other status is Unclear.
STATUS_ERRORS: Mapping[int, type[ProviderError]] = {
    # Statuses of a request that nobody has begun to work on.
    **dict.fromkeys((405, 410, 411, 414, 415, 417, 421, 422, 426, 431), Refused),
    400: Refused,
    401: Unauthorised,
    402: Unauthorised,
    403: Unauthorised,
    404: Refused,
    413: Refused,
    429: Unavailable,
}

# 400, 403, 404 and 413 are missing: gateways use them for unlike things, so the page quotes them.
STATUS_REASONS: Mapping[int, Reason] = {
    401: Reason.KEY_REFUSED,
    402: Reason.CREDITS_SPENT,
    429: Reason.BUSY,
}

# Of a create; what is missing here refuses the order.
REASON_ERRORS: Mapping[Reason, type[ProviderError]] = {
    Reason.BUSY: Unavailable,
    Reason.SLOTS_TAKEN: Unavailable,
    Reason.CREDITS_SPENT: Unauthorised,
    Reason.KEY_REFUSED: Unauthorised,
    Reason.KEY_NOT_ALLOWED: Unauthorised,
    # The order may have been taken before this went wrong.
    Reason.CONFLICT: Unclear,
    Reason.PROVIDER_FAULT: Unclear,
    Reason.OTHER: Unclear,
}


def status_reason(status: int) -> Reason:
    """The reason of an HTTP status."""
    fault = Reason.PROVIDER_FAULT if 500 <= status < 600 else Reason.OTHER
    return STATUS_REASONS.get(status, fault)


def create_error_kind(
    status: int, complaint: Complaint, reasons: Mapping[str, Reason]
) -> type[ProviderError]:
    """The error of a create: by its word if the provider's table has it, else by HTTP status.

    A 5xx is Unclear whatever the word, because the order may have been taken before it.
    """
    if status >= 500:
        return Unclear
    by_status = STATUS_ERRORS.get(status, Unclear)
    if not complaint.is_known:
        return by_status
    # The word comes first: it says more than a status, which gateways use for unlike things.
    reason = reasons[complaint.code]
    # But a sentence that has such a word in it does not stop a key that all orders need.
    is_about_key = reason in {Reason.KEY_REFUSED, Reason.KEY_NOT_ALLOWED}
    if is_about_key and not complaint.is_own:
        return by_status
    return REASON_ERRORS.get(reason, Refused)


def code_reason(code: str, reasons: Mapping[str, Reason]) -> Reason | None:
    """The reason of an error word by its provider's table; OTHER if unknown, None for no word."""
    return reasons.get(code, Reason.OTHER) if code else None
