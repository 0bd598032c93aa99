"""A data folder with many messages in it, made quickly."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from tests.running import set_up

_START = datetime(2026, 1, 1, tzinfo=UTC)
_APART = 4  # seconds between two messages


def _milliseconds(number: int) -> int:
    """Return when something with this number was, since 1970."""
    return (int(_START.timestamp()) + _APART * number) * 1000


def _id(number: int, kind: int) -> str:
    """Return an id as SQLite has it, later for a later number."""
    return f"{_milliseconds(number):012x}7000800{kind}{number:012x}"


def _key(number: int) -> int:
    """Return the key of a message's text: the leading bits of its id."""
    return _milliseconds(number) << 12


_IN_SESSION = 20  # messages
_AT_ONCE = 10_000


def store_messages(folder: Path, count: int) -> None:
    """Put so many messages into a fresh database, as rows that the indexer is done with."""
    set_up(folder)
    server = _id(0, 1)
    text = _START.isoformat(" ")
    _insert(folder, {
        "inbox_server": [{
            "id": server, "started_at": text, "heartbeat": text, "stopped_at": text,
        }],
    })  # fmt: skip
    for first in range(0, count, _AT_ONCE):
        _insert(folder, _messages(server, range(first, min(first + _AT_ONCE, count))))


def _messages(server: str, numbers: range) -> dict[str, list[dict[str, object]]]:
    """Return the rows of messages, and of the sessions that brought them."""

    def at(number: int) -> str:
        return (_START + timedelta(seconds=_APART * number)).isoformat(" ")

    def session(number: int) -> str:
        return _id(number - number % _IN_SESSION, 2)

    return {
        "inbox_session": [{
            "id": session(number), "server_id": server, "inbox_id": 1, "direction": "in",
            "listener_kind": "smtp", "client_address": "127.0.0.1", "client_port": 1,
            "protocol": "ESMTP", "opened_at": at(number), "closed_at": at(number),
            "ending": "quit", "messages": len(numbers[place : place + _IN_SESSION]),
        } for place, number in enumerate(numbers) if number % _IN_SESSION == 0],
        "inbox_transaction": [{
            "id": _id(number, 3), "session_id": session(number), "inbox_id": 1,
            "seq": number % _IN_SESSION + 1, "outcome": "accepted", "code": 250,
            "recipients_accepted": 1, "first_recipient": f"user{number % 5000}@example.com",
        } for number in numbers],
        "inbox_recipient": [{
            "transaction_id": _id(number, 3), "seq": 1,
            "forward_path": f"user{number % 5000}@example.com", "rcpt_code": 250,
        } for number in numbers],
        "inbox_message": [{
            "id": _id(number, 4), "transaction_id": _id(number, 3), "inbox_id": 1,
            "received_at": at(number), "from_name": "Shop", "from_address": "shop@shop.test",
            "snippet": "", "subject": f"Stored {number}", "size": 100, "attachments": 0,
            "status": "new", "indexed_at": at(number),
        } for number in numbers],
        # What the indexer would add: else it has work for minutes beside what is measured.
        "inbox_fingerprint": [
            {"transaction_id": _id(number, 3), "attempt": 1} for number in numbers
        ],
        "inbox_searchtext": [
            {"id": _key(number), "message_id": _id(number, 4), "with_header": True}
            for number in numbers
        ],
        "inbox_searchindex": [{
            "rowid": _key(number), "subject": f"stored {number}", "sender": "shop shop shop test",
            "recipients": f"user{number % 5000} example com", "body": _words(number),
        } for number in numbers],
    }  # fmt: skip


_VOCABULARY = [f"word{number}" for number in range(20_000)]


def _words(number: int) -> str:
    """Return the words of a body: one that all have, one that few have, and 60 others."""
    chosen = random.Random(number).choices(_VOCABULARY, k=60)
    return f"common {' '.join(chosen)} {'rare' if number % 10_000 == 0 else ''}"


LINES_OF_A_MESSAGE = (
    "MAIL FROM:<a@b>",
    "RCPT TO:<c@d>",
    "NOOP",
    "NOOP",
    "NOOP",
    "DATA",
)
SECOND = 1_000_000


def store_session(folder: Path, messages: int, *, live: bool = False) -> str:
    """Put one session of so many messages, seven exchanges each, into a fresh database.

    Return its id. Every tenth message is refused.
    """
    set_up(folder)
    now = datetime.now(UTC)
    text = now.isoformat(" ")
    server, session = _id(0, 1), _id(0, 2)
    count = messages * 7
    values = {
        "inbox_server": [{
            "id": server, "started_at": text, "heartbeat": text, "stopped_at": text,
        }],
        "inbox_session": [{
            "id": session, "server_id": server, "inbox_id": 1, "direction": "in",
            "listener": "127.0.0.1:1025", "listener_kind": "smtp", "client_address": "127.0.0.1",
            "client_port": 1, "helo": "long.test", "protocol": "ESMTP", "opened_at": (now - timedelta(seconds=100)).isoformat(" "),
            "closed_at": None if live else text, "ending": None if live else "quit",
            "last_verb": "DATA", "exchanges": count, "transactions": messages,
            "messages": messages, "refused": messages // 10, "worst_code": 550,
        }],
        "inbox_transaction": [{
            "id": _id(number, 3), "session_id": session, "inbox_id": 1,
            "seq": number + 1, "reverse_path": "a@b", "outcome": "accepted",
            "code": 250, "recipients_accepted": 1,
        } for number in range(messages)],
        "inbox_exchange": [
            _exchange(session, number, 100 * SECOND // count)
            for number in range(count)
        ],
    }  # fmt: skip
    _insert(folder, values)
    return str(UUID(session))


def _exchange(session: str, number: int, pace: int) -> dict[str, object]:
    message, step = divmod(number, 7)
    line = LINES_OF_A_MESSAGE[step] if step < 6 else ""
    refused = step == 2 and message % 10 == 0
    return {
        "session_id": session, "seq": number + 1, "direction": "in",
        "transaction_id": _id(message, 3), "kind": "command" if line else "body",
        "verb": line.split(" ")[0], "line": line, "octets": len(line) + 2,
        "received_us": number * pace, "ready_us": number * pace + 90,
        "replied_us": number * pace + 120,
        "code": 550 if refused else 354 if line == "DATA" else 250,
        "reply": "550 5.7.1 No" if refused else "250 2.0.0 Ok",
        "flags": "" if step else "pipelined",
    }  # fmt: skip


def _insert(folder: Path, rows: dict[str, list[dict[str, object]]]) -> None:
    """Insert rows, given without the columns that are empty."""
    database = sqlite3.connect(folder / "mailsink.sqlite3")
    for table, values in rows.items():
        empty = {**_empty(database, table), **dict.fromkeys(values[0])}
        names = ", ".join(f'"{name}"' for name in empty)
        places = ", ".join(f":{name}" for name in empty)
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"
        database.executemany(statement, (empty | each for each in values))
    database.commit()
    database.close()


def _empty(database: sqlite3.Connection, table: str) -> dict[str, object]:
    """Return what is empty in each column that may not be NULL."""
    query = "SELECT sql FROM sqlite_master WHERE name = ?"
    (definition,) = database.execute(query, (table,)).fetchone()
    columns = database.execute(f'PRAGMA table_info("{table}")')
    return {
        name: "[]" if f'JSON_VALID("{name}")' in definition
        else "" if kind.lower().startswith(("text", "varchar", "char"))
        else 0
        for _, name, kind, required, _, is_key in columns
        if required and not is_key
    }  # fmt: skip
