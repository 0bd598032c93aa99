"""The retry report of a message: its attempts, judged by what the replies asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from inbox.explain import retry_verdicts, retry_words
from inbox.explain.attempt_history import Attempt, AttemptHistory
from inbox.explain.retry_verdicts import RetryJudgement, TimedAttempt, VerdictKind
from inbox.explain.speeds import speed_of
from inbox.insight import attempts
from inbox.insight.retries.asked_by import LOST, asked_by
from inbox.mailbox import transactions
from inbox.mailbox.scope import Scope
from inbox.models import Recipient
from inbox.models.session import TAKEN

__all__ = ("RetryReport", "of_history", "of_transaction")

_Paths = dict[str, bool]  # of a transaction: recipient -> whether it was accepted


@dataclass(frozen=True, slots=True)
class RetryReport:
    """The attempts at one message, and the verdicts on them."""

    history: AttemptHistory
    judgement: RetryJudgement
    subject: str
    sender: str
    recipients: Sequence[str]

    @property
    def speed(self) -> int:
        """The speed at which the answering rules ran."""
        return max(each.speed for each in self.judgement.attempts)

    @property
    def sentences(self) -> list[tuple[VerdictKind, str]]:
        """The verdicts, the worst first, each in a sentence."""
        likely = any(each.likely for each in self.judgement.attempts if each.got)
        same_id = self.history.joined == "message-id" and not likely
        return [
            (kind, retry_words.sentence(kind, self.judgement, same_id))
            for kind in self.judgement.verdicts
        ]

    @property
    def transaction(self) -> UUID | None:
        """The newest attempt with a transaction; None: MAIL was always refused."""
        found = (each.transaction for each in reversed(self.history.attempts))
        return next((each for each in found if each), None)


def of_transaction(scope: Scope, id: str | UUID, over: bool = False) -> RetryReport:
    """Return the report about a transaction's message.

    over: judge as if no more attempts come, although it is early. Raises NotFound.
    """
    return of_history(attempts.of_transaction(scope, id), over)


def of_history(history: AttemptHistory, over: bool = False) -> RetryReport:
    """Return the report about attempts that were read within a scope."""
    ids = [each.transaction for each in history.attempts if each.transaction]
    rows = {each.id: each for each in transactions.by_ids(ids)}
    paths = {key: _paths(each.recipients) for key, each in rows.items()}
    timed = [
        _timed(each, paths.get(each.transaction, {}) if each.transaction else {})
        for each in history.attempts
    ]
    judgement = retry_verdicts.judge(timed, datetime.now(UTC), over)
    return RetryReport(
        history,
        replace(judgement, total=history.total),
        subject=next((each.subject for each in rows.values() if each.subject), ""),
        sender=next((each.reverse_path for each in rows.values()), ""),
        recipients=list({path: None for each in paths.values() for path in each}),
    )


def _paths(recipients: Iterable[Recipient]) -> _Paths:
    return {
        each.forward_path.lower(): max(each.rcpt_code, each.final_code or 0) < 300
        for each in recipients
    }


def _timed(one: Attempt, paths: _Paths) -> TimedAttempt:
    # including messages that a rule discarded: the client cannot know
    heard = one.outcome in TAKEN
    got = {each for each, taken in paths.items() if taken} if heard else set()
    missed = paths.keys() - got
    asked = None
    if one.outcome is not None and (missed or not heard):
        asked = LOST if one.broken_off else asked_by(one.reply)
        if got:
            asked = replace(asked, wait=0)  # the rest can go at once
    if asked is None and one.unheard:
        asked = LOST
    return TimedAttempt(
        began=one.started_at,
        ended=None if one.outcome is None else one.ended_at or one.started_at,
        asked=asked,
        speed=speed_of(one.rule),
        got=frozenset(got),
        missed=frozenset(missed),
        unheard=one.unheard,
        likely=one.likely,
    )
