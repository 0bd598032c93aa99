"""A client of the dialects, on the test's own thread and so in its transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from inbox.live.protocol import process
from inbox.models import Inbox
from tests import factories


class Dialect:
    """Asks the routes of a dialect."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> HttpResponse:
        """Return the answer; body: JSON, or octets as they are."""
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"User-Agent": "test", **headers}
        return self.client.generic(  # type: ignore[return-value]
            method, path, b"" if body is None else octets, headers=given
        )

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer, which has to be octet for octet Go's."""
        answer = self.ask(method, path, body)
        assert answer.status_code == 200, answer.content
        assert answer["Content-Type"] == "application/json"
        assert answer.content.endswith(b"\n")
        assert not set(answer.content) & set(b"<>&")
        return json.loads(answer.content)

    def get(self, path: str) -> Any:
        return self.json("GET", path)

    def text(self, method: str, path: str, body: Any = None, status: int = 200) -> str:
        """Return the text of an answer."""
        answer = self.ask(method, path, body)
        assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain")
        return answer.content.decode()


@pytest.fixture
def default_inbox(db: None) -> Inbox:
    return factories.inbox()


@pytest.fixture
def dialect(default_inbox: Inbox) -> Dialect:
    factories.server(id=process())
    return Dialect()
