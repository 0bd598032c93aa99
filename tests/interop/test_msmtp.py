"""msmtp: sends in groups (RFC 2920), with DSN, and asks for a queue by ETRN."""

from __future__ import annotations

from tests.interop.clients import MAIL_TEXT, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def msmtp(
    mailsink: Mailsink,
    *arguments: str,
    text: str = "",
    label: str = "SMTP",
    code: int = 0,
) -> str:
    """Run it, which must end with that exit code; label: of the listener."""
    host, port = mailsink.address(label)
    return run(
        program("msmtp", "msmtp"),
        *("--file=/dev/null", f"--host={host}", f"--port={port}"),
        *("--domain=client.test", *arguments),
        text=text,
        code=code,
    )


def test_msmtp(mailsink: Mailsink, wire: Wire) -> None:
    """Sends MAIL, RCPT and DATA in one group, and asks for DSN (RFC 3461)."""
    msmtp(
        mailsink,
        *("--tls=off", "--from=a@example.com"),
        *("--dsn-notify=success,failure", "--dsn-return=hdrs"),
        *("b@example.com", "c@example.com"),
        text=MAIL_TEXT,
    )
    recipients = wire.message()["envelope"]["recipients"]
    assert {one["parameters"] for one in recipients} == {"NOTIFY=SUCCESS,FAILURE"}
    wire.matches("msmtp")


def test_msmtp_serverinfo(mailsink: Mailsink, wire: Wire) -> None:
    """Reads what EHLO offers."""
    told = msmtp(mailsink, "--tls=off", "--serverinfo")
    for extension in ("SIZE", "PIPELINING", "DSN", "ETRN", "AUTH"):
        assert f"{extension}" in told, told
    wire.matches("msmtp-serverinfo")


def test_msmtp_etrn(mailsink: Mailsink, wire: Wire) -> None:
    """Asks for the queue of a domain (RFC 1985)."""
    msmtp(mailsink, "--tls=off", "--rmqs=example.com")
    wire.matches("msmtp-etrn")


def test_msmtp_starttls(mailsink: Mailsink, wire: Wire, certificate: str) -> None:
    """Turns to TLS by STARTTLS (RFC 3207), and says EHLO again."""
    trust = ("--tls=on", f"--tls-trust-file={certificate}")
    letter = ("--from=a@example.com", "b@example.com")
    msmtp(mailsink, *trust, *letter, text=MAIL_TEXT)
    assert wire.message()["subject"] == "Hello"
    wire.matches("msmtp-starttls")


def test_msmtp_implicit_tls(mailsink: Mailsink, wire: Wire, certificate: str) -> None:
    """Begins with TLS (RFC 8314)."""
    trust = ("--tls=on", "--tls-starttls=off", f"--tls-trust-file={certificate}")
    letter = ("--from=a@example.com", "b@example.com")
    msmtp(mailsink, *trust, *letter, text=MAIL_TEXT, label="SMTPS")
    assert wire.message()["subject"] == "Hello"
    wire.matches("msmtp-implicit-tls")
