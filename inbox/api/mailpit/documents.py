"""Where Mailpit's routes outside of /api are: documents of a message, and health."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from inbox.api import health
from inbox.api.mailpit import rendering
from inbox.api.plain_answers import methods, text


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return text("")


def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work: 200 or 503, as /health/ready."""
    if any(check() for check in health.checks.values()):
        return text("Service Unavailable\n", 503)
    return text("")


urlpatterns: list[URLPattern] = [
    path("livez", methods(GET=livez)),
    path("readyz", methods(GET=readyz)),
    path("view/<str:id>.html", methods(GET=rendering.html)),
    path("view/<str:id>.txt", methods(GET=rendering.text)),
    path("view/<str:id>", methods(GET=rendering.page)),
]
