"""The effects that a session asks its transport for, and the early ends of its steps.

Steps are generators: they yield effects, receive the result of each, and return their
own result.
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
    """Effects without arguments; their result is None."""

    NEED_INPUT = "input"  # octets, the end of input, or the time Session.wake_at
    PAUSE = "pause"  # until arrived octets are read, and the recorder has room
    YIELD = "yield"  # until other sessions had a turn, and the recorder has room


NEED_INPUT = Wait.NEED_INPUT
PAUSE = Wait.PAUSE
YIELD = Wait.YIELD


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check these credentials. The result is a bool."""

    credentials: Credentials


@dataclass(frozen=True, slots=True)
class LookUpVerifier:
    """Look up the verifier for a user's SCRAM proof. The result is a Verifier."""

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
    """Ask for waiting mail. The result is a Reply, or None to reverse the roles."""

    request: MailRequest


@dataclass(frozen=True, slots=True)
class AskCourier:
    """Pass a HopEffect to the courier of a turned session. The result is its own."""

    request: object


Effect = (
    Wait | Consult | Authenticate | LookUpVerifier | StoreMessage | RunInThread
    | AskForMail | AskCourier
)  # fmt: skip
Steps = Generator[Effect, Any, T]


class Refusal(Exception):
    """The current command gets this reply, and changes nothing."""

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
