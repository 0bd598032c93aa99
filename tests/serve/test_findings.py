"""Findings of a real server: of clients that do it wrong, and of mail as libraries send it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from typing import Any

import pytest

from tests.e2e.wire import Wire
from tests.interop.clients import get
from tests.running import Mailsink

HEAD = (
    b"From: ann@example.com\r\nTo: bob@example.com\r\nSubject: Hello\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n"
)
GOOD = HEAD + b"\r\nHi.\r\n"
ENVELOPE = ["MAIL FROM:<ann@example.com>", "RCPT TO:<bob@example.com>"]


def talk(mailsink: Mailsink, *steps: str | bytes, quit_: bool = True) -> dict[str, Any]:
    """Say lines and wait for each reply, send octets without; return the session."""
    before = last_id(mailsink)
    with Wire(mailsink.smtp) as wire:
        for step in steps:
            if isinstance(step, str):
                wire.say(step)
            else:
                wire.send(step)
                wire.reply()
        if quit_:
            wire.say("QUIT")
    return newest(mailsink, before)


def last_id(mailsink: Mailsink) -> str:
    return next((each["id"] for each in get(mailsink, "sessions?limit=1")["items"]), "")


def newest(mailsink: Mailsink, before: str) -> dict[str, Any]:
    """Return the newest session, once it has ended; before: the id of an older one."""
    while True:
        for session in get(mailsink, "sessions?limit=1")["items"]:
            if session["id"] != before and session["ending"]:
                return dict(session)


def mail(mailsink: Mailsink, body: bytes, *envelope: str) -> dict[str, Any]:
    lines = envelope or ENVELOPE
    return talk(mailsink, "EHLO client.test", *lines, "DATA", body + b".\r\n")


def findings(mailsink: Mailsink, session: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a session's findings by kind."""
    told = get(mailsink, f"sessions/{session['id']}/findings")
    counted = [
        each for each in told["items"]
        if each["severity"] != "info" and each["muted"] is None
    ]  # fmt: skip
    assert told["count"] == len(counted)
    return {each["kind"]: each for each in told["items"]}


def counted(found: dict[str, dict[str, Any]]) -> set[str]:
    return {kind for kind, each in found.items() if each["severity"] != "info"}


BAD_BODIES = [
    ("bare_lf_data", GOOD.replace(b"Hi.\r\n", b"Hi.\nHo.\r\n"), "Hi.\\x0aHo."),
    ("bare_cr_data", GOOD.replace(b"Hi.", b"Hi.\rHo."), "Hi.\\x0dHo."),
    ("long_line", HEAD + b"\r\n" + b"x" * 999 + b"\r\n", "xxx"),
    ("nul_octet", GOOD.replace(b"Hi.", b"Hi\0."), "Hi\\x00."),
    ("eightbit_header", GOOD.replace(b"Hello", b"Gr\xfc\xdfe"), "Gr\\xfc"),
    ("missing_from", GOOD.replace(b"From: ann@example.com\r\n", b""), ""),
    ("missing_date", GOOD.replace(b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n", b""), ""),
    ("missing_message_id", GOOD.replace(b"Message-ID: <1@example.com>\r\n", b""), ""),
    ("bad_date", GOOD.replace(b"Sun, 22 Nov", b"one day in"), "Date: one day in"),
    ("bcc_header", GOOD.replace(b"To:", b"Bcc: eve@example.com\r\nTo:"), "Bcc: eve@example.com"),
    ("repeated_field", GOOD.replace(b"To:", b"Subject: One\r\nTo:"), "Subject: Hello"),
    ("binary_undeclared", HEAD + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHi.\r\n", "Content-Transfer-Encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "octets"), BAD_BODIES)
def test_bad_body(mailsink: Mailsink, kind: str, body: bytes, octets: str) -> None:
    found = findings(mailsink, mail(mailsink, body))
    assert counted(found) == {kind}
    one = found[kind]
    assert one["seq"] == 6  # connect, EHLO, MAIL, RCPT, DATA, the message
    assert octets in one["octets"]
    assert one["count"] == 1
    assert one["rfc"]["title"]
    assert one["fix"]
    message = get(mailsink, "messages/latest/findings")
    assert message["items"] == get_items(mailsink)


def get_items(mailsink: Mailsink) -> list[dict[str, Any]]:
    session = get(mailsink, "messages/latest")["session"]
    return list(get(mailsink, f"sessions/{session}/findings")["items"])


BAD_LINES: list[tuple[str, int, list[str | bytes], str]] = [
    ("hello_without_name", 2, ["EHLO"], "EHLO"),
    ("hello_bad_name", 2, ["EHLO -bad.test"], "EHLO -bad.test"),
    ("hello_underscore", 2, ["EHLO my_app.test"], "EHLO my_app.test"),
    ("hello_bare_address", 2, ["EHLO 192.0.2.1"], "EHLO 192.0.2.1"),
    ("unknown_literal", 2, ["EHLO [X400:abc]"], "EHLO [X400:abc]"),
    ("hello_missing", 2, ["MAIL FROM:<a@example.com>"], "MAIL FROM:<a@example.com>"),
    ("lenient_path", 3, ["EHLO a.test", "MAIL FROM: <a@example.com>"], "MAIL FROM: <a@example.com>"),
    ("unqualified_address", 4, ["EHLO a.test", "MAIL FROM:<a@example.com>", "RCPT TO:<root>"], "RCPT TO:<root>"),
    ("underscore_domain", 3, ["EHLO a.test", "MAIL FROM:<a@my_app.test>"], "MAIL FROM:<a@my_app.test>"),
    ("long_path", 3, ["EHLO a.test", f"MAIL FROM:<{'a' * 70}@example.com>"], "MAIL FROM:<aaa"),
    ("bare_lf_command", 3, ["EHLO a.test", b"NOOP\n"], "NOOP\\x0a"),
    ("pipelining_violation", 2, [b"EHLO a.test\r\nNOOP\r\n"], "EHLO a.test"),
    ("pipelining_unadvertised", 4, ["HELO a.test", b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"], "RCPT TO:"),
    ("bdat_desync", 5, ["EHLO a.test", *ENVELOPE, "BDAT x"], "BDAT x"),
    ("http_on_smtp", 2, ["GET / HTTP/1.1"], "HTTP"),
    ("secret_empty", 3, ["EHLO a.test", "AUTH PLAIN AGFubgA="], "AUTH PLAIN ********"),
    ("size_mismatch", 6, ["EHLO a.test", "MAIL FROM:<a@example.com> SIZE=5", ENVELOPE[1], "DATA", GOOD + b".\r\n"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "seq", "steps", "octets"), BAD_LINES)
def test_bad_line(
    mailsink: Mailsink, kind: str, seq: int, steps: list[str | bytes], octets: str
) -> None:
    found = findings(mailsink, talk(mailsink, *steps, quit_=False))
    assert kind in counted(found)
    assert found[kind]["seq"] == seq
    assert octets in found[kind]["octets"]


def test_smuggles(mailsink: Mailsink) -> None:
    body = GOOD + b"\n.\r\nMAIL FROM:<eve@example.com>\r\n"
    found = findings(mailsink, mail(mailsink, body))
    assert found["smuggling_pattern"]["severity"] == "error"
    assert "MAIL FROM:<eve" in found["smuggling_pattern"]["octets"]


def test_leaves_in_the_middle(mailsink: Mailsink) -> None:
    before = last_id(mailsink)
    with Wire(mailsink.smtp) as wire:
        for line in ("EHLO a.test", *ENVELOPE, "DATA"):
            wire.say(line)
        wire.send(b"Subject: Hi\r\n")
    found = findings(mailsink, newest(mailsink, before))
    assert counted(found) == {"aborted_in_data"}
    assert found["aborted_in_data"]["seq"] == 6


def test_what_is_merely_so(mailsink: Mailsink) -> None:
    """Facts: they are told, and not counted."""
    found = findings(
        mailsink,
        talk(mailsink, "EHLO myhost", "AUTH PLAIN AGFubgBodW50ZXIy", quit_=False),
    )
    assert counted(found) == set()
    assert found["hello_not_qualified"]["severity"] == "info"  # on a machine at hand
    assert found["auth_plaintext"]["severity"] == "info"  # on a loopback address
    assert found["no_quit"]["seq"] == 3
    assert "hunter2" not in str(found)
    helo = findings(mailsink, talk(mailsink, "HELO a.test", *ENVELOPE))
    assert (counted(helo), helo["helo_only"]["seq"]) == (set(), 2)


def test_8_bit_is_risky_where_8bitmime_was_not_offered(mailsink: Mailsink) -> None:
    body = GOOD.replace(b"Hi.", b"H\xc3\xa4.")
    assert (
        findings(mailsink, mail(mailsink, body))["eightbit_in_7bit"]["severity"]
        == "info"
    )
    old = talk(mailsink, "HELO a.test", *ENVELOPE, "DATA", body + b".\r\n")
    assert counted(findings(mailsink, old)) == {"eightbit_in_7bit"}
    said = mail(mailsink, body, f"{ENVELOPE[0]} BODY=8BITMIME", ENVELOPE[1])
    assert "eightbit_in_7bit" not in findings(mailsink, said)


def test_a_connection_for_each_message(mailsink: Mailsink) -> None:
    hello = ("EHLO each.test", *ENVELOPE, "DATA", GOOD + b".\r\n")
    sessions = [talk(mailsink, *hello) for _ in range(30)]
    kinds = [findings(mailsink, each) for each in sessions]
    assert "connection_per_message" not in kinds[0]
    assert kinds[1]["connection_per_message"]["severity"] == "info"
    assert kinds[29]["connection_per_message"]["severity"] == "warning"
    assert kinds[29]["connection_per_message"]["count"] == 30


def test_a_transaction_for_each_recipient(mailsink: Mailsink) -> None:
    steps: list[str | bytes] = ["EHLO a.test"]
    for number in range(10):
        steps += [
            ENVELOPE[0],
            f"RCPT TO:<b{number}@example.com>",
            "DATA",
            GOOD + b".\r\n",
        ]
    found = findings(mailsink, talk(mailsink, *steps))
    assert counted(found) == {"transaction_per_recipient"}
    assert found["transaction_per_recipient"]["count"] == 10
    assert found["transaction_per_recipient"]["seq"] == 10  # the second message


def test_what_was_refused_is_looked_into_too(start_mailsink: Any) -> None:
    server = start_mailsink(SMTP_BARE_NEWLINES="reject")
    session = mail(server, GOOD.replace(b"Hi.\r\n", b"Hi.\nHo.\r\n"))
    assert session["worst_code"] == 554
    assert "Hi.\\x0aHo." in findings(server, session)["bare_lf_data"]["octets"]


def test_used_extensions(mailsink: Mailsink) -> None:
    session = mail(
        mailsink,
        GOOD,
        f"{ENVELOPE[0]} SIZE={len(GOOD)} BODY=7BIT",
        f"{ENVELOPE[1]} NOTIFY=NEVER",
    )
    told = get(mailsink, f"sessions/{session['id']}/findings")["extensions"]
    assert told["used"] == ["SIZE", "8BITMIME", "DSN"]
    assert {"PIPELINING", "CHUNKING", "AUTH"} < set(told["offered"])
    assert not {"ENHANCEDSTATUSCODES", "LIMITS"} & set(told["offered"])


# Mail as libraries write it that are not at hand: their lines and the order of their fields.
PHPMAILER = (
    [
        "EHLO localhost.localdomain",
        "MAIL FROM:<a@example.com>",
        "RCPT TO:<b@example.com>",
    ],
    "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nTo: b@example.com\r\n"
    "From: Shop <a@example.com>\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
    "Message-ID: <XUvT0pZ3bN2mJkZ5eG0oYt8JmWqRr1hF2bI9sLw7c@www.example.com>\r\n"
    "X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n",
    "PHPMailer",
)
JAVAMAIL = (
    ["EHLO app-7f9c", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>"],
    "Date: Mon, 23 Nov 2026 10:00:00 +0000 (UTC)\r\nFrom: a@example.com\r\n"
    "To: b@example.com\r\nMessage-ID: <1121172875.0.1795428140333@app-7f9c>\r\n"
    "Subject: Hello\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; \r\n"
    '\tboundary="----=_Part_0_1607305514.1795428140301"\r\n\r\n'
    "------=_Part_0_1607305514.1795428140301\r\nContent-Type: text/plain; "
    "charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHi\r\n"
    "------=_Part_0_1607305514.1795428140301--\r\n",
    "JavaMail (Jakarta Mail)",
)


@pytest.mark.parametrize(("lines", "text", "client"), [PHPMAILER, JAVAMAIL])
def test_shapes_of_libraries(
    mailsink: Mailsink, lines: Iterable[str], text: str, client: str
) -> None:
    session = talk(mailsink, *lines, "DATA", text.encode() + b".\r\n")
    assert counted(findings(mailsink, session)) == set()
    told = get(mailsink, f"sessions/{session['id']}/findings")
    assert told["client"]["name"] == client


def test_muted_kinds_are_not_counted(start_mailsink: Any) -> None:
    server = start_mailsink()
    session = mail(server, GOOD.replace(b"To:", b"Bcc: eve@example.com\r\nTo:"))
    assert counted(findings(server, session)) == {"bcc_header"}
    given = {"kind": "bcc_header", "reason": "A test of Bcc."}
    request = urllib.request.Request(
        f"{server.url}/api/v3/mutes",
        json.dumps(given).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        muted = json.load(response)
    told = get(server, f"sessions/{session['id']}/findings")
    assert (told["count"], told["items"][0]["muted"]) == (0, muted)
    assert get(server, "mutes")["items"] == [muted]
    url = f"{server.url}/api/v3/mutes/{muted['id']}"
    with urllib.request.urlopen(urllib.request.Request(url, method="DELETE")):
        pass
    assert counted(findings(server, session)) == {"bcc_header"}
    assert get(server, f"sessions/{session['id']}/findings")["count"] == 1


def test_dots_that_were_not_doubled(mailsink: Mailsink) -> None:
    """RFC 5321 §4.5.2: one is lost, and one that is alone ends the text."""
    one = findings(mailsink, mail(mailsink, GOOD + b".profile\r\n..\r\n"))
    assert counted(one) == {"dot_not_doubled"}
    body = GOOD + b".\r\nThe rest: all of it\r\nBye\r\n.\r\n"
    found = findings(
        mailsink, talk(mailsink, "EHLO client.test", *ENVELOPE, "DATA", body)
    )
    assert counted(found) == {"text_after_end"}
    assert found["text_after_end"]["octets"] == "The rest: all of it"
    # Commands that are unknown are no text.
    lines = ["EHLO client.test", *ENVELOPE, "DATA", GOOD + b".\r\n", "FOO"]
    assert counted(findings(mailsink, talk(mailsink, *lines))) == set()


def test_header_injection(mailsink: Mailsink) -> None:
    body = GOOD.replace(b"Hello", b"Hello\r\nBcc: eve@example.com")
    found = findings(mailsink, mail(mailsink, body))
    assert counted(found) == {"bcc_header", "header_injection"}
    assert found["header_injection"]["rfc"]["section"] == "2.2"
    own = [*ENVELOPE, "RCPT TO:<eve@example.com>"]
    assert counted(findings(mailsink, mail(mailsink, body, *own))) == {"bcc_header"}


def test_domains_without_a_dot(mailsink: Mailsink) -> None:
    lines = ["MAIL FROM:<root@localhost> SIZE=9", "RCPT TO:<a.b@shop>", ENVELOPE[1]]
    found = findings(mailsink, mail(mailsink, GOOD, *lines))
    assert found["dotless_domain"]["count"] == 2
    assert found["dotless_domain"]["seq"] == 3
    assert "root@localhost" in found["dotless_domain"]["octets"]
    good = ["MAIL FROM:<ann@[192.0.2.1]>", "RCPT TO:<Postmaster>"]
    assert "dotless_domain" not in findings(mailsink, mail(mailsink, GOOD, *good))


def test_size_that_is_a_little_too_small_is_a_fact(mailsink: Mailsink) -> None:
    body = HEAD + b"\r\n" + b"a line of the text\r\n" * 50
    for declared, severity in ((len(body) - 9, "info"), (len(body) // 2, "warning")):
        lines = [f"MAIL FROM:<ann@example.com> SIZE={declared}", ENVELOPE[1]]
        found = findings(mailsink, mail(mailsink, body, *lines))
        assert found["size_mismatch"]["severity"] == severity


def test_cut_off_behind_a_refusal_is_a_fact(mailsink: Mailsink) -> None:
    for lines, severity in (([], "warning"), (["RCPT TO:<<<"], "info")):
        before = last_id(mailsink)
        with Wire(mailsink.smtp) as wire:
            for line in ("EHLO refused.test", "MAIL FROM:<x@example.com>", ENVELOPE[1]):
                wire.say(line)
            for line in [*lines, "DATA"]:
                wire.say(line)
            wire.send(b"Subject: Hel")
        found = findings(mailsink, newest(mailsink, before))
        assert found["aborted_in_data"]["severity"] == severity


def test_cut_off_and_sent_later_is_a_fact(start_mailsink: Any) -> None:
    server = start_mailsink()
    with Wire(server.smtp) as wire:
        for line in ("EHLO again.test", *ENVELOPE, "DATA"):
            wire.say(line)
        wire.send(b"Subject: Hel")
    cut = newest(server, "")
    assert findings(server, cut)["aborted_in_data"]["severity"] == "warning"
    talk(server, "EHLO again.test", *ENVELOPE, "DATA", GOOD + b".\r\n")
    found = findings(server, cut)["aborted_in_data"]
    assert (found["severity"], found["fix"]) == ("info", "")
    assert "later session" in found["sentence"]


def test_utf8_in_fields_is_right_with_smtputf8(mailsink: Mailsink) -> None:
    body = GOOD.replace(b"To: bob", "To: Jürgen <jürgen@example.com>, bob".encode())
    mail(mailsink, body, "MAIL FROM:<ann@example.com> SMTPUTF8", ENVELOPE[1])
    assert get(mailsink, "messages/latest")["defects"] == []
    mail(mailsink, body)
    assert "unencoded UTF-8" in str(get(mailsink, "messages/latest")["defects"])
