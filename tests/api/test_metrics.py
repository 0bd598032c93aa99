"""/metrics: what is counted, for which processes, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.test import Client as Browser
from prometheus_client.parser import text_string_to_metric_families

from inbox.access import api_tokens, wrong_tokens
from inbox.api import health, metrics
from inbox.capture.recorder import Recorder
from inbox.capture.tallies import Tallies
from inbox.models import Server
from inbox.upkeep import servers
from inbox.upkeep.process_figures import ProcessFigures
from mailsink.conf import CONFIG
from tests import factories, people
from tests.mails import HELLO
from tests.recording import Client, one_message, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

Found = dict[tuple[str, frozenset[str]], float]


@pytest.fixture(autouse=True)
def _checks_of_this_test() -> Iterator[None]:
    with patch.dict(health.checks), patch.dict(health.notices, clear=True):
        yield


def scrape() -> Found:
    """Return the values of /metrics, by name and the values of the labels."""
    answer = Browser().get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return {
        (each.name, frozenset(each.labels.values())): each.value
        for family in text_string_to_metric_families(answer.content.decode())
        for each in family.samples
    }


def of(found: Found, name: str, *labels: str) -> float:
    return found[f"mailsink_{name}", frozenset(labels)]


def recorded(*scenarios: Any) -> tuple[Server, ProcessFigures]:
    """Return a server that recorded these, and its figures."""
    tallies: list[Tallies] = []

    async def first(recorder: Recorder) -> None:
        tallies.append(recorder.tallies)

    play(first, *scenarios)
    figures = ProcessFigures(tallies[0], {"feed_lag": lambda: 0.25, "web": lambda: 3})
    return Server.objects.get(), figures


async def refused(recorder: Recorder) -> None:
    client = Client(recorder)
    client.exchange("command", "NOOP", "NOOP", 599)
    client.exchange("command", "", "WHAT EVER", 500)
    client.envelope()
    client.end("rejected", None)
    client.close("dropped")


def test_what_a_process_counted_is_there_by_its_labels() -> None:
    server, figures = recorded(one_message, refused)
    me = str(server)
    with patch.object(metrics, "own", (server, figures)):
        found = scrape()

    for ending in ("quit", "dropped"):
        assert of(found, "sessions_total", me, "in", "smtp", ending) == 1
    assert of(found, "transactions_total", me, "accepted") == 1
    assert of(found, "transactions_total", me, "rejected") == 1
    assert of(found, "replies_total", me, "in", "RCPT", "550") == 2
    assert of(found, "replies_total", me, "in", "connect", "220") == 2
    assert of(found, "message_bytes_total", me) == len(HELLO)
    assert of(found, "commit_seconds_count", me) >= 1
    assert of(found, "commit_seconds_bucket", me, "+Inf") >= 1
    assert of(found, "commit_seconds_sum", me) > 0
    assert of(found, "failed_commits_total", me) == 0
    assert of(found, "feed_lag_seconds", me) == 0.25
    assert of(found, "connections", me, "web") == 3
    assert of(found, "resident_memory_bytes", me) > 1_000_000
    assert of(found, "start_time_seconds", me) == server.started_at.timestamp()
    # What clients wrote is no label, and of codes only those of an RFC are.
    assert of(found, "replies_total", me, "in", "command", "500") == 1
    assert of(found, "replies_total", me, "in", "NOOP", "5xx") == 1
    assert not any({"WHAT", "599"} & labels for _, labels in found)


def test_another_process_is_there_as_of_its_last_heartbeat() -> None:
    other, figures = recorded(one_message)
    servers.heartbeat(other, figures.now)._step()
    Server.objects.create(  # one whose successor has its name
        started_at=other.started_at,
        heartbeat=other.heartbeat,
        hostname=other.hostname,
        pid=other.pid,
        id=UUID(int=other.pk.int - 1),
    )
    found = scrape()
    assert of(found, "transactions_total", str(other), "accepted") == 1
    assert of(found, "heartbeat_age_seconds", str(other)) < 60


def test_what_waits_in_queues_and_what_is_wrong() -> None:
    factories.message()
    health.checks["recorder"] = lambda: "more comes than can be written"
    found = scrape()
    assert of(found, "queue_depth", "index") == 1
    assert of(found, "queue_depth", "webhooks") == 0
    assert of(found, "database_bytes") > 10_000
    assert of(found, "healthy", "database") == 1
    assert of(found, "healthy", "recorder") == 0


def test_without_a_database_a_process_still_knows_its_own() -> None:
    server, figures = recorded(one_message)
    error = patch.object(servers, "alive", side_effect=DatabaseError("away"))
    with patch.object(metrics, "own", (server, figures)), error:
        found = scrape()
    assert of(found, "transactions_total", str(server), "accepted") == 1
    assert ("mailsink_database_bytes", frozenset()) not in found


def test_openmetrics_where_it_is_asked_for() -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    answer = Browser().get("/metrics", headers={"Accept": accept})
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("10.0.0.7", {}, 200),
        ("10.1.0.7", {}, 403),
        ("fe80::1%eth0", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 403),
    ],
)
def test_only_named_networks_may_read_them(
    client: str, headers: dict[str, str], status: int
) -> None:
    networks = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/24"))
    with patch.object(metrics, "CONFIG", replace(CONFIG, metrics_from=networks)):
        answer = Browser(REMOTE_ADDR=client).get("/metrics", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert b"MAILSINK_" in answer.content
        assert b"mailsink_" not in answer.content


@pytest.mark.parametrize(
    ("is_administrator", "scopes", "status"),
    [(True, ("read",), 200), (True, ("send",), 403), (False, ("read",), 403)],
)
def test_from_elsewhere_by_a_token_of_an_administrator(
    is_administrator: bool, scopes: tuple[str, ...], status: int
) -> None:
    wrong_tokens.forget()
    administrator = people.administrator()
    owner = administrator if is_administrator else people.user("ann", default="manager")
    text = api_tokens.add(owner, "Prometheus", scopes).text
    headers = {"Authorization": f"Bearer {text}"}
    answer = Browser(REMOTE_ADDR="192.0.2.7").get("/metrics", headers=headers)
    assert answer.status_code == status
    assert Browser(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 403
