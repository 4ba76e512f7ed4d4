"""Signed links: addresses of files that end after some time and cannot be changed."""

import hashlib
import hmac
import itertools
import secrets
from urllib.parse import parse_qsl, urlencode

from .clock import Clock

HOUR = 3600.0
DAY = 86_400.0


class LinkSigner:
    """Signs paths, checks the queries of requests, and can expire all links that it has signed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._serials = itertools.count(1)
        self._last_expired = 0

    def sign(self, path: str, seconds: float) -> str:
        """The path with a query that is valid for so many seconds; no two queries are equal."""
        fields = {
            "Expires": f"{self._clock.now() + seconds:.3f}",
            "Number": str(next(self._serials)),
        }
        return f"{path}?{urlencode(fields | {'Signature': self._signature(path, fields)})}"

    def is_valid(self, path: str, query: str) -> bool:
        fields = dict(parse_qsl(query, keep_blank_values=True))
        signature = fields.pop("Signature", "")
        if not hmac.compare_digest(signature, self._signature(path, fields)):
            return False
        # parse_qsl forgives what a signature must not: an empty field, another way of quoting.
        if urlencode(fields | {"Signature": signature}) != query:
            return False
        is_alive = float(fields["Expires"]) > self._clock.now()
        return is_alive and int(fields["Number"]) > self._last_expired

    def expire(self) -> None:
        """End all links that were signed so far."""
        self._last_expired = next(self._serials)

    def _signature(self, path: str, fields: dict[str, str]) -> str:
        text = f"{path}?{urlencode(fields)}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
