"""Vidu's error words (contract 2.10), sorted into the four errors of the contract."""

from collections.abc import Mapping

from generations.providers.contract import (
    ProviderError,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.providers.members import read_identifier
from generations.providers.reply import STATUSES, Reply

# 2.8, 2.10: a task that was cancelled is expected to end as failed with this code.
USER_CANCELLED = "UserCancelled"

# 2.10: what each reason means for a create. A question has no unclear outcome: see question_error.
REASONS: Mapping[str, type[ProviderError]] = {
    "BadRequest": Refused,
    "FieldLacking": Refused,
    "FieldUnwanted": Refused,
    "FieldItemCountOutOfRange": Refused,
    "FieldInvalid": Refused,
    "PageSizeOutOfRange": Refused,
    "ImageDownloadFailure": Refused,
    "ImageFormatInvalid": Refused,
    "ImageCheckBodyJointsFailed": Refused,
    "ImageCheckFaceFailed": Refused,
    "ImageObjectsUndetected": Refused,
    "OperationInProcess": Unavailable,
    "TaskPromptPolicyViolation": Refused,
    "AuditSubmitIllegal": Refused,
    "CreationPolicyViolation": Refused,
    "CreditInsufficient": Unauthorised,
    "ModelUnavailable": Refused,
    USER_CANCELLED: Refused,
    "Unauthorized": Unauthorised,
    "Forbidden": Unauthorised,
    "TaskNotFound": Refused,
    "CreationNotFound": Refused,
    "NotFound": Refused,
    "Conflict": Unclear,
    "QuotaExceeded": Unavailable,
    "TooManyRequests": Unavailable,
    "SystemThrottling": Unavailable,
    "Canceled": Unclear,
    "InternalServiceFailure": Unclear,
}


def answered(reply: Reply) -> Reply:
    """The answer of a question, if it is one. Raises Refused, Unauthorised or Unavailable."""
    if not reply.successful or reply.members is None or has_error_code(reply):
        raise question_error(reply)
    return reply


def create_error(reply: Reply) -> ProviderError:
    """What a create's answer that is no receipt means; Unclear unless the documents say else."""
    reason = read_reason(reply)
    if reply.successful and read_identifier(reply.get("task_id")):
        return reply.garbled(Unclear)
    if reply.successful:
        return reply.error(REASONS.get(reason, Unclear), reason or "garbled")
    if reply.status >= 500:
        return reply.error(Unclear, reason)
    return reply.error(REASONS.get(reason) or STATUSES.get(reply.status, Unclear), reason)


def question_error(reply: Reply) -> ProviderError:
    return reply.as_question(create_error(reply))


def read_reason(reply: Reply) -> str:
    """The word to match on: reason, or a code that came as the same word (2.10)."""
    return reply.word("reason") or reply.word("code")


def has_error_code(reply: Reply) -> bool:
    """An integer code in a 2xx body is an error (2.6)."""
    code = reply.get("code")
    return isinstance(code, int) and not isinstance(code, bool)
