"""Limits how often a rule acts: counts are in the database, so that they survive a restart.

Several processes count together: each count is one write turn.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from typing import Any

from inbox.models import Rule, RuleCount
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from mailsink.ports import Consult

MOST_KEYS = 10_000  # counts of a rule, one for each client, sender or recipient
_ROOM = 500  # the oldest counts, which are removed together when there are too many
COUNTED = frozenset({"first", "every", "probability", "rate", "lasts"})
ALL_HITS = ""  # the key of all hits, for max_hits
_PARTS = {
    "client": ("client_address",),
    "sender": ("reverse_path",),
    "recipient": ("forward_path",),
    "triplet": ("client_address", "reverse_path", "forward_path"),
}


def is_in_time(rule: Rule, now: datetime) -> bool:
    """Whether a rule has not expired, and the time of day is within its own."""
    if rule.expires_at is not None and rule.expires_at <= now:
        return False
    begins, ends = rule.limits.get("from_time"), rule.limits.get("until_time")
    if begins is None:
        return True
    at = now.astimezone().time()  # in the server's time zone
    first, last = time.fromisoformat(begins), time.fromisoformat(ends)
    return first <= at < last if first <= last else at >= first or at < last


def is_counted(rule: Rule) -> bool:
    """Whether the decision that a rule acts needs the database."""
    return rule.max_hits is not None or bool(COUNTED & rule.limits.keys())


def count_and_judge(rule: Rule, consult: Consult, now: datetime) -> bool:
    """Count that a rule's conditions were met; return whether the rule acts. Blocks.

    A rule that will not act again is not counted any more: it would be a useless commit
    at each line of each client.
    """
    key = key_of(rule, consult)
    if _is_spent(rule, key, now):
        return False
    with write_turn():
        # The lock makes processes count one after the other.
        if Rule.objects.select_for_update().filter(pk=rule.pk).first() is None:
            return False  # the rule has just been deleted
        if COUNTED & rule.limits.keys() and not _acts(rule.pk, rule.limits, key, now):
            return False
        if rule.max_hits is None:
            return True
        hits = count_more(rule.pk, ALL_HITS, now, None)
        return bool(hits.count <= rule.max_hits)


def forget_counts(rule_id: int) -> None:
    """Reset the counts of a rule, in several write turns."""
    counts = RuleCount.objects.filter(rule_id=rule_id)
    while True:
        with write_turn():
            keys = list(counts.values_list("key", flat=True)[:ROWS_IN_A_TURN])
            counts.filter(key__in=keys).delete()
        if len(keys) < ROWS_IN_A_TURN:
            return


def _is_spent(rule: Rule, key: str, now: datetime) -> bool:
    """Whether a rule will never act again for a key."""
    limits = rule.limits
    ends = {"first", "lasts"} & limits.keys() and "rate" not in limits
    if rule.max_hits is None and not ends:
        return False
    for count in RuleCount.objects.filter(rule_id=rule.pk, key__in=(ALL_HITS, key)):
        if count.key == ALL_HITS:
            if rule.max_hits is not None and count.count >= rule.max_hits:
                return True
        elif ends and _has_ended(limits, count, now):
            return True
    return False


def _has_ended(limits: dict[str, Any], count: RuleCount, now: datetime) -> bool:
    first = limits.get("first")
    return _is_over(limits, count, now) or (first is not None and count.count >= first)


def _is_over(limits: dict[str, Any], count: RuleCount, now: datetime) -> bool:
    """Whether the time in which a rule acts, since its first hit, is over."""
    lasts = limits.get("lasts")
    return lasts is not None and now - count.since >= _shortened(lasts, limits)


def _shortened(seconds: int, limits: dict[str, Any]) -> timedelta:
    """Return the real length of a rule's wait: its time may run faster."""
    return timedelta(seconds=seconds / limits.get("speed", 1))


def _acts(rule_id: int, limits: dict[str, Any], key: str, now: datetime) -> bool:
    """Count once more, and judge with the new count."""
    window = window_of(limits)
    counted = count_more(rule_id, key, now, window)
    return not stopped_by(limits, counted, now)


def stopped_by(limits: dict[str, Any], counted: RuleCount, now: datetime) -> str:
    """Return the limit that keeps a rule from acting at this count; "" if it acts."""
    n: int = counted.count
    if n > limits.get("first", n):
        return "first"
    if n <= limits.get("rate", 0):
        return "rate"
    if n % limits.get("every", 1):
        return "every"
    if _is_over(limits, counted, now):
        return "lasts"
    if "probability" in limits:
        # the same seed gives the same run: the n-th roll of these dice
        seed = limits.get("seed", counted.rule_id)
        dice = random.Random(f"{seed} {counted.key} {n}")  # noqa: S311
        if dice.random() >= float(limits["probability"]):
            return "probability"
    return ""


def window_of(limits: dict[str, Any]) -> timedelta | None:
    """Return the window of a rate; None if a rule has no rate."""
    seconds = limits.get("seconds") if "rate" in limits else None
    return None if seconds is None else _shortened(seconds, limits)


def count_more(
    rule_id: int, key: str, now: datetime, window: timedelta | None
) -> RuleCount:
    """Count once more; start from 1 if the window of the rate is over."""
    known = RuleCount.objects.select_for_update().filter(rule_id=rule_id, key=key)
    count = known.first()
    if count is None:
        _make_room(rule_id)
        return RuleCount.objects.create(rule_id=rule_id, key=key, count=1, since=now)
    count_one(count, now, window)
    known.update(count=count.count, since=count.since)
    return count


def count_one(count: RuleCount, now: datetime, window: timedelta | None) -> None:
    """Count once more, in memory; start from 1 if the window of the rate is over."""
    if window is not None and now - count.since >= window:
        count.count, count.since = 0, now
    count.count += 1


def _make_room(rule_id: int) -> None:
    """Remove the oldest counts of a rule that has too many, since clients choose the keys."""
    counts = RuleCount.objects.filter(rule_id=rule_id).exclude(key=ALL_HITS)
    if counts.count() >= MOST_KEYS:
        oldest = counts.order_by("since").values_list("key", flat=True)[:_ROOM]
        RuleCount.objects.filter(rule_id=rule_id, key__in=list(oldest)).delete()


def key_of(rule: Rule, consult: Consult) -> str:
    """Return the key of a count, as a digest: no text of clients is stored."""
    per = rule.limits.get("per", "")
    if per == "session":
        parts = [str(consult.session)]
    else:
        parts = [str(consult.facts.get(each, "")) for each in _PARTS.get(per, ())]
        if per in ("recipient", "triplet") and not parts[-1]:
            parts[-1] = " ".join(consult.recipients[:1])
    text = "\0".join([per, *parts]).lower()
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def now() -> datetime:
    """Return the current time for rules."""
    return datetime.now(UTC)
