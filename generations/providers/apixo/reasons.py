"""APIXO's error words of failed tasks and their reasons (docs/wire.md, 5.5).

https://apixo.ai/docs/api-reference/error-codes
"""

import re
from collections.abc import Mapping

from generations.providers.contract import Reason
from generations.providers.relay import reasons as relay

# Some failures come in the words of the services behind it (5.5).
FOREIGN: Mapping[str, Reason] = relay.REASONS

REASONS: Mapping[str, Reason] = {
    "CONTENT_VIOLATION": Reason.PROMPT_REFUSED,
    "SensitiveContentDetected": Reason.PROMPT_REFUSED,
    "NSFW_DETECTED": Reason.RESULT_WITHHELD,
    "PROMPT_TOO_LONG": Reason.SETTING_REFUSED,
    "INVALID_PROMPT": Reason.SETTING_REFUSED,
    "INVALID_IMAGE_URL": Reason.PICTURE_NOT_FETCHED,
    "IMAGE_DOWNLOAD_FAILED": Reason.PICTURE_NOT_FETCHED,
    "IMAGE_TOO_LARGE": Reason.PICTURE_UNFIT,
    "UNSUPPORTED_FORMAT": Reason.PICTURE_UNFIT,
    "PROCESSING_TIMEOUT": Reason.PROVIDER_FAULT,
    "GENERATION_FAILED": Reason.PROVIDER_FAULT,
    "MODEL_UNAVAILABLE": Reason.MODEL_UNAVAILABLE,
    "INSUFFICIENT_CREDITS": Reason.CREDITS_SPENT,
}

NO_BALANCE = 402
# A missing balance is status 400 and a message in the example, status 402 in the table.
BALANCE_WORDS = re.compile("credit|balance", re.IGNORECASE)


def is_about_balance(status: int, message: str) -> bool:
    return status == NO_BALANCE or (status == 400 and BALANCE_WORDS.search(message) is not None)
