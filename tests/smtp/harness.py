"""A session without sockets: octets in, octets and events out, the clock in our hands."""

from __future__ import annotations

import fnmatch
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from mailsink.ports import (
    GO_ON,
    Consult,
    Credentials,
    Decision,
    MailRequest,
    Refused,
    Stage,
    Stored,
    Verifier,
)
from mailsink.smtp.client.hop_dialogue import (
    HopWait,
    LastLook,
    MessageEnds,
    ReadMore,
    ReportResults,
)
from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult
from mailsink.smtp.commands.nothing_held import nothing_waits
from mailsink.smtp.machine import Machine
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import events
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import (
    NEED_INPUT,
    PAUSE,
    YIELD,
    AskCourier,
    AskForMail,
    Authenticate,
    Effect,
    LookUpVerifier,
    RunInThread,
    StoreMessage,
)
from mailsink.smtp.session.host import Peer
from tests.smtp.tls_client import TlsClient, trusting

SESSION = UUID("01a205b7-0f25-71f4-8c5f-d9a8a9e16a7c")
MESSAGE = UUID("01a205b7-0f2c-71a4-b071-33b879ee9414")
_SECOND = 1_000_000

T = TypeVar("T")


@dataclass
class Exchange:
    """An exchange as a recorder would have it in the end."""

    opened: events.ExchangeOpened
    told: int = 1
    replied: events.ExchangeReplied | None = None

    @property
    def line(self) -> str:
        return self.opened.line

    @property
    def flags(self) -> set[str]:
        return {*self.opened.flags, *(self.replied.flags if self.replied else ())}

    @property
    def code(self) -> int | None:
        return self.replied and self.replied.code


class Session:
    """A client's view of a session, and its host, recorder and policy."""

    def __init__(
        self,
        profile: Profile | None = None,
        *,
        decide: Callable[[Consult], Decision] | None = None,
        stages: frozenset[Stage] = frozenset(),
        store: Callable[[events.Arrival], Stored | Refused] | None = None,
        credentials: Callable[[Credentials], bool] | None = None,
        verifier: Callable[[bytes], Verifier] | None = None,
        refusal: Reply | None = None,
        early: bytes = b"",
        room: float = inf,
        held: Callable[[MailRequest], Reply | Sequence[OutgoingMail]] = nothing_waits,
        asks: Callable[[str], bool] | None = None,
    ) -> None:
        self.now = 0.0
        self.sent = bytearray()
        self.writes: list[bytes] = []
        self.events: list[events.Event] = []
        self.arrivals: list[events.Arrival] = []
        self.admitted: list[str] = []  # clients, by address
        self.consulted: list[Consult] = []
        self.credentials: list[Credentials] = []
        self.ended = False
        self.gone = False
        self.is_crowded = False
        self.tls: TlsClient | None = None
        self._decide = decide or (lambda consult: GO_ON)
        self._store = store or (lambda arrival: Stored(MESSAGE))
        self._good = credentials or (lambda offered: True)
        self._verifier = verifier
        self._stages = stages
        self._refusal = refusal
        self._room = room
        self._held = held
        self._mails: Iterator[OutgoingMail] = iter(())
        self.requests: list[MailRequest] = []
        self.reports: list[tuple[RecipientResult, ...]] = []
        self.doubtful: list[OutgoingMail] = []  # whose end was about to be sent
        self._asks = asks or (lambda name: False)
        self.machine = Machine(
            profile or Profile(hostname="mx.test"),
            Peer(SESSION, "127.0.0.1:1025", "192.0.2.7", 4711, 1_700_000_000.0),
            self,
        )
        effect = self.machine.step()
        if early:
            self.machine.receive(early)
        self._carry_out(effect)

    # The host of its session

    def write(self, octets: bytes) -> bool:
        if self.gone:
            return False
        self.sent += octets
        self.writes.append(octets)
        return True

    def record(self, event: events.Event) -> None:
        self.events.append(event)

    def clock(self) -> int:
        return int(self.now * _SECOND)

    def stages(self) -> frozenset[Stage]:
        return self._stages

    def asks(self, name: str) -> bool:
        return self._asks(name)

    def status(self) -> tuple[str, ...]:
        return ("Mailsink is well",)

    def admit(self, client: str) -> Reply | None:
        self.admitted.append(client)
        return self._refusal

    def supports(self, mechanism: str) -> bool:
        return self._verifier is not None or mechanism != "SCRAM-SHA-256"

    def room(self) -> float:
        return self._room

    def crowded(self) -> bool:
        return self.is_crowded

    # The transport

    def _carry_out(self, effect: Effect | None) -> None:
        while effect is not None and effect is not NEED_INPUT:
            try:
                result = self._result(effect)
            except Exception as error:  # as the transport does
                effect = self.machine.fail(error)
            else:
                effect = self.machine.step(result)
        self.ended = effect is None

    def _result(self, effect: Effect) -> object:
        if isinstance(effect, StoreMessage):
            self.arrivals.append(effect.arrival)
            return self._store(effect.arrival)
        if isinstance(effect, Consult):
            self.consulted.append(effect)
            return self._decide(effect)
        if isinstance(effect, Authenticate):
            self.credentials.append(effect.credentials)
            return self._good(effect.credentials)
        if isinstance(effect, LookUpVerifier):
            assert self._verifier is not None
            return self._verifier(effect.username)
        if isinstance(effect, RunInThread):
            return effect.work()
        if isinstance(effect, AskForMail):
            return self._ask(effect.request)
        if isinstance(effect, AskCourier):
            return self._courier(effect.request)
        assert effect in (PAUSE, YIELD)
        return None

    def _ask(self, request: MailRequest) -> Reply | None:
        self.requests.append(request)
        answer = self._held(request)
        if isinstance(answer, Reply):
            return answer
        self._mails = iter(answer)
        return None

    def _courier(self, request: object) -> object:
        if isinstance(request, ReportResults):
            self.reports.append(request.results)
        elif isinstance(request, LastLook):
            return ("",) * len(request.mail.recipients)
        elif isinstance(request, MessageEnds):
            self.doubtful.append(request.mail)
        elif isinstance(request, ReadMore):
            return next(request.items, None)
        else:
            assert request is HopWait.NEXT_MAIL
            return next(self._mails, None)
        return None

    # The client

    def send(self, octets: bytes) -> list[str]:
        """Send octets in one piece; return the lines that came back."""
        assert not self.ended, "the session has ended"
        self.deliver(octets if self.tls is None else self.tls.wrap(octets))
        return self.read()

    def deliver(self, octets: bytes) -> None:
        """Put octets on the wire as they are."""
        self.machine.receive(octets)
        self._carry_out(self.machine.step())

    def read(self) -> list[str]:
        octets = self.take()
        if self.tls is not None:
            octets = self.tls.unwrap(octets)
        lines = octets.decode().split("\r\n")
        assert lines.pop() == "", "an unfinished line"
        return lines

    def take(self) -> bytes:
        """Return what was written to the wire since the last time."""
        octets = bytes(self.sent)
        self.sent.clear()
        return octets

    def secure(self, client: TlsClient | None = None) -> None:
        """Shake hands with the server; a failure of the client's is sent, and raised."""
        client = client or TlsClient(trusting())
        done = False
        while not done:
            try:
                done, octets = client.shake_hands(self.take())
            except ssl.SSLError:
                if not self.ended:
                    self.deliver(client.owed())  # the alert
                raise
            if octets:
                self.deliver(octets)
        self.tls = client

    def half_close(self) -> None:
        self.machine.end_input()
        if not self.ended:
            self._carry_out(self.machine.step())

    def drop(self) -> None:
        self.gone = True
        self.machine.lose()
        if not self.ended:
            self._carry_out(self.machine.step())

    def tick(self, seconds: float) -> list[str]:
        """Let time pass; the transport steps when the machine's time has come."""
        until = self.now + seconds
        while not self.ended and self.machine.session.wake_at <= until * _SECOND:
            self.now = self.machine.session.wake_at / _SECOND
            self._carry_out(self.machine.step())
        self.now = until
        return self.read()

    def wake(self) -> list[str]:
        self._carry_out(self.machine.step())
        return self.read()

    # What was told

    def told(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ending(self) -> str:
        return self.told(events.SessionClosed)[-1].ending

    @property
    def exchanges(self) -> list[Exchange]:
        found: dict[int, Exchange] = {}
        for event in self.events:
            if isinstance(event, events.ExchangeOpened):
                if known := found.get(event.seq):
                    known.opened = event
                    known.told += 1
                else:
                    found[event.seq] = Exchange(event)
            elif isinstance(event, events.ExchangeReplied):
                assert found[event.seq].replied is None
                found[event.seq].replied = event
        return list(found.values())

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    def changes(self) -> dict[str, str]:
        facts: dict[str, str] = {}
        for event in self.told(events.SessionUpdated):
            facts |= event.changes
        return facts


_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|[rnt0\\])")
_NAMED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def octets(text: str) -> bytes:
    r"""Text with \r, \n, \t, \0, \\ and \xNN as the octets they stand for."""
    parts = _ESCAPE.split(text)
    out = b""
    for at, part in enumerate(parts):
        if at % 2 == 0:
            out += part.encode()
        else:
            out += _NAMED.get(part) or bytes.fromhex(part[1:])
    return out


def _blocks(transcript: str) -> Iterator[tuple[str, list[str]]]:
    block: list[str] = []
    who = ""
    for line in transcript.strip().splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        assert line[:2] in ("C:", "S:") or line == "TLS", line
        if line[0] != who and block:
            yield who, block
            block = []
        who = line[0]
        block.append(line[3:])
    yield who, block


def client_blocks(transcript: str) -> list[bytes]:
    """Return what the client sends, each time in one piece."""
    return [
        b"".join(octets(line) + b"\r\n" for line in lines)
        for who, lines in _blocks(transcript)
        if who == "C"
    ]


def play(transcript: str, session: Session | None = None, **options: object) -> Session:
    """Hold a session to a transcript.

    The C: lines up to the next S: line are sent in one piece; `*` in an S: line stands
    for anything, the line `S: ...` for any lines. At the line `TLS` the client shakes
    hands. The greeting is passed over unless the transcript begins with it.
    """
    session = session or Session(**options)  # type: ignore[arg-type]
    blocks = list(_blocks(transcript))
    heard = session.read()
    if blocks[0][0] == "C":
        heard = []
    for who, lines in blocks:
        if who == "T":
            assert heard == [], "the transcript does not tell these replies"
            session.secure()
            heard = session.read()
        elif who == "C":
            assert heard == [], "the transcript does not tell these replies"
            heard = session.send(b"".join(octets(line) + b"\r\n" for line in lines))
        else:
            _compare(heard, lines)
            heard = []
    assert heard == [], "the transcript does not tell these replies"
    return session


def _compare(heard: list[str], expected: list[str]) -> None:
    assert _fits(heard, expected), f"heard {heard}, expected {expected}"


def _fits(heard: list[str], expected: list[str]) -> bool:
    if not expected or not heard:
        return heard == [each for each in expected if each != "..."]
    first, *rest = expected
    if first == "...":
        return _fits(heard, rest) or _fits(heard[1:], expected)
    pattern = first.replace("[", "[[]")
    same = heard[0] == first or fnmatch.fnmatchcase(heard[0], pattern)
    return same and _fits(heard[1:], rest)


EHLO = b"EHLO client.test\r\n"
ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"


def ready(**options: object) -> Session:
    """A session that has said EHLO."""
    session = Session(**options)  # type: ignore[arg-type]
    session.send(EHLO)
    return session


def in_data(**options: object) -> Session:
    """A session that has just been sent 354."""
    session = ready(**options)
    session.send(ENVELOPE)
    assert session.send(b"DATA\r\n") == ["354 End the message with <CRLF>.<CRLF>"]
    return session


def small_spool(folder: Path, **options: object) -> Profile:
    return Profile(  # type: ignore[arg-type]
        hostname="mx.test", spool_threshold=1000, spool_dir=folder, **options
    )
