"""The request budget of a credential: one token bucket in its row, shared by all processes."""

from django.db import transaction

from generations import clock
from generations.models import Credential

# Requests that were drawn one after the other may arrive closer together.
SLACK = 0.99
# Of a request: what fills between the moment when one is due and the round that draws it.
CARRY = 0.1


@transaction.atomic
def take_requests(credential_id: int, wanted: int, *, keep: int = 0) -> int:
    """Draw up to ``wanted`` requests from the key's budget; returns how many may leave now.

    ``keep`` are left for others.

    The bucket holds a thirtieth of the minute's requests (at least one) and fills a little slower
    than the rest a minute, so that no window of 60 s ever sees more than ``requests_per_minute``.
    """
    credential = (
        Credential.objects.select_for_update(no_key=True)
        .only("requests_per_minute", "bucket_level", "bucket_at")
        .get(pk=credential_id)
    )
    limit = credential.requests_per_minute
    if not limit:
        return wanted
    now = clock.now()
    burst = max(1, limit // 30)
    level = float(burst)
    if credential.bucket_at:
        passed = max(0.0, (now - credential.bucket_at).total_seconds())
        carry = min(CARRY, limit / 100)
        fill = SLACK * (limit - burst + 1 - carry) / 60
        level = min(burst + carry, credential.bucket_level + passed * fill)
    granted = max(0, min(wanted, int(level) - keep))
    if granted:
        Credential.objects.filter(pk=credential_id).update(
            bucket_level=level - granted, bucket_at=now
        )
    return granted
