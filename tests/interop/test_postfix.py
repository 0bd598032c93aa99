"""Postfix: its tools, and a private one that delivers through Mailsink."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.clients import MAIL, get, patch, run
from tests.interop.postfix import postfix, write_main_cf
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def smtp_source(mailsink: Mailsink, *arguments: str) -> None:
    host, port = mailsink.smtp
    run(
        program("smtp-source", "postfix"),
        *("-M", "client.test", "-f", "a@example.com", "-t", "b@example.com"),
        *(*arguments, f"{host}:{port}"),
    )


def test_smtp_source(mailsink: Mailsink, wire: Wire) -> None:
    """Sends two messages by one connection, to two recipients each."""
    smtp_source(mailsink, "-d", "-m", "2", "-r", "2")
    assert wire.message()["envelope"]["recipients"]
    wire.matches("smtp-source")


@pytest.mark.parametrize("kept_open", [False, True])
def test_smtp_source_in_parallel(
    mailsink: Mailsink, wire: Wire, kept_open: bool
) -> None:
    """Sends fifty messages by five connections at a time."""
    before = len(get(mailsink, "messages?limit=500")["items"])
    keep = ["-d"] if kept_open else []
    smtp_source(mailsink, "-s", "5", "-m", "50", "-l", "3000", *keep)
    sessions = wire.sessions(5 if kept_open else 50)
    assert {(one["ending"], one["worst_code"] < 400) for one in sessions} == {
        ("quit", True)
    }
    assert len(get(mailsink, "messages?limit=500")["items"]) - before == 50


def test_posttls_finger(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Looks at what TLS there is by STARTTLS, and sends nothing."""
    write_main_cf(tmp_path, {})
    said = run(
        program("posttls-finger", "postfix"),
        *("-c", "-l", "may", "[{}]:{}".format(*mailsink.smtp)),
        MAIL_CONFIG=str(tmp_path),
    )
    assert "TLS connection established" in said
    wire.matches("posttls-finger")


@pytest.fixture(scope="module")
def relay(mailsink: Mailsink) -> Iterator[tuple[str, int]]:
    """Where a Postfix listens that delivers to Mailsink."""
    with postfix(mailsink.smtp) as address:
        yield address


def test_postfix(relay: tuple[str, int], wire: Wire) -> None:
    """Pipelines, declares SIZE, and passes on what was asked of DSN (RFC 3461)."""
    with smtplib.SMTP(*relay) as client:
        client.sendmail(
            "a@example.com",
            ["b@example.com", "c@example.com"],
            MAIL,
            ["RET=HDRS", "ENVID=e+2B1"],
            ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;b+2Bc@example.com"],
        )
    wire.matches("postfix")


def test_postfix_smtputf8(relay: tuple[str, int], wire: Wire) -> None:
    """Sends with SMTPUTF8 and 8BITMIME where the mail needs them (RFC 6531)."""
    with smtplib.SMTP(*relay) as client:
        client.ehlo()
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        body = "Subject: Grüße\r\n\r\nHei på deg\r\n".encode()
        client.sendmail("björn@example.com", ["b@example.com"], body, options)
    stored = wire.message()
    assert stored["envelope"]["reverse_path"] == "björn@example.com"
    assert stored["subject"] == "Grüße"
    wire.matches("postfix-smtputf8")


def test_postfix_lmtp(mailsink: Mailsink, wire: Wire) -> None:
    """Delivers by LMTP (RFC 2033), and hears of each recipient what became of it."""
    host, port = lmtp = mailsink.address("LMTP")
    transport = f"lmtp:inet:{host}:{port}"
    with postfix(lmtp, default_transport=transport, relayhost="") as relay:
        with smtplib.SMTP(*relay) as client:
            client.sendmail("a@example.com", ["b@example.com", "c@example.com"], MAIL)
        session = wire.sessions()[-1]
    assert session["protocol"] == "LMTP"
    recipients = wire.message()["envelope"]["recipients"]
    assert [one["final_code"] for one in recipients] == [250, 250]
    wire.matches("postfix-lmtp")


_IMPATIENT = {"queue_run_delay": "1s", "minimal_backoff_time": "1s"}


def test_postfix_and_many_recipients(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    """Sends to those we take none of any more (452 4.5.3) in a transaction again."""
    server = start_mailsink(HOSTNAME="mx.test", SMTP_MAX_RECIPIENTS="2")
    wire = Wire(server)
    recipients = [f"{name}@example.com" for name in "bcdef"]
    with postfix(server.smtp, **_IMPATIENT) as relay, smtplib.SMTP(*relay) as client:
        assert client.sendmail("a@example.com", recipients, MAIL) == {}
        wire.sessions(3)
    items = get(server, "messages")["items"]
    stored = [get(server, f"messages/{one['id']}") for one in items]
    taken = [each["envelope"]["recipients"] for each in stored]
    assert (
        sorted(
            one["forward_path"]
            for each in taken
            for one in each
            if one["rcpt_code"] == 250
        )
        == recipients
    )
    wire.matches("postfix-many-recipients")


def test_postfix_starttls(mailsink: Mailsink, wire: Wire, certificate: str) -> None:
    """Insists on TLS with a certificate of the name that it expects."""
    settings = {
        "smtp_tls_security_level": "verify",
        "smtp_tls_verify_cert_match": "mx.test",
        "smtp_tls_CAfile": certificate,
    }
    with postfix(mailsink.smtp, **settings) as relay:
        with smtplib.SMTP(*relay) as client:
            client.sendmail("a@example.com", ["b@example.com"], MAIL)
        session = wire.sessions()[-1]
    assert (session["protocol"], session["messages"]) == ("ESMTPS", 1)
    wire.matches("postfix-starttls")


_PEOPLE = [
    {"address": "a@example.com", "name": "Ann", "kind": "mailbox", "target": []},
    {
        "address": "moved@example.com",
        "name": "",
        "kind": "moved",
        "target": ["new@example.org"],
    },
]


def test_postfix_bounces(start_mailsink: Callable[..., Mailsink]) -> None:
    """Tells the sender, from <>, of whom we do not know (550) and of who moved (551)."""
    server = start_mailsink(HOSTNAME="mx.test")
    patch(server, "inboxes/default", {"known_only": True, "addresses": _PEOPLE})
    wire = Wire(server)
    recipients = ["nobody@example.com", "moved@example.com"]
    with postfix(server.smtp) as relay, smtplib.SMTP(*relay) as client:
        client.sendmail("a@example.com", recipients, MAIL)
        refused, bounce = wire.sessions(2)
    assert (refused["messages"], bounce["messages"]) == (0, 1)
    stored = wire.message()
    assert stored["envelope"]["reverse_path"] == ""
    assert "<new@example.org>" in stored["text"]
    wire.matches("postfix-bounces", 2)
