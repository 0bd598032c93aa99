"""Notes in memory which rules acted, and writes the hits to the rules at intervals."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import Error
from django.db.models import F

from inbox.models import Rule
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
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
        """Note that a rule acted. Call on the event loop."""
        hit: Hit = [str(consult.session), consult.seq, now.isoformat()]
        with self._lock:
            self._counts[rule_id] = self._counts.get(rule_id, 0) + 1
            self._last[rule_id] = [hit, *self._last.get(rule_id, ())][:KEPT]

    def write(self) -> None:
        """Add the hits to the rules, in several write turns.

        Blocks; can be called on any thread.

        If the database fails, they are kept, and the error is raised.
        """
        with self._lock:
            waiting = list(self._counts)
        for at in range(0, len(waiting), ROWS_IN_A_TURN):
            self._write(waiting[at : at + ROWS_IN_A_TURN])

    def _write(self, ids: Sequence[int]) -> None:
        with self._lock:
            # another thread may have written some
            left = [id for id in ids if id in self._counts]
            counts = {id: self._counts.pop(id) for id in left}
            last = {id: self._last.pop(id) for id in left}
        try:
            with write_turn():
                _add(counts, last)
        except Error:
            with self._lock:
                for id, count in counts.items():
                    self._counts[id] = self._counts.get(id, 0) + count
                    self._last[id] = [*self._last.get(id, ()), *last[id]][:KEPT]
            raise


def _add(counts: Mapping[int, int], last: Mapping[int, Sequence[Hit]]) -> None:
    """Add hits to rules, by their numbers; deleted rules are skipped."""
    known = Rule.objects.select_for_update().filter(pk__in=counts).order_by("pk")
    for id, before in known.values_list("pk", "last_hits"):
        Rule.objects.filter(pk=id).update(
            hits=F("hits") + counts[id], last_hits=[*last[id], *before][:KEPT]
        )
