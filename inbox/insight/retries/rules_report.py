"""The retry report of rules, as those of a scenario: the messages that they acted on.

In bounded time, of the newest sessions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from inbox.explain.retry_verdicts import VerdictKind
from inbox.insight import attempts
from inbox.insight.retries import RetryReport, of_history
from inbox.mailbox import transcripts
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Rule, Session
from mailsink.ids import first_at

MOST = 50  # messages that are judged, the newest ones
_SESSIONS = 500  # that are looked at, the newest ones
_STEPS = 50_000  # exchanges that may be stepped over
_Key = UUID | tuple[UUID, int | None]
_NUMBER = re.compile(r"(?:^|, )#([0-9]{1,18})(?=[ ,]|$)")


@dataclass(frozen=True, slots=True)
class RulesReport:
    """The messages that some rules acted on, judged."""

    reports: Sequence[RetryReport] = ()  # newest first
    turned_away: int = 0  # sessions that were refused before they named a sender
    more: bool = False  # older ones are left out

    @property
    def counts(self) -> dict[VerdictKind, int]:
        """How many messages each verdict is the worst of."""
        return dict(Counter(each.story.verdict for each in self.reports))


def of_rules(scope: Scope, rules: Sequence[Rule], over: bool = False) -> RulesReport:
    """Return the report on the messages that rules of the scope acted on since they are there.

    over: whether no more tries come, although it is early to say so.
    """
    if not rules:
        return RulesReport()
    lines, more = _lines(scope, rules)
    reports: list[RetryReport] = []
    seen: set[_Key] = set()
    for line in filter(_is_of_mail, lines):
        if not seen.isdisjoint(_keys(line.transaction_id, line.session_id, line.seq)):
            continue
        if len(reports) == MOST:
            more = True
            break
        history = attempts.of_exchange(scope, line)
        if history is not None:
            for each in history.tries:
                seen.update(_keys(each.transaction, each.session, each.seq))
            reports.append(of_history(history, over))
    away = {each.session_id for each in lines if not _is_of_mail(each)}
    away -= {each.session_id for each in lines if _is_of_mail(each)}
    return RulesReport(reports, len(away), more)


def _keys(transaction: UUID | None, session: UUID, seq: int | None) -> set[_Key]:
    return {(session, seq)} | ({transaction} if transaction else set())


def _is_of_mail(line: Exchange) -> bool:
    return line.transaction_id is not None or line.verb == "MAIL"


def _lines(scope: Scope, rules: Sequence[Rule]) -> tuple[list[Exchange], bool]:
    """Return the lines that rules acted on, newest first; and whether there are more."""
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
