"""fetchmail: has a server send what it holds, by ETRN (RFC 1985) or ATRN (RFC 2645)."""

from __future__ import annotations

from pathlib import Path

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def fetchmail(folder: Path, wish: str) -> str:
    """Have a wish in its configuration language done; return its words."""
    rc = folder / "fetchmailrc"
    rc.touch(mode=0o600)
    rc.write_text(wish)
    return run(
        program("fetchmail", "fetchmail"),
        *("--fetchmailrc", str(rc), "--pidfile", str(folder / "pid")),
        *("--verbose", "--nosslcertck", "--sslproto", ""),
        HOME=str(folder),
    )


def test_fetchmail_etrn(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Asks for the queue of a domain, and understands our answer."""
    host, port = mailsink.smtp
    wish = f'poll {host} service {port} proto ETRN fetchdomains "example.com"'
    fetchmail(tmp_path, wish)
    wire.matches("fetchmail-etrn")


def test_fetchmail_atrn(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Logs in by CRAM-MD5, asks to turn the connection round, and is told: no mail."""
    host, port = mailsink.smtp
    wish = (
        f"poll {host} service {port} proto ODMR\n"
        f'user "me" password "x" smtphost "{host}/{port}" fetchdomains "example.com"'
    )
    assert "You have no mail" in fetchmail(tmp_path, wish)
    wire.matches("fetchmail-atrn")
