"""Which requests are for so much that reading it would hold up the others.

Most requests for large messages are known by their address before anything is read. Where it does not, what is
about to be read in the server does, be it a body or the lines of a session: refuse_here()
has the request answered elsewhere.
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
# Octets of what is compared, checked, or shown line by line: that takes longer.
LABORIOUS = 128 * 1024
_READS = re.compile(
    r"/(?:(?:api/v3/)?(?:messages|transactions|compare|trash)|api/v1/messages?|view)/"
)
_ARCHIVE = "/archive"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Misdirected(UserError):
    """A body or transcript that is not read in this process; nobody sees this answer."""

    status = 421  # RFC 9110 §15.5.20


def refuse_here(octets: int, most: int = LARGE) -> None:
    """Raise Misdirected if these are more than most, and others wait while they are read."""
    if octets > most and answer_elsewhere():
        raise Misdirected("this is read in another process")


def concerns_large(path: str, query: str) -> bool:
    """Return whether a path and its query name a large message; or many, as a file.

    path: decoded; query: as it was sent. False where the database is out of reach: whoever
    answers says so.
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

    By two look-ups in indices: one query for both would read the whole table.
    """
    transactions = Message.objects.filter(pk__in=ids).values_list("transaction_id")
    keys = {*ids, *(id for (id,) in transactions)}
    sizes = Raw.objects.filter(pk__in=keys).aggregate(most=Max("size"))
    return sizes["most"] or 0
