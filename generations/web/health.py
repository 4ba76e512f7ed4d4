"""Whether the process answers, and whether the whole is fit to work."""

from collections.abc import Callable
from datetime import timedelta

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

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
