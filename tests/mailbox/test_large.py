"""Which addresses name a large message, and that none is read where others wait.

Nor are the lines of a session that are long in all.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox.mailbox.large import LABORIOUS, LARGE, Misdirected, concerns_large
from inbox.mailbox.messages import open_raw
from inbox.models import Message
from mailsink.asgi import is_heavy
from mailsink.web import elsewhere
from tests import factories
from tests.busy import others_at_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def large() -> Message:
    head = b"Subject: large\r\nContent-Type: text/html\r\n\r\n"
    return factories.message(head + b"some words\r\n" * (LARGE // 10))


def reads_a_whole_table(sql: str) -> bool:
    """Whether the database would read all rows for a query, if there were many."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
            return any("Seq Scan" in line for (line,) in cursor.fetchall())
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return not all("=?)" in step for *_, step in cursor.fetchall())


def test_an_id_is_looked_up_without_reading_all_bodies(large: Message) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert concerns_large("/compare", f"a={large.pk}&b={uuid4()}")
        assert not concerns_large(f"/messages/{uuid4()}", "")
    assert [each["sql"] for each in asked if reads_a_whole_table(each["sql"])] == []


@pytest.mark.parametrize("id", [str(uuid4()), "latest"])
def test_no_id_is_large_where_the_database_is_out_of_reach(id: str) -> None:
    def is_out_of_reach(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(is_out_of_reach):
        assert concerns_large(f"/messages/{id}", "") is False


async def test_an_id_is_looked_up_on_threads_of_its_own() -> None:
    with others_at_work():
        async with asyncio.timeout(120):
            assert not await is_heavy("/none", "")


def encoded(id: object) -> str:
    return "".join(f"%{ord(each):02x}" for each in str(id))


def test_an_id_is_found_wherever_it_is_and_however_it_is_written(
    large: Message,
) -> None:
    small, id = factories.message(), large.pk
    others = "&".join(f"x={uuid4()}" for _ in range(400))
    for query in (
        f"a={id}&b={id}", f"a={small.pk}&b={id}", f"{others}&a={id}",
        f"a={encoded(id)}", f"a=%30{str(id)[1:]}", f"a={str(id).upper()}",
    ):  # fmt: skip
        assert concerns_large("/compare", query), query
    assert not concerns_large("/compare", f"a={small.pk}&b={small.pk}&{others}")
    assert concerns_large(f"/messages/{id}", "")
    assert concerns_large(f"/trash/{id}/frame", "")
    assert concerns_large("/api/v3/messages/latest", "") is False  # the small one


@pytest.mark.parametrize(
    "path",
    [
        "/messages/{0}", "/messages/{0}/frame", "/messages/{0}?tab=checks",
        "/compare?a={0}&b={0}", "/compare?a={1}&b={0}", "/api/v3/messages/{0}",
        "/api/v3/messages/{0}/raw", "/api/v3/messages/{1}/compare/{0}",
        "/api/v3/transactions/{2}/raw",
    ],
)  # fmt: skip
def test_no_page_reads_it_in_the_server(
    client: Client, large: Message, path: str
) -> None:
    small = factories.message()
    path = path.format(large.pk, small.pk, large.transaction_id)
    assert is_read_elsewhere(client, path)
    elsewhere.begin()
    try:
        open_raw(small)
        with pytest.raises(Misdirected):
            open_raw(large)
    finally:
        elsewhere._answering.set(None)


def is_read_elsewhere(client: Client, path: str) -> bool:
    """Return whether a path that is answered well is passed on where others wait."""
    answer = client.get(path)
    assert answer.status_code in (200, 302)
    answering = elsewhere.begin()
    try:
        client.get(path)
    finally:
        elsewhere._answering.set(None)
    return answering.elsewhere


def spoken(lines: int, length: int) -> Message:
    """Return a message of a session with so many more lines of a length."""
    found = factories.recorded_message()
    session = found.transaction.session
    after = session.exchange_set.count()
    for seq in range(after + 1, after + lines + 1):
        line = f"VRFY {seq} ".ljust(length, "x")
        flags = ("bare_lf_command", "pipelining_unadvertised")[seq % 2]
        factories.exchange(session, seq, verb="VRFY", line=line, code=550, flags=flags)
    session.exchanges = after + lines
    session.save()
    return found


_OF_LINES = [
    "/sessions/{0}", "/sessions/{0}?panel=replay", "/sessions/{0}/exchanges?last=100",
    "/sessions/{0}/replay", "/sessions/{0}/case",
    "/messages/{1}/case", "/messages/{1}?tab=smtp", "/compare?a={1}&b={2}",
    "/api/v3/sessions/{0}", "/api/v3/sessions/{0}/exchanges",
    "/api/v3/sessions/{0}/exchanges.txt", "/api/v3/sessions/{0}/exchanges.jsonl",
    "/api/v3/sessions/{0}/case", "/api/v3/sessions/{0}/replay",
    "/api/v3/sessions/{0}/findings", "/api/v3/messages/{1}/compare/{2}",
    "/api/v3/messages/{2}/compare/{1}", "/api/v3/messages/{1}/case",
]  # fmt: skip


def test_no_long_transcript_is_read_in_the_server(client: Client) -> None:
    small, long = spoken(3, 50), spoken(20, 12_000)

    def passed_on(message: Message) -> list[str]:
        id = message.transaction.session_id
        paths = {each: each.format(id, message.pk, small.pk) for each in _OF_LINES}
        return [each for each in paths if is_read_elsewhere(client, paths[each])]

    assert passed_on(small) == []
    assert passed_on(long) == _OF_LINES


def test_many_short_lines_are_long_too(client: Client) -> None:
    session = spoken(LABORIOUS // 100, 1).transaction.session_id
    file = f"/api/v3/sessions/{session}/exchanges.txt"
    assert is_read_elsewhere(client, file)
    assert not is_read_elsewhere(client, f"/api/v3/sessions/{session}/replay")


@pytest.mark.parametrize(
    "path",
    [
        "/messages/{0}/checks", "/messages/{0}?tab=checks", "/compare?a={0}&b={1}",
        "/compare?a={1}&b={0}", "/messages/{0}/compare-previous",
        "/api/v3/messages/{0}/checks", "/api/v3/messages/{1}/compare/{0}",
    ],
)  # fmt: skip
def test_what_is_laborious_is_done_elsewhere_sooner(client: Client, path: str) -> None:
    head = b"From: a@shop.test\r\nSubject: %d\r\n\r\n"
    small = factories.message(head % 1, from_address="a@shop.test")
    body = head % 2 + b"some words\r\n" * (LABORIOUS // 10)
    large = factories.message(body, from_address="a@shop.test", subject="unlike")
    path = path.format(large.pk, small.pk)
    assert is_read_elsewhere(client, path)
    assert not is_read_elsewhere(client, f"/messages/{large.pk}?tab=text")
    path = path.replace(str(large.pk), str(small.pk))
    assert not is_read_elsewhere(client, path)
