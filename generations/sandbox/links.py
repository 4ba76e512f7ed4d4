"""Signed links to media: each is new, each dies, and none survives a changed query."""

import hashlib
import hmac
import itertools
import secrets
from urllib.parse import parse_qsl, urlencode

from generations.sandbox.clock import Clock

HOUR = 3600.0
DAY = 86_400.0


class Links:
    """`sign` writes a query, `allows` judges one; `expire` kills all links given out so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._numbers = itertools.count(1)
        self._dead_to = 0

    def sign(self, path: str, seconds: float) -> str:
        """The path with its query; `seconds` is the life of the link."""
        fields = {
            "Expires": f"{self._clock.now() + seconds:.3f}",
            "Number": str(next(self._numbers)),
        }
        return f"{path}?{urlencode(fields | {'Signature': self._signature(path, fields)})}"

    def allows(self, path: str, query: str) -> bool:
        fields = dict(parse_qsl(query, keep_blank_values=True))
        signature = fields.pop("Signature", "")
        if not hmac.compare_digest(signature, self._signature(path, fields)):
            return False
        if urlencode(fields | {"Signature": signature}) != query:
            return False
        alive = float(fields["Expires"]) > self._clock.now()
        return alive and int(fields["Number"]) > self._dead_to

    def expire(self) -> None:
        self._dead_to = next(self._numbers)

    def _signature(self, path: str, fields: dict[str, str]) -> str:
        text = f"{path}?{urlencode(fields)}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
