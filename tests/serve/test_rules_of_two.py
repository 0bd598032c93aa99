"""Rules of two servers on one PostgreSQL: they count together, over a kill of one."""

from __future__ import annotations

import smtplib
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.running import Mailsink

RULES: list[dict[str, Any]] = [
    {"conditions": {"forward_path": "rate@*"}, "limits": {"rate": 3, "seconds": 3600}},
    {"conditions": {"forward_path": "twice@*"}, "limits": {"first": 2, "per": "recipient"}},
    {"conditions": {"forward_path": "grey@*"}, "limits": {"lasts": 1, "per": "triplet"}},
    {"conditions": {"forward_path": "nth@*", "session": 2}},
    {"conditions": {"forward_path": "try@*", "attempt": 3}},
    {"conditions": {"forward_path": "most@*"}, "max_hits": 2},
]  # fmt: skip


def rcpt(server: Mailsink, name: str) -> int:
    """The code that a recipient gets, in a session of its own."""
    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo("app.test")
        client.mail("a@example.com")
        return client.rcpt(f"{name}@example.com")[0]


@pytest.fixture(scope="module")
def shared(postgresql_url: str) -> dict[str, str]:
    return {"DATABASE_URL": postgresql_url, "SECRET_KEY": "the same for both"}


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, shared: dict[str, str]
) -> Iterator[list[Mailsink]]:
    """Two servers; the second begins with the rules of the first."""
    started = [Mailsink(tmp_path_factory.mktemp("first"), **shared)]
    rules = [{"stage": "rcpt", "actions": {"code": 451}, **each} for each in RULES]
    started[0].post("rules/import?replace=true", mailsink_rules=1, rules=rules)
    started.append(Mailsink(tmp_path_factory.mktemp("second"), **shared))
    yield started
    started[0].post("rules/import?replace=true", mailsink_rules=1, rules=[])
    for each in started:
        each.stop()
        assert "Traceback" not in each.stderr, each.stderr


def test_two_servers_count_together(
    servers: list[Mailsink], shared: dict[str, str]
) -> None:
    one, two = servers
    turns = (one, two) * 3
    assert [rcpt(each, "rate") for each in turns] == [250] * 3 + [451] * 3
    assert [rcpt(each, "twice") for each in turns[:4]] == [451, 451, 250, 250]
    assert [rcpt(each, "nth") for each in turns[:4]] == [250, 451, 250, 250]
    assert [rcpt(each, "try") for each in turns[:5]] == [250, 250, 451, 250, 250]
    assert [rcpt(each, "most") for each in turns[:4]] == [451, 451, 250, 250]
    assert rcpt(one, "grey") == 451
    two.kill()
    servers[1] = two = Mailsink(two.data, **shared)
    assert [rcpt(each, "rate") for each in (two, one)] == [451, 451]
    assert rcpt(two, "twice") == 250
    while rcpt(two, "grey") == 451:
        pass
    assert rcpt(one, "grey") == 250


def test_a_scenario_is_switched_on_once_by_two_servers(
    servers: list[Mailsink],
) -> None:
    def switch_on(server: Mailsink) -> int:
        try:
            return len(server.post("rules/scenarios/full-mailbox")["items"])
        except urllib.error.HTTPError as error:
            return -error.code

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(switch_on, servers * 3))
    assert sorted(made)[:5] == [-409] * 5
    found = servers[1].get("rules")["items"]
    assert len([each for each in found if each["scenario"]]) == max(made)
