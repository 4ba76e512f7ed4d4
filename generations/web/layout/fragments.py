"""Whether htmx asks, and wants a part of a page."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # its middleware sets it
    return bool(htmx)
