"""MAILSINK_SMTP_AUTH: who may send, through the running server."""

from __future__ import annotations

import base64
import smtplib
from collections.abc import Callable, Iterator

import pytest

from tests.running import Mailsink

LOGINS = "ann:swordfish zoë:pässword empty:"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path_factory.mktemp("guarded"), SMTP_AUTH=LOGINS)
    yield server
    assert server.stop() == 0
    assert server.stderr == ""


def login(server: Mailsink, user: str, password: str) -> int:
    """Return the code that answers AUTH PLAIN."""
    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo()
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return client.docmd("AUTH", f"PLAIN {secret}")[0]


@pytest.mark.parametrize("pair", LOGINS.split())
def test_a_good_login_is_taken(guarded: Mailsink, pair: str) -> None:
    user, _, password = pair.partition(":")
    assert login(guarded, user, password) == 235


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ann", "Swordfish"),
        ("ann", ""),
        ("bob", "swordfish"),
        ("", ""),
        ("zoë", "passw"),
    ],
)
def test_a_bad_login_is_refused(guarded: Mailsink, user: str, password: str) -> None:
    assert login(guarded, user, password) == 535


def test_without_any_every_login_is_taken(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    assert login(start_mailsink(), "who", "ever") == 235
