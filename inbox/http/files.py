"""Octets and text from a message, as answers that cannot harm a browser.

They come from our own origin. A policy keeps scripts in them from running, but does not
stop hints and frames that name hosts to connect to: so no browser gets markup to
render. It gets plain text to show, or a file to save. Only the frame shows how a mail
looks.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from inbox.insight import case_file
from inbox.insight.case_file import Case
from mailsink import file_names

HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}")


def answer(content_type: str) -> dict[str, Any]:
    """Return OpenAPI's description of an operation that answers with such a file."""
    return {"responses": {200: {"content": {content_type: {}}}}}


def shown(text: str) -> HttpResponse:
    """Return text for display; HTML is shown as source."""
    octets = text.encode("utf-8", "replace")
    content_type = "text/plain; charset=utf-8"
    return HttpResponse(octets, content_type=content_type, headers=HEADERS)


def saved(octets: bytes, content_type: str, name: str) -> HttpResponse:
    """Return octets for saving under a name."""
    kind = safe_type(content_type)
    response = HttpResponse(octets, content_type=kind, headers=HEADERS)
    disposition = content_disposition_header(True, name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


def safe_type(content_type: str) -> str:
    """Return a sender's media type in a form that is safe in an HTTP header."""
    return content_type if _TYPE.fullmatch(content_type) else "application/octet-stream"


def case(case: Case) -> HttpResponse:
    """Return a case file, for saving."""
    return saved(
        case_file.html(case).encode("utf-8", "replace"), "text/html", case.name
    )


def file_name(name: str, otherwise: str) -> str:
    """Return a sender's file name, without folders, in a form that all systems accept."""
    return file_names.safe(re.split(r"[/\\]", name)[-1], otherwise)


def title_name(title: str, otherwise: str) -> str:
    """Return a file name, without an extension, that keeps all of a title.

    "1/2" becomes "1-2".
    """
    return file_names.safe(re.sub(r"[/\\]+", "-", title[:80]), otherwise)
