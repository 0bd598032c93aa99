"""Which requests are for a message so large that reading it would hold up the others.

An address tells of most of them before anything is read. Where it does not, the body that
is about to be read in the server does: refuse_here() has the request answered elsewhere.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus
from uuid import UUID

from django.db.models import Max, Q

from inbox.errors import UserError
from inbox.models import Message, Raw
from mailsink.web.elsewhere import answer_elsewhere

LARGE = 512 * 1024  # octets
_READS = re.compile(r"/(?:api/v3/)?(?:messages|transactions|compare|trash)/")
_ARCHIVE = "/archive"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Misdirected(UserError):
    """A body that is not read in this process; nobody sees this answer."""

    status = 421  # RFC 9110 §15.5.20


def refuse_here(raw: Raw) -> None:
    """Raise Misdirected if a body is large, and others wait while it would be read."""
    if raw.size > LARGE and answer_elsewhere():
        raise Misdirected("this message is read in another process")


def concerns_large(path: str, query: str) -> bool:
    """Return whether a path and its query name a large message; or many, as a file.

    path: decoded; query: as it was sent
    """
    if not _READS.match(f"{path}/"):
        return False
    if path.endswith(_ARCHIVE):
        return True
    ids = [UUID(each) for each in _ID.findall(f"{path}?{unquote_plus(query)}")]
    if "latest" in path:
        ids += Message.objects.order_by("-pk").values_list("pk", flat=True)[:1]
    if not ids:
        return False
    raws = Raw.objects.filter(Q(pk__in=ids) | Q(transaction__message__pk__in=ids))
    return (raws.aggregate(most=Max("size"))["most"] or 0) > LARGE
