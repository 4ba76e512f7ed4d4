"""The door of the inbox: a size gate, then the ring as it came (design 4, ring)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations.lifecycle import callbacks
from generations.providers.contract import RingRequest

MOST_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """200 for a ring that is ours (heard before or not), else 404, 413 or 403."""
    response = _receive(request, kind, token)
    if response.status_code >= 400:  # logged here, for Django would log the path and so the token
        log_response("Ring refused: %s", kind, response=response, request=request)
    return response


def _receive(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return HttpResponse(status=400)
    if length > MOST_BYTES:
        return HttpResponse(status=413)
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return HttpResponse(status=413)
    heard = RingRequest(
        method="POST",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    try:
        callbacks.receive(kind, token, heard)
    except callbacks.Unknown:
        return HttpResponse(status=404)
    except callbacks.Forged:
        return HttpResponse(status=403)
    return JsonResponse({"code": 1000, "message": "success"} if kind == "vivienne" else {})
