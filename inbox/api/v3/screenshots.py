"""API v3: the picture of a message, as shown by a browser."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from ninja import Router

from inbox.api.v3 import message_details
from inbox.api.v3.common import MessageId, query, scope
from inbox.http import entity_tags, files, framed_html, screenshots
from inbox.http.screenshots import NARROWEST, WIDEST, Scheme
from inbox.mailbox import messages

router = Router()

_MOST_TEXT = 256 * 1024  # characters of a mail without HTML
_PLAIN = (
    "<!doctype html><meta name='color-scheme' content='light dark'>"
    "<pre style='white-space: pre-wrap'>{}</pre>"
)

Width = Annotated[int, query("The width in pixels.", 375, ge=NARROWEST, le=WIDEST)]
ColourScheme = Annotated[
    Scheme,
    query("light or dark: the colour scheme that the mail's styles find.", "dark"),
]


@router.get(
    "/{id}/screenshot",
    openapi_extra=files.answer("image/png"),
    summary="Get a picture of a message",
    tags=["Message content"],
)
def screenshot(
    request: HttpRequest,
    id: MessageId,
    width: Width = 800,
    scheme: ColourScheme = "light",
) -> HttpResponse:
    """The HTML, or the text of a mail without HTML, as a PNG made with a headless Chromium.

    No scripts run, and only images in the message itself are loaded. If no Chromium is
    installed, the answer is 501.
    """
    mail = message_details.opened(messages.get(scope(), id))
    html = framed_html.document(mail) if mail.html else _PLAIN.format(escape(mail.text[:_MOST_TEXT]))  # fmt: skip
    tag = entity_tags.of(f"{width} {scheme} {html}".encode("utf-8", "replace"))
    if unchanged := entity_tags.not_modified(request, tag):
        return unchanged
    picture = screenshots.take(tag, html, width, scheme)
    headers = {"ETag": tag, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(picture, content_type="image/png", headers=headers)
