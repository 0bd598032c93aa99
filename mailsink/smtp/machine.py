"""The sans-I/O driver of one SMTP session: octets in; octets, events and effects out.

`receive`, `end_input`, `lose` and the like say what happened to the connection; `step`
runs the session until it asks for an effect, whose result goes into the next `step`.
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
    """Holds a session and the steps that it is in the middle of."""

    __slots__ = ("_steps", "receive", "session")

    def __init__(self, profile: Profile, peer: Peer, host: Host) -> None:
        """Prepare a session; the first `step` begins it."""
        self.session = Session(profile, peer, host)
        self.receive = self.session.receive  # octets that came now
        self._steps = run_session(self.session)

    # What happens to the connection; a `step` lets the session see it

    def end_input(self) -> None:
        """The client will send no more; it may still read."""
        self.session.eof = True

    def lose(self) -> None:
        """The connection is gone."""
        self.session.eof = self.session.lost = True
        self.session.output_blocked = False

    def block_output(self, blocked: bool) -> None:
        """The client stopped to read its replies, or reads them again."""
        self.session.output_blocked = blocked

    def drain(self) -> None:
        """Let the session end when its open transaction has."""
        self.session.draining = True

    def give_way(self, seconds: int) -> None:
        """Let a session end that was silent for so long: another has its place."""
        self.session.gave_way_after = seconds

    def stop(self) -> None:
        """Let the session end now."""
        self.session.stop_now = True

    # Running the session

    def step(self, result: object = None) -> Effect | None:
        """Run to the next effect, or to the end (None); replies that wait are written.

        result: of the last effect.
        """
        return self._resume(self._steps.send, result)

    def fail(self, error: Exception) -> Effect | None:
        """Run on as `step` does, where the last effect raised an error."""
        return self._resume(self._steps.throw, error)

    def _resume(self, resume: Callable[[Any], Effect], value: object) -> Effect | None:
        try:
            return resume(value)
        except StopIteration:
            return None
        finally:
            self.session.writer.flush()
