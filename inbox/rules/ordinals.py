"""Conditions about numbers: of the session of a client, of the attempt at a message.

Each rule counts, in the database, the sessions or attempts that meet its other
conditions: the numbers survive a restart, and several processes count together.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from django.db.models import Value

from inbox.models import Recipient, Rule, RuleCount
from inbox.models.session import TAKEN, AddressKey
from inbox.rules.message_conditions import message_id
from inbox.rules.rule_limits import count_more
from inbox.storage.write_lock import write_turn
from mailsink.ids import first_at
from mailsink.ports import Consult

_REMEMBERED = 10_000  # sessions and transactions with a known number
_WITHIN = timedelta(hours=24)  # an attempt later than this is of another message
_LOOKED_AT = 20  # the newest transactions for a recipient that are checked


class _Unit(NamedTuple):
    """A session or a transaction, which is counted once."""

    key: str  # the key of the count, as a digest
    within: str  # the session, or for a transaction both ids


class Ordinals:
    """Numbers of the open sessions and transactions of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[tuple[object, ...], int] = {}  # the oldest first

    def hold(
        self, wanted: Mapping[str, int], rule: Rule, consult: Consult, now: datetime
    ) -> bool:
        """Whether the numbers are the wanted ones. Blocks."""
        if "session" in wanted:
            number = wanted["session"]
            if not self._number(rule, _session(consult), number, now, None):
                return False
        return "attempt" not in wanted or self._number(
            rule, _attempt(consult), wanted["attempt"], now, consult
        )

    def _number(
        self,
        rule: Rule,
        unit: _Unit,
        wanted: int,
        now: datetime,
        consult: Consult | None,
    ) -> bool:
        """Return whether a unit has the wanted number; count it if its number is unknown.

        consult: of an attempt: its message may have been accepted meanwhile
        """
        name = (rule.pk, rule.changed_at, *unit)
        with self._lock:
            known = self._numbers.get(name)
        if known is None:
            known = _count(rule, unit.key, wanted, now, consult)
            with self._lock:
                self._numbers[name] = known
                if len(self._numbers) > _REMEMBERED:
                    del self._numbers[next(iter(self._numbers))]
        return known == wanted


def next_number(name: str, rule: Rule, consult: Consult, now: datetime) -> int:
    """Return the number that a session or attempt would get, without counting it. Blocks."""
    by_attempt = name == "attempt"
    unit = _attempt(consult) if by_attempt else _session(consult)
    return _stored(rule, unit.key, now, consult if by_attempt else None) + 1


def _stored(rule: Rule, key: str, now: datetime, consult: Consult | None) -> int:
    """Return the stored count; 0 if the next attempt is of another message."""
    count = RuleCount.objects.filter(rule_id=rule.pk, key=key).first()
    if count is None:
        return 0
    if consult is not None:
        old = now - count.since >= _WITHIN
        if old or _was_taken(consult, count.since):
            return 0
    return int(count.count)


def _count(
    rule: Rule, key: str, wanted: int, now: datetime, consult: Consult | None
) -> int:
    """Count one more unit, and return its number; from 1 again for another message.

    Once the wanted number is passed, nothing is written: it would be a useless commit
    at each session of each client.
    """
    stored = _stored(rule, key, now, consult)
    if stored >= wanted:
        return stored + 1
    with write_turn():
        # The lock makes processes count one after the other.
        if Rule.objects.select_for_update().filter(pk=rule.pk).first() is None:
            return 0  # the rule has just been deleted
        # Another process may have counted since the first read.
        window = None if _stored(rule, key, now, consult) else timedelta()
        return int(count_more(rule.pk, key, now, window).count)


def _session(consult: Consult) -> _Unit:
    return _Unit(_digest("session", _address(consult)), str(consult.session))


def _attempt(consult: Consult) -> _Unit:
    """Return a transaction as an attempt at its message.

    The Message-ID identifies the message, or else the envelope.
    """
    facts = consult.facts
    within = f"{consult.session} {facts.get('transaction', '')}"
    if consult.body is not None and (id := message_id(consult.body)):
        return _Unit(_digest("message", id), within)
    client = facts.get("user") or f"{_address(consult)} {facts.get('helo', '')}"
    sender = facts.get("reverse_path", "")
    return _Unit(_digest("attempt", client, sender, _recipient(consult)), within)


def _was_taken(consult: Consult, since: datetime) -> bool:
    """Whether mail with this envelope was accepted since a time.

    The next one is then a new message. An accepted message is committed before its 250,
    so none is missed here. With a Message-ID, it stays the same message for ever.
    """
    if consult.body is not None and message_id(consult.body):
        return False
    rows = Recipient.objects.annotate(address=AddressKey("forward_path")).filter(
        address=AddressKey(Value(_recipient(consult))),
        transaction_id__gte=first_at((since - _WITHIN).timestamp()),
        transaction__reverse_path__iexact=str(consult.facts.get("reverse_path", "")),
        rcpt_code__lt=300,
    )
    newest = rows.select_related("transaction__session").order_by("-transaction_id")
    return any(
        each.transaction.outcome in TAKEN
        and each.transaction.session.opened_at
        + timedelta(microseconds=each.transaction.ended_us or 0)
        >= since
        and each.transaction.session.client_address == _address(consult)
        for each in newest[:_LOOKED_AT]
    )


def _recipient(consult: Consult) -> str:
    """Return the recipient of RCPT; after RCPT, the first recipient."""
    path = consult.facts.get("forward_path")
    return str(path) if path else next(iter(consult.recipients), "")


def _address(consult: Consult) -> str:
    return str(consult.facts.get("client_address", ""))


def _digest(kind: str, *parts: object) -> str:
    """Return a key of RuleCount; no text of clients is stored."""
    text = "\0".join(["nth", kind, *map(str, parts)]).lower()
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
