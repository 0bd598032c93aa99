"""Hostile mail at a server in strict mode: it is answered, and nobody waits beyond the limit."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attack.web import LONGEST, Others
from tests.mails import INVOICE
from tests.mime.hostile import corpus
from tests.running import Mailsink

_LIMIT = 1.0  # seconds that a message may wait for the checks
# Those that take longest to read
_COSTLY = {
    "floods: 300,000 dashes", "floods: 200,000 parts", "floods: 200,000 delimiters",
    "floods: header bombs in parts", "floods: 10,001 attachments", "floods: 20,000 nested",
    "html: large", "html: cid flood", "html: deep", "lines: many short lines",
}  # fmt: skip


@pytest.fixture(scope="module")
def mailsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path_factory.mktemp("strict"), STRICT="error")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


def _answer(server: Mailsink, octets: bytes) -> int:
    """Send a message; return the code of its reply."""
    with smtplib.SMTP(*server.smtp, timeout=120) as client:
        client.ehlo("hostile.test")
        client.mail("a@example.com", ["BODY=8BITMIME"])
        client.rcpt("b@example.com")
        client.docmd("DATA")
        client.send(octets.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        return client.getreply()[0]


def test_costly_mail_is_answered_and_holds_nobody_up(mailsink: Mailsink) -> None:
    costly = [octets for name, octets in corpus() if name in _COSTLY]
    assert len(costly) == len(_COSTLY)
    with Others(mailsink, INVOICE) as others, ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda octets: _answer(mailsink, octets), costly * 2))
    assert {*codes} <= {250, 554}
    assert max(others.waits) < _LIMIT + LONGEST
    notices = [
        line["line"]
        for session in mailsink.get("sessions?limit=100")["items"]
        for line in mailsink.get(f"sessions/{session['id']}")["exchanges"]
        if line["kind"] == "notice"
    ]
    assert all("Strict mode did not check everything" in each for each in notices)
