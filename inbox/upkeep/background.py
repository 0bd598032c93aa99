"""Background work of the server, in small steps on a separate thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connection

log = logging.getLogger(__name__)

_CALM = 1.0  # seconds of rest after which the database connection is closed
_STUCK = 300.0  # seconds after which a step counts as stuck


class Background:
    """Repeats a step.

    step() does a little work and returns the seconds to rest before the next step; a
    nudge ends a rest early. A failed step is logged, and repeated: other mail may not
    have the same fault. trouble() returns any other fault, in words, or "". end() is
    called on the same thread, after the last step.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        retry_after: float = 5.0,
        end: Callable[[], None] = lambda: None,
        trouble: Callable[[], str] = lambda: "",
    ) -> None:
        self._name = name
        self._end = end
        self._other_trouble = trouble
        self._step = step
        self._retry_after = retry_after
        self._wake = threading.Event()
        self._stopping = False
        self._fault = ""  # the bug because of which its last step failed
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._step_began: float | None = None  # monotonic; None: at rest

    def start(self) -> None:
        """Start the thread."""
        _running[self] = None
        self._thread.start()

    def nudge(self) -> None:
        """End the current rest, if any. From any thread."""
        self._wake.set()

    async def stop(self) -> None:
        """End the thread after the current step."""
        self._stopping = True
        _running.pop(self, None)
        self._wake.set()
        await asyncio.to_thread(self._thread.join)

    def trouble(self) -> str:
        """Return why it no longer works, in words; "" if it works."""
        if self._fault:
            return f"{self._name} fails with an error, which is in the log"
        began = self._step_began
        if began is not None and (took := time.monotonic() - began) > _STUCK:
            return f"{self._name} has been at one step for {took:.0f} s"
        return self._other_trouble()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._step_began = time.monotonic()
                rest = self._try_step()
                self._step_began = None
                until = time.monotonic() + rest
                self._rest(rest)
                # Nudges come at the rate of mail, but a failing step must not be
                # repeated that fast.
                while self._fault and not self._stopping and time.monotonic() < until:
                    self._rest(until - time.monotonic())
            self._end()
        finally:
            connection.close()

    def _try_step(self) -> float:
        """Take a step; return the seconds to rest."""
        fault = ""
        try:
            return self._step()
        except (DatabaseError, OSError) as error:
            log.error("%s: %s", self._name, error)
        except Exception as error:
            fault = repr(error)
            if fault != self._fault:  # logged once
                log.exception("%s fails", self._name)
        finally:
            self._fault = fault
        return self._retry_after

    def _rest(self, seconds: float) -> None:
        if not self._wake.wait(min(seconds, _CALM)) and seconds > _CALM:
            connection.close()  # no connection stays open while there is no work
            self._wake.wait(seconds - _CALM)
        self._wake.clear()


_running: dict[Background, None] = {}


def trouble() -> str:
    """Return which work of this process has stopped, in words; "" if all works."""
    return "; ".join(filter(None, (each.trouble() for each in list(_running))))
