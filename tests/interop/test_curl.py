"""curl: sends a file as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.interop.clients import MAIL, raw, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def curl(
    address: tuple[str, int],
    *arguments: str,
    scheme: str = "smtp",
    name: str = "client.test",
    code: int = 0,
) -> str:
    """Run it under that name, which must end with that exit code."""
    host, port = address
    return run(
        program("curl", "curl"),
        *("--silent", "--show-error"),
        *("--url", f"{scheme}://{host}:{port}/{name}"),
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
    """Declares SIZE, stuffs dots, and its octets are stored."""
    curl(mailsink.smtp, *letter(tmp_path))
    stored = wire.message()
    assert [one["forward_path"] for one in stored["envelope"]["recipients"]] == [
        "b@example.com",
        "c@example.com",
    ]
    assert raw(mailsink, stored["id"]) == MAIL
    wire.matches("curl")


def test_curl_help(mailsink: Mailsink, wire: Wire) -> None:
    """Asks for HELP where it is given no mail."""
    assert "EHLO" in curl(mailsink.smtp)
    wire.matches("curl-help")


def test_curl_too_large(
    start_mailsink: Callable[..., Mailsink], tmp_path: Path
) -> None:
    """Tells the size beforehand, and takes a no for an answer (RFC 1870)."""
    server = start_mailsink(HOSTNAME="mx.test", MAX_MESSAGE_SIZE="50")
    wire = Wire(server)
    said = curl(server.smtp, *letter(tmp_path), code=55)
    assert "MAIL failed: 552" in said
    wire.matches("curl-too-large")


def test_curl_starttls(
    mailsink: Mailsink, wire: Wire, certificate: str, tmp_path: Path
) -> None:
    """Insists on TLS, and on a certificate that it trusts."""
    trust = ("--ssl-reqd", "--cacert", certificate)
    curl(mailsink.smtp, *letter(tmp_path), *trust)
    assert raw(mailsink, wire.message()["id"]) == MAIL
    wire.matches("curl-starttls")


def test_curl_implicit_tls(
    mailsink: Mailsink, wire: Wire, certificate: str, tmp_path: Path
) -> None:
    """Begins with TLS (RFC 8314)."""
    smtps = mailsink.address("SMTPS")
    curl(smtps, *letter(tmp_path), "--cacert", certificate, scheme="smtps")
    assert raw(mailsink, wire.message()["id"]) == MAIL
    wire.matches("curl-implicit-tls")


_PEER_CERTIFICATE = 60  # its exit code: CURLE_PEER_FAILED_VERIFICATION


def test_curl_untrusting(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Breaks off at a certificate it does not trust, and the session says so."""
    # The others are to be offered STARTTLS all the same.
    curl(
        mailsink.smtp,
        *letter(tmp_path),
        "--ssl-reqd",
        name="untrusting.test",
        code=_PEER_CERTIFICATE,
    )
    assert wire.sessions()[-1]["ending"] == "tls_failed"
    wire.matches("curl-untrusting")
