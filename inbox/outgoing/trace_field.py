"""The Received field at the front of an outgoing message (RFC 5321 §4.4)."""

from __future__ import annotations

import hmac
import ipaddress
from email.utils import format_datetime

from django.conf import settings

from inbox.models import Message, Session
from mailsink.mime import headers
from mailsink.smtp.protocol import grammar

_MOST_HOPS = 100  # RFC 5321 §6.3
# The names of protocols that can follow "with" (RFC 5321 §4.4, RFC 3848).
_PROTOCOLS = frozenset(
    f"{base}{suffix}" for base in ("ESMTP", "LMTP") for suffix in ("", "A", "S", "SA")
) | {"SMTP"}


def of(message: Message) -> bytes:
    """Return the field, with its CRLF: the sender, the protocol, the time.

    It is the same at every try. Recipients are left out, since they may be secret from
    each other.
    """
    session = message.transaction.session
    lines = [
        f"Received: {_from(session)}by {hostname()} ({mark()})",
        f"{_with(session)}id {message.pk};",
        format_datetime(message.received_at),
    ]
    return "\r\n\t".join(lines).encode("ascii") + b"\r\n"


def has_looped(start: bytes) -> bool:
    """Whether a message with this beginning was here before, or loops elsewhere."""
    fields, _body = headers.split(start)
    received = [each.raw for each in fields if each.name.lower() == "received"]
    return len(received) > _MOST_HOPS or any(f"({mark()})" in each for each in received)


def is_report(start: bytes) -> bool:
    """Whether a message with this beginning is a report, or an automatic reply."""
    fields, _body = headers.split(start)
    said = {each.name.lower(): each.raw.strip().lower() for each in fields}
    return said.get("content-type", "").startswith("multipart/report") or said.get(
        "auto-submitted", ""
    ).startswith("auto-replied")


def hostname() -> str:
    """Return our name."""
    return settings.CONFIG.hostname.rstrip(".")


def mark() -> str:
    """Return the mark that only this Mailsink writes into its fields; it survives a restart."""
    key = str(settings.SECRET_KEY).encode()
    return f"Mailsink {hmac.digest(key, b'mark of the Received field', 'sha256')[:8].hex()}"


def _from(session: Session) -> str:
    """Return the clause of the client; "" if there was none, as in an import."""
    literal = _literal(session.client_address)
    if session.has_no_client or not literal:
        return ""
    name = session.helo.rstrip(".")
    return f"from {name if _is_domain(name) else literal} ({literal})\r\n\t"


def _literal(address: str) -> str:
    """Return an IP address as a literal; "" for any other text."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return f"[IPv6:{parsed}]" if parsed.version == 6 else f"[{parsed}]"


def _is_domain(name: str) -> bool:
    try:
        return name.isascii() and not grammar.check_domain(name)
    except grammar.BadSyntax:
        return False


def _with(session: Session) -> str:
    protocol = session.protocol
    return f"with {protocol} " if protocol in _PROTOCOLS else ""
