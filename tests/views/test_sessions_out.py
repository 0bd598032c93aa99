"""A session in which Mailsink is the client: its list, its page, its lines."""

from __future__ import annotations

import pytest
from django.test import Client

from inbox.models import Exchange, Session
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    made = factories.session(
        direction="out", listener="smtp.test:587", helo="sink.test", ending="quit",
        messages=1, exchanges=2, refused=1, worst_code=550, last_verb="QUIT",
    )  # fmt: skip
    lines = [("MAIL", "MAIL FROM:<a@b.test>", 250), ("RCPT", "RCPT TO:<c@d.test>", 550)]
    for seq, (verb, line, code) in enumerate(lines, 1):
        Exchange.objects.create(
            session=made, seq=seq, direction="out", kind="command", verb=verb,
            line=line, octets=30, received_us=seq, ready_us=seq, replied_us=seq,
            code=code, enhanced="5.1.1" if code == 550 else "2.1.0",
            reply=f"{code} 5.1.1 No such user",
        )  # fmt: skip
    return made


def page(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


def test_the_page(client: Client, session: Session) -> None:
    shown = page(client, f"/sessions/{session.pk}")
    assert "To smtp.test:587: Sent 1 message · Recipient rejected" in shown
    assert ">Mailsink</th>" in shown.replace("Mailsink </th>", "Mailsink</th>")
    assert "Server" in shown
    assert "Findings about the client" not in shown
    assert "panel=replay" not in shown


def test_a_line_blames_no_setting_of_ours(client: Client, session: Session) -> None:
    shown = page(client, f"/sessions/{session.pk}/exchanges/2")
    assert "550 5.1.1 No such user" in shown
    for heading in ("Why", "Fix", "The client then"):
        assert f"<h3>{heading}</h3>" not in shown


def test_the_list(client: Client, session: Session) -> None:
    shown = page(client, "/sessions")
    assert "smtp.test:587" in shown
    assert "outgoing" in shown


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("dropped", "Disconnected by the server"),
        ("timeout", "No answer in time"),
        ("tls_failed", "TLS failed"),
        (None, "Waiting for the reply to QUIT"),
    ],
)
def test_endings(client: Client, session: Session, ending: str, words: str) -> None:
    Session.objects.update(ending=ending, refused=0, messages=0)
    assert words in page(client, f"/sessions/{session.pk}")
