"""Drives one session with a next hop, sans-I/O: octets in; octets, events, effects out.

The counterpart of mailsink.smtp.machine, which drives a server's session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mailsink.smtp.client.delivery import deliver
from mailsink.smtp.client.hop_dialogue import (
    HopDialogue,
    HopEffect,
    HopSteps,
    HopWait,
    ReportResults,
    Stopped,
)
from mailsink.smtp.client.hop_values import OutgoingMail
from mailsink.smtp.client.opening import open_session
from mailsink.smtp.protocol.events import Ending

_QUIT = 30.0  # seconds for the reply to QUIT


class HopOutcome(NamedTuple):
    """How a session ended. trouble: why it ended early, in words; "" if it did not."""

    ending: Ending
    trouble: str = ""


def converse(dialogue: HopDialogue) -> HopSteps[HopOutcome]:
    """Run a session: deliver mail as long as there is some.

    Without any mail, try whether some could go out: up to the login, then QUIT.
    """
    mail: OutgoingMail | None = yield HopWait.NEXT_MAIL
    try:
        yield from open_session(dialogue)
    except Stopped as stopped:
        if mail is not None:
            yield ReportResults(mail, (stopped.result,) * len(mail.recipients))
        return HopOutcome(stopped.ending, stopped.result.text)
    try:
        while mail is not None:
            yield from deliver(dialogue, mail)
            mail = yield HopWait.NEXT_MAIL
        yield from dialogue.command("QUIT", _QUIT)
    except Stopped as stopped:
        return HopOutcome(stopped.ending, stopped.result.text)
    return HopOutcome("quit")


class ClientMachine:
    """Holds a dialogue and its current steps."""

    __slots__ = ("_steps", "dialogue", "outcome")

    def __init__(self, dialogue: HopDialogue) -> None:
        """Prepare a session; the first `step` begins it."""
        self.dialogue = dialogue
        self.outcome: HopOutcome | None = None
        self._steps = converse(dialogue)

    def step(self, result: object = None) -> HopEffect | None:
        """Run to the next effect or to the end (None).

        result: of the previous effect.
        """
        return self._resume(self._steps.send, result)

    def fail(self, error: Exception) -> HopEffect | None:
        """Continue as `step` does, after the previous effect raised an error."""
        return self._resume(self._steps.throw, error)

    def _resume(
        self, resume: Callable[[Any], HopEffect], value: object
    ) -> HopEffect | None:
        try:
            return resume(value)
        except StopIteration as stop:
            self.outcome = stop.value
            return None
