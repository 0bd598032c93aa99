"""Ends the process after a number of messages: `serve --exit-after`, for CI jobs."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

from inbox.errors import NotFound
from inbox.mailbox import messages
from inbox.mailbox.scope import ALL
from inbox.models import Message

_RECENT = 1000  # messages


class ExpectedMail:
    """Counts the messages since its start, as soon as they are indexed.

    code: the exit code of the process: 0 once all have arrived, 1 before that
    """

    def __init__(
        self, count: int, seconds: float, show: Callable[[Message], None] | None
    ) -> None:
        """count: 0 never ends the process; seconds: until it ends anyway, 0: never

        show: called with each message, in the order of indexing; without it, and
        without a count, no message is read
        """
        self._count = count
        self._seconds = seconds
        self._show = show
        self._began = datetime.now(UTC)
        self._seen = 0
        # one message can be announced twice
        self._recent: deque[UUID] = deque(maxlen=_RECENT)
        self._lock = threading.Lock()  # two indexers can call at once
        self.code = 1 if count else 0

    def start(self) -> None:
        """Start the time."""
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, _end)

    async def stop(self) -> None:
        """Do nothing: there is nothing to finish."""

    @property
    def sentence(self) -> str:
        """The number of messages so far, in words."""
        return f"{self._seen} of {self._count} messages came"

    def came(self, ids: Iterable[UUID]) -> None:
        """Take the ids of indexed messages. Can be called from any thread."""
        if not self._count and self._show is None:
            return
        with self._lock:
            for id in ids:
                self._take(id)

    def _take(self, id: UUID) -> None:
        if id in self._recent or (self._count and not self.code):
            return
        try:
            message = messages.get(ALL, id)
        except NotFound:
            return
        if message.received_at < self._began:
            return  # from an earlier run, which was killed before the indexing
        self._recent.append(id)
        self._seen += 1
        if self._show is not None:
            self._show(message)
        if self._count and self._seen >= self._count:
            self.code = 0
            _end()


def _end() -> None:
    """Make the process drain and end, like Control-C."""
    os.kill(os.getpid(), signal.SIGTERM)
