"""The addresses of the pages and the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

handler400 = "inbox.views.faults.bad_request"
handler403 = "inbox.views.faults.forbidden"
handler404 = "inbox.views.faults.not_found"
handler500 = "inbox.views.faults.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("inbox.urls")),
    path("api/", include("inbox.api.urls")),
    path("", include("inbox.api.mailpit.documents")),
    path("health/", include("inbox.api.health")),
    path("", include("inbox.api.metrics")),
]
