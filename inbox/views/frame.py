"""A mail's HTML in its sandboxed frame, and the images that it carries with it.

The policy lets the HTML load these images, and those of hosts that people allowed; and
nothing else, least of all our other routes. The frame has no origin and sends no cookie, so each image's address is signed.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache, partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.services import remote_hosts
from inbox.services.paging import NotFound
from inbox.services.scope import ALL
from inbox.views import letters, pictures
from inbox.views.inbox import not_found
from inbox.views.letters import Letter
from mailsink.mime import bodies, structure
from mailsink.mime.preview import preview

_MOST_WITHIN = 8 * 1024 * 1024  # characters of images that come within the HTML
_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data: {images}; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@require_GET
def of_message(request: HttpRequest, id: str) -> HttpResponse:
    """The HTML of a message."""
    try:
        return _framed(request, letters.of_message(ALL, id))
    except NotFound as error:
        return not_found(request, error)


@require_GET
def of_transaction(request: HttpRequest, id: str) -> HttpResponse:
    """The HTML of what was not accepted."""
    try:
        return _framed(request, letters.of_transaction(ALL, id))
    except NotFound as error:
        return not_found(request, error)


def _framed(request: HttpRequest, letter: Letter) -> HttpResponse:
    html = _html(letter, request.GET.get("part", ""))
    folder = f"/messages/{letter.id}/parts/"
    indexes = {
        each.content_id: each.index
        for each in reversed(letter.parsed.parts)
        if each.content_id and each.content_type in pictures.TYPES
    }

    # A policy cannot name an IPv6 address (CSP3 §2.3.1, host-source): there the images
    # come within the HTML.
    nameable = not request.get_host().startswith("[")
    within = _MOST_WITHIN
    data_url = cache(partial(_data_url, letter))

    def part_url(content_id: str) -> str | None:
        nonlocal within
        index = indexes.get(content_id)
        if index is None:
            return None
        if not nameable:
            url = data_url(index)
            within -= len(url)  # HTML may name an image as often as it likes
            return url if within >= 0 else None
        return pictures.url(letter, index)

    response = HttpResponse(preview(html, part_url))
    images = [f"{request.scheme}://{request.get_host()}{folder}"] if nameable else []
    images += remote_sources(letter, request.GET.get("images", ""))
    response["Content-Security-Policy"] = _POLICY.format(images=" ".join(images))
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _html(letter: Letter, asked: str) -> str:
    """Return the HTML of a letter; or of one part, also of a message within it."""
    html = None
    if not asked:
        html = bodies.html(letter.octets, letter.parsed)
    elif (
        asked.isascii()
        and asked.isdigit()
        and int(asked[:7]) < len(letter.parsed.parts)
    ):
        part = letter.parsed.parts[int(asked)]
        if part.content_type == "text/html":
            html = bodies.text_of(letter.octets, part)
        else:
            octets = bodies.decode(letter.octets, part)
            html = bodies.html(octets, structure.parse(octets))
    if html is None:
        raise NotFound(_("this message has no HTML"))
    return html


def remote_sources(letter: Letter, asked: str) -> list[str]:
    """Return what a policy is to name, for images that are not in the mail itself.

    asked: "all" for every host this once; else those that the inbox allows.
    """
    if asked == "all":
        return ["https:", "http:"]
    hosts = remote_hosts.allowed(letter.attempt.inbox_id)
    named = [host if ":" in host else f"{host}:*" for host in hosts]
    return [f"{scheme}://{host}" for host in named for scheme in ("https", "http")]


def _data_url(letter: Letter, index: int) -> str:
    """RFC 2397."""
    found = letter.parsed.parts[index]
    octets = bodies.decode(letter.octets, found)
    return f"data:{found.content_type};base64,{b64encode(octets).decode()}"
