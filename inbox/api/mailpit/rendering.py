"""Mailpit's /view: a message's HTML and text as separate documents.

A program gets the unchanged HTML, with URLs for its images. A browser that opens it
gets the HTML of our own frame: nothing is executed or loaded.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from inbox import pages
from inbox.api.mailpit.common import found
from inbox.api.mailpit.message import mark_read, opened
from inbox.api.mailpit.parts import NumberedParts
from inbox.api.plain_answers import PlainError
from inbox.http import files, framed_html
from inbox.models import Message

_HTML = "text/html; charset=utf-8"
_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
_LINK = re.compile(r"<a(?=[\s>])", re.IGNORECASE)
_CID = re.compile(r"cid:([^\s\"'<>)]{1,500})", re.IGNORECASE)


def html(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the HTML of a message, and mark it as read."""
    message = found(request, id, "Message not found")
    mail = opened(message)
    parts = NumberedParts(mail)
    if not parts.html:
        raise PlainError("This message does not contain a HTML part", 404)
    mark_read(request, message)
    if _is_browser(request):
        response = HttpResponse(framed_html.document(mail), content_type=_HTML)
        response["Content-Security-Policy"] = _POLICY
        response["Referrer-Policy"] = "no-referrer"
        return response
    document = _with_addresses(message, parts)
    if request.GET.get("embed") == "1":
        document = _LINK.sub(
            r'\g<0> target="_blank" rel="noreferrer noopener"', document
        )
    return HttpResponse(
        document.encode("utf-8", "replace"), content_type=_HTML, headers=files.HEADERS
    )


def text(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the plain text of a message, and mark it as read."""
    message = found(request, id, "Message not found")
    response = files.shown(NumberedParts(opened(message)).text)
    mark_read(request, message)
    return response


def page(request: HttpRequest, id: str) -> HttpResponse:
    """Redirect to our page of a message; to the inbox if there is no message yet."""
    try:
        message = found(request, id)
    except PlainError:
        if id != "latest":
            raise
        return redirect(pages.path("inbox"))
    return redirect(pages.path("message", message.pk))


def _is_browser(request: HttpRequest) -> bool:
    """Whether a browser opens it; browsers show that only to localhost and with TLS."""
    accepted = request.headers.get("Accept", "")
    navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
    return navigates or accepted.startswith("text/html,application/xhtml+xml")


def _with_addresses(message: Message, parts: NumberedParts) -> str:
    """Return the HTML with the URLs of the parts that it names."""
    numbers = {
        part.content_id: number
        for number, part in parts.leaves.items()
        if part.content_id
    }

    def address(match: re.Match[str]) -> str:
        number = numbers.get(match[1])
        if number is None:
            return match[0]
        return reverse("mailpit-part", args=[message.pk, number])

    return _CID.sub(address, parts.html)
