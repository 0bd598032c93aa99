"""API v3: GET events, the live feed as server-sent events (WHATWG HTML §9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack
from typing import Annotated

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from inbox.api.v3.common import InboxSlug, known_inbox, query, scope
from inbox.errors import BadRequest
from inbox.http.problems import problem
from inbox.live import protocol
from inbox.live.event_log import (
    MOST_STREAMS,
    EventLog,
    EventLogs,
    LoggedEvent,
    TooManyStreams,
)
from inbox.live.protocol import Topic
from inbox.live.viewers import Viewer, narrowed, viewer_of

router = Router()

HEARTBEAT = 15.0  # seconds without an event, after which the client gets a sign of life
_RETRY = 2000  # milliseconds after which a client should connect again
_RETRY_AFTER = 5  # seconds, if there are too many streams
_LONGEST = 40  # characters of our event ids
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
CONTENT_TYPE = "text/event-stream"

To = Annotated[
    str,
    query(
        "What to follow: messages, sessions, or session:<id> for its lines.", "messages"
    ),
]
LastEventId = Annotated[
    str,
    query(
        "The id of the last event that you have, if you cannot send it as the header "
        "Last-Event-ID."
    ),
]

logs = EventLogs()


@router.get(
    "",
    summary="Follow events",
    openapi_extra={
        "responses": {
            200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}},
        }
    },
)
def follow(
    request: HttpRequest,
    to: To = "messages",
    inbox: InboxSlug = None,
    last_event_id: LastEventId = "",
) -> HttpResponseBase:
    """The events of the websocket /ws/live as server-sent events, until you leave.

    Each has an id. After a gap, send the last one as Last-Event-ID: the events since
    then follow, or a `resync` if they are no longer known. In that case, load the list
    again.
    """
    topic = narrowed(scope(), protocol.topic(to, known_inbox(inbox)))
    last = request.headers.get("Last-Event-ID", last_event_id)
    if len(last) > _LONGEST:
        raise BadRequest("Last-Event-ID: this is not an event's id")
    if getattr(request, "scope", {}).get("method") == "HEAD":
        return HttpResponse(content_type=CONTENT_TYPE, headers=_HEADERS)
    if logs.is_full:
        busy = problem(503, f"{MOST_STREAMS} streams are open already; try again later")
        busy["Retry-After"] = str(_RETRY_AFTER)
        return busy
    return EventStream(topic, last, viewer_of(request, topic))


class EventStream(StreamingHttpResponse):
    """An endless answer, which releases its log as soon as its client has left."""

    def __init__(self, topic: Topic, last: str, viewer: Viewer) -> None:
        super().__init__(content_type=CONTENT_TYPE, headers=_HEADERS)
        self._pieces = _stream(topic, last, viewer)

    def __aiter__(self) -> AsyncIterator[bytes]:
        # Not Django's wrapper of the iterator: only this one ends when it is closed.
        return self._pieces


async def _stream(topic: Topic, last: str, viewer: Viewer) -> AsyncIterator[bytes]:
    """Yield pieces of a stream: the events since the given one, then new ones."""
    with ExitStack() as stack:
        try:
            log = stack.enter_context(logs.read(topic))
        except TooManyStreams:  # more streams began since the head was sent
            return
        await log.listening()
        place, missed = _place(log, last)
        beginning = LoggedEvent(place, "subscribed", protocol.subscribed(topic))
        reader = viewer.identity.user
        yield f"retry: {_RETRY}\n".encode() + _piece(log, [beginning], reader)
        if missed:
            again = LoggedEvent(place, "resync", protocol.resync(topic))
            yield _piece(log, [again], reader)
        while True:
            if not await log.news(place, HEARTBEAT):
                yield b": heartbeat\n\n"
                continue
            events = log.after(place)
            moved = bool(topic.session) and any(map(_moves, events))
            if not await viewer.is_same(moved):
                return
            place = events[-1].number
            if piece := _piece(log, events, reader):
                yield piece
            await asyncio.sleep(logs.pause)


def _moves(event: LoggedEvent) -> bool:
    """Whether the event may say that a session moved to another inbox."""
    return event.name.startswith("session.")


def _place(log: EventLog, last: str) -> tuple[int, bool]:
    """Return the event after which a stream begins, and whether later ones were missed."""
    if not last:
        return log.last, False
    name, _, number = last.partition("-")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if name == log.name and is_number and log.has(int(number)):
        return int(number), False
    return log.last, True


def _piece(log: EventLog, events: Iterable[LoggedEvent], reader: int | None) -> bytes:
    """Return events for a user, in wire format. JSON has no line ends in it."""
    return "".join(
        f"id: {log.name}-{each.number}\nevent: {each.name}\ndata: {text}\n\n"
        for each in events
        if (text := each.text_for(reader))
    ).encode()
