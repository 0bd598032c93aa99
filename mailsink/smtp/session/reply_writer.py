"""The output: every reply becomes lines here, once, then is written, then recorded.

Here a refusal gets its link, hidden enhanced codes are dropped, and no text of a rule
can break out of its line.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from mailsink.ids import short_id
from mailsink.ports import Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import DeliveryAnswered, ExchangeReplied
from mailsink.smtp.protocol.masking import MASK
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session import shaping
from mailsink.smtp.session.exchange import Delivery, Exchange
from mailsink.smtp.session.host import Host
from mailsink.text import readable

_LONGEST = 510  # RFC 5321 §4.5.3.1.5, without CRLF

Lines = tuple[str, ...]


class ReplyWriter:
    """The waiting replies, in order; `flush` writes them all at once."""

    __slots__ = (
        "_clock_us",
        "_emit",
        "_hides_enhanced",
        "_links",
        "_octets",
        "_profile",
        "_session",
        "_waiting",
        "_write",
        "transcript_octets",
    )  # fmt: skip

    def __init__(
        self,
        profile: Profile,
        session: UUID,
        host: Host,
    ) -> None:
        self._profile = profile
        self._session = session
        self._write: Callable[[bytes], bool] = host.write
        self._emit = host.record
        self._clock_us = host.clock
        self.use(profile)
        self._links = profile.links if profile.public_url else "off"
        self._octets: list[bytes] = []
        self._waiting: list[tuple[Exchange, int, str, Lines]] = []
        self.transcript_octets = 0  # of replies

    def use(self, profile: Profile) -> None:
        """Hide the extensions that another profile hides."""
        self._hides_enhanced = "ENHANCEDSTATUSCODES" in profile.hidden

    def write_through(self, write: Callable[[bytes], bool]) -> None:
        """Write with another function from now on: through TLS."""
        self._write = write

    def queue(self, exchange: Exchange, reply: Reply) -> None:
        """Queue the reply to an exchange; it goes out with the next flush."""
        reply = self._shown(reply)
        lines, octets = _rendered(reply)
        if exchange.delivery is not None or (
            self._links != "off" and self._explains(exchange, reply.code)
        ):
            lines = self._completed(exchange, reply, lines)
            octets = _octets(lines)
        if exchange.private:
            lines = (f"{reply.code} {MASK}",)
        self.transcript_octets += len(octets)
        self._octets.append(octets)
        self._waiting.append((exchange, reply.code, reply.enhanced, lines))

    def _shown(self, reply: Reply) -> Reply:
        """Return a reply, without its enhanced code if these are hidden."""
        hides = self._hides_enhanced and reply.enhanced
        return reply._replace(enhanced="") if hides else reply

    def _completed(self, exchange: Exchange, reply: Reply, lines: Lines) -> Lines:
        """Return the lines of a reply for each recipient, or with their link."""
        if exchange.delivery is not None:
            return self._to_each(exchange, exchange.delivery, reply)
        if self._links == "off" or not self._explains(exchange, reply.code):
            return lines
        return (*lines[:-1], self._with_link(lines[-1], exchange.seq))

    # Replies that a rule damages: written in pieces, while no other reply waits

    def spoilt(
        self, exchange: Exchange, reply: Reply, decision: Decision
    ) -> tuple[Lines, bytes]:
        """Return the lines of a reply as a rule damages them, and their octets."""
        reply = self._shown(reply)
        lines = self._completed(exchange, reply, _rendered(reply)[0])
        lines = shaping.spoilt(lines, decision)
        return lines, shaping.wire(lines, decision)

    def write(self, octets: bytes) -> bool:
        """Write octets at once; return False if the client is gone."""
        self.transcript_octets += len(octets)
        return self._write(octets)

    def record(
        self, exchange: Exchange, reply: Reply, lines: Lines, written: bool
    ) -> None:
        """Record a reply that was written in pieces."""
        if exchange.private:
            lines = (f"{reply.code} {MASK}",)
        entry = (exchange, reply.code, self._shown(reply).enhanced, lines)
        self._emit_replies([entry], self._clock_us() if written else None)

    def _to_each(self, exchange: Exchange, delivery: Delivery, reply: Reply) -> Lines:
        """Return a reply's lines for each recipient in LMTP, and emit their codes."""
        explained = self._links != "off" and self._explains(exchange, reply.code)
        lines: list[str] = []
        for recipient in delivery.recipients:
            own = reply.to(recipient)
            lines += (_safe(line, own.utf8) for line in own.lines())
            if explained:
                lines[-1] = self._with_link(lines[-1], exchange.seq)
        codes = (reply.code,) * len(delivery.recipients)
        self._emit(DeliveryAnswered(self._session, delivery.transaction, codes))
        return tuple(lines)

    def queue_raw(self, exchange: Exchange, code: int, lines: Lines) -> None:
        """Queue an answer in a protocol other than SMTP, as whole lines."""
        self._octets.append(_octets(lines))
        self._waiting.append((exchange, code, "", lines))

    def flush(self) -> None:
        """Write the queued replies, and record them as written or as not received."""
        if not self._waiting:
            return
        queued, self._waiting = self._waiting, []
        octets, self._octets = self._octets, []
        written = self._write(octets[0] if len(octets) == 1 else b"".join(octets))
        self._emit_replies(queued, self._clock_us() if written else None)

    def drop(self, exchange: Exchange, reply: Reply) -> None:
        """Record a reply that will not be written: the connection is dropped instead."""
        self.flush()
        entry = (exchange, reply.code, reply.enhanced, _rendered(reply)[0])
        self._emit_replies([entry], None)

    def link(self, seq: int) -> str:
        """Return the address of an exchange's page; "" if it is unknown."""
        url = self._profile.public_url.rstrip("/")
        return f"{url}/s/{short_id(self._session, seq)}" if url else ""

    def _emit_replies(
        self, queued: list[tuple[Exchange, int, str, Lines]], replied_us: int | None
    ) -> None:
        for exchange, code, enhanced, lines in queued:
            self._emit(
                ExchangeReplied(
                    self._session,
                    exchange.seq,
                    code,
                    enhanced,
                    lines,
                    exchange.ready_us,
                    replied_us,
                    exchange.delayed_us,
                    exchange.rule,
                    exchange.flags,
                )
            )

    def _explains(self, exchange: Exchange, code: int) -> bool:
        return code >= 400 or (exchange.final and self._links == "all")

    def _with_link(self, line: str, seq: int) -> str:
        link = f" (why: {self.link(seq)})"
        room = _LONGEST - len(link)
        octets = line.encode()
        if len(octets) > room:
            line = octets[: max(room - 3, 0)].decode("utf-8", "ignore") + "..."
        return line + link if len(line.encode()) <= room else line


@lru_cache(maxsize=256)
def _rendered(reply: Reply) -> tuple[Lines, bytes]:
    lines = tuple(_safe(line, reply.utf8) for line in reply.lines())
    return lines, _octets(lines)


def _safe(line: str, utf8: bool) -> str:
    """Return any text as one line within the limit: ASCII, unless UTF-8 is allowed."""
    if not ((utf8 or line.isascii()) and line.isprintable()):
        line = readable(line.encode("utf-8", "replace"))
        line = line.encode("ascii", "backslashreplace").decode("ascii")
    if len(line.encode()) <= _LONGEST:
        return line
    return line.encode()[: _LONGEST - 3].decode("utf-8", "ignore") + "..."


def _octets(lines: Lines) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
