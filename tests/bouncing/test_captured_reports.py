"""The reports that a captured message asks for: from the indexer's note to the message in the inbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, OperationalError
from django.test import Client

from inbox.bouncing import captured_reports, report_making, report_tasks
from inbox.content import report_addresses
from inbox.mailbox import made_reports, messages, purge, sessions, trash
from inbox.mailbox.scope import ALL, Scope
from inbox.mailbox.selection import by_ids
from inbox.models import MadeReport, Message, Recipient, ReportTask, Server
from inbox.upkeep import indexer, reporter
from mailsink.mime import reports, structure
from mailsink.mime.reading import Reading
from mailsink.mime.reports import Report
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.database]

BODY = b"From: shop@shop.test\r\nSubject: Your order\r\nMessage-ID: <1@shop.test>\r\n\r\nHi.\r\n"


@pytest.fixture
def server() -> Server:
    return factories.server()


def sent(*recipients: str, body: bytes = BODY, **fields: Any) -> Message:
    """A message that has just come. recipients: as "ann@example.com NOTIFY=NEVER"."""
    parameters = fields.pop("parameters", "")
    paths = [each.partition(" ")[0] for each in recipients]
    made = factories.message(
        body, recipients=paths, **{"reverse_path": "shop@shop.test"} | fields
    )
    for seq, each in enumerate(recipients, 1):
        rows = Recipient.objects.filter(transaction=made.transaction, seq=seq)
        rows.update(parameters=each.partition(" ")[2])
    type(made.transaction).objects.filter(pk=made.transaction_id).update(
        parameters=parameters
    )
    return made


def reported(server: Server) -> list[Message]:
    """The reports that are in the inbox once all tasks are done, oldest first."""
    indexer.index_some()
    while ReportTask.objects.exists():
        reporter.make_one(server.pk)
    indexer.index_some()  # the reports themselves, which ask for nothing
    assert not ReportTask.objects.exists()
    rows = Message.objects.filter(transaction__session__listener_kind="internal")
    return list(rows.order_by("pk"))


def read(message: Message) -> Report:
    octets = messages.open_raw(message)
    found = reports.read(Reading(octets, structure.parse(octets)), "")
    assert found is not None
    return found


def said(message: Message) -> list[tuple[str, str, str]]:
    """What a report says of its recipients."""
    recipients = read(message).delivery.recipients
    return [(each.address, each.action, each.status) for each in recipients]


def test_an_address_makes_a_failure(server: Server) -> None:
    original = sent("bounce+5.2.2@example.com", "ann@example.com")
    (report,) = reported(server)
    assert said(report) == [("bounce+5.2.2@example.com", "failed", "5.2.2")]
    assert report.inbox_id == original.inbox_id
    transaction = report.transaction
    assert transaction.reverse_path == ""
    (recipient,) = transaction.recipients.all()
    assert (recipient.forward_path, recipient.parameters) == ("shop@shop.test", "NOTIFY=NEVER")  # fmt: skip
    (made,) = made_reports.about(ALL, original.pk)
    assert (made.message_id, made.kind, made.cause) == (report.pk, "failed", "address")
    assert made_reports.original(ALL, report.pk) == original
    assert b"Hi." in messages.open_raw(report)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("Bounce+4.4.7@Example.com", ("failed", "4.4.7")),
        ("bounce+5.7.26@a.test NOTIFY=FAILURE", ("failed", "5.7.26")),
        ("bounce+5.1.1@a.test NOTIFY=never", None),
        ("bounce+5.1.1@a.test NOTIFY=SUCCESS,DELAY", None),
        ("bounce+2.1.1@a.test", None),
        ("bounce+5.1@a.test", None),
        ("bounce+5.01.1@a.test", None),
        ("bounce+5.1.1000@a.test", None),
        ("bounce+5.1.1x@a.test", None),
        ("bounce@a.test", None),
        ("delay@mailsink.test", ("delayed", "4.4.1")),
        ("delay+x@mailsink.test NOTIFY=DELAY", ("delayed", "4.4.1")),
        ("delay@mailsink.test NOTIFY=FAILURE", None),
        ("delay@example.com", None),
        ("bounce@simulator.amazonses.com", ("failed", "5.1.1")),
        ("bounce+label@simulator.amazonses.com", ("failed", "5.1.1")),
        ("suppressionlist@simulator.amazonses.com", ("failed", "5.1.1")),
        ("success@simulator.amazonses.com", None),
        ("success@simulator.amazonses.com NOTIFY=SUCCESS", ("delivered", "2.0.0")),
        ("ann@example.com", None),
        ("ann@example.com NOTIFY=SUCCESS,FAILURE", ("delivered", "2.0.0")),
        ("ann@example.com NOTIFY=FAILURE", None),
    ],
)
def test_recipients(
    recipient: str, expected: tuple[str, str] | None, server: Server
) -> None:
    sent(recipient)
    told = [said(each) for each in reported(server)]
    address = recipient.partition(" ")[0]
    assert told == ([[(address, *expected)]] if expected else [])


def test_parameters_come_back(server: Server) -> None:
    sent(
        "bounce+5.1.1@a.test ORCPT=rfc822;Ann+2BTag@a.test",
        parameters="RET=HDRS ENVID=QQ+2B1",
    )
    (report,) = reported(server)
    told = read(report).delivery
    assert told.envelope_id == "QQ+1"
    assert told.recipients[0].original == "Ann+Tag@a.test"
    assert b"Hi." not in messages.open_raw(report)


def test_kinds_have_reports_of_their_own(server: Server) -> None:
    sent(
        "bounce+5.1.1@a.test", "bounce+5.2.2@a.test", "delay@mailsink.test",
        "ann@a.test NOTIFY=SUCCESS", "autoreply@mailsink.test", "ooto+1@simulator.amazonses.com",
        "complaint@simulator.amazonses.com",
    )  # fmt: skip
    found = reported(server)
    kinds = [(read(each).kind, len(said(each))) for each in found]
    assert kinds == [
        ("delivery", 2), ("delivery", 1), ("delivery", 1), ("automatic_reply", 0),
        ("automatic_reply", 0), ("feedback", 0),
    ]  # fmt: skip
    assert [each.from_address for each in found[3:5]] == [
        "autoreply@mailsink.test", "ooto+1@simulator.amazonses.com",
    ]  # fmt: skip


def test_many_recipients_are_several_reports(server: Server) -> None:
    sent(*(f"bounce+5.1.1@host{n}.test" for n in range(250)))
    found = reported(server)
    assert [len(said(each)) for each in found] == [100, 100, 50]
    whole = [b"Hi." in messages.open_raw(each) for each in found]
    assert whole == [True, False, False]


def test_nothing_for_the_null_reverse_path(server: Server) -> None:
    sent("bounce+5.1.1@a.test", "complaint@simulator.amazonses.com", reverse_path="")
    sent("ann@a.test NOTIFY=SUCCESS", reverse_path="<>" * 500)
    assert reported(server) == []


def test_nothing_for_an_import(server: Server) -> None:
    factories.imported(b"From: a@b.test\r\nTo: bounce+5.1.1@a.test\r\n\r\nHi.")
    assert reported(server) == []


def test_a_report_asks_for_no_report(server: Server) -> None:
    """Not even if its recipient is an address that asks for one."""
    sent("bounce+5.1.1@a.test", reverse_path="bounce+5.1.1@b.test")
    sent("autoreply@mailsink.test", reverse_path="autoreply@mailsink.test")
    assert len(reported(server)) == 2


def test_recipients_that_lmtp_refused_are_not_delivered(server: Server) -> None:
    sent("ann@a.test NOTIFY=SUCCESS", "bounce+5.1.1@a.test")
    Recipient.objects.update(final_code=550)
    assert reported(server) == []


@pytest.mark.parametrize("field", [b"Auto-Submitted: auto-generated", b"Precedence: bulk", b"List-Id: <a.b>"])  # fmt: skip
def test_an_automatic_reply_is_withheld(field: bytes, server: Server) -> None:
    original = sent("autoreply@mailsink.test", body=field + b"\r\n" + BODY)
    assert reported(server) == []
    (made,) = made_reports.about(ALL, original.pk)
    assert (made.withheld, made.message_id) == ("automatic", None)


def test_automatic_replies_are_bounded(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captured_reports, "MOST_REPLIES", 2)
    for _ in range(4):
        original = sent("autoreply@mailsink.test")
    sent("autoreply@mailsink.test", reverse_path="bob@shop.test")
    assert len(reported(server)) == 3
    assert made_reports.about(ALL, original.pk)[0].withheld == "often"


def test_it_is_made_once(server: Server) -> None:
    sent("bounce+5.1.1@a.test")
    indexer.index_some()
    task = ReportTask.objects.get()
    report_making.make(task, server.pk)
    report_making.make(task, server.pk)  # as another process that took it too
    assert Message.objects.count() == 2
    assert MadeReport.objects.count() == 1


def test_a_failure_between_leaves_the_task(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is stored of a report that cannot be stored whole; the next try makes it."""
    sent("bounce+5.1.1@a.test")
    indexer.index_some()
    with monkeypatch.context() as broken:
        broken.setattr(MadeReport.objects, "bulk_create", lambda _rows: 1 / 0)
        assert reporter.make_one(server.pk) > 0
        assert Message.objects.count() == 1
    assert len(reported(server)) == 1


def test_what_always_fails_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent("bounce+5.1.1@a.test")
    indexer.index_some()
    monkeypatch.setattr(report_making, "make", lambda *_: 1 / 0)
    for _ in range(report_tasks.MOST_TRIES):
        assert ReportTask.objects.exists()
        reporter.make_one(server.pk)
    assert not ReportTask.objects.exists()


def test_what_the_database_refuses_holds_up_no_other(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused = sent("bounce+5.1.1@a.test")
    sent("bounce+5.1.1@b.test")
    make = report_making.make

    def make_most(task: ReportTask, server: UUID) -> None:
        if task.message_id == refused.pk:
            raise DataError("value too long")
        make(task, server)

    monkeypatch.setattr(report_making, "make", make_most)
    assert len(reported(server)) == 1
    assert f"No report about message {refused.pk} is made" in caplog.text


def test_a_fault_of_the_whole_database_is_no_try(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("no connection")

    sent("bounce+5.1.1@a.test")
    indexer.index_some()
    with monkeypatch.context() as broken:
        broken.setattr(report_making, "make", fail)
        broken.setattr(report_tasks, "write_turn", fail)
        for _ in range(2 * report_tasks.MOST_TRIES):
            with pytest.raises(OperationalError):
                reporter.make_one(server.pk)
    assert len(reported(server)) == 1


def test_a_message_that_is_gone_has_no_report(server: Server) -> None:
    original = sent("bounce+5.1.1@a.test")
    indexer.index_some()
    trash.delete(ALL, by_ids([original.pk]), "")
    assert reported(server) == []


def test_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    off = replace(report_tasks.CONFIG, bounces="off")
    monkeypatch.setattr(report_tasks, "CONFIG", off)
    sent("bounce+5.1.1@a.test")
    assert reported(server) == []


def test_links_go_with_the_message(server: Server) -> None:
    original = sent("bounce+5.1.1@a.test")
    (report,) = reported(server)
    assert made_reports.original(Scope(frozenset()), report.pk) is None
    (made,) = made_reports.about(Scope(frozenset()), original.pk)
    assert made.message_id is None
    purge.purge(Message.objects.filter(pk=report.pk), "person")
    assert not MadeReport.objects.exists()


def test_its_session_is_in_no_list(server: Server) -> None:
    sent("bounce+5.1.1@a.test")
    (report,) = reported(server)
    session = report.transaction.session
    assert session.pk not in [each.pk for each in sessions.find(ALL).items]


def test_the_pages_are_linked_both_ways(client: Client, server: Server) -> None:
    body = BODY.replace(b"Message-ID", b"X-Id")  # it can be found by our row alone
    original = sent("bounce+5.1.1@a.test", body=body)
    (report,) = reported(server)
    page = client.get(f"/messages/{original.pk}").content.decode()
    sentence = "Mailsink reported a failure to shop@shop.test, since bounce+5.1.1@a.test asks for it."  # fmt: skip
    assert sentence in page
    assert f'href="/messages/{report.pk}"' in page
    assert sentence in client.get(f"/messages/{original.pk}/reports").content.decode()
    about = client.get(f"/messages/{report.pk}").content.decode()
    assert f'href="/messages/{original.pk}"' in about
    assert "Made by Mailsink" in about
    session = client.get(f"/sessions/{report.transaction.session_id}")
    assert "Made by Mailsink: there is no SMTP session." in session.content.decode()
    told = client.get(f"/api/v3/messages/{original.pk}").json()["reports"]
    assert [each["message"] for each in told] == [str(report.pk)]
    told = client.get(f"/api/v3/messages/{report.pk}").json()["report"]
    assert told["original"]["message"] == str(original.pk)


@pytest.fixture
def withheld(server: Server) -> Message:
    return sent("autoreply@mailsink.test", body=b"List-Id: <a.b>\r\n" + BODY)


def test_a_reply_that_was_withheld_says_why(
    client: Client, withheld: Message, server: Server
) -> None:
    reported(server)
    page = client.get(f"/messages/{withheld.pk}").content.decode()
    assert "sent no automatic reply, since a program or a list sent the message" in page


@pytest.mark.parametrize("status", ["5.1.1", "5.2.2", "4.2.2", "4.1.3", "5.9.9", "4.9.9"])  # fmt: skip
def test_diagnostics_are_replies(status: str) -> None:
    kind, _, reply = report_addresses.diagnostic(status).partition("; ")
    code, enhanced, text = reply.split(" ", 2)
    assert (kind, enhanced) == ("smtp", status)
    assert code[0] == status[0]
    assert code in ("450", "451", "452", "550", "552", "553")
    assert text
