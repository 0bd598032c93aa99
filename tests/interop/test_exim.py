"""Exim: the mail server that speaks BDAT (RFC 3030) and TLS of its own accord."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.interop.clients import MAIL_TEXT, patch
from tests.interop.exim import Exim, exim
from tests.interop.transcripts import Wire
from tests.running import Mailsink


@pytest.fixture(scope="module")
def deliver(mailsink: Mailsink) -> Iterator[Exim]:
    """An Exim that delivers to Mailsink."""
    with exim(mailsink.smtp) as prepared:
        yield prepared


def test_exim(deliver: Exim, wire: Wire) -> None:
    """Sends a small mail in one chunk, in a group with MAIL and RCPT."""
    deliver("-i", "-f", "a@example.com", "b@example.com", text=MAIL_TEXT)
    assert wire.message()["subject"] == "Hello"
    wire.matches("exim")


def test_exim_large(deliver: Exim, wire: Wire) -> None:
    """Sends a mail of 200 KB in several chunks."""
    text = MAIL_TEXT + "0123456789\n" * 20_000
    deliver("-i", "-f", "a@example.com", "b@example.com", text=text)
    assert wire.message()["size"] > 200_000
    wire.matches("exim-large")


def test_exim_dsn(deliver: Exim, wire: Wire) -> None:
    """Passes on what was asked of DSN (RFC 3461)."""
    lines = (
        "EHLO client.test",
        "MAIL FROM:<a@example.com> RET=HDRS ENVID=e+2B1",
        "RCPT TO:<b@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@example.com",
        "DATA",
        *MAIL_TEXT.replace("\n.", "\n..").splitlines(),
        ".",
        "QUIT",
    )
    deliver("-bs", text="".join(f"{line}\r\n" for line in lines))
    wire.matches("exim-dsn")


def test_exim_refused(start_mailsink: Callable[..., Mailsink]) -> None:
    """Sends a chunk before it can know that we take none of the recipients.

    It is drained, and the session goes on. From <>, so that there is nobody to tell.
    """
    server = start_mailsink(HOSTNAME="mx.test")
    patch(server, "inboxes/default", {"known_only": True})
    wire = Wire(server)
    with exim(server.smtp) as deliver:
        unknown = ("c@example.com", "d@example.com")
        deliver("-i", "-f", "<>", *unknown, text=MAIL_TEXT)
        for each in unknown:
            assert f"** {each}" in deliver.log
    assert wire.sessions()[-1]["ending"] == "quit"
    wire.matches("exim-refused")
