"""The source of a replay: a session, its lines as octets, and the places of its bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inbox.models import Exchange, Session
from mailsink.smtp.protocol.masking import MASK

_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2})")
_SPOKEN_FOR_OTHERS = ("XCLIENT",)
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class ReplayBody:
    """A message's octets: their place, and the octets themselves if they are few.

    complete: all of them are stored; chunked: they came with BDAT.
    """

    url: str
    size: int
    octets: bytes | None
    complete: bool = True
    chunked: bool = False

    @property
    def ends_with_crlf(self) -> bool:
        """Whether it certainly ends with CRLF, like any message after DATA."""
        if self.octets is None:
            return self.complete and not self.chunked
        return self.octets.endswith(b"\r\n")


@dataclass(frozen=True, slots=True)
class ReplaySource:
    """bodies: by transaction; cut: there are more exchanges than these."""

    session: Session
    exchanges: Sequence[Exchange]
    bodies: Mapping[object, ReplayBody]
    cut: bool

    @property
    def address(self) -> tuple[str, int]:
        """The address of the listener, as a client on this machine reaches it."""
        host, _, port = self.session.listener.rpartition(":")
        host = host.strip("[]")
        return _ANYWHERE.get(host, host) or "127.0.0.1", int(port or 25)

    @property
    def is_lmtp(self) -> bool:
        return self.session.listener_kind == "lmtp"

    @property
    def tls_first(self) -> bool:
        return self.session.listener_kind == "smtps"

    @property
    def welcomed(self) -> bool:
        """Whether the connection was accepted."""
        first = next(iter(self.exchanges), None)
        return first is None or first.kind != "connect" or first.code == 220

    def said(self) -> list[Exchange]:
        """Return the client's lines, without those that speak for another client.

        With reversed roles, Mailsink sends the lines.
        """
        return [
            each
            for each in self.exchanges
            if each.kind in ("command", "auth", "body", "chunk")
            and each.direction == self.session.direction
            and each.verb not in _SPOKEN_FOR_OTHERS
        ]


def octets(line: str) -> bytes:
    """Return the octets of a line in the form of mailsink.text.readable."""
    parts = _ESCAPE.split(line)
    plain = (part.encode() for part in parts[::2])
    escaped = (_octet(part) for part in parts[1::2])
    joined = [b""] * len(parts)
    joined[::2], joined[1::2] = list(plain), list(escaped)
    return b"".join(joined)


def _octet(escape: str) -> bytes:
    return b"\\" if escape == "\\" else bytes([int(escape[1:], 16)])


def is_masked(exchange: Exchange) -> bool:
    return MASK in exchange.line
