"""What Vivienne's error codes mean (docs/wire.md, 3.5). Its page lists none.

https://platform.xxd.fans/docs/en/api-reference/vidu-text2video/submit-generation-vidu-text-2-video
"""

import re
from collections.abc import Mapping

from generations.providers.apixo import reasons as apixo
from generations.providers.contract import ProviderError, Reason, Refused, Unavailable, Unclear
from generations.providers.relay import reasons as relay
from generations.providers.wire.reasons import STATUS_ERRORS, status_reason

# It passes on what the services behind it say, in their words.
REASONS: Mapping[str, Reason] = {**relay.REASONS, **apixo.REASONS}

# No code means "try again"; only the message says so.
BUSY = re.compile(r"\bbusy\b|繁忙", re.IGNORECASE)


def code_meaning(code: int, message: str) -> tuple[type[ProviderError], Reason]:
    """The error of a create, and its reason, for an error code in a 2xx body.

    A code that looks like an HTTP status means that status.
    """
    if BUSY.search(message):
        return Unavailable, Reason.BUSY
    kind = Unclear if 500 <= code < 600 else STATUS_ERRORS.get(code, Refused)
    return kind, status_reason(code)
