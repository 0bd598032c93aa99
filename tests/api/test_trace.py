"""Where is my mail? over the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from inbox.insight.trace import trace
from inbox.mailbox.scope import ALL
from tests import factories
from tests.api.conftest import Api


def ask(api: Api, status: int = 200, **query: str) -> Any:
    return api("GET", f"trace?{urlencode(query)}", status=status)


def test_the_answer(api: Api) -> None:
    message = factories.message()
    told = ask(api, address="BOB@example.com")
    assert told["address"] == "BOB@example.com"
    assert told["sentence"] == trace(ALL, "BOB@example.com").sentence
    assert (told["aside"], told["more"], told["near"]) == ("", False, [])
    assert told["last_connection"]["client_address"] == "127.0.0.1"
    [one] = told["evidence"]
    assert one.pop("at").endswith("Z")
    assert one == {
        "kind": "accepted",
        "words": "“Your invoice”",
        "address": "bob@example.com",
        "subject": "Your invoice",
        "code": 250,
        "reply": [],
        "rule": "",
        "message": str(message.pk),
        "transaction": str(message.transaction_id),
        "session": str(message.transaction.session_id),
        "exchange": None,
        "url": f"/messages/{message.pk}",
        "deleted_at": None,
        "removed_at": None,
    }
    described = api("GET", "openapi.json")["components"]["schemas"]["EvidenceObject"]
    assert set(described["properties"]) == {"at", *one}


def test_no_trace(api: Api) -> None:
    factories.transaction(recipients=["bob@exmaple.com"])
    told = ask(api, address="bob@example.com")
    assert told["evidence"] == []
    assert told["aside"] == "Did you mean bob@exmaple.com, last seen just now?"
    assert told["sent"] == {"messages": 0, "failed": 0, "more": False, "last": None}
    [near] = told["near"]
    assert (near["address"], near["words"]) == ("bob@exmaple.com", "one letter differs")


def test_the_filter(api: Api) -> None:
    factories.message()
    told = ask(api, address="bob@example.com", q="subject:receipt", inbox="default")
    assert [each["kind"] for each in told["evidence"]] == ["hidden"]
    assert "subject:receipt does not match" in told["sentence"]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({}, 422, "address"),
        ({"address": ""}, 422, "give the address"),
        ({"address": "x" * 1001}, 422, "at most 1,000 characters"),
        ({"address": "a@b", "q": "code:x"}, 400, "Not a reply code"),
        ({"address": "a@b", "inbox": "no"}, 404, 'no inbox "no"'),
    ],
)
def test_bad_questions(
    api: Api, query: dict[str, str], status: int, words: str
) -> None:
    assert words in ask(api, status, **query)["detail"]


@pytest.mark.parametrize(
    "address", ["\x00@b", "<img src=x>@b", "\u202e@b", "%00", "a" * 1000, "(" * 500]
)
def test_hostile_addresses(api: Api, address: str) -> None:
    assert ask(api, address=address)["evidence"] == []
