"""One connection to a next hop as its steps see it: commands, replies and time limits.

Steps are generators, as in a server's session: they yield effects, receive the result
of each, and return their own result.
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
_GRACE = 4.0  # seconds that a stop of Mailsink leaves for the reply to a whole message
_SECOND = 1_000_000
# Characters of replies that a session records. Each try has its own session.
_MOST_HEARD = 8 * 1024 * 1024
_TOO_MUCH = f"The server has sent replies of more than {_MOST_HEARD >> 20} MiB."


class HopWait(Enum):
    """Effects without arguments."""

    REPLY = "reply"  # octets, the end of input, or the time HopDialogue.wake_at; None
    WRITABLE = "writable"  # until the connection takes more octets; None
    NEXT_MAIL = "next mail"  # the result is an OutgoingMail, or None at the end


@dataclass(frozen=True, slots=True)
class ReadMore:
    """Read on in a message, which may be slow; the result is the next item, or None.

    Raises the errors of the reading.
    """

    items: Iterator[Any]


@dataclass(frozen=True, slots=True)
class LastLook:
    """Check the recipients again: their addresses are sent next.

    The server may have taken long until now. The result has for each recipient in order
    the reason why no mail may go to it; "": mail may go.
    """

    mail: OutgoingMail


@dataclass(frozen=True, slots=True)
class MessageEnds:
    """Remember durably that the end of the message is sent next.

    From then until the reply comes, it is unknown whether the message arrived.
    """

    mail: OutgoingMail


@dataclass(frozen=True, slots=True)
class ReportResults:
    """Remember the results of a message durably, for each recipient in order."""

    mail: OutgoingMail
    results: tuple[RecipientResult, ...]


HopEffect = HopWait | ReadMore | LastLook | MessageEnds | ReportResults
HopSteps = Generator[HopEffect, Any, T]


class Stopped(Exception):
    """The session cannot go on. `result` holds for every recipient without a reply."""

    def __init__(self, ending: Ending, result: RecipientResult) -> None:
        super().__init__(result.text)
        self.ending: Ending = ending
        self.result = result


def deferred(text: str, enhanced: str = "4.4.2") -> RecipientResult:
    """Return a result of ours after which another try makes sense."""
    return RecipientResult("deferred", 0, enhanced, text)


def failed(text: str, enhanced: str) -> RecipientResult:
    """Return a result of ours that another try would not change."""
    return RecipientResult("failed", 0, enhanced, text)


class HopDialogue:
    """The state of one connection to a next hop."""

    def __init__(
        self,
        profile: ClientProfile,
        transcript: Transcript,
        write: Callable[[bytes], bool],
    ) -> None:
        """Prepare a dialogue.

        write: sends octets, or returns False if the peer is gone.
        """
        self.profile = profile
        self.transcript = transcript
        self.offer = NOTHING
        self.tls: TlsLayer | None = None
        self.secure = False  # our octets go out encrypted
        self.wake_at = NEVER  # microseconds since the session opened
        self.eof = self.stop_now = self.output_blocked = False
        self.wire = write
        self._stopped_us = NEVER  # when the stop was noticed
        self._write = write
        self._replies = ReplyReader()
        self._heard = 0  # characters of replies
        self._out: list[bytes] = []

    # Input

    def receive(self, octets: bytes) -> None:
        """Take octets received from the server."""
        if self.tls is not None:
            octets = self.tls.receive(octets)
            self.eof = self.eof or self.tls.ended
        self._replies.append(octets)

    def begin_tls(self, layer: TlsLayer) -> None:
        """Let all octets go through TLS; drop unread octets of the plain connection."""
        self._replies.clear()
        self.tls = layer

    def tls_done(self) -> None:
        """Finish the handshake: write through TLS, and read the octets after it."""
        assert self.tls is not None
        self._write = self.tls.send
        self.secure = True
        self.receive(b"")

    # Output

    def send(
        self, line: str, kind: ExchangeKind = "command", shown: str | None = None
    ) -> int:
        """Queue a command for the next flush; return its seq.

        shown: the line as recorded, if it holds a secret
        """
        octets = f"{line}\r\n".encode()
        verb = line.partition(" ")[0].upper() if kind == "command" else ""
        text = readable(line.encode()) if shown is None else shown
        self._out.append(octets)
        return self.transcript.sent(kind, verb, text, len(octets))

    def flush(self) -> None:
        """Write the queued commands."""
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

        seconds: the time limit, before it is multiplied by the profile's patience
        is_final: this is the reply to a whole message
        """
        # Always read the reply to a message that was sent: it has the outcome.
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
        """Wait for octets until a time; raises Stopped, with the text `late`.

        is_final: the wait is for the reply to a whole message, which gets some grace at
        a stop
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
        """Return until when a wait may last after a stop.

        Raises Stopped if not at all.
        """
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
        """Wait until the connection takes more octets of this seq; raises Stopped."""
        seconds *= self.profile.patience
        until = self.transcript.clock() + int(seconds * _SECOND)
        while self.output_blocked and not (self.eof or self.stop_now):
            if self.transcript.clock() >= until:
                late = f"The server accepted no data for {seconds:g} seconds."
                raise Stopped("timeout", deferred(late))
            self.wake_at = until
            yield HopWait.WRITABLE
            self.wake_at = NEVER
        # A server that closes in the middle of a message may have sent a reason.
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
    """Return the result for a recipient that a reply means (RFC 5321 §4.2.1)."""
    state: State = "failed" if reply.code >= 500 else "deferred"
    if 200 <= reply.code < 300:
        state = "delivered"
    return RecipientResult(state, reply.code, reply.enhanced, reply.text)


def in_step(reply: PeerReply, wanted: int) -> PeerReply:
    """Return a reply that is a refusal, or of the wanted class; raises Stopped.

    Any other reply shows that the server answers another command than the last one
    sent.
    """
    if reply.code >= 400 or reply.code // 100 == wanted:
        return reply
    text = f"The server answered out of turn: {reply.text}"
    raise Stopped("error", deferred(text, "4.5.0"))
