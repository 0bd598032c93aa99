"""The reader's time zone, which the browser sends in a cookie.

It decides when "today" begins in a search.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from urllib.parse import unquote

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from inbox.search.fields import ZONE
from mailsink.mime import timezones

COOKIE = "mailsink_zone"


class ReaderZone(MiddlewareMixin):
    """Middleware: a request's searches use its reader's time zone."""

    def process_request(self, request: HttpRequest) -> None:
        ZONE.set(of(request))


def midnight(request: HttpRequest) -> datetime:
    """Return the beginning of the day in the reader's time zone."""
    now = datetime.now(of(request))
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def of(request: HttpRequest) -> tzinfo:
    """Return the time zone that a browser sent; UTC if it sent none that we know."""
    return timezones.named(unquote(request.COOKIES.get(COOKIE, ""))) or UTC
