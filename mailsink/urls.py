"""Where the pages and the API live."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from inbox.views import faults

handler400, handler403 = faults.bad_request, faults.forbidden
handler404, handler500 = faults.not_found, faults.failed

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("inbox.urls")),
    path("api/", include("inbox.api.urls")),
    path("health/", include("inbox.api.health")),
]
