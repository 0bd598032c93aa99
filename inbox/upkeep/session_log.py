"""The log of sessions: a line for each ended session, once its end is stored (MAILSINK_LOG).

Lines are written on a separate thread, since the log's reader may be slow.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any

from inbox.capture.recorder import Feed
from inbox.capture.rows import SessionChanges, SessionRow

log = logging.getLogger("mailsink.sessions")

MOST_WAITING = 10_000  # lines; further ones are only counted
_LONGEST = 200  # characters of a client's name


class SessionLog:
    """Logs the sessions that a commit closed, and passes the commit on to the feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: deque[SessionRow] = deque()
        self._missed = 0
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(
            target=self._run, name="session log", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def stop(self) -> None:
        """Write the waiting lines, and end the thread."""
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join, 2.0)  # the log may have no reader

    def committed(self, changes: SessionChanges) -> None:
        """Take the changes of a commit. Called on the event loop."""
        if changes.sessions_closed:
            self._take(changes.sessions_closed)
        self._feed.committed(changes)

    def _take(self, rows: Iterable[SessionRow]) -> None:
        for row in rows:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(row)
            else:
                self._missed += 1
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        while self._waiting:
            log.info("session", extra={"fields": fields(self._waiting.popleft())})
        if missed := self._missed:
            self._missed -= missed
            log.warning(
                "%d sessions have no line here: nobody reads fast enough", missed
            )


def fields(row: SessionRow) -> dict[str, Any]:
    """Return the fields of a session's log line, by name; none of them is secret."""
    seconds = (row.closed_at - row.opened_at).total_seconds() if row.closed_at else 0.0
    return {
        "id": str(row.id),
        "direction": row.direction,
        "listener": row.listener_kind,
        "client": f"{row.client_address}:{row.client_port}",
        "helo": row.helo[:_LONGEST],
        "protocol": row.protocol,
        "tls": row.tls_version,
        "user": row.auth_username[:_LONGEST],
        "transactions": row.transactions,
        "messages": row.messages,
        "refused": row.refused,
        "octets": row.octets,
        "worst_code": row.worst_code,
        "ending": row.ending,
        "seconds": round(seconds, 3),
    }
