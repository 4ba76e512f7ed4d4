"""The relay's error words and their reasons: Vidu's, and those of new-api (docs/wire.md, 4.4).

https://github.com/QuantumNous/new-api
"""

from collections.abc import Mapping

from generations.providers.contract import Reason
from generations.providers.vidu import reasons as vidu

# The relay books its own quota before it sends anything on, so these orders never reached Vidu.
QUOTA = frozenset({"insufficient_user_quota", "pre_consume_token_quota_failed"})
TASK_NOT_EXIST = "task_not_exist"
# No service behind the relay has the model.
MODEL_NOT_FOUND = "model_not_found"

REASONS: Mapping[str, Reason] = {
    **vidu.REASONS,
    **dict.fromkeys(QUOTA, Reason.CREDITS_SPENT),
    TASK_NOT_EXIST: Reason.NOT_FOUND,
    MODEL_NOT_FOUND: Reason.MODEL_UNAVAILABLE,
}
