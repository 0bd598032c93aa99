"""Parts that a browser shows itself, pictures and PDF, at their signed URLs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.errors import NotFound
from inbox.mailbox.scope import ALL
from inbox.presenters import inline_parts, message_page
from inbox.presenters.message_page import MessagePage
from mailsink.mime import bodies, pictures, types

_PDF = "application/pdf"
_POLICY = "sandbox; default-src 'none'"
# The PDF viewer is a plug-in, which a sandbox would keep from starting.
_POLICY_OF_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


@require_GET
def part(request: HttpRequest, id: UUID | str, signed: str) -> HttpResponse:
    """A picture or PDF of a message."""
    try:
        kind, index = inline_parts.named(id, signed)
        find = (
            message_page.of_message
            if kind == "message"
            else message_page.of_transaction
        )
        return _shown(find(ALL, id), index)  # the signed URL proves the permission
    except NotFound as error:
        return HttpResponse(str(error), content_type="text/plain", status=404)


def _shown(mail: MessagePage, index: int) -> HttpResponse:
    found = mail.parsed.parts[index]
    kind = types.sniffed(mail.octets, found)
    if kind != _PDF and kind not in pictures.TYPES:
        raise NotFound(_("this part is neither a picture nor a PDF"))
    octets = bodies.decode(mail.octets, found)
    response = HttpResponse(octets, content_type=kind)
    policy = _POLICY_OF_PDF if kind == _PDF else _POLICY
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response
