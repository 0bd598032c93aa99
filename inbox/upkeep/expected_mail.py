"""Ends the process once so many messages came: `serve --exit-after`, for a job of CI."""

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
    """Counts the messages that came since its start, as soon as they are indexed.

    code: 0 once all came, 1 before that: the exit code of the process
    """

    def __init__(
        self, count: int, seconds: float, show: Callable[[Message], None] | None
    ) -> None:
        """count: 0 never ends the process; seconds: until it ends anyway, 0: never

        show: called with each message, in the order in which they are indexed; where
        there is none, and no count, no message is looked at
        """
        self._count = count
        self._seconds = seconds
        self._show = show
        self._began = datetime.now(UTC)
        self._seen = 0
        self._recent: deque[UUID] = deque(maxlen=_RECENT)  # one may be announced twice
        self._lock = threading.Lock()  # two indexers may call at once
        self.code = 1 if count else 0

    def start(self) -> None:
        """Begin to count the time."""
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, _end)

    async def stop(self) -> None:
        """There is nothing to finish."""

    @property
    def sentence(self) -> str:
        """How many came, in words."""
        return f"{self._seen} of {self._count} messages came"

    def came(self, ids: Iterable[UUID]) -> None:
        """Take messages that were indexed. From any thread."""
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
            return  # of an earlier run, which was killed before it was indexed
        self._recent.append(id)
        self._seen += 1
        if self._show is not None:
            self._show(message)
        if self._count and self._seen >= self._count:
            self.code = 0
            _end()


def _end() -> None:
    """Let the process drain and end, as Control-C does."""
    os.kill(os.getpid(), signal.SIGTERM)
