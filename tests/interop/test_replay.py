"""The snippets that replay a session, run as they are: they make the same exchanges again."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.wire import Wire as Line
from tests.interop.clients import get
from tests.interop.transcripts import Wire
from tests.programs import environment, program
from tests.running import Mailsink

pytestmark = pytest.mark.usefixtures("lenient")


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


ODD = (
    b"Subject: odd\n\r\n.first\r\n..\n.after a bare LF\n..two\r.after a bare CR\r\r\n"
    b"nul \0 and \xe9\xff\x80 %DATE% \\n\n.\nFrom here\r\n"
)
STUFFED = ODD.replace(b"\r\n.", b"\r\n..")


def odd(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.begin_message()
        client.send(STUFFED + b".\r\n")
        client.reply()
        client.say("QUIT")


def odd_and_large(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.begin_message()
        client.send(STUFFED * 30 + b".\r\n")
        client.reply()
        client.say("QUIT")


def dot_first(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.begin_message()
        client.send(b"..\n.\n..hidden\n\r\n.\r\n")
        client.reply()
        client.say("QUIT")


def nothing(server: Mailsink) -> None:
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.begin_message()
        client.send(b".\r\n")
        client.reply()
        client.say("QUIT")


def binary(server: Mailsink) -> None:
    """Chunks that end in the middle of CRLF, and a message without a last CRLF."""
    first, last = ODD[:-1], ODD[-1:] + b".\r\n.\r\nno line end \r"
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.say("MAIL FROM:<a@b> BODY=BINARYMIME")
        client.say("RCPT TO:<c@d>")
        client.send(b"BDAT %d\r\n" % len(first) + first)
        client.reply()
        client.send(b"BDAT %d LAST\r\n" % len(last) + last)
        client.reply()
        client.say("QUIT")


def large_binary(server: Mailsink) -> None:
    octets = (ODD * 30)[:-2]
    with Line(server.smtp) as client:
        client.say("EHLO app.test")
        client.say("MAIL FROM:<a@b> BODY=BINARYMIME")
        client.say("RCPT TO:<c@d>")
        client.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
        client.reply()
        client.say("QUIT")


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
    subprocess.run(command, check=False, timeout=120, capture_output=True, **options)


def stored(server: Mailsink, session: dict[str, Any]) -> list[bytes]:
    """Return the octets of the bodies that came, as they are stored."""
    ids = dict.fromkeys(
        each["transaction"]
        for each in session["exchanges"]
        if each["kind"] in ("body", "chunk")
    )
    bodies = []
    for id in ids:
        with urllib.request.urlopen(
            f"{server.url}/api/v3/transactions/{id}/raw"
        ) as raw:
            bodies.append(raw.read())
    return bodies


ADDED = "DATA ends a message with CRLF: one is added where it has none"


SESSIONS = [
    plain, large, starttls, login, auth_plain, implicit_tls, lmtp, refused,
    refused_recipient, pipelined, chunks, cut_off, odd, odd_and_large, dot_first, nothing,
    binary, large_binary,
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
    assert stored(mailsink, again) == stored(mailsink, session)


def said(session: dict[str, Any]) -> list[tuple[object, ...]]:
    """Verbs and codes, with the octets of messages: what swaks can make the same."""
    return [
        (each["kind"], each["verb"], each["code"],
         each["octets"] if each["kind"] == "body" else 0)
        for each in session["exchanges"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "act",
    [
        plain, large, auth_plain, login, implicit_tls, lmtp, refused_recipient, starttls,
        odd, odd_and_large, dot_first,
    ],
)  # fmt: skip
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
    assert stored(mailsink, again) == stored(mailsink, session)
    assert ADDED not in replay["swaks_notes"]


EMPTY = "the message is empty: swaks can only send one empty line"


@pytest.mark.parametrize(
    ("act", "note"),
    [(chunks, ADDED), (binary, ADDED), (large_binary, ADDED), (cut_off, ADDED),
     (nothing, EMPTY)],
)  # fmt: skip
def test_swaks_adds_only_the_line_end_that_it_tells_of(
    mailsink: Mailsink, wire: Wire, act: Callable[[Mailsink], None], note: str
) -> None:
    session = one(wire, act, mailsink)
    replay = get(mailsink, f"sessions/{session['id']}/replay")
    assert note in replay["swaks_notes"]
    path = program("swaks", "swaks")
    run(["sh", "-c", replay["swaks"]], env=environment(path))
    (before,) = stored(mailsink, session)
    assert stored(mailsink, wire.sessions(2)[-1]) == [before + b"\r\n"]
