"""Counts of rules in a dry run, which writes nothing."""

from __future__ import annotations

from datetime import datetime

from inbox.models import Rule, RuleCount
from inbox.rules.rule_limits import (
    ALL_HITS,
    COUNTED,
    count_one,
    key_of,
    stopped_by,
    window_of,
)
from mailsink.ports import Consult


class DryCounts:
    """The counts of one dry run, starting from the stored ones."""

    def __init__(self) -> None:
        """Start without counts; each is read on first use."""
        self._counts: dict[tuple[int | None, str], RuleCount] = {}

    def limit(self, rule: Rule, consult: Consult, now: datetime) -> str:
        """Return the limit that keeps a matching rule from acting; "" if it acts."""
        if COUNTED & rule.limits.keys():
            counted = self._counted(rule, key_of(rule, consult), now)
            if found := stopped_by(rule.limits, counted, now):
                return found
        if rule.max_hits is None:
            return ""
        hits = self._counted(rule, ALL_HITS, now)
        return "max_hits" if hits.count > rule.max_hits else ""

    def _counted(self, rule: Rule, key: str, now: datetime) -> RuleCount:
        if (rule.pk, key) not in self._counts:
            stored = RuleCount.objects.filter(rule_id=rule.pk, key=key).first()
            new = RuleCount(rule_id=rule.pk, key=key, count=0, since=now)
            self._counts[rule.pk, key] = stored or new
        counted = self._counts[rule.pk, key]
        count_one(counted, now, window_of(rule.limits) if key != ALL_HITS else None)
        return counted
