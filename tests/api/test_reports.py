"""API v3: the report that a message is."""

from __future__ import annotations

import pytest

from inbox.api.v3 import schemas
from inbox.insight.fingerprints import Fingerprints
from tests import factories
from tests.api.conftest import Api
from tests.mime.test_receipts import ABUSE, READ
from tests.views.test_reports import ORIGINAL, QMAIL, RECIPIENT, TEXT, bounce

pytestmark = pytest.mark.django_db
NOTHING = {
    "dsn_gateway": "", "received_from_mta": "", "envelope_id": "", "recipients": [],
    "recipients_left_out": 0, "truncated": False, "disposition": None, "feedback": None,
    "action": "",
}  # fmt: skip


def report(api: Api, octets: bytes, reverse_path: str = "") -> dict[str, object]:
    made = factories.message(octets, reverse_path=reverse_path)
    told = api("GET", f"messages/{made.pk}")
    schemas.MessageDetail.model_validate(told)
    found = told["report"]
    assert isinstance(found, dict)
    return found


def test_a_bounce(api: Api) -> None:
    original = factories.message(ORIGINAL)
    Fingerprints().make_some()  # by which it is found
    dated = RECIPIENT.replace(
        b"Remote", b"Last-Attempt-Date: Sun, 29 Nov 2026 10:05:00 +0100\r\nRemote"
    )
    octets = bounce(dated % (b"ann", b"ann", b"failed", b"5.1.1"))
    assert report(api, octets) == NOTHING | {
        "kind": "delivery", "source": "fields", "action": "failed", "title": "Delivery failed",
        "part": 2, "reporting_mta": "mx.shop.test", "arrival_date": None,
        "recipients": [{
            "address": "ann@there.test", "original_recipient": "ann@there.test",
            "final_recipient": "ann@mail.test", "action": "failed", "action_text": "Not delivered",
            "status": "5.1.1", "code": 550,
            "status_text": "5.1.1: about the address: the mailbox does not exist (RFC 3463).",
            "remote_mta": "mx.there.test", "diagnostic_type": "smtp", "diagnostic": "550 <b>No</b>",
            "last_attempt": "2026-11-29T09:05:00Z", "will_retry_until": None, "final_log_id": "",
        }],
        "original": {"subject": "Your order", "message_id": "1@shop.test", "message": str(original.pk)},
    }  # fmt: skip


def test_a_bounce_in_words(api: Api) -> None:
    found = report(api, TEXT + QMAIL)
    assert (found["kind"], found["source"], found["part"]) == ("delivery", "text", 0)
    (recipient,) = found["recipients"]  # type: ignore[misc]
    assert recipient["address"] == recipient["final_recipient"] == "ann@there.test"
    assert recipient["status"] == "5.1.1"
    assert report(api, TEXT + b"Sorry.")["source"] == "none"


def test_a_receipt(api: Api) -> None:
    octets = f"Content-Type: message/disposition-notification\r\n\r\n{READ}".encode()
    assert report(api, octets) == NOTHING | {
        "kind": "disposition", "source": "fields", "title": "Read receipt", "part": 0,
        "reporting_mta": "", "arrival_date": None,
        "disposition": {
            "type": "displayed", "text": "The message was displayed; it is not known whether it was read",
            "action_mode": "manual-action", "sending_mode": "mdn-sent-manually", "modifiers": [],
            "original_recipient": "Joe_Recipient@example.com",
            "final_recipient": "Joe_Recipient@example.com",
            "reporting_ua": "joes-pc.cs.example.com; Foomail 97.1", "gateway": "", "errors": [],
        },
        "original": {"subject": "", "message_id": "199509192301.23456@example.org", "message": None},
    }  # fmt: skip


def test_a_complaint(api: Api) -> None:
    octets = f"Content-Type: message/feedback-report\r\n\r\n{ABUSE}".encode()
    found = report(api, octets)
    assert (found["kind"], found["title"]) == ("feedback", "Complaint")
    assert found["reporting_mta"] == "mail.example.com"
    assert found["arrival_date"] == "2005-03-08T18:00:00Z"
    assert found["feedback"] == {
        "type": "abuse", "text": "Spam, or other unwanted mail", "user_agent": "SomeGenerator/1.0",
        "original_mail_from": "somespammer@example.net", "original_rcpt_to": ["user@example.com"],
        "source_ip": "192.0.2.1", "incidents": "",
        "authentication_results": ["mail.example.com; spf=fail smtp.mail=somespammer@example.com"],
        "reported_domain": ["example.net"],
        "reported_uri": ["http://example.net/earn_money.html", "mailto:user@example.com"],
        "auth_failure": "", "delivery_result": "",
    }  # fmt: skip


def test_the_reverse_path_counts(api: Api) -> None:
    octets = b"From: no-reply@mx.test\r\nSubject: Mail\r\n\r\nIt could not be delivered:\r\n<ann@there.test>\r\n"
    assert report(api, octets)["source"] == "text"
    made = factories.message(octets, reverse_path="no-reply@mx.test")
    told = api("GET", f"messages/{made.pk}")
    assert (told["report"], told["notices"]) == (None, [])


def test_other_mail_is_no_report(api: Api) -> None:
    factories.message(ORIGINAL)
    assert api("GET", "messages/latest")["report"] is None
    assert "report" not in api("GET", "messages")["items"][0]
