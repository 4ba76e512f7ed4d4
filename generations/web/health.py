"""Health checks: whether the process answers, and whether all its parts work; error pages."""

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
from django.views.defaults import bad_request as django_bad_request

from generations import clock
from generations.models import Heartbeat

MOST_SILENT = timedelta(seconds=60)


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Return 200 without touching the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Return 200 when all parts work, else 503; each says ``ok`` or what is wrong with it."""
    parts = {name: _result(check) for name, check in CHECKS.items()}
    is_ready = all(result == "ok" for result in parts.values())
    return JsonResponse({"ready": is_ready, **parts}, status=200 if is_ready else 503)


def _result(check: Callable[[], str]) -> str:
    try:
        return check() or "ok"
    except DatabaseError:  # its message may name hosts and accounts; the log has it
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
    last = Heartbeat.objects.filter(name="cluster").values_list("at", flat=True).first()
    if last is None:
        return "has done no job yet: manage.py up"
    age = clock.now() - last
    return f"has done no job for {age.total_seconds():.0f} s" if age > MOST_SILENT else ""


def _cache() -> str:
    cache.set("health", 1, 10)
    return "" if cache.get("health") else "does not keep what is stored in it"


CHECKS = {"database": _database, "migrations": _migrations, "cache": _cache, "cluster": _cluster}

RETRY_SECONDS = 10
READ_ONLY = "25006"  # PostgreSQL's SQLSTATE; Django makes an InternalError of it


def server_error(request: HttpRequest) -> HttpResponse:
    """Return 503 where the database is unreachable, locked, full or read-only; else 500."""
    if _is_database_error(sys.exception()):
        # Rendered without the request: its context processors would ask the database that failed.
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
    return HttpResponse(render_to_string("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Return 503 where the database is at fault, else 400.

    Django raises ``BadRequest`` also for a session that the database could not write.
    """
    if _is_database_error(exception):
        return server_error(request)
    return django_bad_request(request, exception)


def _is_database_error(error: BaseException | None) -> bool:
    return any(
        isinstance(cause, OperationalError | InterfaceError)
        or getattr(cause, "sqlstate", "") == READ_ONLY
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and the errors that it came from."""
    while error:
        yield error
        error = error.__cause__ or error.__context__
