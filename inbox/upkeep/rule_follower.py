"""Queues the releases of the rules and the guard, with a cursor over the captured messages.

Processes can commit ids out of order: each message is processed soon after its arrival,
and again when no earlier one can appear. Only then does the stored cursor pass it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from inbox.models import DerivingCursor, Message
from inbox.models.outgoing import ONLY
from inbox.outgoing import deriving
from inbox.outgoing.deriving import Plan
from inbox.outgoing.due_signal import rules_changed
from inbox.outgoing.release_rules import BrokenRule
from inbox.storage.leader import Leadership
from inbox.storage.write_lock import write_turn
from inbox.upkeep.background import Background
from mailsink.ids import first_at

log = logging.getLogger(__name__)

_AT_ONCE = 100  # messages
_LOOK_EVERY = 0.5  # seconds, if there are rules
_REST = 5.0  # seconds, if there are none, or they cannot be followed
_YIELD = 0.05  # seconds between batches while mail pours in
_SETTLE_EVERY = 30.0  # seconds
_SETTLED_AFTER = 60.0  # seconds after which a commit is certainly over
_LOCK = 0x72756C65  # "rule": PostgreSQL's advisory lock of the process that derives


class RuleFollower:
    """Background work, on a separate thread."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        """is_busy: whether mail pours in, so that other work should wait"""
        self._leadership = Leadership(_LOCK)
        self._background = Background(
            "releases by rules", self._step, end=self._leadership.end
        )
        self._is_busy = is_busy
        self._active = False  # whether there is something to derive
        self._fault = ""  # the last logged fault
        self._seen: UUID | None = None  # up to here, all were processed once
        self._settled = UUID(int=0)  # up to here, all were processed for good
        self._settles_at = 0.0

    def start(self) -> None:
        """Start the thread."""
        rules_changed.connect(self._changed)
        self._background.start()

    async def stop(self) -> None:
        """End the thread after the current batch."""
        rules_changed.disconnect(self._changed)
        await self._background.stop()

    def nudge(self) -> None:
        """Announce stored messages: without rules, this costs nothing."""
        if self._active:
            self._background.nudge()

    def _changed(self, **_: Any) -> None:
        self._background.nudge()

    def _step(self) -> float:
        if not self._leadership.is_ours():
            self._active, self._seen = False, None
            return _REST
        plan = self._plan()
        since = plan.since if plan is not None else None
        self._active = since is not None
        if plan is None:
            return _REST
        if since is None:
            self._seen = None  # messages before the first rule are skipped
            return _REST
        if deriving.queue_is_full():
            return _REST
        if self._seen is None:
            self._seen = self._settled = max(_stored(), since)
        if time.monotonic() >= self._settles_at and self._settle(plan):
            return self._pause()
        last = _derive(plan, self._seen, None)
        self._seen = last or self._seen
        return self._pause() if last else _LOOK_EVERY

    def _plan(self) -> Plan | None:
        """Return the current plan; if it is unreadable, log the reason and return None."""
        try:
            plan = deriving.plan()
        except BrokenRule as broken:
            if self._fault != str(broken):
                log.error("Nothing leaves: %s", broken)
            self._fault = str(broken)
            return None
        self._fault = ""
        return plan

    def _pause(self) -> float:
        return _YIELD if self._is_busy() else 0.0

    def _settle(self, plan: Plan) -> bool:
        """Process a batch for good; return whether there was one."""
        until = first_at(time.time() - _SETTLED_AFTER)
        last = _derive(plan, self._settled, until)
        if last is None:
            self._settles_at = time.monotonic() + _SETTLE_EVERY
            return False
        self._settled = last
        with write_turn():
            DerivingCursor.objects.update_or_create(pk=ONLY, defaults={"message": last})
        return True


def _stored() -> UUID:
    row = DerivingCursor.objects.filter(pk=ONLY).first()
    return row.message if row is not None else UUID(int=0)


def _derive(plan: Plan, after: UUID, until: UUID | None) -> UUID | None:
    """Derive from the next messages; return the last one, None if there is none."""
    rows = Message.objects.filter(deleted_at=None, pk__gt=after)
    if until is not None:
        rows = rows.filter(pk__lt=until)
    rows = rows.select_related("transaction__session").defer("to", "cc", "note", "tags")
    found = list(rows.order_by("pk")[:_AT_ONCE])
    deriving.derive(found, plan)
    return found[-1].pk if found else None
