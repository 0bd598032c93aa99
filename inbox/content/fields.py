"""A message's decoded header fields: their meaning, and the way of the message."""

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

# RFC 5322 §3.6 unless noted otherwise.
MEANINGS = {
    "from": gettext_noop("the author"),
    "sender": gettext_noop("the sender, if not the author"),
    "reply-to": gettext_noop("the address for replies"),
    "to": gettext_noop("the main recipients"),
    "cc": gettext_noop("recipients of a copy"),
    "bcc": gettext_noop("hidden recipients, who should not be named here"),
    "subject": gettext_noop("the topic"),
    "date": gettext_noop("the time of writing, by the author's clock"),
    "message-id": gettext_noop("the unique id of the message"),
    "in-reply-to": gettext_noop("the message that this one answers"),
    "references": gettext_noop("the messages of the conversation"),
    "return-path": gettext_noop("the address for bounces: the envelope's sender"),
    "received": gettext_noop("a server that relayed the message"),
    "mime-version": gettext_noop("the version of MIME (RFC 2045)"),
    "content-type": gettext_noop("the kind of content (RFC 2045 §5)"),
    "content-transfer-encoding": gettext_noop(
        "the encoding of the bytes (RFC 2045 §6)"
    ),
    "content-disposition": gettext_noop("shown inline or attached (RFC 2183)"),
    "content-language": gettext_noop("the language (RFC 3282)"),
    "dkim-signature": gettext_noop("a signature by a domain (RFC 6376)"),
    "arc-seal": gettext_noop("a seal by a relay (RFC 8617)"),
    "arc-message-signature": gettext_noop("a signature by a relay (RFC 8617)"),
    "arc-authentication-results": gettext_noop(
        "the results that a relay recorded (RFC 8617)"
    ),
    "authentication-results": gettext_noop(
        "a server's results for SPF, DKIM and DMARC (RFC 8601)"
    ),
    "received-spf": gettext_noop("a server's result for SPF (RFC 7208 §9.1)"),
    "list-unsubscribe": gettext_noop("how to unsubscribe (RFC 2369)"),
    "list-unsubscribe-post": gettext_noop("unsubscribing by one click (RFC 8058)"),
    "list-id": gettext_noop("the mailing list (RFC 2919)"),
    "precedence": gettext_noop("bulk mail (an old convention)"),
    "auto-submitted": gettext_noop("sent by a program (RFC 3834 §5)"),
    "x-mailer": gettext_noop("the program that wrote the message"),
    "user-agent": gettext_noop("the program that wrote the message"),
    "importance": gettext_noop("the importance (RFC 2156)"),
    "x-priority": gettext_noop("the importance (an old convention)"),
    "disposition-notification-to": gettext_noop(
        "the address for read receipts (RFC 8098)"
    ),
    "feedback-id": gettext_noop("the campaign, for Gmail"),
    "tls-required": gettext_noop("whether TLS may be skipped (RFC 8689 §4)"),
}
# RFC 5322 §3.6: each of these may occur once.
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
    repeated: bool  # it occurs more than once, although it must not


@dataclass(frozen=True, slots=True)
class Hop:
    """A server that relayed the message.

    waited: seconds since the previous one; None: unknown
    """

    by: str
    sender: str
    at: datetime | None
    waited: float | None


def rows(fields: Sequence[Field], wanted: str = "") -> list[HeaderRow]:
    """Return the fields whose name or value contains the wanted text."""
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
    """Return the way of the message, first server first (RFC 5321 §4.4)."""
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
