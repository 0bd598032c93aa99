"""API v3: a session's exchanges as a streamed file: JSON lines, or readable text."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import SessionId, scope
from inbox.explain import plain_text
from inbox.http import files
from inbox.mailbox import sessions, transcripts
from inbox.mailbox.paging import MAX_LIMIT
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Session

router = Router()


@router.get(
    "/{id}/exchanges.jsonl",
    openapi_extra=files.answer("application/x-ndjson"),
    summary="Download the transcript as JSON lines",
    url_name="sessions_json_lines",
)
def json_lines(request: HttpRequest, id: SessionId) -> StreamingHttpResponse:
    """All exchanges of the session, one JSON object on each line."""
    session = sessions.get(scope(), id)
    return _file(session, "application/x-ndjson", "jsonl", "", _json)


@router.get(
    "/{id}/exchanges.txt",
    openapi_extra=files.answer("text/plain"),
    summary="Download the transcript as text",
    url_name="sessions_as_text",
)
def as_text(request: HttpRequest, id: SessionId) -> StreamingHttpResponse:
    """All exchanges of the session, as readable text."""
    session = sessions.get(scope(), id)
    return _file(
        session, "text/plain", "txt", plain_text.head(session), plain_text.of_exchange
    )


def _json(exchange: Exchange) -> str:
    return json.dumps(serializers.exchange(exchange)) + "\n"


def _file(
    session: Session,
    kind: str,
    suffix: str,
    head: str,
    render: Callable[[Exchange], str],
) -> StreamingHttpResponse:
    transcripts.refuse_long_session(session)
    # The scope is taken now: there is no current caller while the file is sent.
    response = StreamingHttpResponse(
        _stream(scope(), session, head, render), headers=files.HEADERS
    )
    response["Content-Type"] = f"{kind}; charset=utf-8"
    response["Content-Disposition"] = f'attachment; filename="{session.pk}.{suffix}"'
    return response


async def _stream(
    scope: Scope, session: Session, head: str, render: Callable[[Exchange], str]
) -> AsyncIterator[bytes]:
    """Yield the file, with at most a page of exchanges in memory."""
    yield head.encode("utf-8", "replace")
    read = sync_to_async(sessions.exchanges)
    after = 0
    while page := await read(scope, session.pk, after, MAX_LIMIT):
        yield "".join(map(render, page)).encode("utf-8", "replace")
        after = page[-1].seq
        if len(page) < MAX_LIMIT:
            return
