"""Case files: what they tell, what they mask, and where they end."""

from __future__ import annotations

import pytest

from inbox.errors import NotFound
from inbox.insight import case_file
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Message
from mailsink import __version__
from tests import factories
from tests.mails import INVOICE

pytestmark = pytest.mark.django_db

HOSTILE = (
    b"From: a@shop.test\r\nSubject: <script>alert(1)</script>\r\n"
    b"X-Evil: </dd></pre><img src=http://evil.test/x onerror=alert(1)>\r\n"
    b"Content-Type: text/html\r\n\r\n</pre><script>alert(2)</script>\x00\xff\r\n"
)


def test_case_of_a_message() -> None:
    message = factories.message()
    factories.exchange(message.transaction.session, 1, line="EHLO client.example")
    case = case_file.of_message(ALL, message.pk)
    html = case_file.html(case)
    assert case.name == f"mailsink-case-{message.pk}.html"
    for words in (
        f"Mailsink {__version__} case file, made ", "All times are UTC",
        "<h1>Your invoice</h1>", "&lt;bob@example.com&gt;", "250-here 250 SIZE 1000",
        "<dt>Message-ID</dt>", "Pay me.", str(message.transaction.session_id),
    ):  # fmt: skip
        assert words in html
    assert "left out" not in html


def test_case_tells_the_attempts() -> None:
    refused = factories.transaction(body=INVOICE, recipients=["bob@example.com"])
    message = factories.message()
    assert "2 attempts: 550 → 250" in case_file.html(
        case_file.of_message(ALL, message.pk)
    )
    html = case_file.html(case_file.of_transaction(ALL, refused.pk))
    assert "2 attempts: 550 → 250" in html
    assert "<b>550</b>" in html


def test_nothing_of_a_mail_is_markup_in_a_case() -> None:
    html = case_file.html(case_file.of_message(ALL, factories.message(HOSTILE).pk))
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "␀\\xff" in html


def test_case_of_a_session_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_file, "LINES", 2)
    monkeypatch.setattr(case_file, "TRANSACTIONS", 2)
    monkeypatch.setattr(case_file, "SOURCE", len(INVOICE) + 10)
    session = factories.session(ending="quit", exchanges=5, transactions=3, messages=3)
    for seq in range(1, 6):
        factories.exchange(session, seq)
    for _ in range(3):
        factories.message(session=session)
    html = case_file.html(case_file.of_session(ALL, session.pk))
    assert "3 more lines are left out here" in html
    assert "1 more transactions of this session are left out here" in html
    assert f"{len(INVOICE) - 10} bytes at its end are left out here" in html


def test_deleted_and_lost_bodies_are_not_told() -> None:
    message = factories.message()
    Message.objects.update(deleted_at=message.received_at)
    html = case_file.html(case_file.of_session(ALL, message.transaction.session_id))
    assert "No message is stored" in html
    assert "Pay me." not in html
    with pytest.raises(NotFound):
        case_file.of_message(ALL, message.pk)


def test_the_scope_holds() -> None:
    message = factories.message()
    nothing = Scope(frozenset())
    for of, id in (
        (case_file.of_message, message.pk),
        (case_file.of_transaction, message.transaction_id),
        (case_file.of_session, message.transaction.session_id),
    ):
        with pytest.raises(NotFound):
            of(nothing, id)
