"""What later sessions of a client say about one that left over the certificate."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.insight import findings
from inbox.models import Session
from tests import factories

pytestmark = pytest.mark.django_db
CUT = "aborted_in_data"
KIND = "left_at_certificate"


def left() -> Session:
    """A session that ended when the client had seen the certificate."""
    session = factories.session(
        ending="dropped", exchanges=1, client_address="192.0.2.9"
    )
    factories.exchange(session, 1, kind="tls", verb="", line="", code=None, flags=KIND)
    return session


def later(**fields: Any) -> Session:
    given = {"client_address": "192.0.2.9", "ending": "quit", "messages": 1}
    return factories.session(**given | fields)


def is_eased(session: Session) -> bool:
    (finding,) = (
        each for each in findings.of_session(session).findings if each.kind.name == KIND
    )
    return "a later session went on with TLS" in finding.sentence


def test_a_client_that_came_through_with_tls_later_is_not_blamed() -> None:
    session = left()
    later(tls_version="TLSv1.3")
    assert is_eased(session)


@pytest.mark.parametrize(
    "fields",
    [
        {"tls_version": ""},
        {"tls_version": "TLSv1.3", "client_address": "192.0.2.10"},
        {"tls_version": "TLSv1.3", "helo": "other.example"},
        {"tls_version": "TLSv1.3", "ending": "dropped", "messages": 0},
    ],
    ids=["without TLS", "another address", "another name", "left again"],
)
def test_other_sessions_do_not_excuse_it(fields: dict[str, Any]) -> None:
    session = left()
    later(**fields)
    assert not is_eased(session)


def test_an_earlier_session_with_tls_does_not_excuse_it() -> None:
    later(tls_version="TLSv1.3")
    assert not is_eased(left())


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("timeout", "so nothing was accepted"),
        ("shutdown", "Mailsink itself was stopped, or failed"),
        ("crashed", "Mailsink itself was stopped, or failed"),
    ],
)
def test_the_reply_to_a_body_that_did_not_end_refused_nothing_before_it(
    ending: str, words: str
) -> None:
    made = factories.transaction(
        session=factories.session(ending=ending, exchanges=1), outcome="abandoned"
    )
    factories.exchange(
        made.session, 1, kind="body", verb="", line="", code=421, flags=CUT,
        transaction=made,
    )  # fmt: skip
    (finding,) = (
        each
        for each in findings.of_session(made.session).findings
        if each.kind.name == CUT
    )
    assert words in finding.sentence
