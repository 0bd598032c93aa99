"""Four processes for mail and two for pages on PostgreSQL and Redis; a browser watches each.

    MESSAGES=2000 make faults

sends fewer than 50,000.
"""

from __future__ import annotations

import os
import statistics
import sys
from contextlib import closing
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.running import Mailsink

from .crowd import Crowd
from .onlooker import Onlooker

MESSAGES = int(os.environ.get("MESSAGES", "50000"))
CONNECTIONS = 100
_PATIENCE = 600  # seconds until the pages have all, after the last 250
_STORED = """
SELECT m.message_id, r.sha256, s.server_id FROM inbox_message m
JOIN inbox_transaction t ON t.id = m.transaction_id
JOIN inbox_raw r ON r.transaction_id = t.id
JOIN inbox_session s ON s.id = t.session_id
"""


@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_double_and_all_is_live_on_both(
    servers: dict[str, Mailsink], browser: Browser, postgresql_url: str
) -> None:
    crowd = Crowd(MESSAGES, CONNECTIONS, servers["mail 1"].smtp, servers["mail 2"].smtp)
    pages = [Onlooker(browser, servers[name].url) for name in ("pages 1", "pages 2")]
    crowd.start()
    for page in pages:
        page.wait_for_first()
    assert crowd.is_alive(), "it is live while mail comes"
    crowd.join()
    for page in pages:
        page.wait_for_count(MESSAGES, _PATIENCE)
    assert not crowd.refused
    assert set(crowd.kept.values()) == {1}
    hold_stored(postgresql_url, crowd)
    found = [page.look() for page in pages]
    for each in found:
        hold_live(each, crowd)
    report(crowd, found)
    for server in servers.values():
        assert server.stderr == ""


def hold_stored(url: str, crowd: Crowd) -> None:
    """Hold that each message is there once, as it was sent, and that four processes took them."""
    with closing(psycopg.connect(url)) as database:
        rows = database.execute(_STORED).fetchall()
    stored = sorted((id, digest) for id, digest, _ in rows)
    sent = ((f"{n}@crowd.example", crowd.digest(n)) for n in range(MESSAGES))
    assert len(crowd.kept) == MESSAGES
    assert stored == sorted(sent)
    assert len({server for *_, server in rows}) == 4


def hold_live(page: dict[str, Any], crowd: Crowd) -> None:
    """Hold that a page was live all the time, and was sent nothing else, and nothing twice."""
    assert (page["errors"], page["closed"], page["twice"]) == ([], 0, 0)
    assert page["created"].keys() <= crowd.kept.keys()
    # What it was not sent, it loaded.
    assert page["resyncs"] or len(page["created"]) == MESSAGES


def report(crowd: Crowd, pages: list[dict[str, Any]]) -> None:
    sys.stdout.write(
        f"\n{MESSAGES} messages by {CONNECTIONS} connections in {crowd.seconds:.0f} s, "
        f"{MESSAGES / crowd.seconds:.0f}/s\n"
    )
    for page in pages:
        late = [at - crowd.said_at[id] for id, at in page["created"].items()]
        median, high = statistics.median(late), statistics.quantiles(late, n=20)[-1]
        sys.stdout.write(
            f"page: {len(late)} live, {page['resyncs']} resyncs; from 250 to page median "
            f"{median * 1000:.0f} ms, p95 {high * 1000:.0f} ms, most {max(late):.1f} s\n"
        )
