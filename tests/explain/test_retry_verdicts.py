"""Verdicts on the attempts of a message: a table of cases, and their sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.explain import retry_words
from inbox.explain.retry_verdicts import (
    KINDS,
    Asked,
    RetryJudgement,
    TimedAttempt,
    judge,
)
from inbox.insight.retries.asked_by import LOST, asked_by
from inbox.providers.provider_replies import provider_replies

START = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86_400
ANN, BOB = frozenset(["ann@b.test"]), frozenset(["bob@b.test"])
LATER = asked_by("451 4.7.1 Try again later")  # rspamd
BUSY = asked_by("450 4.2.1 The user you are trying to contact is receiving mail too quickly.")  # fmt: skip
GONE = asked_by("550 5.1.1 No such user")
BAD_TLS = asked_by("421 4.7.29 x, this message wasn't sent over a TLS connection.")
QUOTA = asked_by("552 5.2.2 user is over quota")
DAILY = asked_by("550 5.4.5 Daily user sending limit exceeded.")


def at(seconds: float, asked: Asked | None = None, **fields: Any) -> TimedAttempt:
    """An attempt of a second: refused for Ann as asked, or delivered to her."""
    began = START + timedelta(seconds=seconds)
    given: dict[str, Any] = {"missed": ANN} if asked else {"got": ANN}
    return TimedAttempt(began, began + timedelta(seconds=1), asked, **(given | fields))


def unheard(seconds: float, **fields: Any) -> TimedAttempt:
    return at(seconds, LOST, got=ANN, missed=frozenset(), unheard=True, **fields)


def judged(attempts: list[TimedAttempt], later: float = 30 * DAY, over: bool = False) -> RetryJudgement:  # fmt: skip
    return judge(attempts, START + timedelta(seconds=later), over)


OK = at(0)
CASES: list[tuple[str, list[TimedAttempt], str, str]] = [
    ("first attempt", [OK], "delivered", "Delivered at the first attempt."),
    ("greylisted", [at(0, LATER), at(6 * MINUTE)], "delivered",
     "Delivered after 2 attempts in 6 min."),
    ("gave up", [at(0, BUSY), at(1, BUSY), at(4, BUSY)], "gave_up",
     "Your application gave up after 3 attempts in 4 s; Gmail asks for hours."),
    ("gave up, by nobody's word", [at(0, Asked("451")), at(60, Asked("451"))], "gave_up",
     "Your application gave up after 2 attempts in 60 s; a temporary failure asks for hours."),
    ("gave up on a 5 that passes", [at(0, QUOTA), at(HOUR, QUOTA)], "gave_up",
     "Your application gave up after 2 attempts in 60 min; iCloud asks for days, although the code begins with 5."),
    ("never tried again", [at(0, BUSY)], "lost",
     "Lost: your application never tried again after 450 4.2.1; Gmail asks for hours."),
    ("never again after a 5 that passes", [at(0, DAILY)], "lost",
     "Lost: your application never tried again after 550 5.4.5; Gmail asks for days, although the code begins with 5."),
    ("tried for days", [at(0, BUSY), at(DAY, BUSY)], "lost",
     "Lost: your application gave up after 2 attempts in 24 h, as late as it should."),
    ("cut off", [at(0, LOST)], "lost",
     "Lost: your application never tried again after the lost connection; a temporary failure asks for hours."),
    ("refused", [at(0, GONE)], "refused",
     "Refused for good with 550 5.1.1, and your application stopped, as it should: a code that begins with 5 is final."),
    ("refused with a 4 that never passes", [at(0, BAD_TLS)], "refused",
     "Refused for good with 421 4.7.29, and your application stopped, as it should: a retry is useless until something"
     " is changed, although the code begins with 4 (Gmail: bulk sender without TLS)."),
    ("put off, then refused", [at(0, LATER), at(600, LATER), at(2400, GONE)], "refused",
     "Refused for good with 550 5.1.1, and your application stopped, as it should: a code that begins with 5 is final."),
    ("in vain", [at(0, GONE), at(HOUR, GONE), at(2 * HOUR, GONE)], "in_vain",
     "Your application tried again 2 times after 550 5.1.1, in 2 h; a code that begins with 5 is final."),
    ("in vain with a 4", [at(0, BAD_TLS), at(HOUR, BAD_TLS)], "in_vain",
     "Your application tried again 1 time after 421 4.7.29, in 60 min; a retry is useless until something is changed,"
     " although the code begins with 4 (Gmail: bulk sender without TLS)."),
    ("useless until it was changed", [at(0, BAD_TLS), at(HOUR, BAD_TLS), at(2 * HOUR)], "delivered",
     "Delivered after 3 attempts in 2 h."),
    ("hammered, lost too", [at(n, BUSY) for n in range(9)], "gave_up",
     "Your application gave up after 9 attempts in 8 s; Gmail asks for hours."),
    ("hammered until it passed", [*(at(n, BUSY) for n in range(9)), at(9)], "hammered",
     "Your application tried again too soon 9 times, once after 1 s: wait 2 min or more after 450 4.2.1."),
    ("backed off", [at(0, LATER), at(15, LATER), at(45, LATER), at(HOUR)], "delivered",
     "Delivered after 4 attempts in 60 min."),
    ("duplicated", [unheard(0), at(300)], "duplicated",
     "Stored 2 times: the connection was lost before the 250, and your application "
     "sent the message again. The copies have the same Message-ID, so a receiver can "
     "drop one."),
    ("duplicated by its envelope", [unheard(0, likely=True), at(300)], "duplicated",
     "Stored 2 times: the connection was lost before the 250, and your application "
     "sent the message again. The copies have the same Message-ID, so a receiver can "
     "drop one."),
    ("sent twice", [at(0), at(300)], "duplicated",
     "Stored 2 times for the same recipient: your application sent the message again "
     "after its 250. The copies have the same Message-ID, so a receiver can drop one."),
    ("like it, but maybe another", [at(0, likely=True), at(300)], "delivered", "Delivered after 2 attempts in 5 min."),
    ("unheard, and no more", [unheard(0)], "delivered",
     "Delivered, but the connection was lost before the 250, and your application did not try again: had the message"
     " not been stored, it would be lost."),
    ("the rest at once", [at(0, replace(LATER, wait=0), got=ANN, missed=BOB), at(1, got=BOB)], "delivered",
     "Delivered after 2 attempts in 1 s."),
    ("the rest never", [at(0, GONE, got=ANN, missed=BOB)], "refused",
     "Refused for good with 550 5.1.1, and your application stopped, as it should: a code that begins with 5 is final."),
    ("the rest lost", [at(0, BUSY, got=ANN, missed=BOB)], "lost",
     "Lost: your application never tried again after 450 4.2.1; Gmail asks for hours."),
    ("MAIL refused, then delivered", [at(0, LATER, missed=frozenset()), at(300)], "delivered",
     "Delivered after 2 attempts in 5 min."),
    ("MAIL refused for good", [at(0, GONE, missed=frozenset())], "refused",
     "Refused for good with 550 5.1.1, and your application stopped, as it should: a code that begins with 5 is final."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attempts", "verdict", "words"),
    [each[1:] for each in CASES],
    ids=[each[0] for each in CASES],
)
def test_a_judgement(attempts: list[TimedAttempt], verdict: str, words: str) -> None:
    judgement = judged(attempts)
    assert judgement.verdict == verdict
    assert retry_words.sentence(judgement.verdict, judgement, same_id=True) == words
    assert judged(attempts, later=100_000, over=True).verdict == verdict


def test_each_verdict_has_a_case() -> None:
    assert {each[2] for each in CASES} | {"pending"} == set(KINDS)
    assert set(retry_words.LABELS) == set(retry_words.TONES) == set(KINDS)


def test_a_bad_end_and_a_bad_schedule() -> None:
    judgement = judged([at(n, BUSY) for n in range(9)])
    assert judgement.verdicts == ("gave_up", "hammered")


def test_copies_without_a_common_message_id() -> None:
    judgement = judged([unheard(0), at(300)])
    assert "no receiver can know" in retry_words.sentence(
        "duplicated", judgement, False
    )


def test_times_are_those_of_the_scenario() -> None:
    fast = [at(n, BUSY, speed=1000) for n in (0, 4, 8)]
    judgement = judged(fast)
    assert judgement.waits == (4000.0, 4000.0)
    assert judgement.span == 8000
    assert judgement.verdicts == ("gave_up",)  # 2 h 13 min of four hours
    assert judged([*fast, at(30, BUSY, speed=1000)]).verdicts == ("lost",)


PENDING: list[tuple[str, list[TimedAttempt], float]] = [
    ("one attempt: within half an hour", [at(0, BUSY)], 1 + 1800),
    ("one attempt, faster", [at(0, BUSY, speed=60)], 1 + 30),
    ("one attempt, but never so fast", [at(0, BUSY, speed=1000)], 1 + 15),
    ("by the schedule", [at(0, BUSY), at(100, BUSY)], 101 + 400),
    ("by a fast schedule", [at(0, BUSY), at(1, BUSY)], 2 + 60),
    ("a reply that nobody heard", [unheard(0)], 1 + 1800),
]


@pytest.mark.parametrize(
    ("attempts", "until"), [e[1:] for e in PENDING], ids=[e[0] for e in PENDING]
)
def test_not_over_yet(attempts: list[TimedAttempt], until: float) -> None:
    judgement = judged(attempts, later=until - 0.001)
    assert judgement.verdicts == ("pending",)
    assert judgement.awaited_until == START + timedelta(seconds=until)
    words = retry_words.sentence("pending", judgement, False)
    assert f"awaited until {judgement.awaited_until:%H:%M:%S} UTC." in words
    assert judged(attempts, later=until).awaited_until is None
    assert "pending" not in judged(attempts, later=until).verdicts
    assert "pending" not in judged(attempts, later=0, over=True).verdicts


def test_an_attempt_under_way() -> None:
    judgement = judged([at(0, LATER), replace(at(60), ended=None, got=frozenset(), missed=ANN)])  # fmt: skip
    assert judgement.verdict == "pending"
    words = retry_words.sentence("pending", judgement, False)
    assert words == "Not over yet: an attempt is under way."


def test_a_refusal_for_good_waits_for_nothing() -> None:
    assert judged([at(0, GONE)], later=2).verdict == "refused"
    assert judged([at(0, GONE), at(1, GONE)], later=3).verdict == "in_vain"


@pytest.mark.parametrize(
    "entry", [e for e in provider_replies() if e.code >= 400], ids=lambda each: each.id
)
def test_each_documented_reply_says_what_to_do(entry: Any) -> None:
    asked = asked_by(entry.line)
    assert asked.who
    assert asked.reply == f"{entry.code} {entry.enhanced}".strip()
    once, again = [at(0, asked)], [at(0, asked), at(HOUR, asked), at(2 * HOUR, asked)]
    if asked.passes:
        assert judged(once).verdict == "lost"
        assert judged(again).verdict in ("gave_up", "lost")
    else:
        assert judged(once).verdict == "refused"
        assert judged(again).verdict == "in_vain"
    assert retry_words.asks(asked).endswith(("4 (", "5", "s", ")"))


def test_the_22_that_the_first_digit_is_wrong_about() -> None:
    asked = [asked_by(e.line) for e in provider_replies() if e.misleads and e.code > 399]  # fmt: skip
    assert [each.misleads for each in asked].count(True) == len(asked)
    for each in asked:
        assert each.passes is (each.reply[0] == "5")
        assert f"although the code begins with {each.reply[0]}" in retry_words.asks(each)  # fmt: skip
