"""/metrics: the figures of all running processes, for Prometheus."""

from __future__ import annotations

import logging
from ipaddress import ip_address

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inbox.access.recognising import identity_of
from inbox.models import Server
from inbox.storage import database_size
from inbox.upkeep import servers
from inbox.upkeep.process_figures import ProcessFigures
from inbox.upkeep.queue_depths import queue_depths
from mailsink.conf import CONFIG

log = logging.getLogger(__name__)

# This process's Server row and figures; None in a process that serves nothing.
own: tuple[Server, ProcessFigures] | None = None


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures for Prometheus, or 403 with the permitted callers."""
    reason = _refusal(request)
    if reason and not _is_administrator(request):
        return HttpResponse(f"{reason}\n", "text/plain; charset=utf-8", 403)
    # The import is slow, and most servers never get this request.
    from inbox.api import metric_families

    sources: dict[str, metric_families.Source] = {}
    depths: dict[str, int] = {}
    octets = 0
    try:
        sources = {
            # A process that crashed may have had the same name as its successor.
            str(each): (each, each.figures)
            for each in reversed(servers.alive())
        }
        depths, octets = queue_depths(), database_size.octets()
    except DatabaseError as error:
        # the figures of this process are available all the same
        log.warning("/metrics without what is in the database: %s", error)
    if own:
        server, figures = own
        sources[str(server)] = server, figures.now()
    families = metric_families.families(sources, depths, octets)
    text, kind = metric_families.exposition(families, request.headers.get("Accept", ""))
    return HttpResponse(text, kind)


def _is_administrator(request: HttpRequest) -> bool:
    """Whether an administrator asks, or a token with an administrator's read access."""
    try:
        caller = identity_of(request)
    except DatabaseError:
        return False
    may_read = caller.scopes is None or "read" in caller.scopes
    return caller.kind in ("user", "token") and caller.is_administrator and may_read


def _refusal(request: HttpRequest) -> str:
    """Return why a client of this network may not get the figures; "" if it may."""
    if "X-Forwarded-For" in request.headers and not CONFIG.trusted_proxies:
        return (
            "The request came through a proxy, so the client is unknown: name the "
            "proxy in MAILSINK_TRUSTED_PROXIES, or send the request to Mailsink "
            "directly."
        )
    client = ip_address(request.META["REMOTE_ADDR"].partition("%")[0])
    client = getattr(client, "ipv4_mapped", None) or client
    if any(client in network for network in CONFIG.metrics_from):
        return ""
    return f"{client} may not read the metrics: MAILSINK_METRICS_FROM does not name it."


urlpatterns: list[URLPattern] = [path("metrics", metrics)]
