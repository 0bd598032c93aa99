"""Mailpit's routes outside /api: documents of a message, and health."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, get_script_prefix, path, re_path

from inbox.api import health
from inbox.api.mailpit import rendering
from inbox.api.plain_answers import methods, text
from mailsink.conf import CONFIG


def livez(request: HttpRequest) -> HttpResponse:
    """Answer that the process is running."""
    return text("")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 or 503, like /health/ready."""
    if any(check() for check in health.checks.values()):
        return text("Service Unavailable\n", 503)
    return text("")


def clean(request: HttpRequest, rest: str) -> HttpResponse:
    """Redirect to a path without superfluous slashes."""
    query = request.META["QUERY_STRING"]
    path = f"{get_script_prefix()}{rest}"
    return redirect(f"{path}?{query}" if query else path, permanent=True)


urlpatterns: list[URLPattern] = [
    path("livez", methods(GET=livez)),
    path("readyz", methods(GET=readyz)),
]

_views: list[URLPattern] = [
    # cypress-mailpit requests //view/…, and Go's servers redirect to the clean path
    re_path("^/+(?P<rest>view/.+)$", methods(GET=clean)),
    path("view/<str:id>.html", methods(GET=rendering.html)),
    path("view/<str:id>.txt", methods(GET=rendering.text)),
    path("view/<str:id>", methods(GET=rendering.page)),
]

if "mailpit" in CONFIG.dialects:
    urlpatterns += _views
