"""Vidu's error words and their reasons (docs/wire.md, 2.10).

https://platform.vidu.com/docs/error-code
"""

from collections.abc import Mapping

from generations.providers.contract import Reason

# A task that was cancelled ends as failed with this word (2.8).
USER_CANCELLED = "UserCancelled"

REASONS: Mapping[str, Reason] = {
    "BadRequest": Reason.SETTING_REFUSED,
    "FieldLacking": Reason.SETTING_REFUSED,
    "FieldUnwanted": Reason.SETTING_REFUSED,
    "FieldItemCountOutOfRange": Reason.SETTING_REFUSED,
    "FieldInvalid": Reason.SETTING_REFUSED,
    "PageSizeOutOfRange": Reason.PICTURE_UNFIT,
    "ImageDownloadFailure": Reason.PICTURE_NOT_FETCHED,
    "ImageFormatInvalid": Reason.PICTURE_UNUSABLE,
    "ImageCheckBodyJointsFailed": Reason.PICTURE_WITHOUT_BODY,
    "ImageCheckFaceFailed": Reason.PICTURE_FACE_REFUSED,
    "ImageObjectsUndetected": Reason.PICTURE_WITHOUT_SUBJECT,
    "ImageSizeInvalid": Reason.PICTURE_UNFIT,
    "VideoDownloadFailure": Reason.FILM_NOT_FETCHED,
    "VideoFormatInvalid": Reason.FILM_UNUSABLE,
    "NoFaceDetected": Reason.FILM_WITHOUT_FACE,
    "MultiFaceDetected": Reason.FILM_WITH_FACES,
    "FaceDetectFailure": Reason.FILM_FACE_REFUSED,
    "FaceDetectNotPass": Reason.FILM_FACE_REFUSED,
    "PhotoAuditNotPass": Reason.CONTENT_REFUSED,
    "AuditFailed": Reason.CONTENT_REFUSED,
    "OperationInProcess": Reason.BUSY,
    "TaskPromptPolicyViolation": Reason.PROMPT_REFUSED,
    "AuditSubmitIllegal": Reason.CONTENT_REFUSED,
    "CreationPolicyViolation": Reason.RESULT_WITHHELD,
    "CreditInsufficient": Reason.CREDITS_SPENT,
    "ModelUnavailable": Reason.MODEL_UNAVAILABLE,
    USER_CANCELLED: Reason.CANCELLED,
    "Unauthorized": Reason.KEY_REFUSED,
    "Forbidden": Reason.KEY_NOT_ALLOWED,
    "TaskNotFound": Reason.NOT_FOUND,
    "CreationNotFound": Reason.NOT_FOUND,
    "NotFound": Reason.NOT_FOUND,
    "Conflict": Reason.CONFLICT,
    "QuotaExceeded": Reason.SLOTS_TAKEN,
    "TooManyRequests": Reason.BUSY,
    "SystemThrottling": Reason.BUSY,
    "Canceled": Reason.OTHER,  # the request was cancelled, not the task; see 499 in the table
    "InternalServiceFailure": Reason.PROVIDER_FAULT,
    "Unknown": Reason.PROVIDER_FAULT,
}
