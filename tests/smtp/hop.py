"""A session with a next hop without sockets: its replies are ours to give, and the clock."""

from __future__ import annotations

from collections.abc import Iterator

from mailsink.smtp.client.client_machine import ClientMachine
from mailsink.smtp.client.hop_dialogue import (
    HopDialogue,
    HopEffect,
    HopWait,
    LastLook,
    MessageEnds,
    ReadMore,
    ReportResults,
)
from mailsink.smtp.client.hop_values import (
    ClientProfile,
    ContentNeeds,
    OutgoingMail,
    OutgoingRecipient,
    RecipientResult,
)
from mailsink.smtp.client.transcript import Transcript
from mailsink.smtp.protocol import events
from tests.smtp.harness import SESSION, Session

_SECOND = 1_000_000
GREETING = "220 hop.test ESMTP"
BODY = b"Subject: Hello\r\n\r\n.dot\r\n"


def mail(
    *recipients: str,
    body: bytes = BODY,
    needs: ContentNeeds = ContentNeeds(),  # noqa: B008  a tuple
    piece: int = 7,
    **more: object,
) -> OutgoingMail:
    def pieces() -> Iterator[bytes]:
        return (body[at : at + piece] for at in range(0, len(body), piece))

    to = tuple(OutgoingRecipient(each) for each in recipients or ("b@example.com",))
    fields = {"recipients": to, **more}
    return OutgoingMail(
        "a@example.com", size=len(body), pieces=pieces, needs=needs, **fields
    )  # type: ignore[arg-type]


class Client:
    """A client session, its transport and its courier."""

    def __init__(self, *mails: OutgoingMail, profile: ClientProfile | None = None):
        self.now = 0.0
        self.sent = bytearray()
        self.writes: list[bytes] = []
        self.events: list[events.Event] = []
        self.reports: list[tuple[RecipientResult, ...]] = []
        self.doubtful: list[int] = []  # octets sent when a message was about to end
        self.forbidden: set[str] = set()  # to whom nothing may go any more
        self._mails = iter(mails)
        transcript = Transcript(SESSION, self.events.append, self._clock)
        self.dialogue = HopDialogue(
            profile or ClientProfile(hostname="sink.test"), transcript, self._write
        )
        self.machine = ClientMachine(self.dialogue)
        self._waits_for: HopEffect | None = None
        self._go_on(self.machine.step())

    @property
    def ending(self) -> str | None:
        return self.machine.outcome.ending if self.machine.outcome else None

    @property
    def states(self) -> list[str]:
        """The states of the last report."""
        return [each.state for each in self.reports[-1]]

    def lines(self) -> list[str]:
        """What the transcript shows of ours."""
        shown: dict[int, str] = {}
        for each in self.events:
            if isinstance(each, events.ExchangeOpened):
                shown[each.seq] = each.line
        return list(shown.values())

    def facts(self) -> dict[str, str | int]:
        updates = [e for e in self.events if isinstance(e, events.SessionUpdated)]
        return {key: value for each in updates for key, value in each.changes.items()}

    # What happens to it

    def hear(self, *lines: str) -> list[str]:
        """Send it reply lines; return the lines it answers with."""
        return self.receive("".join(f"{line}\r\n" for line in lines).encode())

    def receive(self, octets: bytes) -> list[str]:
        self.dialogue.receive(octets)
        self._wake()
        return self.take().decode().split("\r\n")[:-1]

    def take(self) -> bytes:
        sent, self.sent = bytes(self.sent), bytearray()
        return sent

    def lose(self) -> None:
        self.dialogue.eof = True
        self._wake()

    def stop(self) -> None:
        self.dialogue.stop_now = True
        self._wake()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._wake()

    def _wake(self) -> None:
        if self._waits_for is not None:
            self._go_on(self.machine.step())

    def _go_on(self, effect: HopEffect | None) -> None:
        while effect is not None and effect not in (HopWait.REPLY, HopWait.WRITABLE):
            try:
                result = self._result(effect)
            except OSError as error:
                effect = self.machine.fail(error)
            else:
                effect = self.machine.step(result)
        self._waits_for = effect

    def _result(self, effect: HopEffect) -> object:
        if isinstance(effect, ReadMore):
            return next(effect.items, None)
        if isinstance(effect, ReportResults):
            self.reports.append(effect.results)
        elif isinstance(effect, LastLook):
            to = [each.forward_path for each in effect.mail.recipients]
            return tuple("not allowed" if x in self.forbidden else "" for x in to)
        elif isinstance(effect, MessageEnds):
            self.doubtful.append(len(self.sent))
        else:
            return next(self._mails, None)
        return None

    def _write(self, octets: bytes) -> bool:
        self.sent += octets
        self.writes.append(octets)
        return not self.dialogue.eof

    def _clock(self) -> int:
        return int(self.now * _SECOND)


def converse(client: Client, server: Session) -> None:
    """Let a client speak with a server of ours, until neither has more to say."""
    while True:
        to_client, to_server = server.take(), client.take()
        if not to_client and not to_server:
            return
        if to_server and not server.ended:
            server.deliver(to_server)
        if to_client:
            client.dialogue.receive(to_client)
            client.wait(0)


def greeted(client: Client, *keywords: str) -> list[str]:
    """Bring a session to MAIL; return what the client says there."""
    assert client.hear(GREETING) == ["EHLO sink.test"]
    lines = ["hop.test", *keywords]
    last = len(lines) - 1
    return client.hear(
        *(f"250{' ' if n == last else '-'}{x}" for n, x in enumerate(lines))
    )
