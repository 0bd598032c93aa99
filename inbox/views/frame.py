"""A mail's HTML in its sandboxed frame, and the images that it carries with it.

The policy lets the HTML load these images, and those of hosts that people allowed; and
nothing else, least of all our other routes. The frame has no origin and sends no cookie, so each image's address is signed.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache, partial

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from inbox.services import remote_hosts
from inbox.services.paging import NotFound
from inbox.services.scope import ALL
from inbox.views import letters
from inbox.views.inbox import not_found
from inbox.views.letters import Letter
from mailsink.mime import bodies
from mailsink.mime.preview import preview

_SALT = "mailsink.part"
# Never SVG, which is a document, nor anything else that is more than a picture.
_PICTURES = frozenset(
    f"image/{name}"
    for name in ("png", "jpeg", "gif", "webp", "avif", "bmp", "x-icon", "apng")
) | {"image/vnd.microsoft.icon", "image/jpg", "image/pjpeg", "image/x-png"}
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


@require_GET
def part(request: HttpRequest, id: str, signed: str) -> HttpResponse:
    """An image that the HTML of a letter shows by its Content-ID."""
    try:
        kind, signed_id, index = signing.loads(signed, salt=_SALT)
        if signed_id != id:
            raise NotFound("this link belongs to another message")
        find = letters.of_message if kind == "messages" else letters.of_transaction
        return _picture(find(ALL, id), index)
    except (signing.BadSignature, NotFound) as error:
        return HttpResponse(str(error), content_type="text/plain", status=404)


def _framed(request: HttpRequest, letter: Letter) -> HttpResponse:
    html = bodies.html(letter.octets, letter.parsed)
    if html is None:
        raise NotFound("this message has no HTML")
    folder = f"/messages/{letter.id}/parts/"
    indexes = {
        each.content_id: each.index
        for each in reversed(letter.parsed.parts)
        if each.content_id and each.content_type in _PICTURES
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
        return folder + signing.dumps(
            (letter.url.split("/")[1], letter.id, index), salt=_SALT
        )

    response = HttpResponse(preview(html, part_url))
    images = [f"{request.scheme}://{request.get_host()}{folder}"] if nameable else []
    images += remote_sources(letter, request.GET.get("images", ""))
    response["Content-Security-Policy"] = _POLICY.format(images=" ".join(images))
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    return response


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


def _picture(letter: Letter, index: int) -> HttpResponse:
    found = letter.parsed.parts[index]
    response = HttpResponse(
        bodies.decode(letter.octets, found), content_type=found.content_type
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response
