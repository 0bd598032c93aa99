"""Pictures in a mail: references of the HTML without a part, and parts without a reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from inbox.checks.checked_message import CheckedMessage, CheckPlace, shown
from mailsink.mime.preview import references
from mailsink.mime.structure import Part

_CID = re.compile("cid:", re.IGNORECASE)


def references_without_part(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield each cid: URL of the HTML without a matching part (RFC 2392)."""
    shown_parts = references(mail.html) if _CID.search(mail.html) else set()
    named = shown_parts | _linked(mail)
    for url in sorted(each for each in named if mail.carried.find(each) is None):
        at = mail.html.find(url)
        line = mail.page.line(at) if at >= 0 else None
        yield CheckPlace("cid_without_part", "HTML", line, shown(url))


def parts_without_reference(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield each part of a multipart/related that the HTML does not name (RFC 2387)."""
    if not mail.html:
        return
    linked = {each.index for each in map(mail.carried.find, _linked(mail)) if each}
    for part in mail.reading.choice.files:
        within = part.parent and part.parent.content_type == "multipart/related"
        if within and part.index not in mail.reading.shown | linked:
            place = _("Part %(number)s") % {"number": part.number}
            yield CheckPlace("part_without_reference", place, None, shown(_names(part)))


def _linked(mail: CheckedMessage) -> set[str]:
    """Return the cid: URLs of links."""
    found = (each.attributes.get("href", "").strip() for each in mail.page.elements)
    return {each for each in found if each[:4].lower() == "cid:"}


def _names(part: Part) -> str:
    """Return a part's type and names, as far as it has them."""
    content_id = part.content_id and f"<{part.content_id}>"
    return " ".join(filter(None, (part.content_type, part.filename, content_id)))
