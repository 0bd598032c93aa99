"""The banner of a session that failed: what happened, why, and how to fix it."""

from __future__ import annotations

from typing import get_args

import pytest

from inbox import explain
from inbox.explain import FLAG_WORDS, client_terms, framework_terms, outcomes
from inbox.explain.outcomes import NOTHING_MORE, Facts
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import Ending
from tests.explain.rows import ended, refused


@pytest.mark.parametrize("flag", sorted(outcomes._BY_FLAG))
def test_every_wrong_setup_has_why_and_fix(flag: str) -> None:
    found = explain.diagnose(ended("error"), Facts(flags=frozenset({flag}), last_seq=2))
    assert found
    assert (found.tone, found.seq) == ("error", 2)
    assert found.why.endswith(".")
    assert found.fixes
    assert all(fix.endswith((".", ").")) for fix in found.fixes)
    assert not found.topic or framework_terms.settings(found.topic)


@pytest.mark.parametrize("ending", get_args(Ending))
@pytest.mark.parametrize("octets", [None, 0, 128])
def test_every_bad_ending_has_why_and_fix(ending: str, octets: int | None) -> None:
    session = ended(ending, last_verb="MAIL", worst_code=421)
    found = explain.diagnose(session, Facts(body_octets=octets))
    if ending in ("quit", "turned"):
        assert found is None
        return
    assert found
    assert found.what == explain.cause(session, Facts(body_octets=octets))
    assert found.why
    assert all(found.fixes)


def test_a_refusal_has_the_advice_of_its_reply() -> None:
    facts = refused("MAIL", 552, replies.declared_too_large(9, 8))
    found = explain.diagnose(ended("quit", worst_code=552), facts)
    assert found
    assert found.what == "MAIL refused: message too large (552)"
    assert "MAILSINK_MAX_MESSAGE_SIZE" in found.fixes[0]
    assert found.then == "The client then closed the connection properly (QUIT)."
    login = explain.diagnose(ended("quit"), refused("AUTH", 535, replies.AUTH_FAILED))
    assert login
    assert login.topic == "login"


@pytest.mark.parametrize(
    ("session", "facts"),
    [
        (ended("quit"), NOTHING_MORE),
        (ended("quit", messages=1), NOTHING_MORE),
        (ended("dropped"), NOTHING_MORE),
        (ended("turned"), NOTHING_MORE),
    ],
)
def test_nothing_wrong_has_no_banner(session: object, facts: Facts) -> None:
    assert explain.diagnose(session, facts) is None  # type: ignore[arg-type]


def test_a_wrong_end_of_the_message_is_told_as_such() -> None:
    facts = Facts(body_octets=9, flags=frozenset({"wrong_end_of_data"}))
    found = explain.diagnose(ended("timeout", last_verb="DATA"), facts)
    assert found
    assert found.topic == "line_ends"


@pytest.mark.parametrize(
    ("ending", "why", "fix"),
    [
        ("dropped", "The connection ended before", "Look in the client's log"),
        ("timeout", "did not arrive in time", "MAILSINK_SMTP_IDLE_TIMEOUT"),
        ("shutdown", "Mailsink was stopped", "once Mailsink runs"),
        ("error", "an error of its own", "Mailsink's own log"),
        ("crashed", "Mailsink itself ended", "Mailsink's own log"),
    ],
)
def test_a_body_that_did_not_end_is_laid_to_who_ended_it(
    ending: str, why: str, fix: str
) -> None:
    found = explain.diagnose(ended(ending, last_verb="DATA"), Facts(body_octets=9))
    assert found
    assert why in found.why
    assert fix in found.fixes[0]
    assert "QUIT" not in found.fixes[0]


def test_frameworks_have_their_own_settings() -> None:
    known = {value: text for value, _, text in framework_terms.settings("tls_off")}
    assert known["django"] == "EMAIL_USE_SSL = False"
    assert known["laravel"] == "MAIL_SCHEME=smtp"
    assert known["node"] == "createTransport({ secure: false, … })"
    assert framework_terms.of_library("nodemailer") == "node"
    assert framework_terms.of_library("exim") == ""
    topics = {
        topic for each in framework_terms.FRAMEWORKS.values() for topic in each.terms
    }
    assert topics - client_terms.TOPICS.keys() == {"trust"}
    for _value, name, text in framework_terms.settings("trust"):
        assert "data/" not in text, name  # that is where MAILSINK_DATA says
    with_settings = {flag for flag, words in FLAG_WORDS.items() if words.topic}
    assert with_settings < set(outcomes._BY_FLAG) < FLAG_WORDS.keys()
