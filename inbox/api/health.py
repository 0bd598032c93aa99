"""/health/live and /health/ready, for supervisors of the process.

`checks` is open: other modules add their own conditions for work to be sent here.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inbox.upkeep import servers


def _database() -> str:
    try:
        servers.try_to_write()
    except DatabaseError as error:
        return f"the database cannot be written: {error}"
    return ""


# Each returns the fault, "" if there is none.
checks: dict[str, Callable[[], str]] = {"database": _database}
# Likewise, but the work goes on: supervisors must not stop the process for these.
notices: dict[str, Callable[[], str]] = {}


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200: the process is running."""
    return JsonResponse({"status": "ok", "checks": {}})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the process can do its work, or 503 with the faults."""
    results = {name: check() or "ok" for name, check in checks.items()}
    well = all(result == "ok" for result in results.values())
    results |= {name: notice() or "ok" for name, notice in notices.items()}
    return JsonResponse(
        {"status": "ok" if well else "unready", "checks": results},
        status=200 if well else 503,
    )


urlpatterns: list[URLPattern] = [path("live", live), path("ready", ready)]
