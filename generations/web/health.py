"""Whether the process answers, and whether the whole is fit to work."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.defaults import bad_request as usual_bad_request

from generations import clock
from generations.models import Pulse

SILENT_TOO_LONG = timedelta(seconds=60)


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; each part says ``ok`` or what is wrong with it."""
    parts = {name: _say(check) for name, check in CHECKS.items()}
    well = all(word == "ok" for word in parts.values())
    return JsonResponse({"ready": well, **parts}, status=200 if well else 503)


def _say(check: Callable[[], str]) -> str:
    try:
        return check() or "ok"
    except DatabaseError:  # its words may name hosts and accounts; the log has them
        return "the database does not answer"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} to be applied: manage.py migrate" if missing else ""


def _cluster() -> str:
    last = Pulse.objects.filter(name="cluster").values_list("at", flat=True).first()
    if last is None:
        return "has done no job yet: manage.py up"
    age = clock.now() - last
    return f"has done no job for {age.total_seconds():.0f} s" if age > SILENT_TOO_LONG else ""


def _cache() -> str:
    cache.set("health", 1, 10)
    return "" if cache.get("health") else "forgets what it is told"


CHECKS = {"database": _database, "migrations": _migrations, "cache": _cache, "cluster": _cluster}


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
