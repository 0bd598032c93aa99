"""Muting findings and counting them again: plain forms, next to any list of findings."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from inbox.access.current import scope
from inbox.errors import NotFound
from inbox.insight import findings


@require_POST
def mute(request: HttpRequest) -> HttpResponse:
    """Mute a `kind` in an `inbox` for a `reason`; then go `back`."""
    given = (request.POST.get(name, "") for name in ("inbox", "kind", "reason"))
    findings.mute(scope(), *given)
    return redirect(_back(request))


@require_POST
def unmute(request: HttpRequest) -> HttpResponse:
    """Count the kind of the mute `id` again; a mute that no longer exists is no error."""
    id = request.POST.get("id", "")
    if id.isascii() and id.isdigit() and len(id) < 19:
        with suppress(NotFound):
            findings.unmute(scope(), int(id))
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    own = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if own and back.startswith("/") else reverse("sessions")
