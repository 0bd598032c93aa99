"""Small programs that stand in for sendmail: nullmailer, sSMTP and s-nail."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.interop.clients import MAIL_TEXT, run
from tests.interop.transcripts import Wire
from tests.programs import environment, part, program
from tests.running import Mailsink


def nullmailer(address: tuple[str, int], folder: Path, *options: str) -> None:
    """Send a mail. It reads envelope and mail from descriptor 3."""
    (folder / "mail").write_text(f"a@example.com\nb@example.com\n\n{MAIL_TEXT}")
    smtp = part("nullmailer/smtp", "nullmailer")
    arguments = (smtp, f"--host={address[0]}", f"--port={address[1]}", *options)
    subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" "$@" 3<mail', *arguments],
        cwd=folder,
        env=environment(smtp) | {"HELOHOST": "client.test"},
        check=True,
        timeout=120,
    )


def test_nullmailer(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Says HELO unless it has to log in."""
    nullmailer(mailsink.smtp, tmp_path)
    assert wire.message()["subject"] == "Hello"
    wire.matches("nullmailer")


def test_nullmailer_starttls(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Turns to TLS by STARTTLS, says EHLO, and logs in."""
    login = ("--user=me", "--pass=x")
    nullmailer(mailsink.smtp, tmp_path, "--starttls", "--insecure", *login)
    session = wire.sessions()[-1]
    assert (session["protocol"], session["messages"]) == ("ESMTPSA", 1)
    wire.matches("nullmailer-starttls")


def test_ssmtp(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Says HELO always."""
    conf = tmp_path / "ssmtp.conf"
    hub = "{}:{}".format(*mailsink.smtp)
    conf.write_text(f"mailhub={hub}\nhostname=client.test\nFromLineOverride=YES\n")
    ssmtp = program("ssmtp", "ssmtp")
    run(ssmtp, f"-C{conf}", "b@example.com", text=MAIL_TEXT)
    assert wire.message()["subject"] == "Hello"
    wire.matches("ssmtp")


def test_s_nail(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Writes the mail itself, from a text."""
    server = "smtp://{}:{}".format(*mailsink.smtp)
    run(
        program("s-nail", "s-nail"),
        *("-:/", "-Sv15-compat", f"-Smta={server}", "-Ssmtp-auth=none"),
        *("-Sfrom=a@example.com", "-Shostname=client.test"),
        *("-s", "Grüße", "b@example.com"),
        text="Hei på deg\n",
        HOME=str(tmp_path),
        LC_ALL="C.UTF-8",
    )
    assert wire.message()["subject"] == "Grüße"
    wire.matches("s-nail")
