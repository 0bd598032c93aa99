"""curl: sends a file as it is."""

from __future__ import annotations

from pathlib import Path

from tests.interop.clients import MAIL, raw, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def curl(
    address: tuple[str, int], *arguments: str, scheme: str = "smtp", code: int = 0
) -> str:
    host, port = address
    return run(
        program("curl", "curl"),
        *("--silent", "--show-error"),
        *("--url", f"{scheme}://{host}:{port}/client.test"),
        *arguments,
        code=code,
    )


def letter(folder: Path) -> tuple[str, ...]:
    """Return what has curl send MAIL to two recipients."""
    (folder / "mail").write_bytes(MAIL)
    return (
        *("--mail-from", "a@example.com", "--mail-rcpt", "b@example.com"),
        *("--mail-rcpt", "c@example.com", "--upload-file", str(folder / "mail")),
    )


def test_curl(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Declares SIZE, stuffs dots, and its octets are kept."""
    curl(mailsink.smtp, *letter(tmp_path))
    kept = wire.message()
    assert [one["forward_path"] for one in kept["envelope"]["recipients"]] == [
        "b@example.com",
        "c@example.com",
    ]
    assert raw(mailsink, kept["id"]) == MAIL
    wire.matches("curl")


def test_curl_help(mailsink: Mailsink, wire: Wire) -> None:
    """Asks for HELP where it is given no mail."""
    assert "EHLO" in curl(mailsink.smtp)
    wire.matches("curl-help")
