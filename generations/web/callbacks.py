"""The address of the providers' callbacks (docs/wire.md): limit the size, hand the rest on."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt

from generations.lifecycle import callbacks
from generations.net.encodings import InflatedTooLarge, unpack
from generations.providers import provider
from generations.providers.contract import CallbackRequest
from generations.web.query import whole_number

MOST_BYTES = 64 * 1024


@csrf_exempt
def receive(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """Return 200 for a callback of ours, received before or not; else 400, 403, 404, 405 or 413."""
    response = _receive(request, kind, token)
    if response.status_code >= 400:  # Django would log the path, and so the token
        log_response("Callback refused: %s", kind, response=response, request=request)
    return response


def _receive(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    length = whole_number(request.headers.get("Content-Length") or "0")
    if length is None:
        return HttpResponse(status=400)
    if length > MOST_BYTES:
        return HttpResponse(status=413)
    # The length in the header may be missing or false, so the body is measured as well.
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        body = unpack(body, request.headers.get("Content-Encoding", ""), MOST_BYTES)
    except InflatedTooLarge:
        return HttpResponse(status=413)
    callback = CallbackRequest(
        method="POST",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    try:
        callbacks.receive(kind, token, callback)
    except callbacks.UnknownToken:
        return HttpResponse(status=404)
    except callbacks.ForgedCallback:
        return HttpResponse(status=403)
    return JsonResponse(provider(kind).callback_reply)
