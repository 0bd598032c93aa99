"""Bursts in a page of the list, by the same table as in the browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from inbox.models import Message
from inbox.presenters.bursts import bursts
from mailsink.ids import uuid7
from tests.factories import recorded_message
from tests.mails import ORDER

CASES = json.loads(Path("tests/bursts.json").read_text())
START = datetime(2026, 11, 26, 12, tzinfo=UTC)


def _entry(subject: str, seconds: float, sender: str = "shop@shop.test") -> Message:
    at = START + timedelta(seconds=seconds)
    return Message(id=uuid7(), subject=subject, from_address=sender, received_at=at)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_bursts(case: dict[str, Any]) -> None:
    entries = [_entry(*each) for each in case["entries"]]
    found = [[entries.index(each) for each in run] for run in bursts(entries)]  # type: ignore[arg-type]
    assert found == case["bursts"]


@pytest.mark.django_db
def test_page_folds_a_burst_without_scripts(client: Client) -> None:
    for number in range(25):
        recorded_message(ORDER.replace(b"Your order", b"Order %d" % number))
    page = client.get("/").content.decode()
    assert page.count("<details>") == 1
    assert "25 alike" in page
    assert "Order …" in page
    assert "Order 24" in page
