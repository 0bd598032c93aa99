"""The words of a row of the list, by the same table as in the browser."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from inbox.mailbox.messages import Entry
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Message, Recipient, Transaction
from inbox.presenters.rows import row
from mailsink.ids import uuid7

CASES = json.loads(Path("tests/rows.json").read_text())


def _message(given: dict[str, Any]) -> Message:
    transaction = Transaction(
        id=uuid7(),
        code=given["code"],
        reverse_path=given["reverse_path"],
        first_recipient=given["first_recipient"],
        recipients_accepted=given["recipients_accepted"],
        recipients_refused=given["recipients_refused"],
    )
    same = ("subject", "size", "tags", "status", "note", "pinned")
    message = Message(
        id=UUID(given["id"]),
        transaction=transaction,
        received_at=datetime.fromisoformat(given["received_at"]),
        from_name=given["from"]["name"],
        from_address=given["from"]["address"],
        snippet=given["snippet"] or "",
        attachments=given["attachments"] or 0,
        **{name: given[name] for name in same},
    )
    message.read = given["read"]  # type: ignore[attr-defined]
    message.number = given["attempt"]  # type: ignore[attr-defined]
    message.assignee = given["assignee"]  # type: ignore[attr-defined]
    return message


def _failure(given: dict[str, Any]) -> TransactionSummary:
    same = ("reverse_path", "outcome", "code", "size", "complete", "subject")
    paths = [each["forward_path"] for each in given["recipients"]]
    accepted = [
        each["forward_path"] for each in given["recipients"] if each["rcpt_code"] < 300
    ]
    return TransactionSummary(
        id=UUID(given["id"]),
        session_id=uuid7(),
        inbox_id=None,
        seq=1,
        parameters="",
        started_at=datetime.fromisoformat(given["started_at"]),
        ended_at=datetime.fromisoformat(given["ended_at"]),
        recipients=[
            Recipient(forward_path=each["forward_path"], rcpt_code=each["rcpt_code"])
            for each in given["recipients"]
        ],
        from_name=given["from"]["name"],
        from_address=given["from"]["address"],
        number=given["attempt"],
        why=given.get("why", ""),
        first_recipient=next(iter([*accepted, *paths]), ""),
        **{name: given[name] for name in same},
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_rows(case: dict[str, Any]) -> None:
    given = case["entry"]
    entry: Entry = _failure(given) if "outcome" in given else _message(given)
    found = row(entry)
    for name, words in case["row"].items():
        assert getattr(found, name) == words, name
    if isinstance(entry, TransactionSummary):
        assert entry.failure == given["failure"]
