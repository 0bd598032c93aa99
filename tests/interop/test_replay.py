"""The snippets that replay a session, run as they are: they make the same exchanges again."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.wire import Wire as Line
from tests.interop.clients import get
from tests.interop.transcripts import Wire
from tests.programs import environment, program
from tests.running import Mailsink


def plain(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp, local_hostname="app.test") as client:
        body = "Subject: Hi\r\n\r\n.dots\r\n..\r\n%DATE% \\n 'quoted'\r\n"
        client.sendmail("a@shop.test", ["ann@example.com", "bob@example.com"], body)


def large(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp, local_hostname="app.test") as client:
        body = b"Subject: Hi\r\n\r\n" + b"." * 70 + b"\r\n" + b"\xc3\xa9 text\r\n" * 900
        client.sendmail("a@shop.test", ["ann@example.com"], body, ["BODY=8BITMIME"])


def starttls(server: Mailsink) -> None:
    context = ssl.create_default_context(cafile=str(server.data / "tls-cert.pem"))
    with smtplib.SMTP(*server.smtp, local_hostname="app.test") as client:
        client.starttls(context=context)
        client.login("shop", "hunter2", initial_response_ok=True)
        client.sendmail(
            "a@shop.test", ["ann@example.com"], b"Subject: Hi\r\n\r\nHi\r\n"
        )


def login(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp, local_hostname="app.test") as client:
        client.ehlo()
        client.user, client.password = "shop", "hunter2"
        client.auth("LOGIN", client.auth_login, initial_response_ok=False)


def auth_plain(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp, local_hostname="app.test") as client:
        client.ehlo()
        client.user, client.password = "shop", "hunter2"
        client.auth("PLAIN", client.auth_plain)


def implicit_tls(server: Mailsink) -> None:
    context = ssl.create_default_context(cafile=str(server.data / "tls-cert.pem"))
    address = server.address("SMTPS")
    with smtplib.SMTP_SSL(
        *address, local_hostname="app.test", context=context
    ) as client:
        client.sendmail(
            "a@shop.test", ["ann@example.com"], b"Subject: Hi\r\n\r\nHi\r\n"
        )


def lmtp(server: Mailsink) -> None:
    with smtplib.LMTP(*server.address("LMTP"), local_hostname="app.test") as client:
        client.sendmail(
            "a@shop.test", ["ann@example.com"], b"Subject: Hi\r\n\r\nHi\r\n"
        )


def refused(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        for line in (
            "MAIL FROM:<a@b>", "EHLO app.test", "NONSENSE \\", "MAIL FROM:<a@b> FOO=1",
            "MAIL FROM:<o'neil@shop.test> SIZE=99999999999", "RCPT TO:<a@b>", "DATA", "QUIT",
        ):  # fmt: skip
            client.say(line)


def refused_recipient(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        for line in (
            "HELO app.test", "MAIL FROM:<>", "RCPT TO:<bob@@example.com>",
            "RCPT TO:<$(id)'`id`;@example.com>", "QUIT",
        ):  # fmt: skip
            client.say(line)


def pipelined(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
        for _ in range(3):
            client.reply()
        client.send(b"Subject: Hi\r\n\r\nHi\r\n.\r\n")
        client.reply()
        client.say("RSET")
        client.send("VRFY \xe9\xff\n".encode("latin-1"))
        client.reply()
        client.say("QUIT")


def chunks(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        for line in ("EHLO app.test", "MAIL FROM:<a@b>", "RCPT TO:<c@d>"):
            client.say(line)
        client.send(b"BDAT 9\r\nSubject: ")
        client.reply()
        client.send(b"BDAT 8 LAST\r\nHi\r\n\r\nHi")
        client.reply()
        client.say("QUIT")


def cut_off(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.begin_message()
        client.send(b"Subject: Hi\r\n\r\nand so")


def one(
    wire: Wire, act: Callable[[Mailsink], None], server: Mailsink
) -> dict[str, Any]:
    act(server)
    (session,) = wire.sessions()
    return dict(session)


def exchanges(session: dict[str, Any], *kinds: str) -> list[tuple[object, ...]]:
    """Return what was said and answered, as far as it is to be the same again."""
    return [
        (
            each["kind"], each["verb"], each["code"], each["enhanced"],
            "" if each["kind"] == "tls" else each["line"].upper(),
            0 if each["kind"] in ("tls", "auth") else each["octets"],
        )
        for each in session["exchanges"]
        if not kinds or each["kind"] in kinds
    ]  # fmt: skip


def run(command: list[str], **options: Any) -> None:
    subprocess.run(command, check=False, timeout=60, capture_output=True, **options)


SESSIONS = [
    plain, large, starttls, login, auth_plain, implicit_tls, lmtp, refused,
    refused_recipient, pipelined, chunks, cut_off,
]  # fmt: skip


@pytest.mark.parametrize("act", SESSIONS)
def test_python_makes_the_same_exchanges_again(
    mailsink: Mailsink, wire: Wire, tmp_path: Path, act: Callable[[Mailsink], None]
) -> None:
    session = one(wire, act, mailsink)
    replay = get(mailsink, f"sessions/{session['id']}/replay")
    assert "hunter2" not in replay["python"]
    path = tmp_path / "replay.py"
    path.write_text(replay["python"])
    run([sys.executable, str(path)])
    again = wire.sessions(2)[-1]
    assert again["id"] != session["id"]
    assert exchanges(again) == exchanges(session), replay["python"]
    assert again["messages"] == session["messages"]


def said(session: dict[str, Any]) -> list[tuple[object, ...]]:
    """Verbs and codes, with the octets of messages: what swaks can make the same."""
    return [
        (each["kind"], each["verb"], each["code"],
         each["octets"] if each["kind"] == "body" else 0)
        for each in session["exchanges"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "act",
    [plain, large, auth_plain, login, implicit_tls, lmtp, refused_recipient, starttls],
)
def test_swaks_makes_the_same_exchanges_again(
    mailsink: Mailsink, wire: Wire, act: Callable[[Mailsink], None]
) -> None:
    session = one(wire, act, mailsink)
    replay = get(mailsink, f"sessions/{session['id']}/replay")
    assert "hunter2" not in replay["swaks"]
    path = program("swaks", "swaks")
    run(["sh", "-c", replay["swaks"]], env=environment(path))
    again = wire.sessions(2)[-1]
    assert again["id"] != session["id"]
    assert said(again) == said(session), replay["swaks"]
