"""One connection to a next hop as its steps see it: commands out, replies in, time limits.

Steps are generators, as those of a server's session are: they yield effects, are sent the
results, and return their own.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from mailsink.smtp.client.extensions_offered import NOTHING
from mailsink.smtp.client.hop_values import (
    ClientProfile,
    OutgoingMail,
    RecipientResult,
    State,
)
from mailsink.smtp.client.reply_reader import BadReply, PeerReply, ReplyReader
from mailsink.smtp.client.transcript import Transcript
from mailsink.smtp.protocol.events import Ending, ExchangeKind
from mailsink.smtp.tls.layer import TlsLayer
from mailsink.text import readable

T = TypeVar("T")

NEVER = 1 << 62  # microseconds
_GRACE = 4.0  # seconds for the reply to a whole message, when Mailsink is stopped
_SECOND = 1_000_000
# Characters of replies that a session records: each try is a session of its own.
_MOST_HEARD = 8 * 1024 * 1024
_TOO_MUCH = f"The server has sent replies of more than {_MOST_HEARD >> 20} MiB."


class HopWait(Enum):
    """Effects without particulars."""

    REPLY = "reply"  # octets, the end of input, or the time HopDialogue.wake_at; None
    WRITABLE = "writable"  # until the connection takes more octets; None
    NEXT_MAIL = "next mail"  # the result is an OutgoingMail, or None: that was all


@dataclass(frozen=True, slots=True)
class ReadMore:
    """Read on in a message, which may take its time; the result is the next item, or None.

    Raises what the reading raises.
    """

    items: Iterator[Any]


@dataclass(frozen=True, slots=True)
class LastLook:
    """Addresses are the next thing to be sent, however long the server took until now.

    The result says for each recipient in order why nothing may go to it; "": it may.
    """

    mail: OutgoingMail


@dataclass(frozen=True, slots=True)
class MessageEnds:
    """The end of the message is the next thing to be sent: remember that durably.

    From then on nobody knows whether it arrived, until the reply comes.
    """

    mail: OutgoingMail


@dataclass(frozen=True, slots=True)
class ReportResults:
    """Remember durably what became of a message, for each recipient in order."""

    mail: OutgoingMail
    results: tuple[RecipientResult, ...]


HopEffect = HopWait | ReadMore | LastLook | MessageEnds | ReportResults
HopSteps = Generator[HopEffect, Any, T]


class Stopped(Exception):
    """The session cannot go on. `result` holds for every recipient not answered yet."""

    def __init__(self, ending: Ending, result: RecipientResult) -> None:
        super().__init__(result.text)
        self.ending: Ending = ending
        self.result = result


def deferred(text: str, enhanced: str = "4.4.2") -> RecipientResult:
    """Return a result of our own that is worth another try."""
    return RecipientResult("deferred", 0, enhanced, text)


def failed(text: str, enhanced: str) -> RecipientResult:
    """Return a result of our own that no other try would change."""
    return RecipientResult("failed", 0, enhanced, text)


class HopDialogue:
    """The state of one connection to a next hop."""

    def __init__(
        self,
        profile: ClientProfile,
        transcript: Transcript,
        write: Callable[[bytes], bool],
    ) -> None:
        """write: sends octets; returns False if the peer is gone."""
        self.profile = profile
        self.transcript = transcript
        self.offer = NOTHING
        self.tls: TlsLayer | None = None
        self.secure = False  # what goes out is encrypted
        self.wake_at = NEVER  # microseconds since the session opened
        self.eof = self.stop_now = self.output_blocked = False
        self.wire = write
        self._stopped_us = NEVER  # when the stop was noticed
        self._write = write
        self._replies = ReplyReader()
        self._heard = 0  # characters of replies
        self._out: list[bytes] = []

    # What comes

    def receive(self, octets: bytes) -> None:
        """Take octets that came."""
        if self.tls is not None:
            octets = self.tls.receive(octets)
            self.eof = self.eof or self.tls.ended
        self._replies.append(octets)

    def begin_tls(self, layer: TlsLayer) -> None:
        """Let all octets go through TLS; what came in plain text before is dropped."""
        self._replies.clear()
        self.tls = layer

    def tls_done(self) -> None:
        """The handshake is done: write through it, and read what came with its end."""
        assert self.tls is not None
        self._write = self.tls.send
        self.secure = True
        self.receive(b"")

    # What goes out

    def send(
        self, line: str, kind: ExchangeKind = "command", shown: str | None = None
    ) -> int:
        """Queue a command for the next flush; return its seq.

        shown: the line as it is recorded, where it holds a secret
        """
        octets = f"{line}\r\n".encode()
        verb = line.partition(" ")[0].upper() if kind == "command" else ""
        text = readable(line.encode()) if shown is None else shown
        self._out.append(octets)
        return self.transcript.sent(kind, verb, text, len(octets))

    def flush(self) -> None:
        """Write what is queued."""
        if self._out:
            octets, self._out = b"".join(self._out), []
            self.write(octets)

    def write(self, octets: bytes) -> None:
        """Write octets of a message, or of commands, at once."""
        if not self._write(octets):
            self.eof = True

    # Steps

    def command(self, line: str, seconds: float, **how: Any) -> HopSteps[PeerReply]:
        """Send a command and return its reply; raises Stopped."""
        return (yield from self.reply(self.send(line, **how), seconds))

    def reply(
        self, seq: int, seconds: float, is_final: bool = False
    ) -> HopSteps[PeerReply]:
        """Return the reply to a line that was sent; raises Stopped.

        seconds: the time limit, before the profile's patience
        is_final: it is the reply to a whole message
        """
        # What became of a message that was sent is heard in any case.
        if self._heard > _MOST_HEARD and not is_final:
            raise Stopped("error", deferred(_TOO_MUCH, "4.5.0"))
        self.flush()
        seconds *= self.profile.patience
        until = self.transcript.clock() + int(seconds * _SECOND)
        while (reply := self._next_reply()) is None:
            late = f"No reply came within {seconds:g} seconds."
            yield from self.wait(until, late, is_final)
        self._heard += sum(map(len, reply.lines))
        self.transcript.heard(seq, reply)
        if reply.code == 421:
            raise Stopped("refused", result_of(reply))
        return reply

    def wait(self, until: int, late: str, is_final: bool = False) -> HopSteps[None]:
        """Wait for octets until a time; raises Stopped, in the words of `late`.

        is_final: for the reply to a whole message, which is given some grace at a stop
        """
        if self.eof:
            raise self._dropped()
        if self.stop_now:
            until = min(until, self._until_stopped(is_final))
        elif self.transcript.clock() >= until:
            raise Stopped("timeout", deferred(late))
        self.wake_at = until
        yield HopWait.REPLY
        self.wake_at = NEVER

    def _until_stopped(self, is_final: bool) -> int:
        """Return until when a wait may go on after a stop; raises Stopped if it may not."""
        now = self.transcript.clock()
        self._stopped_us = min(self._stopped_us, now)
        until = self._stopped_us + int(_GRACE * _SECOND)
        if not is_final or now >= until:
            raise _shutdown()
        return until

    def check_stop(self) -> None:
        """Raise Stopped if Mailsink is being stopped, or the server is gone."""
        if self.stop_now:
            raise _shutdown()
        if self.eof:
            raise self._dropped()

    def writable(self, seq: int, seconds: float) -> HopSteps[None]:
        """Wait until the connection takes more of what is sent by seq; raises Stopped."""
        seconds *= self.profile.patience
        until = self.transcript.clock() + int(seconds * _SECOND)
        while self.output_blocked and not (self.eof or self.stop_now):
            if self.transcript.clock() >= until:
                late = f"The server took nothing for {seconds:g} seconds."
                raise Stopped("timeout", deferred(late))
            self.wake_at = until
            yield HopWait.WRITABLE
            self.wake_at = NEVER
        # A server that closes in the middle of a message may have said why.
        if self.eof and (reply := self._next_reply()) is not None:
            self.transcript.heard(seq, reply)
            if reply.code >= 400:
                raise Stopped("refused", result_of(reply))
        self.check_stop()

    def _next_reply(self) -> PeerReply | None:
        try:
            return self._replies.next()
        except BadReply as bad:
            raise Stopped("error", deferred(str(bad), "4.5.0")) from None

    def _dropped(self) -> Stopped:
        error: ssl.SSLError | None = self.tls.error if self.tls else None
        if error is not None:
            reason = (error.reason or str(error)).lower().replace("_", " ")
            return Stopped("tls_failed", deferred(f"TLS broke off: {reason}."))
        return Stopped("dropped", deferred("The server closed the connection."))


def _shutdown() -> Stopped:
    return Stopped("shutdown", deferred("Mailsink was stopped.", "4.3.2"))


def result_of(reply: PeerReply) -> RecipientResult:
    """Return what a reply means for a recipient (RFC 5321 §4.2.1)."""
    state: State = "failed" if reply.code >= 500 else "deferred"
    if 200 <= reply.code < 300:
        state = "delivered"
    return RecipientResult(state, reply.code, reply.enhanced, reply.text)


def in_step(reply: PeerReply, wanted: int) -> PeerReply:
    """Return a reply that is a refusal, or of the wanted class; raises Stopped.

    Any other shows that the server answers something else than what was said last.
    """
    if reply.code >= 400 or reply.code // 100 == wanted:
        return reply
    text = f"The server answered out of turn: {reply.text}"
    raise Stopped("error", deferred(text, "4.5.0"))
