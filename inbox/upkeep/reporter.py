"""The reporter: makes the reports that messages and releases request, after their commits."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from inbox.bouncing import report_making, report_tasks
from inbox.outgoing import report_relay
from inbox.storage.full_disk import is_full
from inbox.upkeep.background import Background

log = logging.getLogger(__name__)

_LOOK_EVERY = 5.0  # seconds, without a nudge: other processes also note tasks
_RETRY_AFTER = 1.0  # seconds


class Reporter(Background):
    """The work of making reports, which is woken by each request."""

    def __init__(self, server: UUID) -> None:
        """server: of this process"""
        super().__init__("reporter", lambda: make_one(server))

    def start(self) -> None:
        report_tasks.asked.connect(self._hear)
        super().start()

    async def stop(self) -> None:
        report_tasks.asked.disconnect(self._hear)
        await super().stop()

    def _hear(self, **_: Any) -> None:
        self.nudge()


def make_one(server: UUID) -> float:
    """Do the next task; return the seconds to rest.

    A failed task is tried again, a few times; meanwhile others are done.
    """
    task = report_tasks.first()
    if task is None:
        return _LOOK_EVERY
    try:
        if task.occasion == "relay":
            report_relay.relay(task)
        else:
            report_making.make(task, server)
    except Exception as error:
        if is_full(error):
            raise  # the same task is tried until there is room
        # A bug, a missing file, or a text that the database refuses. If the database
        # fails for all, the try is not counted: put_back() fails, too.
        log.exception("A report about message %s could not be made", task.message_id)
        if not report_tasks.put_back(task):
            log.error("No report about message %s is made", task.message_id)
        return _RETRY_AFTER
    return 0.0
