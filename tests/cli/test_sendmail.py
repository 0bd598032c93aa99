"""`mailsink sendmail`, as PHP, cron and Git call sendmail."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mailsink.cli import sendmail
from tests.cli.test_commands import at, run
from tests.private import free_port
from tests.releasing import raw
from tests.running import ROOT, Mailsink

MESSAGE = b"From: shop@example.com\nTo: Ann <ann@example.com>, bob@example.com\nSubject: Hi\n\nHello\n"


def newest(server: Mailsink) -> dict[str, Any]:
    message: dict[str, Any] = server.get("messages/latest")
    return message


def envelope(server: Mailsink) -> tuple[str, list[str]]:
    found = newest(server)["envelope"]
    to = [each["forward_path"] for each in found["recipients"]]
    return found["reverse_path"], to


def submit(server: Mailsink, *arguments: str, stdin: bytes = MESSAGE) -> int:
    code, _, err = run("sendmail", "--smtp-addr", at(server), *arguments, stdin=stdin)
    assert not err, err
    return code


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-t", "-i"], ("", [], True, False, False)),
        (["-ti"], ("", [], True, False, False)),
        (["-t", "-oi", "-oem", "-odb"], ("", [], True, False, False)),
        (["-f", "a@b.test", "c@d.test"], ("a@b.test", ["c@d.test"], False, True, False)),
        (["-fa@b.test", "--", "-c@d.test"], ("a@b.test", ["-c@d.test"], False, True, False)),
        (["-r<a@b.test>", "-F", "Shop", "x"], ("a@b.test", ["x"], False, True, False)),
        (["-FCronDaemon", "-i", "-B8BITMIME", "root"], ("", ["root"], False, False, False)),
        (["-bs"], ("", [], False, True, True)),
        (["-bm", "-N", "failure", "x"], ("", ["x"], False, True, False)),
    ],
)  # fmt: skip
def test_arguments(arguments: list[str], expected: tuple[Any, ...]) -> None:
    asked = sendmail.understood(arguments)
    assert (
        asked.sender, asked.recipients, asked.from_header, asked.dot_ends, asked.speaks_smtp,
    ) == expected  # fmt: skip


@pytest.mark.parametrize("arguments", [["-f"], ["-bp"], ["--unknown"], ["--smtp-addr"]])
def test_what_is_no_usage(arguments: list[str]) -> None:
    code, _, err = run("sendmail", *arguments)
    assert code == 64
    assert err.startswith("sendmail: ")


def test_recipients_of_the_header(mailsink: Mailsink) -> None:
    hidden = MESSAGE.replace(
        b"Subject", b"Bcc: eve@example.com,\n dan@example.com\nSubject"
    )
    assert submit(mailsink, "-t", "-i", "-f", "bounce@example.com", stdin=hidden) == 0
    assert envelope(mailsink) == (
        "bounce@example.com",
        ["ann@example.com", "bob@example.com", "eve@example.com", "dan@example.com"],
    )
    assert raw(mailsink) == MESSAGE.replace(b"\n", b"\r\n")


def test_recipients_of_the_arguments(mailsink: Mailsink) -> None:
    assert submit(mailsink, "-f", "a@example.com", "root@example.com") == 0
    assert envelope(mailsink) == ("a@example.com", ["root@example.com"])
    assert raw(mailsink) == MESSAGE.replace(b"\n", b"\r\n")


def test_a_dot_ends_the_message_unless_it_may_not(mailsink: Mailsink) -> None:
    dotted = b"Subject: Dots\n\none\n.\ntwo\n"
    submit(mailsink, "x@example.com", stdin=dotted)
    assert raw(mailsink) == b"Subject: Dots\r\n\r\none\r\n"
    submit(mailsink, "-i", "x@example.com", stdin=dotted)
    assert raw(mailsink) == b"Subject: Dots\r\n\r\none\r\n.\r\ntwo\r\n"


def test_cron_gives_a_name_and_no_from(mailsink: Mailsink) -> None:
    body = b"Subject: Cron\n\nx\n"
    submit(
        mailsink, "-FCronDaemon", "-f", "root@example.com", "x@example.com", stdin=body
    )
    assert raw(mailsink).startswith(
        b"From: CronDaemon <root@example.com>\r\nSubject: Cron"
    )


def test_eight_bit_and_crlf_input(mailsink: Mailsink) -> None:
    body = "Subject: Grüße\r\n\r\n\u20ac\r\n".encode()
    assert submit(mailsink, "-i", "jürgen@example.com", stdin=body) == 0
    assert raw(mailsink) == body
    assert envelope(mailsink)[1] == ["jürgen@example.com"]


@pytest.mark.parametrize(
    ("recipient", "code"), [("rcpt550_5.1.1@x.test", 67), ("rcpt451@x.test", 75)]
)
def test_refusals_have_the_codes_of_sysexits(
    mailsink: Mailsink, recipient: str, code: int
) -> None:
    address = at(mailsink)
    got, _, err = run("sendmail", "--smtp-addr", address, recipient, stdin=MESSAGE)
    assert got == code
    assert recipient in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["(\nRCPT TO:<b@x.test>"], 65, "contains a line end"),
        (["-f", "(\nDATA", "b@x.test"], 65, "contains a line end"),
        (["rcpt550\x1b]0;x\x07@x.test"], 67, "550"),
    ],
)
def test_addresses_that_no_server_is_sent(
    mailsink: Mailsink, arguments: list[str], code: int, words: str
) -> None:
    got, _, err = run(
        "sendmail", "--smtp-addr", at(mailsink), *arguments, stdin=MESSAGE
    )
    assert (got, words in err, "\x1b" in err) == (code, True, False), err


def test_no_server_is_a_temporary_failure() -> None:
    address = f"127.0.0.1:{free_port()}"
    code, _, err = run("sendmail", "--smtp-addr", address, "x@y.test", stdin=MESSAGE)
    assert code == 75
    assert "no mail could be sent" in err


def test_no_recipient_is_a_usage_error(mailsink: Mailsink) -> None:
    code, _, err = run("sendmail", "--smtp-addr", at(mailsink), stdin=MESSAGE)
    assert (code, "no recipient" in err) == (64, True)


def test_smtp_on_standard_input(mailsink: Mailsink) -> None:
    """As swaks --pipe and Pine have it."""
    dialogue = (
        b"EHLO pipe.test\nMAIL FROM:<a@pipe.test>\nRCPT TO:<b@pipe.test>\nDATA\n"
        b"Subject: Piped\n\nx\n.\nQUIT\n"
    )
    code, out, _ = run("sendmail", "-bs", "--smtp-addr", at(mailsink), stdin=dialogue)
    assert code == 0
    assert out.splitlines()[-1].startswith("221 ")
    assert newest(mailsink)["subject"] == "Piped"


def test_by_the_name_of_sendmail(mailsink: Mailsink, tmp_path: Path) -> None:
    """A link to the script, as /usr/sbin/sendmail would be one, from another folder."""
    link = tmp_path / "sendmail"
    link.symlink_to(ROOT / "tools" / "mailsink")
    done = subprocess.run(
        [link, "-S", at(mailsink), "-t"], input=MESSAGE, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0
    assert envelope(mailsink)[1] == ["ann@example.com", "bob@example.com"]


def test_the_script_runs_other_commands_too(tmp_path: Path) -> None:
    script = ROOT / "tools" / "mailsink"
    done = subprocess.run(
        [script, "version"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("mailsink ")
