"""The retry report of rules, such as a scenario's: the messages that they acted on.

It takes limited time, for the newest sessions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from inbox.explain.attempt_history import AttemptHistory
from inbox.explain.retry_verdicts import VerdictKind
from inbox.insight import attempts
from inbox.insight.retries import RetryReport, of_history
from inbox.mailbox import transcripts
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Rule, Session
from mailsink.ids import first_at

MOST = 50  # the newest messages, which are judged
# attempt histories; one with many attempts may be found more than once
_LOOKED_AT = 100
_SESSIONS = 500  # the newest sessions, which are read
_STEPS = 50_000  # exchanges that may be skipped
_Key = UUID | tuple[UUID, int]
_NUMBER = re.compile(r"(?:^|, )#([0-9]{1,18})(?=[ ,]|$)")


@dataclass(frozen=True, slots=True)
class RulesReport:
    """The messages that some rules acted on, judged."""

    reports: Sequence[RetryReport] = ()  # newest first
    turned_away: int = 0  # sessions that were refused before they named a sender
    more: bool = False  # whether older ones are left out

    @property
    def counts(self) -> dict[VerdictKind, int]:
        """The number of messages with each worst verdict."""
        return dict(Counter(each.judgement.verdict for each in self.reports))


def of_rules(scope: Scope, rules: Sequence[Rule], over: bool = False) -> RulesReport:
    """Return the report about the messages that rules of the scope have acted on so far.

    over: judge as if no more attempts come, although it is early.
    """
    if not rules:
        return RulesReport()
    lines, more = _lines(scope, rules)
    histories, left_out = _histories(scope, filter(_is_of_mail, lines))
    reports = [of_history(each, over) for each in histories]
    away = {each.session_id for each in lines if not _is_of_mail(each)}
    away -= {each.session_id for each in lines if _is_of_mail(each)}
    return RulesReport(reports, len(away), more or left_out)


def _histories(
    scope: Scope, lines: Iterable[Exchange]
) -> tuple[list[AttemptHistory], bool]:
    """Return the attempt histories of lines' messages, and whether there are more."""
    histories: list[AttemptHistory] = []
    seen: set[_Key] = set()
    looked_at = 0
    for line in lines:
        if not seen.isdisjoint(_keys(line.transaction_id, line.session_id, line.seq)):
            continue
        if len(histories) == MOST or looked_at == _LOOKED_AT:
            return histories, True
        looked_at += 1
        if (history := attempts.of_exchange(scope, line)) is None:
            continue
        keys: set[_Key] = set()
        for each in history.attempts:
            keys |= _keys(each.transaction, each.session, each.seq)
        # An old attempt among many leads to the newest, too.
        if seen.isdisjoint(keys):
            histories.append(history)
        seen |= keys
    return histories, False


def _keys(transaction: UUID | None, session: UUID, seq: int | None) -> set[_Key]:
    """Return the keys of an attempt; an accepted one may have no line."""
    line: set[_Key] = set() if seq is None else {(session, seq)}
    return line | ({transaction} if transaction else set())


def _is_of_mail(line: Exchange) -> bool:
    return line.transaction_id is not None or line.verb == "MAIL"


def _lines(scope: Scope, rules: Sequence[Rule]) -> tuple[list[Exchange], bool]:
    """Return the lines that rules acted on, newest first, and whether there are more."""
    since = min(each.created_at for each in rules)
    rows = Session.objects.filter(scope.q(), pk__gte=first_at(since.timestamp()))
    newest = rows.order_by("-pk").values_list("pk", "exchanges")[: _SESSIONS + 1]
    wanted: list[UUID] = []
    steps = 0
    more = False
    for key, exchanges in newest:
        steps += exchanges
        if len(wanted) == _SESSIONS or steps > _STEPS:
            more = True
            break
        wanted.append(key)
    lines = Exchange.objects.filter(
        session_id__in=wanted, direction="in", rule__contains="#"
    )
    ids = {each.pk for each in rules}
    found = [
        each
        for each in transcripts.loaded(lines.order_by("-session_id", "-seq"))
        if _names(each.rule, ids)
    ]
    return found, more


def _names(rule: str, ids: Collection[int]) -> bool:
    return any(int(each) in ids for each in _NUMBER.findall(rule))
