"""The replies of providers: each entry is whole, and found where such a reply is seen."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from inbox.presenters import provider_rows
from inbox.providers.provider_replies import (
    RETRIES,
    ProviderReply,
    documented,
    provider_replies,
)
from inbox.rules.rule_fields import STAGES

REPLIES = provider_replies()


def test_there_are_as_many_as_were_read() -> None:
    assert len(REPLIES) == len({each.id for each in REPLIES}) == 99


@pytest.mark.parametrize("reply", REPLIES, ids=lambda each: each.id)
def test_each_entry_is_whole(reply: ProviderReply) -> None:
    assert reply.line.isascii()
    assert reply.line.isprintable()
    assert len(reply.line) <= 510  # a line of 512 octets with its end
    assert reply.stage in STAGES
    assert reply.retry in RETRIES
    assert reply.source
    assert date(2020, 1, 1) < reply.read < date(2100, 1, 1)
    assert reply.meaning
    assert not reply.enhanced or int(reply.enhanced[0]) == reply.code // 100


def test_the_first_digit_misleads_in_22_of_99() -> None:
    misleading = [each.code // 100 for each in REPLIES if each.misleads]
    assert (misleading.count(4), misleading.count(5)) == (17, 5)


def test_an_entry_gets_old() -> None:
    (reply,) = (each for each in REPLIES if each.id == "gmail-8")
    assert reply.read == date(2024, 10, 9)
    assert not reply.is_old(date(2026, 10, 9))
    assert reply.is_old(date(2026, 10, 10))


@pytest.mark.parametrize("reply", REPLIES, ids=lambda each: each.id)
def test_each_is_recognised(reply: ProviderReply) -> None:
    if reply.code >= 400:
        found = documented(reply.code, reply.enhanced, reply.line)
        assert reply.provider in {each.provider for each in found}


def words(code: int, enhanced: str, reply: str) -> list[str]:
    row = SimpleNamespace(code=code, enhanced=enhanced, reply=reply, rule="")
    return [
        f"{each.meaning} {each.retry} {each.misleads}".strip()
        for each in provider_rows.rows(row)
    ]


def test_replies_as_they_are_seen() -> None:
    gmail = (
        "550-5.1.1 The email account that you tried to reach does not\n"
        "550-5.1.1 exist. Please try double-checking the address.\n"
        "550 5.1.1  https://support.google.com/mail/?p=NoSuchUser x - gsmtp"
    )
    assert words(550, "5.1.1", gmail) == [
        "Gmail documents this reply: unknown user. "
        "It never passes: send no more mail to this address."
    ]
    throttled = "454 Throttling failure: Maximum sending rate exceeded."
    assert words(454, "", throttled) == [
        "SES documents this reply: more than n messages per second. It may pass later, if mail is "
        "sent more slowly."
    ]
    dkim = (
        "421-4.7.30 Mail was limited: DKIM authentication didn't pass for this message."
    )
    assert words(421, "4.7.30", dkim)[0].endswith(
        "A retry is useless, although the code begins with 4."
    )
    assert words(550, "5.1.1", "550 5.1.1 There is no such user here") == []
    assert words(250, "2.0.0", "250 2.0.0 Ok") == []
