"""Cookies with a user's choices, for the pages only."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix

from inbox.http.origins import origin


def keep(
    response: HttpResponse, request: HttpRequest, name: str, value: str, days: int
) -> None:
    """Let the browser keep a value for a number of days, and send it to Mailsink only.

    Other applications on the same host do not get it; nor is it sent without TLS if
    browsers reach the pages with TLS.
    """
    response.set_cookie(
        name,
        value,
        max_age=timedelta(days=days),
        path=get_script_prefix(),
        secure=origin(request).startswith("https:"),
        samesite="Lax",
    )
