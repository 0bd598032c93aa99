"""Connections without a command in the list of sessions: one row for a client and hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.models import Inbox, Session
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.database]

TEN = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


def probe(minute: float, client: str = "10.0.0.1", **fields: Any) -> Session:
    opened_at = TEN + timedelta(minutes=minute)
    given = {
        "client_address": client,
        "client_port": 4000,
        "helo": "",
        "opened_at": opened_at,
        "closed_at": opened_at,
        "ending": "dropped",
        "last_verb": "",
    }
    return factories.session(**given | fields)


def folded(client: Client, **query: str) -> list[tuple[str, int | None]]:
    answer = client.get("/api/v3/sessions", {"fold": "true", **query}).json()
    return [(each["id"], each["probes"]) for each in answer["items"]]


def test_the_last_of_a_client_and_hour_stands_for_all(client: Client) -> None:
    probe(0)
    probe(58)
    last = probe(59.99)
    other = probe(30, client="10.0.0.2")
    later = probe(60)
    listed = folded(client)
    assert listed == [(str(later.pk), 1), (str(other.pk), 1), (str(last.pk), 3)]
    page = client.get("/sessions").content.decode()
    assert page.count("data-id=") == 3
    assert "3 connections without a command in this hour" in page


def test_whatever_says_something_of_its_own_has_a_row(client: Client) -> None:
    shown = [
        probe(1, octets=6, last_verb="QUIT", ending="quit"),
        probe(2, ending="tls_failed"),
        probe(3, ending="refused"),
        probe(4, ending=None, closed_at=None),
        probe(5, direction="out"),
    ]
    assert folded(client) == [(str(each.pk), None) for each in reversed(shown)]


def test_the_probes_of_another_inbox_stand_for_none_of_this(client: Client) -> None:
    inbox = Inbox.objects.create(slug="shop", name="Shop")
    mine, others = probe(1), probe(2, inbox=inbox)
    assert folded(client) == [(str(others.pk), 1), (str(mine.pk), 1)]


def test_the_row_leads_to_each_of_them(client: Client) -> None:
    probes = [probe(minute) for minute in (5, 6)]
    probe(70)
    page = client.get("/sessions").content.decode()
    query = (
        "/sessions?q=is%3Aprobe+client%3A%2210.0.0.1%22+after%3A2026-03-05T10%3A00Z"
        "+before%3A2026-03-05T11%3A00Z"
    )
    assert query in page
    each = client.get(query).content.decode()
    assert each.count("data-id=") == 2
    assert all(str(one.pk) in each for one in probes)
    assert "without a command in this hour" not in each


def test_pages_of_the_folded_list_follow_each_other(client: Client) -> None:
    probes = [probe(minute * 40) for minute in range(9)]  # two hours have two
    first = client.get("/api/v3/sessions?fold=true&limit=2").json()
    rest = folded(client, cursor=first["next"])
    listed = [each["id"] for each in first["items"]] + [id for id, _ in rest]
    assert listed == [str(probes[each].pk) for each in (8, 7, 5, 4, 2, 1)]


def test_a_row_that_is_renewed_is_folded_too(client: Client) -> None:
    earlier, last = probe(1), probe(2)
    rows = client.get("/sessions/rows", {"id": [earlier.pk, last.pk]}).content.decode()
    assert str(earlier.pk) not in rows
    assert 'data-probes="10.0.0.1 ' in rows


def test_without_fold_the_api_lists_each(client: Client) -> None:
    probe(1)
    probe(2)
    items = client.get("/api/v3/sessions").json()["items"]
    assert len(items) == 2
    assert "probes" not in items[0]
