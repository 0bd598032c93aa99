"""Parts that a browser shows by itself: pictures and PDF, at signed addresses.

Frames have no origin and send no cookie, so the address itself says that it may be read.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.services.paging import NotFound
from inbox.services.scope import ALL
from inbox.views import letters
from inbox.views.letters import Letter
from mailsink.mime import bodies, types

_SALT = "mailsink.part"
_PDF = "application/pdf"
_POLICY = "sandbox; default-src 'none'"
# The viewer of PDF is a plug-in, which a sandbox would keep from starting.
_POLICY_OF_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


def url(letter: Letter, index: int) -> str:
    """Return the address of a part."""
    kind = letter.url.split("/")[1]
    signed = signing.dumps((kind, letter.id, index), salt=_SALT)
    return f"/messages/{letter.id}/parts/{signed}"


@require_GET
def part(request: HttpRequest, id: str, signed: str) -> HttpResponse:
    """A picture or PDF of a letter."""
    try:
        kind, signed_id, index = signing.loads(signed, salt=_SALT)
        if signed_id != id:
            raise NotFound(_("this link belongs to another message"))
        find = letters.of_message if kind == "messages" else letters.of_transaction
        return _shown(find(ALL, id), index)
    except (signing.BadSignature, NotFound) as error:
        return HttpResponse(str(error), content_type="text/plain", status=404)


def _shown(letter: Letter, index: int) -> HttpResponse:
    found = letter.parsed.parts[index]
    octets = bodies.decode(letter.octets, found)
    kind = types.sniffed(letter.octets, found)
    response = HttpResponse(octets, content_type=kind)
    policy = _POLICY_OF_PDF if kind == _PDF else _POLICY
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response
