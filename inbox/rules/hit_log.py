"""Notes which rules acted, in memory, and writes that to them from time to time."""

from __future__ import annotations

import threading
from datetime import datetime

from django.db.models import F

from inbox.models import Rule
from inbox.storage.write_lock import write_turn
from mailsink.ports import Consult

KEPT = 10  # of the last hits of a rule

Hit = list[object]  # [session, seq, time], as it is stored


class HitLog:
    """Hits that are not written yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[int, int] = {}
        self._last: dict[int, list[Hit]] = {}

    def note(self, rule_id: int, consult: Consult, now: datetime) -> None:
        """Note that a rule acted. On the event loop."""
        hit: Hit = [str(consult.session), consult.seq, now.isoformat()]
        with self._lock:
            self._counts[rule_id] = self._counts.get(rule_id, 0) + 1
            self._last[rule_id] = [hit, *self._last.get(rule_id, ())][:KEPT]

    def write(self) -> None:
        """Add them to the rules. Blocks."""
        with self._lock:
            counts, self._counts = self._counts, {}
            last, self._last = self._last, {}
        if not counts:
            return
        with write_turn():
            known = (
                Rule.objects.select_for_update().filter(pk__in=counts).order_by("pk")
            )
            for id, before in known.values_list("pk", "last_hits"):
                Rule.objects.filter(pk=id).update(
                    hits=F("hits") + counts[id], last_hits=[*last[id], *before][:KEPT]
                )
