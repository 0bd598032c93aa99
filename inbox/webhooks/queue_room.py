"""The free room in the queue of each webhook, without a count for each batch of events."""

from __future__ import annotations

import time
from uuid import UUID

from inbox.models import Webhook
from inbox.webhooks import hooks

# seconds until a queue is counted again: counting a long one takes a while
_HOLDS_FOR = 10.0


class QueueRoom:
    """The free room of the queues, as known to one process.

    Between two counts, the process sees neither removals nor other processes'
    additions.
    """

    def __init__(self) -> None:
        # the time of the count, and the room
        self._known: dict[UUID, tuple[float, int]] = {}

    def of(self, hook: Webhook, most: int) -> int:
        """Return how many events fit into a queue that holds at most `most`."""
        at, room = self._known.get(hook.pk, (0.0, 0))
        now = time.monotonic()
        if not at or now - at > _HOLDS_FOR:
            at, room = now, most - hooks.waiting(hook)
            self._known[hook.pk] = at, room
        return room

    def take(self, hook: Webhook, count: int) -> None:
        """Note that `count` events were added."""
        at, room = self._known[hook.pk]
        self._known[hook.pk] = at, room - count
