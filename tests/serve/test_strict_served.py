"""Strict mode of a real server: what is refused is kept, and a wrong setting stops the start."""

from __future__ import annotations

import smtplib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.insight.test_mail_faults import FAULTY, GOOD
from tests.running import ANY_PORT, Mailsink, manage

BAD = FAULTY["placeholder"]


@pytest.fixture(scope="module")
def mailsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(
        tmp_path_factory.mktemp("strict"), STRICT="error", LMTP="127.0.0.1:0"
    )
    yield server
    server.stop()


def _refusal(client: smtplib.SMTP) -> smtplib.SMTPDataError:
    """Send BAD until it is refused: mail that is not looked at within a second is taken."""
    while True:
        try:
            client.sendmail("a@b.test", ["b@b.test"], BAD)
        except smtplib.SMTPDataError as refused:
            return refused


def test_what_is_refused_is_kept_as_not_accepted(mailsink: Mailsink) -> None:
    with smtplib.SMTP(*mailsink.smtp) as client:
        refused = _refusal(client)
        client.sendmail("a@b.test", ["b@b.test"], GOOD)
    assert refused.smtp_code == 554
    said = str(refused)
    assert "5.6.0 Strict mode: The mail contains text" in said
    assert f"(why: {mailsink.url}/s/" in said
    kept, *_ = mailsink.get("transactions?q=rule:strict")["items"]
    assert (kept["outcome"], kept["code"]) == ("rejected", 554)
    raw = f"{mailsink.url}/api/v3/transactions/{kept['id']}/raw"
    with urllib.request.urlopen(raw) as answer:
        assert answer.read() == BAD
    accepted, *_ = mailsink.get("messages")["items"]
    assert accepted["subject"] == "Hello"


def test_each_recipient_of_lmtp_gets_the_reply(mailsink: Mailsink) -> None:
    host, port = mailsink.address("LMTP")
    names, replies = ("ann", "bob"), [(250, b"")]
    with smtplib.LMTP(host, port) as client:
        client.ehlo()
        while replies[0][0] == 250:  # it was not looked at within a second
            client.mail("a@b.test")
            for name in names:
                client.rcpt(f"{name}@b.test")
            assert client.docmd("DATA")[0] == 354
            client.send(BAD + b".\r\n")
            replies = [client.getreply() for _ in names]
        for name, (code, text) in zip(names, replies, strict=True):
            assert code == 554
            assert text.startswith(f"5.6.0 <{name}@b.test> Strict mode:".encode())


def test_a_kind_that_is_none_stops_the_start(tmp_path: Path) -> None:
    ended = manage("serve", *ANY_PORT, data=tmp_path, STRICT_IGNORE="local_links")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("mailsink: MAILSINK_STRICT_IGNORE: there is no error")
    assert 'did you mean "local_link"?' in line
