"""Drives one SMTP session, sans-I/O: octets in; octets, events and effects out.

`receive`, `end_input`, `lose` and similar methods report changes of the connection.
`step` runs the session until it asks for an effect, whose result goes into the next
`step`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailsink.smtp.dispatch import run_session
from mailsink.smtp.profile import Profile
from mailsink.smtp.session.effects import Effect
from mailsink.smtp.session.host import Host, Peer
from mailsink.smtp.session.session import Session


class Machine:
    """Holds a session and its current steps."""

    __slots__ = ("_steps", "receive", "session")

    def __init__(self, profile: Profile, peer: Peer, host: Host) -> None:
        """Prepare a session; the first `step` begins it."""
        self.session = Session(profile, peer, host)
        self.receive = self.session.receive  # octets that came now
        self._steps = run_session(self.session)

    # Changes of the connection; the session notices them in the next `step`

    def end_input(self) -> None:
        """Note that the client will send no more; it may still read."""
        self.session.eof = True

    def lose(self) -> None:
        """Note that the connection is gone."""
        self.session.eof = self.session.lost = True
        self.session.output_blocked = False

    def block_output(self, blocked: bool) -> None:
        """Note whether the client has stopped reading its replies."""
        self.session.output_blocked = blocked

    def drain(self) -> None:
        """Let the session end after its open transaction."""
        self.session.draining = True

    def give_way(self, seconds: int) -> None:
        """Let a silent session end to make room for another.

        seconds: the length of its silence
        """
        self.session.gave_way_after = seconds

    def stop(self) -> None:
        """Let the session end now."""
        self.session.stop_now = True

    # Running the session

    def step(self, result: object = None) -> Effect | None:
        """Run to the next effect, or to the end (None), and write the waiting replies.

        result: of the previous effect.
        """
        return self._resume(self._steps.send, result)

    def fail(self, error: Exception) -> Effect | None:
        """Continue as `step` does, after the previous effect raised an error."""
        return self._resume(self._steps.throw, error)

    def _resume(self, resume: Callable[[Any], Effect], value: object) -> Effect | None:
        try:
            return resume(value)
        except StopIteration:
            return None
        finally:
            self.session.writer.flush()
