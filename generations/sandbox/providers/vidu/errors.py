"""The errors of Vidu (docs/wire.md, 2.10): the reasons and their HTTP statuses."""

from generations.sandbox.faults import FaultProfile

# https://platform.vidu.com/docs/error-code
STATUSES = {
    "BadRequest": 400,
    "FieldLacking": 400,
    "FieldUnwanted": 400,
    "FieldItemCountOutOfRange": 400,
    "FieldInvalid": 400,
    "PageSizeOutOfRange": 400,
    "ImageDownloadFailure": 400,
    "ImageFormatInvalid": 400,
    "ImageCheckBodyJointsFailed": 400,
    "ImageCheckFaceFailed": 400,
    "ImageObjectsUndetected": 400,
    "OperationInProcess": 400,
    "TaskPromptPolicyViolation": 400,
    "AuditSubmitIllegal": 400,
    "CreationPolicyViolation": 400,
    "CreditInsufficient": 400,
    "ModelUnavailable": 400,
    "UserCancelled": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "TaskNotFound": 404,
    "CreationNotFound": 404,
    "NotFound": 404,
    "Conflict": 409,
    "QuotaExceeded": 429,
    "TooManyRequests": 429,
    "SystemThrottling": 429,
    "Canceled": 499,
    "InternalServiceFailure": 500,
}
# What `fields.FieldError` says of a field, as a reason.
FIELD_REASONS = {
    "unreadable": "BadRequest",
    "lacking": "FieldLacking",
    "unwanted": "FieldUnwanted",
    "invalid": "FieldInvalid",
}
# What `pictures.PictureError` says of a picture, as a reason.
PICTURE_REASONS = {
    "download": "ImageDownloadFailure",
    "format": "ImageFormatInvalid",
    "size": "PageSizeOutOfRange",
    "ratio": "PageSizeOutOfRange",
}
FAULT_PROFILE = FaultProfile(
    STATUSES,
    garbled=b'{"task_id":"9110260474603',
    code_in_200=b'{"code":400,"reason":"BadRequest","message":"a code in a 200"}',
)
