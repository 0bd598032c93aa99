"""Retry reports, for pages: verdicts in sentences, and the attempts in their time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from inbox import pages
from inbox.explain import attempt_history, retry_words
from inbox.explain.attempt_history import Attempt
from inbox.explain.quantities import counted, shortened, waited
from inbox.explain.retry_verdicts import KINDS, TimedAttempt
from inbox.explain.speeds import times
from inbox.insight.retries import RetryReport
from inbox.insight.retries.rules_report import RulesReport

_NAMED = 3  # recipients


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A verdict."""

    label: str
    tone: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RetryRow:
    """An attempt, in the time of the rules."""

    url: str
    at: datetime
    label: str
    tone: str
    words: str
    waited: str  # since the previous attempt; "" for the first
    asks: str  # the retries that its reply asks for; "" if it refused nothing
    likely: bool


@dataclass(frozen=True, slots=True)
class RetryPanel:
    """The report about one message."""

    url: str  # of its page; "" if MAIL was always refused
    subject: str
    people: str
    verdicts: list[VerdictRow]
    speed: str  # "" at normal speed
    rows: list[RetryRow]
    left_out: str  # the number of attempts that are not shown; "" for none


def panel(report: RetryReport) -> RetryPanel:
    """Return a report for pages."""
    key = report.transaction
    return RetryPanel(
        url=pages.path("transaction-retries", key) if key else "",
        subject=shortened(report.subject) or _("(no subject)"),
        people=_people(report),
        verdicts=[
            VerdictRow(_(retry_words.LABELS[kind]), retry_words.TONES[kind], words)
            for kind, words in report.sentences
        ],
        speed=times(report.speed) if report.speed > 1 else "",
        rows=list(_rows(report)),
        left_out=_left_out(report.history.total - len(report.history.attempts)),
    )


def numbers(report: RulesReport) -> list[VerdictRow]:
    """Return the number of messages with each worst verdict, the worst first."""
    counts = report.counts
    return [
        VerdictRow(_(retry_words.LABELS[kind]), retry_words.TONES[kind], str(counts[kind]))
        for kind in KINDS
        if kind in counts
    ]  # fmt: skip


def turned_away(report: RulesReport) -> str:
    """Return the number of sessions without a sender, in a sentence; "" for none."""
    if not report.turned_away:
        return ""
    sessions = counted(report.turned_away, "session")
    return _("Refused before MAIL, so that no message is known: %(sessions)s.") % {
        "sessions": sessions
    }


def _people(report: RetryReport) -> str:
    named = ", ".join(shortened(each, 60) for each in report.recipients[:_NAMED])
    said = {"sender": shortened(report.sender, 60) or "<>", "recipients": named}
    more = len(report.recipients) - _NAMED
    if more > 0:
        return _("%(sender)s to %(recipients)s, and %(more)s more") % {
            **said, "more": more,
        }  # fmt: skip
    if not named:
        return said["sender"]
    return _("%(sender)s to %(recipients)s") % said


def _rows(report: RetryReport) -> Iterator[RetryRow]:
    waits = ["", *map(waited, report.judgement.waits)]
    listed = zip(report.history.attempts, report.judgement.attempts, waits, strict=True)
    for one, timed, wait in listed:
        yield _row(one, timed, wait)


def _row(one: Attempt, timed: TimedAttempt, wait: str) -> RetryRow:
    return RetryRow(
        url=one.url,
        at=one.started_at,
        label=attempt_history.label(one),
        tone=attempt_history.tone(one),
        words=attempt_history.words(one),
        waited=_("%(time)s later") % {"time": wait} if wait else "",
        asks=retry_words.asks(timed.asked) if timed.asked else "",
        likely=one.likely,
    )


def _left_out(number: int) -> str:
    if number <= 0:
        return ""
    earlier = {"attempts": counted(number, "attempt")}
    return _("Not shown, since they are older: %(attempts)s.") % earlier
