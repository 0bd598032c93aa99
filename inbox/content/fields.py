"""A message's header fields as people read them: what they mean, and the way it came."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailsink.mime import headers
from mailsink.mime.headers import Field

# RFC 5322 §3.6 unless it says otherwise.
MEANINGS = {
    "from": gettext_noop("who wrote it"),
    "sender": gettext_noop("who sent it, where that is not who wrote it"),
    "reply-to": gettext_noop("where replies go"),
    "to": gettext_noop("the recipients it names"),
    "cc": gettext_noop("others it names, for information"),
    "bcc": gettext_noop("recipients nobody else should see: it should not be here"),
    "subject": gettext_noop("what it is about"),
    "date": gettext_noop("when it was written, as its writer says"),
    "message-id": gettext_noop("its name, which no other message has"),
    "in-reply-to": gettext_noop("the message that it answers"),
    "references": gettext_noop("the conversation it belongs to"),
    "return-path": gettext_noop("where bounces go: the envelope's sender"),
    "received": gettext_noop("a server that passed it on"),
    "mime-version": gettext_noop("that it is MIME (RFC 2045)"),
    "content-type": gettext_noop("what kind of content it has (RFC 2045 §5)"),
    "content-transfer-encoding": gettext_noop(
        "how its bytes are encoded (RFC 2045 §6)"
    ),
    "content-disposition": gettext_noop("whether it is shown or attached (RFC 2183)"),
    "content-language": gettext_noop("its language (RFC 3282)"),
    "dkim-signature": gettext_noop("a signature of its domain (RFC 6376)"),
    "arc-seal": gettext_noop("a seal of who passed it on (RFC 8617)"),
    "arc-message-signature": gettext_noop("a signature of who passed it on (RFC 8617)"),
    "arc-authentication-results": gettext_noop(
        "what who passed it on had found (RFC 8617)"
    ),
    "authentication-results": gettext_noop(
        "what a server found of SPF, DKIM and DMARC (RFC 8601)"
    ),
    "received-spf": gettext_noop("what a server found of SPF (RFC 7208 §9.1)"),
    "list-unsubscribe": gettext_noop("how to unsubscribe (RFC 2369)"),
    "list-unsubscribe-post": gettext_noop("that one click unsubscribes (RFC 8058)"),
    "list-id": gettext_noop("the mailing list it came by (RFC 2919)"),
    "precedence": gettext_noop("that it is bulk mail: an old custom"),
    "auto-submitted": gettext_noop("that a program sent it (RFC 3834 §5)"),
    "x-mailer": gettext_noop("the program that wrote it"),
    "user-agent": gettext_noop("the program that wrote it"),
    "importance": gettext_noop("how important it is (RFC 2156)"),
    "x-priority": gettext_noop("how important it is: an old custom"),
    "disposition-notification-to": gettext_noop(
        "who wants to know that it was read (RFC 8098)"
    ),
    "feedback-id": gettext_noop("which campaign it belongs to, for Gmail"),
    "tls-required": gettext_noop("whether TLS may be done without (RFC 8689 §4)"),
}
# RFC 5322 §3.6: these may stand there once.
_ONCE = frozenset(
    "date from sender reply-to to cc bcc message-id in-reply-to references subject "
    "mime-version content-type content-transfer-encoding".split()
)
_HOPS = 50


@dataclass(frozen=True, slots=True)
class HeaderRow:
    name: str
    value: str
    meaning: str
    repeated: bool  # it may stand there once, and does not


@dataclass(frozen=True, slots=True)
class Hop:
    """A server that passed it on. waited: seconds since the one before; None: unknown."""

    by: str
    sender: str
    at: datetime | None
    waited: float | None


def rows(fields: Sequence[Field], wanted: str = "") -> list[HeaderRow]:
    """Return the fields whose name or value has the wanted text."""
    counts = Counter(field.name.lower() for field in fields)
    found = [
        HeaderRow(
            field.name,
            field.value,
            _(MEANINGS.get(field.name.lower(), "")),
            field.name.lower() in _ONCE and counts[field.name.lower()] > 1,
        )
        for field in fields
    ]
    text = wanted.casefold()
    return [row for row in found if text in f"{row.name}: {row.value}".casefold()]


_BY = re.compile(r"\bby\s+([^\s;()]{1,255})", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s+([^\s;()]{1,255})", re.IGNORECASE)


def hops(fields: Sequence[Field]) -> list[Hop]:
    """Return the way it came, first server first (RFC 5321 §4.4)."""
    received = [field.value for field in fields if field.name.lower() == "received"]
    found: list[Hop] = []
    before: datetime | None = None
    for value in reversed(received[-_HOPS:]):
        at = headers.parse_date(value.rpartition(";")[2].strip())
        by, sender = _BY.search(value[:2000]), _FROM.search(value[:2000])
        waited = (at - before).total_seconds() if at and before else None
        found.append(Hop(by[1] if by else "", sender[1] if sender else "", at, waited))
        before = at or before
    return found
