"""The command line, as a program of its own, against a running Mailsink."""

from __future__ import annotations

import json
import mailbox
import os
import signal
import smtplib
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.releasing import until
from tests.running import ROOT, Mailsink

HTML = (
    b"From: Shop <shop@example.com>\r\nTo: ann@example.com\r\nSubject: Your code\r\n"
    b"Content-Type: text/html\r\n\r\n"
    b'<p>Your code is <b>482913</b>. <a href="https://shop.test/confirm">Confirm</a></p>\r\n'
)
PLAIN = b"Subject: Plain \x1b[31m\r\n\r\nHello\x1b]0;title\x07 there\r\n"


def run(*arguments: str, stdin: bytes = b"", **variables: str) -> tuple[int, str, str]:
    """Run a command; return its exit code, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "mailsink", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb", **variables},
        timeout=120,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def asked(server: Mailsink, *arguments: str) -> str:
    """The output of a command that succeeds."""
    code, out, err = run(*arguments, MAILSINK_URL=server.url)
    assert code == 0, err
    return out


def send(server: Mailsink, body: bytes, to: str = "ann@example.com") -> None:
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("shop@example.com", [to], body)


def at(server: Mailsink) -> str:
    return "{}:{}".format(*server.smtp)


@pytest.fixture(scope="module")
def server(mailsink: Mailsink) -> Mailsink:
    send(mailsink, HTML)
    until(lambda: mailsink.get("messages/latest")["snippet"])
    return mailsink


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def test_ready(server: Mailsink) -> None:
    assert server.url in asked(server, "ready")
    code, _, err = run("ready", "--url", f"http://127.0.0.1:{free_port()}")
    assert (code, "is not ready" in err) == (1, True)


def test_nobody_there_is_said() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    code, _, err = run("messages", "--url", url)
    assert code == 1
    assert f"no Mailsink answers at {url} (Connection refused)" in err
    assert run("messages", "--url", "localhost:8025")[0] == 2


def test_messages_and_show(server: Mailsink) -> None:
    listed = asked(server, "messages", "subject:code")
    assert "shop@example.com" in listed
    [item] = json.loads(asked(server, "messages", "subject:code", "--json"))
    shown = asked(server, "show", item["id"])
    assert "Subject" in shown
    assert "482913" in shown
    assert asked(server, "show", item["id"], "--raw").encode() == HTML.replace(
        b"\r\n", b"\r\n"
    )
    assert json.loads(asked(server, "show", "latest", "--json"))["id"]
    assert "No mail." in asked(server, "messages", "subject:nothing")


def test_a_bad_search_is_said(server: Mailsink) -> None:
    code, out, err = run("messages", "frm:x", MAILSINK_URL=server.url)
    assert (code, out) == (1, "")
    assert err.startswith("mailsink: ")


def test_wait(server: Mailsink) -> None:
    assert asked(server, "wait", "to:ann@example.com", "--codes") == "482913\n"
    links = asked(server, "wait", "to:ann@example.com", "--links")
    assert links == "https://shop.test/confirm\n"
    waited = json.loads(asked(server, "wait", "to:ann@example.com", "--json"))
    assert waited["items"][0]["codes"] == ["482913"]
    assert asked(
        server, "wait", "to:bob@example.com", "--absent", "--timeout", "0"
    ) == ("No mail.\n")
    code, _, err = run(
        "wait", "to:ann@example.com", "--absent", MAILSINK_URL=server.url
    )
    assert (code, '"Your code" from shop@example.com' in err) == (1, True)
    code, _, err = run(
        "wait", "to:bob@example.com", "--timeout", "0.1", MAILSINK_URL=server.url
    )
    assert code == 1
    assert "0 of 1 messages came within 0.1 s" in err


def test_nothing_of_a_mail_commands_the_terminal(server: Mailsink) -> None:
    send(server, PLAIN, "esc@example.com")
    until(lambda: server.get("messages/latest")["snippet"])
    for command in (("messages",), ("show", "latest"), ("explain",)):
        assert "\x1b" not in asked(server, *command)


def test_explain_and_check(server: Mailsink) -> None:
    explained = asked(server, "explain")
    assert "S: 220 " in explained
    assert "C: " in explained
    assert "findings" in json.loads(asked(server, "explain", "--json"))
    [item] = json.loads(asked(server, "messages", "subject:code", "--json"))
    code, out, _ = run("check", item["id"], MAILSINK_URL=server.url)
    assert code == 1  # it has no Message-ID
    assert "error: no Message-ID" in out
    _, out, _ = run("check", item["id"], "--format", "junit", MAILSINK_URL=server.url)
    suite = ET.fromstring(out)
    assert int(suite.get("failures", "0")) == len(suite.findall(".//failure")) > 0
    _, out, _ = run("check", item["id"], "--format", "github", MAILSINK_URL=server.url)
    assert "::error title=no Message-ID::" in out
    _, out, _ = run("check", item["id"], "--format", "json", MAILSINK_URL=server.url)
    assert {"missing_message_id"} <= {each["kind"] for each in json.loads(out)}


def test_send(server: Mailsink, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    words = ("--to", "eve@example.com", "--html", "<p>Hi</p>", "--attach", str(file))
    assert "Sent to eve@example.com" in asked(server, "send", *words)
    message = until(lambda: _indexed(server))
    assert message["attachments"] == 1
    code, _, err = run(
        "send", "--to", "rcpt550_5.1.1@example.com", MAILSINK_URL=server.url
    )
    assert (code, "550 5.1.1" in err) == (1, True)
    assert run("send", "--smtp", "nowhere")[0] == 2


def _indexed(server: Mailsink) -> dict[str, int] | None:
    message = server.get("messages/latest")
    return message if message["snippet"] else None  # type: ignore[no-any-return]


def test_export_and_import(server: Mailsink, tmp_path: Path) -> None:
    file = tmp_path / "mail.mbox"
    assert str(file) in asked(server, "export", str(file), "-q", "subject:code")
    with closing(mailbox.mbox(file)) as exported:
        assert len(exported) == 1
    (tmp_path / "one.eml").write_bytes(b"Subject: From a file\r\n\r\nx\r\n")
    asked(server, "import", str(tmp_path / "one.eml"))
    assert server.get("messages/latest")["subject"] == "From a file"
    answers = json.loads(asked(server, "import", str(tmp_path), "--json"))
    assert [each["imported"] for each in answers] == [1, 1]
    code, _, err = run("import", str(tmp_path / "none"), MAILSINK_URL=server.url)
    assert (code, "cannot be read" in err) == (1, True)


@pytest.fixture
def tailing(server: Mailsink) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mailsink", "tail", "--url", server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    yield process
    process.kill()
    process.communicate()


def test_tail(server: Mailsink, tailing: subprocess.Popen[str]) -> None:
    """Each line once and in order, also those from before it could subscribe."""
    assert tailing.stdout is not None
    until(lambda: _watched(server, tailing))
    lines: list[str] = []
    for line in tailing.stdout:
        lines.append(line.strip())
        if "tail.test" in line and "quit" in line:
            break
    said = [line.partition("C: ")[2] for line in lines if "C: " in line]
    mine = said[said.index("ehlo tail.test") :]
    assert [each.split()[0] for each in mine] == ["ehlo", "noop", "QUIT"]
    tailing.send_signal(signal.SIGINT)
    assert tailing.wait(60) == 130


def _watched(server: Mailsink, tailing: subprocess.Popen[str]) -> bool:
    """Have a session until it is printed: when the feed is subscribed cannot be asked."""
    import select

    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo("tail.test")
        client.noop()
    return bool(select.select([tailing.stdout], [], [], 0.2)[0])


def test_serve() -> None:
    code, out, _ = run("serve", "--help")
    assert code == 0
    assert "--smtp ADDR:PORT|off" in out
    assert run("version")[1].startswith("mailsink ")
    assert run("nothing")[0] == 2
