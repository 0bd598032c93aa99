"""The pages of what came as a file, without a session."""

from __future__ import annotations

import pytest
from django.test import Client

from inbox.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    return factories.imported()


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_message_names_no_session(client: Client, message: Message) -> None:
    session = message.transaction.session_id
    text = page(client, f"/messages/{message.pk}")
    assert "Imported" in text
    assert str(session) not in text
    smtp = page(client, f"/messages/{message.pk}?tab=smtp")
    assert "Imported: there is no SMTP session." in smtp
    assert str(session) not in smtp


@pytest.mark.parametrize("part", ["case", "attempts", "checks", "print"])
def test_parts_of_a_message(client: Client, message: Message, part: str) -> None:
    page(client, f"/messages/{message.pk}/{part}")


def test_the_page_of_its_session(client: Client, message: Message) -> None:
    session = f"/sessions/{message.transaction.session_id}"
    for path in ("", "?panel=findings", "?exchange=1", "/head"):
        text = page(client, session + path)
        assert "Imported: there is no SMTP session." in text
        assert "QUIT)" not in text
    assert "data-replay=" not in page(client, session)
    for path in ("/exchanges", "/case"):
        page(client, session + path)
    for path in ("?panel=replay", "/replay"):
        assert "the client sent nothing" in page(client, session + path, 404)


def test_lists_of_sessions_do_not_have_it(client: Client, message: Message) -> None:
    session = str(message.transaction.session_id)
    factories.message()
    for path in ("", "/rows", f"/rows?id={session}"):
        assert session not in page(client, f"/sessions{path}")


def test_a_trace_links_to_the_message_alone(client: Client, message: Message) -> None:
    recipient = message.to[0]["address"]
    text = page(client, f"/trace?address={recipient}")
    assert f"/messages/{message.pk}" in text
    assert str(message.transaction.session_id) not in text
