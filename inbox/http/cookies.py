"""Values that the browser keeps of somebody's choices, for the pages alone."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix

from inbox.http.origins import origin


def keep(
    response: HttpResponse, request: HttpRequest, name: str, value: str, days: int
) -> None:
    """Let the browser keep a value for so many days, and send it to nobody else.

    Not to what else its host serves beside the path of Mailsink; and not without TLS,
    where browsers reach the pages by TLS.
    """
    response.set_cookie(
        name,
        value,
        max_age=timedelta(days=days),
        path=get_script_prefix(),
        secure=origin(request).startswith("https:"),
        samesite="Lax",
    )
