"""The way out: every reply is made into lines here, once, written, and then recorded.

Here a refusal gets its link, enhanced codes are dropped where they are hidden, and
no text of a rule can break out of its line.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from mailsink.ids import short_id
from mailsink.smtp.events import DeliveryAnswered, Event, ExchangeReplied
from mailsink.smtp.exchange import Delivery, Exchange
from mailsink.smtp.masking import MASK
from mailsink.smtp.profile import Profile
from mailsink.smtp.replies import Reply
from mailsink.text import readable

_LONGEST = 510  # RFC 5321 §4.5.3.1.5, without CRLF

Lines = tuple[str, ...]


class Outlet:
    """The replies that are owed, in order, until `flush` writes them in one go."""

    __slots__ = ("_clock_us", "_hides_enhanced", "_links", "_octets", "_owed",
                 "_profile", "_record", "_session", "_write")  # fmt: skip

    def __init__(
        self,
        profile: Profile,
        session: UUID,
        write: Callable[[bytes], bool],
        record: Callable[[Event], None],
        clock_us: Callable[[], int],
    ) -> None:
        self._profile = profile
        self._session = session
        self._write = write
        self._record = record
        self._clock_us = clock_us
        self._hides_enhanced = "ENHANCEDSTATUSCODES" in profile.hidden
        self._links = profile.links if profile.public_url else "off"
        self._octets: list[bytes] = []
        self._owed: list[tuple[Exchange, int, str, Lines]] = []

    def write_by(self, write: Callable[[bytes], bool]) -> None:
        """Have replies written by another function from now on: through TLS."""
        self._write = write

    def owe(self, exchange: Exchange, reply: Reply) -> None:
        """Take the reply to an exchange; it goes out with the next flush."""
        if self._hides_enhanced and reply.enhanced:
            reply = reply._replace(enhanced="")
        lines, octets = _rendered(reply)
        if exchange.delivery is not None:
            lines = self._to_each(exchange, exchange.delivery, reply)
            octets = _octets(lines)
        elif self._links != "off" and self._explains(exchange, reply.code):
            lines = (*lines[:-1], self._with_link(lines[-1], exchange.seq))
            octets = _octets(lines)
        if exchange.private:
            lines = (f"{reply.code} {MASK}",)
        self._octets.append(octets)
        self._owed.append((exchange, reply.code, reply.enhanced, lines))

    def _to_each(self, exchange: Exchange, delivery: Delivery, reply: Reply) -> Lines:
        """Return the reply as each recipient of an LMTP delivery gets it, and tell."""
        explained = self._links != "off" and self._explains(exchange, reply.code)
        lines: list[str] = []
        for recipient in delivery.recipients:
            own = reply.to(recipient)
            lines += (_safe(line, own.utf8) for line in own.lines())
            if explained:
                lines[-1] = self._with_link(lines[-1], exchange.seq)
        codes = (reply.code,) * len(delivery.recipients)
        self._record(DeliveryAnswered(self._session, delivery.transaction, codes))
        return tuple(lines)

    def owe_foreign(self, exchange: Exchange, code: int, lines: Lines) -> None:
        """Take an answer in another protocol than SMTP, as whole lines."""
        self._octets.append(_octets(lines))
        self._owed.append((exchange, code, "", lines))

    def flush(self) -> None:
        """Write what is owed, and record it as written, or as never heard."""
        if not self._owed:
            return
        owed, self._owed = self._owed, []
        octets, self._octets = self._octets, []
        written = self._write(octets[0] if len(octets) == 1 else b"".join(octets))
        self._tell(owed, self._clock_us() if written else None)

    def forget(self, exchange: Exchange, reply: Reply) -> None:
        """Record a reply that will not be written: the connection is dropped instead."""
        self.flush()
        entry = (exchange, reply.code, reply.enhanced, _rendered(reply)[0])
        self._tell([entry], None)

    def link(self, seq: int) -> str:
        """The address of an exchange's page; "" where it is unknown."""
        url = self._profile.public_url.rstrip("/")
        return f"{url}/s/{short_id(self._session, seq)}" if url else ""

    def _tell(
        self, owed: list[tuple[Exchange, int, str, Lines]], replied_us: int | None
    ) -> None:
        for exchange, code, enhanced, lines in owed:
            self._record(
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
    """One line within the limit, whatever a rule's text holds: ASCII, unless it may be UTF-8."""
    if not ((utf8 or line.isascii()) and line.isprintable()):
        line = readable(line.encode("utf-8", "replace"))
        line = line.encode("ascii", "backslashreplace").decode("ascii")
    if len(line.encode()) <= _LONGEST:
        return line
    return line.encode()[: _LONGEST - 3].decode("utf-8", "ignore") + "..."


def _octets(lines: Lines) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
