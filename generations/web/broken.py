"""The page for what went wrong in us; it asks the database for nothing."""

import sys
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views.defaults import bad_request as usual_bad_request

AGAIN_SECONDS = 10
READ_ONLY = "25006"  # PostgreSQL's word, which Django sorts among the internal errors


def server_error(request: HttpRequest) -> HttpResponse:
    """503 where the database cannot be reached, is locked, full or read-only; else 500."""
    if _is_the_database(sys.exception()):
        headers = {"Retry-After": str(AGAIN_SECONDS)}
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
    return HttpResponse(render_to_string("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """A session that could not be written is no fault of the browser's, though Django says so."""
    if _is_the_database(exception):
        return server_error(request)
    return usual_bad_request(request, exception)


def _is_the_database(error: BaseException | None) -> bool:
    return any(
        isinstance(each, OperationalError | InterfaceError)
        or getattr(each, "sqlstate", "") == READ_ONLY
        for each in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came from."""
    while error:
        yield error
        error = error.__cause__ or error.__context__
