"""esmtp, by libESMTP: sends by BDAT (RFC 3030) where it can, down to `BDAT 0 LAST`."""

from __future__ import annotations

from pathlib import Path

from tests.interop.clients import MAIL_TEXT, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def test_esmtp(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Asks for DSN too (RFC 3461)."""
    rc = tmp_path / "esmtprc"
    rc.touch(mode=0o600)
    rc.write_text("hostname = {}:{}\nstarttls = disabled\n".format(*mailsink.smtp))
    run(
        program("esmtp", "esmtp"),
        *("-C", str(rc), "-f", "a@example.com", "-N", "success", "-R", "hdrs"),
        "b@example.com",
        text=MAIL_TEXT,
    )
    assert wire.message()["subject"] == "Hello"
    assert "BDAT 0 LAST" in [one["line"] for one in wire.sessions()[0]["exchanges"]]
    wire.matches("esmtp")
