"""The reports on the recipients of releases, and reports on their way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.bouncing import release_reports, report_making, report_tasks
from inbox.mailbox import made_reports
from inbox.mailbox.scope import ALL
from inbox.models import (
    MadeReport,
    Message,
    Recipient,
    Release,
    ReleaseRecipient,
    ReportTask,
    Route,
    Server,
)
from inbox.outgoing import release_queue, releases, report_relay, routes
from mailsink.ids import uuid7
from mailsink.smtp.client.hop_values import RecipientResult
from tests import factories
from tests.bouncing.test_captured_reports import BODY, read, reported, sent

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DELIVERED = RecipientResult("delivered", 250, "2.0.0", "250 2.0.0 Ok")
BY_DSN = DELIVERED._replace(reports=True)
DEFERRED = RecipientResult("deferred", 451, "4.3.0", "451 4.3.0 Later")
FAILED = RecipientResult("failed", 550, "5.1.1", "550 5.1.1 No such user")
OURS = RecipientResult("failed", 0, "5.6.3", "The message has 8-bit octets.")
PLAIN = ("b@example.com", "c@example.com")
SUCCESS = ("b@example.com NOTIFY=SUCCESS", "c@example.com NOTIFY=SUCCESS,FAILURE")


@pytest.fixture
def server() -> Server:
    return factories.server()


def hop() -> None:
    if not routes.find():
        routes.add({"name": "hop", "host": "hop.test", "allow": ["example.com"]})


def released(*recipients: str, **fields: Any) -> Release:
    """A release of a message, which has been indexed and reported on as captured."""
    hop()
    message = sent(*recipients, **fields)
    reported(factories.server())
    MadeReport.objects.all().delete()
    Message.objects.exclude(pk=message.pk).update(deleted_at=datetime.now(UTC))
    return releases.request(ALL, message.pk, "hop")


def tried(release: Release, server: Server, *results: RecipientResult) -> None:
    """Try a release; its recipients that wait get these results."""
    assert release.route is not None
    Release.objects.filter(pk=release.pk).update(next_try_at=datetime.now(UTC))
    claim = release_queue.claim(release.route, server.pk, uuid7())
    assert claim is not None
    release_queue.report(claim, results)


def told(server: Server) -> list[list[tuple[str, str, str]]]:
    """What the reports say that were made by now, and are not deleted."""
    return [
        [(each.address, each.action, each.status) for each in read(one).delivery.recipients]
        for one in reported(server)
        if one.deleted_at is None
    ]  # fmt: skip


FAILURE = [("b@example.com", "failed", "5.1.1")]


@pytest.mark.parametrize(
    ("recipients", "results", "expected"),
    [
        (PLAIN, (FAILED, DELIVERED), [FAILURE]),
        (PLAIN, (FAILED, FAILED), [[*FAILURE, ("c@example.com", "failed", "5.1.1")]]),
        (PLAIN, (OURS, DELIVERED), [[("b@example.com", "failed", "5.6.3")]]),
        (PLAIN, (DELIVERED, DELIVERED), []),
        (("b@example.com NOTIFY=NEVER", "c@example.com NOTIFY=DELAY"), (FAILED, FAILED), []),
        (SUCCESS, (DELIVERED, BY_DSN), [[("b@example.com", "relayed", "2.1.9")]]),
        (SUCCESS, (BY_DSN, BY_DSN), []),
        (SUCCESS, (FAILED, FAILED), [[("c@example.com", "failed", "5.1.1")]]),
        (PLAIN, (DEFERRED, DEFERRED), []),
    ],
)  # fmt: skip
def test_what_is_reported(
    recipients: Sequence[str],
    results: Sequence[RecipientResult],
    expected: list[Any],
    server: Server,
) -> None:
    tried(released(*recipients), server, *results)
    assert told(server) == expected


def test_the_reply_and_the_envelope_come_back(server: Server) -> None:
    release = released(
        "b@example.com ORCPT=rfc822;Bob@example.com", parameters="ENVID=QQ RET=HDRS"
    )
    tried(release, server, FAILED)
    report = reported(server)[-1]
    assert report.transaction.reverse_path == ""
    said = read(report).delivery
    (recipient,) = said.recipients
    assert (said.envelope_id, recipient.original) == ("QQ", "Bob@example.com")
    assert (recipient.diagnostic, recipient.remote_mta) == ("550 5.1.1 No such user", "hop.test")  # fmt: skip
    (made,) = made_reports.about(ALL, release.message_id)
    assert (made.message_id, made.release_id, made.cause) == (report.pk, release.pk, "release")  # fmt: skip


def test_a_failure_is_reported_at_once_and_once(server: Server) -> None:
    release = released(*PLAIN)
    tried(release, server, FAILED, DEFERRED)
    assert told(server) == [FAILURE]
    tried(release, server, DELIVERED)
    releases.retry(ALL, release.pk)
    tried(release, server, FAILED)
    assert told(server) == [FAILURE]


def test_one_delay_then_the_failure(server: Server) -> None:
    release = released("b@example.com")
    tried(release, server, DEFERRED)
    assert told(server) == []
    ago = datetime.now(UTC) - release_reports.LATE_AFTER
    Release.objects.update(requested_at=ago - timedelta(seconds=1))
    tried(release, server, DEFERRED)
    delay = [("b@example.com", "delayed", "4.3.0")]
    assert told(server) == [delay]
    tried(release, server, DEFERRED)
    assert told(server) == [delay]
    Release.objects.update(expires_at=datetime.now(UTC))
    tried(release, server, DEFERRED)
    assert told(server) == [delay, [("b@example.com", "failed", "4.3.0")]]
    (last,) = read(reported(server)[-1]).delivery.recipients
    assert last.diagnostic == "451 4.3.0 Later"


def test_a_cancelled_release_is_not_reported_on(server: Server) -> None:
    releases.cancel(ALL, released("b@example.com").pk)
    assert told(server) == []


def test_nothing_for_the_null_reverse_path(server: Server) -> None:
    tried(released("b@example.com", reverse_path=""), server, FAILED)
    assert told(server) == []


def test_the_override_gets_the_report_but_a_report_has_none(server: Server) -> None:
    hop()
    routes.change("hop", {"reverse_path": "ops@example.com"})
    tried(released("b@example.com"), server, FAILED)
    report = reported(server)[-1]
    (recipient,) = report.transaction.recipients.all()
    assert recipient.forward_path == "ops@example.com"
    out = releases.request(ALL, report.pk, "hop")
    assert out.reverse_path == ""
    tried(out, server, FAILED)
    assert len(told(server)) == 1


def test_two_processes_make_one_report(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried(released("b@example.com"), server, FAILED)
    other = ReportTask.objects.get()
    ReportTask.objects.create(
        occasion="release", message_id=other.message_id, release_id=other.release_id
    )
    real = release_reports.drafts

    def slow(*given: Any) -> Any:
        """Both have read the recipients before either stores a report."""
        found = real(*given)
        monkeypatch.setattr(release_reports, "drafts", real)
        report_making.make(ReportTask.objects.order_by("pk")[1], server.pk)
        return found

    monkeypatch.setattr(release_reports, "drafts", slow)
    report_making.make(other, server.pk)
    assert told(server) == [FAILURE]


def with_route(**fields: Any) -> None:
    given = {"name": "bounces", "host": "out.test", "bounces": True}
    routes.add(given | {"allow": ["shop.test"]} | fields)


def outgoing() -> list[tuple[str, str, str, list[str]]]:
    rows = Release.objects.order_by("pk")
    return [
        (each.route_name, each.reverse_path, each.state,
         [to.forward_path for to in ReleaseRecipient.objects.filter(release=each)])
        for each in rows
    ]  # fmt: skip


def test_a_report_goes_out_by_the_route_for_reports(server: Server) -> None:
    with_route(reverse_path="ops@shop.test")
    sent("bounce+5.1.1@a.test")
    (report,) = reported(server)
    assert outgoing() == [("bounces", "", "queued", ["shop@shop.test"])]
    assert Release.objects.get().message_id == report.pk


def test_the_route_is_for_the_inbox(server: Server) -> None:
    factories.inbox()
    with_route()
    Route.objects.update(inboxes=["other"])
    original = sent("bounce+5.1.1@a.test")
    assert len(reported(server)) == 1
    assert outgoing() == []
    assert made_reports.about(ALL, original.pk)[0].not_sent == ""
    with_route(name="other")
    sent("bounce+5.1.1@a.test")
    reported(server)
    assert [each[0] for each in outgoing()] == ["other"]


def test_only_to_recipients_that_the_route_allows(client: Client, server: Server) -> None:  # fmt: skip
    with_route(allow=["example.com"])
    original = sent("bounce+5.1.1@a.test")
    assert len(reported(server)) == 1
    assert outgoing() == []
    page = client.get(f"/messages/{original.pk}").content.decode()
    assert "It does not go out:" in page
    assert "list of allowed recipients" in page


@pytest.mark.parametrize("where", ["inbox", "relay"])
def test_it_stays_here_without_a_route_or_by_the_setting(
    where: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_route(bounces=where == "inbox")
    config = replace(report_making.CONFIG, bounces=where)
    monkeypatch.setattr(report_making, "CONFIG", config)
    sent("bounce+5.1.1@a.test")
    assert len(reported(server)) == 1
    assert outgoing() == []


def test_it_goes_out_once(server: Server) -> None:
    """Also where two processes took the same task."""
    with_route()
    sent("bounce+5.1.1@a.test")
    (report,) = reported(server)
    done = ReportTask(
        occasion="relay", message_id=report.pk
    )  # not in the queue any more
    report_relay.relay(done)
    assert len(outgoing()) == 1


def test_off_notes_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    release = released("b@example.com")
    off = replace(report_tasks.CONFIG, bounces="off")
    monkeypatch.setattr(release_reports, "CONFIG", off)
    tried(release, server, FAILED)
    assert not ReportTask.objects.exists()


def test_a_released_import_is_reported_on(server: Server) -> None:
    """Its release is somebody's wish, unlike what its recipients ask for."""
    hop()
    message = factories.imported(BODY.replace(b"Subject", b"To: b@example.com\r\nSubject"))  # fmt: skip
    tried(releases.request(ALL, message.pk, "hop"), server, FAILED)
    assert told(server) == [FAILURE]
    assert Recipient.objects.filter(forward_path="shop@shop.test").exists()
