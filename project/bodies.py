"""Bodies that come in chunks, read whole before Django sees the request.

Django reads as many bytes as CONTENT_LENGTH says, and takes a body without one for empty. Proxies,
phones and providers' callbacks send such bodies (``Transfer-Encoding: chunked``, or HTTP/2).
"""

from collections.abc import Iterable
from contextlib import closing
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

MOST_BYTES = 500 * 1024 * 1024  # the largest upload: ten pictures of 50 MB
IN_MEMORY_BYTES = 1024 * 1024
READ_BYTES = 64 * 1024
BODILESS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class WholeBodies:
    """Wraps a WSGI application, so that each body has a length; a larger one is refused by 413."""

    def __init__(self, application: WSGIApplication, most_bytes: int = MOST_BYTES) -> None:
        self._application = application
        self._most_bytes = most_bytes

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not _has_unknown_length(environ):
            return self._application(environ, start_response)
        with closing(SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)) as body:
            length = 0
            while chunk := environ["wsgi.input"].read(READ_BYTES):
                length += len(chunk)
                if length > self._most_bytes:
                    return _refuse(start_response)
                body.write(chunk)
            body.seek(0)
            environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(length)}
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            return self._application(environ, start_response)


def _has_unknown_length(environ: dict[str, Any]) -> bool:
    # Without this promise of the server, reading would wait for bytes that never come.
    if not environ.get("wsgi.input_terminated"):
        return False
    # Where both headers are there, the length is not to be believed (RFC 9112 section 6.3).
    if "HTTP_TRANSFER_ENCODING" in environ:
        return True
    return not environ.get("CONTENT_LENGTH") and environ["REQUEST_METHOD"] not in BODILESS


def _refuse(start_response: StartResponse) -> Iterable[bytes]:
    status = HTTPStatus(413)
    text = b"This is larger than what can be uploaded at once."
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [text]
