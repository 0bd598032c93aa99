"""The pages of share links: one message or session, for anybody who has the link.

They show nothing else of Mailsink. A wrong or ended link gets 404.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access import share_links
from inbox.access.share_links import OpenedLink
from inbox.errors import NotFound, TriedTooOften, UserError
from inbox.http import files
from inbox.mailbox import messages, sessions
from inbox.presenters import message_page, shared_pages
from inbox.presenters.message_page import MessagePage
from inbox.views.frame import framed_mail
from mailsink.mime import bodies, types

# Linked sites must not learn the secret URL, and no cache may keep the page.
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
_RETRY_AFTER = 60  # seconds
_LARGEST = 2**31 - 1

_Answer = Callable[..., HttpResponse]


def _opening(answer: _Answer) -> _Answer:
    """Return a view that opens the link of its URL before it answers."""

    @wraps(answer)
    def view(request: HttpRequest, secret: str, **given: Any) -> HttpResponse:
        try:
            opened = share_links.opened(secret, request.META.get("REMOTE_ADDR", ""))
            response = answer(request, opened, **given)
        except NotFound:
            response = _refused(request, share_links.gone())
        except TriedTooOften as error:
            response = _refused(request, error)
            response["Retry-After"] = str(_RETRY_AFTER)
        for name, value in _HEADERS.items():
            response[name] = value
        return response

    return view


@require_GET
@_opening
def page(request: HttpRequest, opened: OpenedLink) -> HttpResponse:
    """The message or session of a link."""
    if opened.link.kind == "message":
        context = shared_pages.of_message(_mail(opened))
        name, kind = "shared/message.html", "message.read"
    else:
        session = sessions.get(opened.scope, opened.link.object_id)
        after = _number(request.GET.get("after", ""))
        context = shared_pages.of_session(opened.scope, session, after)
        name, kind = "shared/session.html", "session.read"
    context |= {"secret": opened.text, "expires_at": opened.link.expires_at}
    response = render(request, name, context)
    share_links.note(opened, kind)
    return response


@require_GET
@_opening
def frame(request: HttpRequest, opened: OpenedLink) -> HttpResponse:
    """The HTML of the message of a link."""
    response = framed_mail(request, _mail(opened))
    share_links.note(opened, "message.read")
    return response


@require_GET
@_opening
def raw(request: HttpRequest, opened: OpenedLink) -> HttpResponse:
    """The message of a link exactly as it was sent, for saving."""
    message = messages.get(opened.scope, opened.link.object_id)
    octets = messages.open_raw(message)
    share_links.note(opened, "message.raw")
    return files.saved(octets, "message/rfc822", f"{message.pk}.eml")


@require_GET
@_opening
def part(request: HttpRequest, opened: OpenedLink, n: int) -> HttpResponse:
    """A part of the message of a link, decoded, for saving."""
    mail = _mail(opened)
    parts = mail.parsed.parts
    if n >= len(parts):
        raise share_links.gone()
    found = parts[n]
    name = files.file_name(types.file_name(mail.octets, found), f"part-{n}")
    octets = bodies.decode(mail.octets, found)
    share_links.note(opened, "message.attachment")
    return files.saved(octets, found.content_type, name)


def _refused(request: HttpRequest, error: UserError) -> HttpResponse:
    context = {"words": str(error), "gone": error.status == NotFound.status}
    return render(request, "shared/gone.html", context, status=error.status)


def _mail(opened: OpenedLink) -> MessagePage:
    """Return the message of a link. Raises NotFound for a session's link."""
    return message_page.of_message(opened.scope, opened.link.object_id)


def _number(text: str) -> int:
    """Return a number from the query; 0 if it is none."""
    is_one = text.isascii() and text.isdigit() and len(text) <= 10
    return min(int(text), _LARGEST) if is_one else 0
