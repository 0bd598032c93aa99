"""The metrics as families of prometheus_client: names, help, labels.

Each label has few values: a verb that Mailsink knows, a code of the RFCs (others become
"4xx"), an ending, an outcome. No client's text becomes one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import connection
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from inbox.api import health
from inbox.capture.tallies import BOUNDS
from inbox.explain import reply_codes
from inbox.models import Server
from mailsink import __version__

Source = tuple[Server, Mapping[str, Any]]


class _Gauge(NamedTuple):
    """A gauge of a process.

    It has its name in the figures, its metric, and its labels besides "process".
    """

    name: str
    metric: str
    help: str
    labels: Mapping[str, str] = {}


_GAUGES = (
    _Gauge("open_sessions", "mailsink_open_sessions", "Open sessions."),
    _Gauge("recorder_rows", "mailsink_recorder_rows", "Rows that wait for a commit."),
    _Gauge(
        "recorder_octets",
        "mailsink_recorder_bytes",
        "Octets of bodies and lines that wait for a commit.",
    ),
    *(
        _Gauge(kind, "mailsink_connections", "Connections, by kind.", {"kind": kind})
        for kind in ("smtp", "web", "websocket")
    ),
    _Gauge(
        "feed_lag",
        "mailsink_feed_lag_seconds",
        "The wait of the oldest event that has not been sent to viewers.",
    ),
    _Gauge("descriptors", "mailsink_open_fds", "Open file descriptors."),
    _Gauge(
        "descriptors_limit",
        "mailsink_max_fds",
        "The most file descriptors that may be open.",
    ),
    _Gauge("tasks", "mailsink_tasks", "Tasks of the event loop."),
    _Gauge("resident_octets", "mailsink_resident_memory_bytes", "Memory in use."),
    _Gauge(
        "clock_jump",
        "mailsink_clock_jump_seconds",
        "The last jump of the clock within an hour.",
    ),
    _Gauge(
        "disk_free", "mailsink_data_free_bytes", "Free space on the data folder's disk."
    ),
)


def exposition(families: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """Return metrics in the format of an Accept field, and its Content-Type."""

    class Found(CollectorRegistry):
        def collect(self) -> Iterator[Metric]:
            yield from families

    encode, kind = choose_encoder(accept)
    return encode(Found()), kind


def families(
    sources: Mapping[str, Source], depths: Mapping[str, int], octets: int
) -> Iterator[Metric]:
    """Yield all metrics. sources: the figures by process; octets: the size of the database"""
    yield InfoMetricFamily(
        "mailsink",
        "Version and database of this Mailsink.",
        {"version": __version__, "database": connection.vendor},
    )
    figures = {name: each for name, (_, each) in sources.items() if each}
    yield from _counters(figures)
    yield _commits(figures)
    yield from _gauges(figures)
    yield from _times(sources)
    depth = GaugeMetricFamily(
        "mailsink_queue_depth", "Rows that wait in a queue.", labels=["queue"]
    )
    for queue, rows in depths.items():
        depth.add_metric([queue], rows)
    yield depth
    if octets:
        yield GaugeMetricFamily(
            "mailsink_database_bytes", "Size of the database.", octets
        )
    yield _health()


def _counters(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    """Yield the counters, with and without labels of their own."""
    for key, help, labels in (
        ("sessions", "Sessions that ended.", ["direction", "listener", "ending"]),
        (
            "transactions",
            "Transactions, by outcome; each accepted one is a message.",
            ["outcome"],
        ),
        ("replies", "Replies, by verb and code.", ["direction", "verb", "code"]),
    ):
        family = CounterMetricFamily(
            f"mailsink_{key}", help, labels=["process", *labels]
        )
        for process, each in figures.items():
            rows = _folded(each[key]) if key == "replies" else each[key]
            for *parts, count in rows:
                family.add_metric([process, *parts], count)
        yield family
    for key, metric, help in (
        ("octets", "mailsink_message_bytes", "Octets of the messages stored."),
        ("failed_commits", "mailsink_failed_commits", "Commits that failed."),
        ("cpu_seconds", "mailsink_cpu_seconds", "Processor time used."),
    ):
        family = CounterMetricFamily(metric, help, labels=["process"])
        for process, each in figures.items():
            family.add_metric([process], each.get(key, each["gauges"].get(key)))
        yield family


def _folded(rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """Yield the counts of replies; codes that are in no RFC are merged by class."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for direction, verb, code, count in rows:
        known = str(code) if reply_codes.is_known(code) else f"{code // 100}xx"
        counts[direction, verb, known] += count
    for key, count in counts.items():
        yield [*key, count]


def _commits(figures: Mapping[str, Mapping[str, Any]]) -> Metric:
    family = HistogramMetricFamily(
        "mailsink_commit_seconds",
        "Duration of commits, until they were synced.",
        labels=["process"],
    )
    bounds = [*map(str, BOUNDS), "+Inf"]
    for process, each in figures.items():
        buckets = list(zip(bounds, accumulate(each["commits"]), strict=True))
        family.add_metric([process], buckets, each["commit_seconds"])
    return family


def _gauges(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for name, metric, help, labels in _GAUGES:
        family = families.setdefault(
            metric, GaugeMetricFamily(metric, help, labels=["process", *labels])
        )
        for process, each in figures.items():
            if name in each["gauges"]:
                family.add_metric([process, *labels.values()], each["gauges"][name])
    yield from families.values()


def _times(sources: Mapping[str, Source]) -> Iterator[Metric]:
    start = GaugeMetricFamily(
        "mailsink_start_time_seconds",
        "When the process started, in Unix time.",
        labels=["process"],
    )
    age = GaugeMetricFamily(
        "mailsink_heartbeat_age_seconds",
        "The greatest age of the figures of another process.",
        labels=["process"],
    )
    now = datetime.now(UTC)
    for process, (server, _) in sources.items():
        start.add_metric([process], server.started_at.timestamp())
        age.add_metric([process], (now - server.heartbeat).total_seconds())
    yield start
    yield age


def _health() -> Metric:
    """Return the results of the checks of /health/ready: 1 is healthy."""
    family = GaugeMetricFamily(
        "mailsink_healthy",
        "1 if the check passes, as in /health/ready.",
        labels=["check"],
    )
    for name, check in (health.checks | health.notices).items():
        family.add_metric([name], 0 if check() else 1)
    return family
