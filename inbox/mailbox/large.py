"""Which requests are for a message so large that reading it would hold up the others."""

from __future__ import annotations

import re
from uuid import UUID

from django.db.models import Max, Q

from inbox.models import Message, Raw

LARGE = 512 * 1024  # octets
_READS = re.compile(r"/(?:api/v3/)?(?:messages|transactions|compare)/")
_ARCHIVE = "/archive"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOST = 10  # ids in an address


def concerns_large(path: str, query: str) -> bool:
    """Return whether a path and its query name a large message; or many, as a file."""
    if not _READS.match(f"{path}/"):
        return False
    if path.endswith(_ARCHIVE):
        return True
    named = _ID.findall(f"{path}?{query}")[:_MOST]
    ids = [UUID(each) for each in named]
    if "latest" in path:
        ids += Message.objects.order_by("-pk").values_list("pk", flat=True)[:1]
    if not ids:
        return False
    raws = Raw.objects.filter(Q(pk__in=ids) | Q(transaction__message__pk__in=ids))
    return (raws.aggregate(most=Max("size"))["most"] or 0) > LARGE
