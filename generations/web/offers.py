"""Let each request read what the installation offers once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from generations.models import offers


def read_offers_once(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a page asks for the catalogue many times and for its changes once."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with offers.read_once():
            return get_response(request)

    return middleware
