"""fetchmail: has a server send what it holds, by ETRN (RFC 1985)."""

from __future__ import annotations

from pathlib import Path

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def test_fetchmail_etrn(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Asks for the queue of a domain, and understands our answer."""
    host, port = mailsink.smtp
    wish = tmp_path / "fetchmailrc"
    wish.touch(mode=0o600)
    wish.write_text(f'poll {host} service {port} proto ETRN fetchdomains "example.com"')
    said = run(
        program("fetchmail", "fetchmail"),
        *("--fetchmailrc", str(wish), "--pidfile", str(tmp_path / "pid")),
        *("--verbose", "--nosslcertck", "--sslproto", ""),
        HOME=str(tmp_path),
    )
    assert said
    wire.matches("fetchmail-etrn")
