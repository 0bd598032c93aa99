"""A mail's HTML in its sandboxed frame, and the images that the mail contains.

The policy allows the HTML to load only these images, and those of hosts that users
allowed; not even our other routes. The frame has no origin and sends no cookies, so
each image's URL is signed.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache, partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.errors import NotFound
from inbox.http.origins import origins
from inbox.mailbox import image_hosts
from inbox.presenters import framed, inline_parts, message_page
from inbox.presenters.message_page import MessagePage
from mailsink.mime import bodies, dark, pictures
from mailsink.mime.preview import BASE, preview
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part, parse

_PRINTED = 1024 * 1024  # characters of a printed text
_MOST_WITHIN = 8 * 1024 * 1024  # characters of images that are embedded in the HTML
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
# The page makes its frame print, which needs the same origin; no scripts run in the
# frame.
_SANDBOX_OF_PRINT = "allow-same-origin allow-modals"
_POLICY = (
    "sandbox {sandbox}; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data: {images}; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@require_GET
def of_message(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """The HTML of a message."""
    return framed_mail(request, message_page.of_message(scope(), id))


@require_GET
def of_transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """The HTML of a transaction that was not accepted."""
    return framed_mail(request, message_page.of_transaction(scope(), id))


@require_GET
def of_deleted(request: HttpRequest, id: UUID) -> HttpResponse:
    """The HTML of a message in the trash."""
    return framed_mail(request, message_page.of_deleted(scope(), id))


@require_GET
def print_message(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """A message for printing: its head, and its HTML or text."""
    return _printed(request, message_page.of_message(scope(), id))


@require_GET
def print_transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """The same for a transaction that was not accepted."""
    return _printed(request, message_page.of_transaction(scope(), id))


def framed_mail(request: HttpRequest, mail: MessagePage) -> HttpResponse:
    """Return the HTML of a message, or of one of its parts, for the frame. Raises NotFound."""
    page = _page(mail, request.GET.get("part", ""))
    shown = _shown(request, mail, page)
    scheme = request.GET.get("scheme", "")
    if scheme in framed.FORCED:
        shown = dark.forced(shown, BASE, every=framed.FORCED[scheme])
    return _answer(request, mail, shown, _SANDBOX)


def _printed(request: HttpRequest, mail: MessagePage) -> HttpResponse:
    context: dict[str, object] = {"mail": mail}
    if mail.octets and mail.has_html:
        context["body"] = SafeString(_shown(request, mail, _page(mail, "")))
    else:
        context |= {
            "text": mail.text[:_PRINTED],
            "shown": _PRINTED,
            "total": len(mail.text),
        }
    page = render_to_string("message/print.html", context)
    return _answer(request, mail, page, _SANDBOX_OF_PRINT)


def _is_nameable(request: HttpRequest, mail: MessagePage) -> bool:
    """Whether a policy can name the URLs of the images in a mail.

    It cannot name IPv6 addresses (CSP3 §2.3.1, host-source), and parts in the trash
    have no URL. Such images are embedded in the HTML.
    """
    if mail.message and mail.message.deleted_at:
        return False
    return not any("[" in origin for origin in origins(request))


def _shown(request: HttpRequest, mail: MessagePage, page: _Page) -> str:
    pictured = _Pictures(mail, page, _is_nameable(request, mail))
    all_urls = pictured.parts.has_locations
    return preview(page.html, pictured.url, all_urls, framed.most(request.GET))


def _answer(
    request: HttpRequest, mail: MessagePage, page: str, sandbox: str
) -> HttpResponse:
    """Return a page with a mail's HTML, which may load only what users allowed."""
    response = HttpResponse(page)
    folder = reverse("message-part", args=[mail.id, "-"]).removesuffix("-")
    images = [f"{origin}{folder}" for origin in origins(request)]
    images = images if _is_nameable(request, mail) else []
    images += remote_sources(mail, framed.asked_for(request).get("images", ""))
    policy = _POLICY.format(sandbox=sandbox, images=" ".join(images))
    response["Content-Security-Policy"] = policy
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@dataclass(frozen=True, slots=True)
class _Page:
    """HTML for the frame, and the message that it comes from.

    within: the message is enclosed in the mail, so its parts are not the mail's
    """

    html: str
    reading: Reading
    within: bool = False


def _page(mail: MessagePage, asked: str) -> _Page:
    """Return the HTML of a message; or of one part, also in an enclosed message.

    Raises NotFound.
    """
    page = _Page(mail.html, mail.reading) if not asked else None
    parts = mail.parsed.parts
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 7
    if is_number and int(asked) < len(parts):
        part = parts[int(asked)]
        if part.content_type == "text/html":
            html = bodies.text_of(mail.octets, part)
            page = _Page(html, mail.reading)
        else:
            octets = bodies.decode(mail.octets, part)
            reading = Reading(octets, parse(octets))
            page = _Page(reading.html, reading, within=True)
    if page is None or not page.html:
        raise NotFound(_("this message has no HTML"))
    return page


class _Pictures:
    """Finds the URLs of the pictures that HTML names."""

    def __init__(self, mail: MessagePage, page: _Page, nameable: bool) -> None:
        """nameable: whether the page's policy can name our own address"""
        self.parts = pictures.carried(page.reading)
        self._octets = page.reading.octets
        self._by_address = nameable and not page.within
        self._left = _MOST_WITHIN
        # HTML may name the same picture any number of times
        self._part = cache(self._found)
        self._own_url = cache(partial(inline_parts.url, mail))
        self._data_url = cache(self._as_data)

    def url(self, named: str) -> str | None:
        """Return the URL that serves the picture of a URL in the HTML."""
        part = self._part(named)
        if part is None:
            return None
        if self._by_address:
            return self._own_url(part.index)
        url = self._data_url(part)
        self._left -= len(url)
        return url if self._left >= 0 else None

    def _found(self, named: str) -> Part | None:
        part = self.parts.find(named)
        return part if part and pictures.shown_as(self._octets, part) else None

    def _as_data(self, part: Part) -> str:
        """Return a part as a data: URL (RFC 2397)."""
        octets = bodies.decode(self._octets, part)
        kind = pictures.shown_as(self._octets, part)
        return f"data:{kind};base64,{b64encode(octets).decode()}"


def remote_sources(mail: MessagePage, asked: str) -> list[str]:
    """Return the sources that a policy must name for images outside the mail.

    asked: "all" for every host, this time only; else the hosts that the inbox allows.
    """
    if asked == "all":
        return ["https:", "http:"]
    hosts = image_hosts.allowed(mail.transaction.inbox_id)
    named = [host if ":" in host else f"{host}:*" for host in hosts]
    return [f"{scheme}://{host}" for host in named for scheme in ("https", "http")]
