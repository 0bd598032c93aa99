"""The live feed of callers who may see some inboxes only."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import AsyncClient

from inbox.api.dialect_sockets import APPLICATIONS
from inbox.api.v3 import events, waiting
from inbox.capture.rows import ExchangeRow, SessionChanges
from inbox.live import viewers
from inbox.live.feed import Feed
from inbox.live.looks import Look
from inbox.mailbox import inbox_removal, marking
from inbox.mailbox.near_misses import Wanted
from inbox.mailbox.scope import ALL, Scope
from inbox.mailbox.selection import Selection
from inbox.mailbox.signals import MessageRestored, MessageUpdated, announce
from inbox.models import Membership, Message, Session, User
from tests import people
from tests.live.clients import PATIENCE, Client, Socket
from tests.live.test_live import session_row

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("memory_layer"),
]


def _cookie(user: User) -> list[tuple[bytes, bytes]]:
    name = settings.SESSION_COOKIE_NAME
    session = SessionStore()  # no login: the audit log would keep it beyond the test
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return [(b"cookie", f"{name}={session.session_key}".encode())]


class _Known(Client):
    """A client of /ws/live with a session."""

    def __init__(self, user: User | None) -> None:
        super().__init__()
        self.scope["headers"] = _cookie(user) if user else []

    def browser(self) -> AsyncClient:
        """A client of the pages and the API with the same session."""
        made = AsyncClient()
        made.cookies.load(self.scope["headers"][0][1].decode())
        return made


@database_sync_to_async
def _mail() -> tuple[_Known, Message, Message]:
    """A viewer of inbox a, and a message in it and in another one."""
    people.administrator()
    ann = people.user("ann", a="viewer")
    return _Known(ann), people.mail_in("a"), people.mail_in("b")


async def _changed(*messages: Message) -> None:
    await database_sync_to_async(announce)(
        [MessageUpdated(each.pk) for each in messages]
    )


async def test_a_viewer_hears_of_the_own_inbox_alone(feed: Feed) -> None:
    client, seen, hidden = await _mail()
    await client.greet()
    assert (await client.ask(type="subscribe", to="messages"))["to"] == "messages"
    assert (await client.ask(type="subscribe", to="sessions"))["type"] == "subscribed"
    await _changed(hidden, seen)
    batch = await client.next()
    assert [each["id"] for each in batch["events"]] == [str(seen.pk)]
    await client.silence()
    for topic in (
        {"to": "messages", "inbox": "b"},
        {"to": f"session:{hidden.transaction.session_id}"},
    ):
        refused = await client.ask(type="subscribe", **topic)
        assert "there is no" in refused["detail"]
    own = {"to": f"session:{seen.transaction.session_id}"}
    assert (await client.ask(type="subscribe", **own))["type"] == "subscribed"
    await client.ask(type="subscribe", to="messages", inbox="a")
    await client.say(type="ack", seq=1)
    await _changed(seen)
    assert {(await client.next()).get("inbox") for _ in "ab"} == {None, "a"}
    await client.say(type="unsubscribe", to="messages", inbox="a")
    await client.say(type="ack", seq=3)
    await _changed(seen)
    assert "inbox" not in await client.next()
    await client.disconnect()


async def test_strangers_and_those_without_an_inbox_are_sent_away(feed: Feed) -> None:
    await _mail()
    alone = await database_sync_to_async(people.user)("bob")
    for user, code in ((None, 4401), (alone, 4403)):
        client = await database_sync_to_async(_Known)(user)
        assert (await client.connect())[0]
        assert await client.receive_output() == _closed(code)


async def test_who_is_removed_hears_no_more(feed: Feed, monkeypatch: Any) -> None:
    monkeypatch.setattr(viewers, "RECHECK", 0)
    client, seen, _ = await _mail()
    await client.greet()
    await client.ask(type="subscribe", to="messages")
    await database_sync_to_async(Membership.objects.all().delete)()
    await _changed(seen)
    assert await client.receive_output() == _closed(4403)


async def test_a_session_that_goes_elsewhere_is_heard_no_more(feed: Feed) -> None:
    """At once: its next lines are of another's mail."""
    client, seen, _ = await _mail()
    session = seen.transaction.session_id
    await client.greet()
    await client.ask(type="subscribe", to=f"session:{session}")
    feed.committed(_lines(session, "mine"))
    assert (await client.next())["events"][-1]["line"] == "mine"
    await _into_none(session)
    feed.committed(_lines(session, "another's"))
    assert await client.receive_output() == _closed(4403)


async def test_a_stream_of_a_session_that_goes_elsewhere_ends(feed: Feed) -> None:
    known, seen, _ = await _mail()
    session = seen.transaction.session_id
    answer = await known.browser().get(f"/api/v3/events?to=session:{session}")
    pieces = aiter(answer)  # type: ignore[arg-type]
    assert b"subscribed" in await anext(pieces)
    feed.committed(_lines(session, "mine"))
    assert b"mine" in await anext(pieces)
    await _into_none(session)
    feed.committed(_lines(session, "another's"))
    assert [each async for each in pieces] == []
    events.logs.stop()


@pytest.mark.parametrize("inbox", [None, "a"])
async def test_another_inbox_under_the_same_slug_is_not_heard(
    feed: Feed, monkeypatch: Any, inbox: str | None
) -> None:
    monkeypatch.setattr(viewers, "RECHECK", 0)
    client, _, _ = await _mail()
    await client.greet()
    await client.ask(type="subscribe", to="messages", inbox=inbox)
    await database_sync_to_async(_deleted)("a")
    new = await database_sync_to_async(people.mail_in)("a")
    await _changed(new)
    assert await client.receive_output() == _closed(4403)


async def test_a_viewer_waits_for_mail_of_the_own_inbox_alone() -> None:
    known, seen, hidden = await _mail()
    browser = known.browser()
    for query, status in (("", 200), ("&inbox=b", 404), ("&count=2", 408)):
        wait = f"/api/v3/messages/wait?timeout=0{query}"
        answer = await browser.get(wait)
        shown = answer.content.decode()
        assert answer.status_code == status
        assert str(hidden.pk) not in shown
    assert json.loads(shown)["found"] == 1
    late = f"/api/v3/messages/wait?timeout=0&after={seen.pk}"  # hidden came after it
    answer = await browser.get(late)
    problem = answer.json()
    assert (answer.status_code, problem["found"]) == (408, 0)
    assert [each["message"]["id"] for each in problem["near_misses"]] == [str(seen.pk)]


@pytest.mark.parametrize("query", ["to=messages", "to=messages&inbox=a"])
async def test_a_viewer_follows_events_of_the_own_inbox_alone(
    feed: Feed, query: str
) -> None:
    known, seen, hidden = await _mail()
    browser = known.browser()
    answer = await browser.get(f"/api/v3/events?{query}")
    pieces = aiter(answer)  # type: ignore[arg-type]
    assert b"subscribed" in await anext(pieces)
    await _changed(hidden, seen)
    heard = (await anext(pieces)).decode()
    assert str(seen.pk) in heard
    assert str(hidden.pk) not in heard
    await pieces.aclose()  # type: ignore[attr-defined]
    for topic in ("messages&inbox=b", f"session:{hidden.transaction.session_id}"):
        refused = await browser.get(f"/api/v3/events?to={topic}")
        assert refused.status_code == 404
    events.logs.stop()


async def test_who_is_removed_while_they_wait_gets_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr(viewers, "RECHECK", 0)
    known, _, _ = await _mail()
    looked = waiting.waiters._looks._look_now

    def look(wanted: Wanted, last: bool) -> Look:
        Membership.objects.all().delete()
        return looked(wanted, last)

    monkeypatch.setattr(waiting.waiters._looks, "_look_now", look)
    answer = await known.browser().get("/api/v3/messages/wait?timeout=0")
    assert answer.status_code == 403
    assert "order" not in answer.content.decode().lower()


def _lines(session: UUID, line: str) -> SessionChanges:
    """Return what a commit wrote of a session: its row, and a line."""
    lines = [ExchangeRow(session, 1, "command", "EHLO", line, 8, 100)]
    return SessionChanges(
        sessions_updated=[session_row(id=session, inbox_id=None)],
        exchanges_created=lines,
    )


@database_sync_to_async
def _into_none(session: UUID) -> None:
    Session.objects.filter(pk=session).update(inbox=None)


def _deleted(slug: str) -> None:
    inbox_removal.delete(ALL, slug)


async def test_the_first_administrator_ends_the_watch_of_strangers(
    feed: Feed, monkeypatch: Any
) -> None:
    monkeypatch.setattr(viewers, "RECHECK", 0)
    client = Client()
    await client.greet()
    await client.ask(type="subscribe", to="messages")
    _, seen, _ = await _mail()
    await _changed(seen)
    assert await client.receive_output() == _closed(4401)


@pytest.mark.parametrize("path", sorted(APPLICATIONS))
async def test_the_dialects_hear_of_the_own_inbox_alone(feed: Feed, path: str) -> None:
    known, seen, hidden = await _mail()
    client = Socket(APPLICATIONS[path], path)
    client.scope["headers"] = known.scope["headers"]
    assert (await client.connect())[0]
    back = [MessageRestored(hidden.pk), MessageRestored(seen.pk)]
    await database_sync_to_async(announce)(back)
    text = await client.receive_from()
    if "stats" in text:
        assert json.loads(text)["Data"]["Total"] == 1
        text = await client.receive_from()
    assert str(seen.pk) in text
    if path == "/api/events":
        assert json.loads(await client.receive_from())["Type"] == "stats"
    assert await client.receive_nothing()
    await client.disconnect()
    stranger = Socket(APPLICATIONS[path], path)
    assert (await stranger.connect())[0]
    assert await stranger.receive_output() == _closed(4401)


async def test_each_hears_what_they_have_read_themselves(feed: Feed) -> None:
    ann, seen, _ = await _mail()
    bob = await database_sync_to_async(lambda: _Known(people.user("bob", a="viewer")))()
    sockets = [Socket(APPLICATIONS["/api/events"], "/api/events") for _ in "ab"]
    for client, socket in zip((ann, bob), sockets, strict=True):
        socket.scope["headers"] = client.scope["headers"]
        assert (await socket.connect())[0]
        await client.greet()
        await client.ask(type="subscribe", to="messages")
    for read in (True, False):
        await _mark("ann", Selection((seen.pk,)), read)
        assert [await _hears(each) for each in (ann, bob)] == [read, False]
        assert await _hears_of_mailpit(sockets[0]) is read
        for client in (ann, bob):
            await client.say(type="ack", seq=1 if read else 2)
    assert await _hears_of_mailpit(sockets[1]) is False
    await _mark("ann", Selection(), True)
    assert (await ann.next())["type"] == "resync"
    await _changed(seen)
    assert [await _hears(each) for each in (ann, bob)] == [True, False]
    for each in (ann, bob, *sockets):
        await each.disconnect()


async def test_each_follows_what_they_have_read_themselves(feed: Feed) -> None:
    ann, seen, _ = await _mail()
    bob = await database_sync_to_async(lambda: _Known(people.user("bob", a="viewer")))()
    streams = [await _Followed.by(each) for each in (ann, bob)]
    for read in (True, False):
        await _mark("ann", Selection((seen.pk,)), read)
        assert [await each.next() for each in streams] == [read, False]
    await _mark("ann", Selection(), True)
    assert await streams[0].next() == "resync"
    await _changed(seen)
    assert [await each.next() for each in streams] == [True, False]
    # What each has missed is theirs, too.
    last = streams[0].last
    for each in streams:
        await each.close()
    await _mark("bob", Selection((seen.pk,)), True)
    for client in (ann, bob):
        again = await _Followed.by(client, last)
        assert await again.next() is True
        await again.close()
    events.logs.stop()


class _Followed:
    """The stream of events of a client."""

    def __init__(self, pieces: Any) -> None:
        self._pieces = pieces
        self.last = ""  # the id of the last event

    @classmethod
    async def by(cls, client: _Known, last: str = "") -> _Followed:
        """Begin to follow all messages. last: the event after which"""
        path = f"/api/v3/events?last_event_id={last}"
        made = cls(aiter(await client.browser().get(path)))  # type: ignore[arg-type]
        assert await made.next() == "subscribed"
        return made

    async def next(self) -> bool | str:
        """Return whether the message of the next event is read; the name of another one."""
        async with asyncio.timeout(PATIENCE):
            piece = (await anext(self._pieces)).decode()
        lines = [each.partition(": ") for each in piece.strip().split("\n")]
        (self.last,) = (text for field, _, text in lines if field == "id")
        (name,) = (text for field, _, text in lines if field == "event")
        (data,) = (text for field, _, text in lines if field == "data")
        return bool(json.loads(data)["read"]) if name == "message.updated" else name

    async def close(self) -> None:
        await self._pieces.aclose()


async def _mark(name: str, what: Selection, read: bool) -> None:
    def mark() -> None:
        reader = User.objects.get(username=name).pk
        marking.update_many(Scope(reader=reader), what, marking.Marks(read=read))

    await database_sync_to_async(mark)()


async def _hears(client: Client) -> bool:
    (event,) = (await client.next())["events"]
    assert event["event"] == "message.updated"
    return bool(event["read"])


async def _hears_of_mailpit(socket: Socket) -> bool:
    """Return whether a message is read by now; counts come, too."""
    while True:
        frame = json.loads(await socket.receive_from())
        if frame["Type"] == "update":
            return bool(frame["Data"]["Read"])


def _closed(code: int) -> dict[str, Any]:
    return {"type": "websocket.close", "code": code}
