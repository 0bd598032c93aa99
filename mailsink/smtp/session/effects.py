"""The effects that a session asks of its transport, and how its steps end early.

Steps are generators: they yield effects, are sent the results, and return their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from mailsink.ports import Consult, Credentials, MailRequest
from mailsink.smtp.protocol.events import Arrival, Ending
from mailsink.smtp.protocol.replies import Reply

T = TypeVar("T")


class Wait(Enum):
    """Effects without particulars; their result is None."""

    NEED_INPUT = "input"  # octets, the end of input, or the time Session.wake_at
    PAUSE = "pause"  # until what has come already is read, and room in the recorder
    YIELD = "yield"  # turns for other sessions, and room in the recorder


NEED_INPUT = Wait.NEED_INPUT
PAUSE = Wait.PAUSE
YIELD = Wait.YIELD


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check these credentials. The result is a bool."""

    credentials: Credentials


@dataclass(frozen=True, slots=True)
class LookUpVerifier:
    """Look up what a user's SCRAM proof has to fit. The result is a Verifier."""

    username: bytes


@dataclass(frozen=True, slots=True)
class StoreMessage:
    """Store this message. The result is Stored or Refused."""

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class RunInThread:
    """Do this blocking work in a thread. The result is None."""

    work: Callable[[], None]


@dataclass(frozen=True, slots=True)
class AskForMail:
    """Ask for mail that waits. The result is a Reply, or None: the roles are to be reversed."""

    request: MailRequest


@dataclass(frozen=True, slots=True)
class AskCourier:
    """Ask the courier of a session whose roles are reversed: a HopEffect, and its result."""

    request: object


Effect = (
    Wait | Consult | Authenticate | LookUpVerifier | StoreMessage | RunInThread
    | AskForMail | AskCourier
)  # fmt: skip
Steps = Generator[Effect, Any, T]


class Refusal(Exception):
    """The command in hand is answered by this reply, and changes nothing."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


class SessionEnded(Exception):
    """The session is over; a notice and its reply go to the client first, if given."""

    def __init__(
        self, ending: Ending, notice: str = "", reply: Reply | None = None
    ) -> None:
        super().__init__(ending)
        self.ending: Ending = ending
        self.notice = notice
        self.reply = reply
