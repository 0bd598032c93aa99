"""Promise 1: 250 means stored, whenever the process is killed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import pytest

from tests.running import Mailsink

from .senders import Acknowledged, Sender, assert_stored


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.long)])
def test_whatever_was_acknowledged_survives_kills(
    start_mailsink: Callable[..., Mailsink], kills: int
) -> None:
    acknowledged = Acknowledged()
    for round in range(kills):
        server = start_mailsink()
        senders = [
            Sender(server.smtp, acknowledged, round * 1_000_000 + number)
            for number in range(20)
        ]
        for sender in senders:
            sender.start()
        acknowledged.wait_for(len(acknowledged.messages) + 60 + 7 * round)
        server.kill()
        for sender in senders:
            sender.join(120)
            assert not sender.replies

    server = start_mailsink()
    assert_stored(acknowledged, server.data)
    some = list(acknowledged.messages)[-1]
    with urllib.request.urlopen(f"{server.url}/api/v3/messages/{some}/raw") as answer:
        assert answer.read() == acknowledged.messages[some]
    with urllib.request.urlopen(f"{server.url}/api/v3/sessions?limit=500") as answer:
        sessions = json.load(answer)["items"]
    assert {each["ending"] for each in sessions} == {"crashed"}
    assert all(each["closed_at"] >= each["opened_at"] for each in sessions)
