"""The log of sessions: a line for each that ended, and mail that waits for no reader."""

from __future__ import annotations

import asyncio
import logging
import threading
from unittest.mock import patch

import pytest

from inbox.capture.rows import SessionChanges
from inbox.upkeep import session_log
from inbox.upkeep.session_log import SessionLog
from tests.live.test_live import session_row
from tests.recording import Heard


async def test_a_slow_reader_keeps_nobody_waiting(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_log, "MOST_WAITING", 3)
    caplog.set_level(logging.INFO, "mailsink.sessions")
    reads, begun = threading.Event(), threading.Event()
    info = session_log.log.info

    def slowly(*arguments: object, **named: object) -> None:
        begun.set()
        reads.wait(120)
        info(*arguments, **named)  # type: ignore[arg-type]

    feed = Heard()
    log = SessionLog(feed)
    log.start()
    changes = [SessionChanges(sessions_closed=[session_row()]) for _ in range(6)]
    with patch.object(session_log.log, "info", slowly):
        log.committed(changes[0])
        await asyncio.to_thread(begun.wait)
        for each in changes[1:]:
            log.committed(each)
        assert feed.changes == changes  # whatever becomes of the log
        reads.set()
        await log.stop()
    ids = [each.fields["id"] for each in caplog.records if hasattr(each, "fields")]
    assert ids == [str(each.sessions_closed[0].id) for each in changes[:4]]
    assert "2 sessions have no line here" in caplog.text
