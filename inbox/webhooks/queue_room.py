"""How much room the queue of each webhook has, without counting it for each batch of events."""

from __future__ import annotations

import time
from uuid import UUID

from inbox.models import Webhook
from inbox.webhooks import hooks

_HOLDS_FOR = 10.0  # seconds until a queue is counted again: a long one takes a while


class QueueRoom:
    """The room of the queues, as one process knows it.

    Between two counts, what leaves a queue is not seen, nor what others add.
    """

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[float, int]] = {}  # when it was counted, the room

    def of(self, hook: Webhook, most: int) -> int:
        """Return how many events may be added to a queue that has at most so many."""
        at, room = self._known.get(hook.pk, (0.0, 0))
        now = time.monotonic()
        if not at or now - at > _HOLDS_FOR:
            at, room = now, most - hooks.waiting(hook)
            self._known[hook.pk] = at, room
        return room

    def take(self, hook: Webhook, count: int) -> None:
        """Note that so many events were added."""
        at, room = self._known[hook.pk]
        self._known[hook.pk] = at, room - count
