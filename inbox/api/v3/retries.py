"""API v3: retry reports, for one message and for a scenario."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import (
    ANY_ID,
    InboxSlug,
    MessageId,
    TransactionId,
    answer,
    query,
    scope,
)
from inbox.api.v3.rule_resource import ScenarioName
from inbox.api.v3.schemas import Strict, member
from inbox.explain import attempt_history, retry_words
from inbox.explain.retry_verdicts import Asked, VerdictKind
from inbox.insight import retries
from inbox.insight.retries import RetryReport, rules_report
from inbox.mailbox import messages
from inbox.models.inbox import DEFAULT_SLUG
from inbox.rules import scenarios
from inbox.serializers import Shape

router = Router()

Over = Annotated[
    bool, query("Whether to judge as if no more attempts come, although it is early.")
]
_SPEED = "How many times faster the time of the rules ran."


class AskedObject(Strict):
    reply: str = member(
        "The codes of the reply; empty for a lost connection.", "450 4.2.1"
    )
    provider: str = member("The provider that documents it; empty for none.", "Gmail")
    passes: bool = member("Whether the same message may pass later.", True)
    misleads: bool = member("Whether the first digit is misleading.", False)
    wait: float = member("Seconds until the next attempt, at the least.", 120.0)
    patience: float = member("Seconds for which to go on.", 14_400.0)
    words: str = member("What it asks for, in words.", "Gmail asks for hours")


class JudgedAttempt(Strict):
    started_at: datetime = member("When it began.")
    waited: float | None = member(
        "Seconds since the previous one began, in the time of the rules; null for the first.",
        360.0,
    )
    speed: int = member(_SPEED, 60)
    label: str = member('The outcome in short: "451", "cut off".', "450")
    words: str = member("How it ended, in words.", "accepted")
    unheard: bool = member(
        "Whether it was stored, but the client did not get the 250.", False
    )
    likely: bool = member("Whether only client and envelope say that it belongs here.")
    asked: AskedObject | None = member(
        "The retries that its reply asks for; null if nothing was refused."
    )
    transaction: UUID | None = member("Its transaction; null if MAIL was refused.")
    session: UUID = member("The id of its session.", ANY_ID)
    url: str = member("The page that shows it.", "/s/06h0bj7fvp8x-6")


class VerdictObject(Strict):
    verdict: VerdictKind = member("The verdict.", "gave_up")
    sentence: str = member(
        "The verdict in a sentence.",
        "Your application gave up after 3 attempts in 4 s; Gmail asks for hours.",
    )


class RetryReportObject(Strict):
    verdict: VerdictKind = member("The worst verdict.", "gave_up")
    sentence: str = member(
        "The worst verdict in a sentence.",
        "Your application gave up after 3 attempts in 4 s; Gmail asks for hours.",
    )
    verdicts: list[VerdictObject] = member("All verdicts, the worst first.")
    over: bool = member("Whether no more attempts are expected.", True)
    awaited_until: datetime | None = member(
        "Until when the next attempt is expected; null if none is."
    )
    speed: int = member(_SPEED, 60)
    seconds: float = member(
        "From the first attempt to the last, in the time of the rules.", 4.0
    )
    copies: int = member("How often it was stored for one recipient.", 0)
    total: int = member("How many attempts are stored.", 3)
    subject: str = member("The subject, as far as it is known.", "Your invoice")
    reverse_path: str = member("The sender.", "shop@example.com")
    recipients: list[str] = member("The recipients.", ["ann@example.com"])
    attempts: list[JudgedAttempt] = member("The newest 50 attempts, oldest first.")


class ScenarioReportObject(Strict):
    name: str = member("The name of the scenario.", "greylisting")
    on: bool = member("Whether it is switched on.", True)
    speed: int | None = member(f"{_SPEED} Null where it is off.", 60)
    turned_away: int = member("Sessions that it refused before they named a sender.", 0)
    counts: dict[str, int] = member(
        "How many messages each verdict is the worst of.", {"gave_up": 1}
    )
    items: list[RetryReportObject] = member("The messages, at most 50, newest first.")
    more: bool = member("Whether there are older ones.", False)


@router.get(
    "/rules/scenarios/{name}/report",
    response=ScenarioReportObject,
    summary="Get the retry report of a scenario",
    tags=["Rules"],
)
def of_scenario(
    request: HttpRequest,
    name: ScenarioName,
    inbox: InboxSlug = None,
    over: Over = False,
) -> HttpResponse:
    """Judges the messages that the scenario has acted on since it was switched on."""
    slug = inbox or DEFAULT_SLUG
    rules = scenarios.rules_of(scope(), slug, name)
    found = rules_report.of_rules(scope(), rules, over)
    speed = scenarios.switched_on(scope(), slug).get(name)
    shape = {
        "name": name,
        "on": speed is not None,
        "speed": speed,
        "turned_away": found.turned_away,
        "counts": found.counts,
        "items": list(map(_shape, found.reports)),
        "more": found.more,
    }
    return answer(shape)


@router.get(
    "/messages/{id}/retries",
    response=RetryReportObject,
    summary="Get the retry report of a message",
    tags=["Message analysis"],
)
def of_message(request: HttpRequest, id: MessageId, over: Over = False) -> HttpResponse:
    """Judges the attempts to send it: delivered, duplicated, hammered, …"""
    message = messages.get(scope(), id)
    return answer(_shape(retries.of_transaction(scope(), message.transaction_id, over)))


@router.get(
    "/transactions/{id}/retries",
    response=RetryReportObject,
    summary="Get the retry report of a transaction",
    tags=["Transactions"],
)
def of_transaction(
    request: HttpRequest, id: TransactionId, over: Over = False
) -> HttpResponse:
    """Judges the attempts to send the same message: lost, gave up too early, …"""
    return answer(_shape(retries.of_transaction(scope(), id, over)))


def _shape(report: RetryReport) -> Shape:
    judgement = report.judgement
    verdicts = [
        {"verdict": kind, "sentence": words} for kind, words in report.sentences
    ]
    return {
        **verdicts[0],
        "verdicts": verdicts,
        "over": "pending" not in judgement.verdicts,
        "awaited_until": serializers.stamp(judgement.awaited_until),
        "speed": report.speed,
        "seconds": judgement.span,
        "copies": judgement.copies,
        "total": report.history.total,
        "subject": report.subject,
        "reverse_path": report.sender,
        "recipients": list(report.recipients),
        "attempts": list(_attempts(report)),
    }


def _attempts(report: RetryReport) -> list[Shape]:
    waits = [None, *report.judgement.waits]
    listed = zip(report.history.attempts, report.judgement.attempts, waits, strict=True)
    return [
        {
            "started_at": serializers.stamp(one.started_at),
            "waited": waited,
            "speed": timed.speed,
            "label": attempt_history.label(one),
            "words": attempt_history.words(one),
            "unheard": timed.unheard,
            "likely": timed.likely,
            "asked": _asked(timed.asked),
            "transaction": str(one.transaction) if one.transaction else None,
            "session": str(one.session),
            "url": one.url,
        }
        for one, timed, waited in listed
    ]


def _asked(asked: Asked | None) -> Shape | None:
    if asked is None:
        return None
    return {
        "reply": asked.reply,
        "provider": asked.who,
        "passes": asked.passes,
        "misleads": asked.misleads,
        "wait": asked.wait,
        "patience": asked.patience,
        "words": retry_words.asks(asked),
    }
