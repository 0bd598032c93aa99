"""Decides which requests read so much that they would hold up the others.

The URL identifies most requests for large messages before anything is read. For the
others, the code that is about to read a body or a session's lines in the server calls
refuse_here(), which makes another process answer the request.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Max

from inbox.errors import UserError
from inbox.models import Message, Raw
from mailsink.web.elsewhere import answer_elsewhere

LARGE = 512 * 1024  # octets of a body
# Octets of content that is compared, checked, or shown line by line: that takes longer.
LABORIOUS = 128 * 1024
_READS = re.compile(
    r"/(?:(?:api/v3/)?(?:messages|transactions|compare|trash)|api/v1/messages?|view)/"
)
_ARCHIVE = "/archive"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Misdirected(UserError):
    """A body or transcript that is not read in this process. No client sees this answer."""

    status = 421  # RFC 9110 §15.5.20


def refuse_here(octets: int, most: int = LARGE) -> None:
    """Raise Misdirected if octets exceed most, and other requests wait during the reading."""
    if octets > most and answer_elsewhere():
        raise Misdirected("this is read in another process")


def concerns_large(path: str, query: str) -> bool:
    """Return whether a path and its query name a large message, or many as a file.

    path: decoded; query: as sent. False if the database is unreachable: the answering
    code reports that.
    """
    if not _READS.match(f"{path}/"):
        return False
    if path.endswith(_ARCHIVE):
        return True
    ids = [UUID(each) for each in _ID.findall(f"{path}?{unquote_plus(query)}")]
    try:
        if "latest" in path:
            ids += Message.objects.order_by("-pk").values_list("pk", flat=True)[:1]
        return bool(ids) and _largest(ids) > LARGE
    except DatabaseError:
        return False


def _largest(ids: list[UUID]) -> int:
    """Return the octets of the largest body of messages or transactions; 0 without any.

    Uses two look-ups in indices: one query for both would read the whole table.
    """
    transactions = Message.objects.filter(pk__in=ids).values_list("transaction_id")
    keys = {*ids, *(id for (id,) in transactions)}
    sizes = Raw.objects.filter(pk__in=keys).aggregate(most=Max("size"))
    return sizes["most"] or 0
