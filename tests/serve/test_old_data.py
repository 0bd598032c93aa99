"""A data folder from before columns were renamed opens with everything in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.old_data import mails
from tests.old_data.contents import REMOVED, RENAMED, Contents, renamed
from tests.old_data.rows import NOT_ACCEPTED, SESSIONS
from tests.private import bare_database
from tests.running import ROOT, Mailsink, environment

NUMBERS = range(mails.MESSAGES)
# Each way to store a body (3: in a file, 9: compressed), and what the indexer has to do
SAMPLE = {
    3: "text", 7: "source", 9: "parts", 10: "headers", 1234: "transcript", 4999: "findings",
}  # fmt: skip


@dataclass
class Opened:
    """before, after: what its tables held before and after it was opened."""

    before: Contents
    after: Contents
    server: Mailsink

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return all items of a list of the API, page by page."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.server.get(f"{path}&limit=500{cursor}")
            items += page["items"]
            if not page["next"]:
                return items
            cursor = f"&cursor={page['next']}"

    def found(self, q: str) -> dict[int, dict[str, Any]]:
        """Return the messages that match, by their numbers."""
        items = self.items(f"messages?q={quote(q)}")
        by_number = {int(each["subject"].split()[1]): each for each in items}
        assert len(by_number) == len(items)
        return by_number

    def page(self, path: str, method: str = "GET") -> str:
        request = urllib.request.Request(f"{self.server.url}{path}", method=method)
        with urllib.request.urlopen(request) as response:
            return str(response.read().decode())


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)],
)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    data = tmp_path_factory.mktemp("old")
    variables = {}
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        variables = {"DATABASE_URL": bare_database(url, "old"), "SECRET_KEY": "tests"}
    before = _run("make", data, variables)
    after = _run("open", data, variables)
    server = Mailsink(data, fresh=True, **variables)
    try:
        _until_indexed(server)
        yield Opened(before, after, server)
    finally:
        server.stop()
    assert server.stderr == ""


def _run(command: str, data: Path, variables: dict[str, str]) -> Contents:
    done = subprocess.run(
        [sys.executable, "-m", "tests.old_data", command],
        cwd=ROOT,
        env=environment(data, **variables),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: Contents = json.loads(done.stdout)
    return found


def _until_indexed(server: Mailsink) -> None:
    """Wait for the words of what had no full text yet: the oldest comes last."""
    waiting = (each for each in NUMBERS if not mails.has_full_text(each))
    oldest = next(each for each in waiting if mails.is_indexed(each))
    patience = time.monotonic() + 300
    while time.monotonic() < patience:
        with suppress(urllib.error.HTTPError):  # 408, after a second
            server.get(f"messages/wait?q={mails.code(oldest)}&timeout=1")
            return
    raise AssertionError("the oldest messages have no full text")


def alive(condition: Callable[[int], object]) -> set[int]:
    return {each for each in NUMBERS if condition(each) and not mails.is_deleted(each)}


def test_every_column_holds_what_it_held(opened: Opened) -> None:
    assert opened.before["inbox_message"]["id"][0] == mails.MESSAGES
    for (table, old), new in RENAMED.items():
        assert old in opened.before[table]
        assert new not in opened.before[table]
        assert old not in opened.after[table]
    for table, name in REMOVED:
        assert set(opened.before[table][name][2:]) == {"''"}
        assert name not in opened.after[table]
    for table, columns in renamed(opened.before).items():
        assert {name: opened.after[table].get(name) for name in columns} == columns


def test_every_message_is_listed_as_it_was(opened: Opened) -> None:
    found = opened.found("")
    assert set(found) == alive(lambda number: True)
    for number, each in found.items():
        expected = {
            "subject": mails.subject(number),
            "from": {"name": f"Shop {number % 50}", "address": mails.sender(number)},
            "to": [{"name": "Ann", "address": mails.recipient(number)}],
            "cc": [{"name": "", "address": "bob@example.com"}],
            "message_id": f"<{number}@shop.test>",
            "date": "2026-11-22T09:00:00.000000Z",
            "size": len(mails.body(number)),
            "attachments": int(mails.has_file(number)),
            "read": mails.is_read(number),
            "pinned": mails.is_pinned(number),
            "tags": mails.tags(number),
            "status": mails.status(number),
            "note": mails.note(number),
            "recipients_accepted": 2,
            "recipients_refused": 1,
            "code": 250,
            "inbox": mails.inbox(number),
        }
        assert {name: each[name] for name in expected} == expected


@pytest.mark.parametrize(("number", "tab"), SAMPLE.items())
def test_a_message_opens(opened: Opened, number: int, tab: str) -> None:
    [message] = opened.found(f"{mails.code(number)}").values()
    id, session = message["id"], message["session"]
    raw = f"{opened.server.url}/api/v3/messages/{id}/raw"
    with urllib.request.urlopen(raw) as response:
        assert response.read() == mails.body(number)
    detail = opened.server.get(f"messages/{id}")
    assert mails.text(number) in detail["text"]
    paths = [each["forward_path"] for each in detail["envelope"]["recipients"]]
    assert paths == [mails.recipient(number), *mails.OTHER_RECIPIENTS]
    exchanges = opened.server.get(f"sessions/{session}")["exchanges"]
    lines = [each["line"] for each in exchanges]
    assert len(lines) == 23
    assert f"RCPT TO:<{mails.recipient(number)}>" in lines
    assert mails.subject(number) in opened.page(f"/messages/{id}?tab={tab}")
    assert mails.helo(number) in opened.page(f"/sessions/{session}")


@pytest.mark.parametrize(
    ("q", "condition"),
    [
        ("order9", lambda number: str(number).startswith("9")),  # of the body
        ("rechnung zoe to:user44@example.com", lambda number: number % 500 == 44),
        ("from:shop7@shop.test is:bug", lambda number: number % 50 == 7 and mails.status(number) == "bug"),
        ("tag:red has:note", lambda number: mails.tags(number) and mails.note(number)),
        ("is:pinned", mails.is_pinned),
        ("is:unread has:attachment", lambda number: not mails.is_read(number) and mails.has_file(number)),
    ],
)  # fmt: skip
def test_search_finds_what_it_found(
    opened: Opened, q: str, condition: Callable[[int], object]
) -> None:
    assert set(opened.found(q)) == alive(condition)


def test_sessions_came_by_the_same_listeners(opened: Opened) -> None:
    sessions = opened.items("sessions?")
    ports = [each["client_port"] for each in reversed(sessions)]
    assert ports == [mails.client_port(number) for number in range(SESSIONS)]
    assert "Submission" in opened.page("/sessions")
    for number in range(len(mails.LISTENER_KINDS)):
        session = sessions[-1 - number]
        kind = mails.listener_kind(number * mails.PER_SESSION)
        secure = kind in ("smtps", "submission")
        assert bool(session["tls"]) == bool(session["auth"]) == secure
        replay = opened.server.get(f"sessions/{session['id']}/replay")["swaks"]
        assert ("LMTP" in replay) == (kind == "lmtp")
        assert ("--tls-on-connect" in replay) == (kind == "smtps")


def test_what_was_not_accepted_is_there(opened: Opened) -> None:
    assert len(opened.items("transactions?")) == NOT_ACCEPTED
    newest = opened.server.get("transactions?outcome=abandoned&limit=1")["items"][0]
    assert newest["complete"] is False
    assert newest["subject"].startswith("Rechnung")
    assert "refused@shop.test" in opened.page(f"/transactions/{newest['id']}")


def test_what_was_deleted_can_be_restored(opened: Opened) -> None:
    trash = opened.found("is:deleted")
    assert set(trash) == set(filter(mails.is_deleted, NUMBERS))
    number = max(trash)
    assert mails.subject(number) in opened.page("/trash")
    id = trash[number]["id"]
    opened.page(f"/api/v3/messages/{id}/restore", method="POST")
    assert opened.server.get(f"messages/{id}")["subject"] == mails.subject(number)
    opened.server.delete(f"messages/{id}")
    told = opened.server.get("trace?address=gone199@example.com")
    assert [each["kind"] for each in told["evidence"]] == ["removed"]


def test_what_people_had_set_holds(opened: Opened) -> None:
    settings = opened.server.get("inboxes/default")
    assert settings["name"] == "Shop"
    assert settings["known_only"] is True
    assert settings["quota_octets"] == 10**9
    assert [each["kind"] for each in settings["addresses"]] == ["mailbox", "moved"]
    [mute] = opened.server.get("mutes")["items"]
    assert (mute["kind"], mute["reason"]) == ("missing_date", "by hand")
    [host] = opened.server.get("inboxes/default/remote-hosts")["items"]
    assert host["host"] == "cdn.example.com"
    searches = opened.server.get("saved-searches")["items"]
    assert [each["name"] for each in searches] == ["Search 0", "Search 1"]
    assert "Search 1" in opened.page("/")
    assert "cdn.example.com" in opened.page("/settings")
