"""One exchange in the making, and what of a line may be told: secrets are masked here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from mailsink.smtp.events import Kind
from mailsink.text import readable

MASK = "********"

# However it is spelt: "AUTH PLAIN secret", "AUTH=PLAIN secret", "AUTHPLAIN secret", tabs
# for blanks, odd octets before it. No two parts may take the same octet: that would take
# a time quadratic in the line.
_AUTH = re.compile(rb"\W*AUTH(?:[\s=]+([^\s=]\S*)(\s+\S.*)?\s*|(.+))?", re.I | re.S)
_MECHANISM = re.compile(rb"[A-Z0-9_-]{1,20}|[a-z0-9_-]{1,20}")  # RFC 4422 §3.1
_MIXED_CASE = frozenset({b"Plain", b"Login", b"Cram-MD5"})


class Delivery(NamedTuple):
    """LMTP: whose transaction a body ends, and who gets a reply each (RFC 2033 §4.2)."""

    transaction: UUID
    recipients: tuple[str, ...]


@dataclass(slots=True)
class Exchange:
    """What the machine must remember of an exchange until its reply is written."""

    seq: int
    kind: Kind
    verb: str
    pipelining_offered: bool = False  # when it came
    ready_us: int = 0  # when its reply was known
    delayed_us: int = 0
    delay: float = 0.0  # seconds still to wait before the reply
    ruled: bool = False  # a rule has a say in how it is answered
    rule: str = ""  # which one, in words
    close: str = ""  # "before", "after": the connection, around the reply
    private: bool = False  # its reply is masked where it is told
    flags: tuple[str, ...] = ()  # that came to light after it was told
    final: bool = False  # its reply says that a message is kept
    delivery: Delivery | None = None


def told(content: bytes) -> str:
    """Return a command line as it may be recorded: readable, AUTH's arguments masked."""
    if match := _AUTH.fullmatch(content):
        mechanism, secret, malformed = match.groups()
        if malformed:
            return f"AUTH {MASK}"
        if mechanism is None:
            return readable(content)
        if not (_MECHANISM.fullmatch(mechanism) or mechanism in _MIXED_CASE):
            return f"AUTH {MASK}"  # rather a secret in the mechanism's place
        return readable(b"AUTH " + mechanism) + (f" {MASK}" if secret else "")
    return readable(content)
