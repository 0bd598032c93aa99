"""What the machine may wait for, and how its steps end early.

A step is a generator: it yields wishes, is sent their answers, and returns its result.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from mailsink.ports import Consult, Credentials
from mailsink.smtp.events import Arrival, Ending
from mailsink.smtp.replies import Reply

T = TypeVar("T")


class Wait(Enum):
    """Waits that need no particulars."""

    MORE = "more"  # octets, the end of input, or the time Machine.wake_at
    BREATHE = "breathe"  # a turn for the other sessions, and room in the recorder


MORE = Wait.MORE
BREATHE = Wait.BREATHE


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Are these credentials good? Answered by a bool."""

    credentials: Credentials


@dataclass(frozen=True, slots=True)
class FindVerifier:
    """What does this user's SCRAM proof have to fit? Answered by a Verifier."""

    username: bytes


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep this message. Answered by Kept or Refused."""

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class OffLoop:
    """Do this blocking work in a thread. Answered by None."""

    work: Callable[[], None]


Wish = Wait | Consult | Authenticate | FindVerifier | Keep | OffLoop
Steps = Generator[Wish, Any, T]


class Refusal(Exception):
    """The command in hand is answered by this reply, and changes nothing."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


class Ended(Exception):
    """The session is over; a notice and its reply go to the client first, if given."""

    def __init__(
        self, ending: Ending, notice: str = "", reply: Reply | None = None
    ) -> None:
        super().__init__(ending)
        self.ending: Ending = ending
        self.notice = notice
        self.reply = reply
