"""API v3: sessions and their exchanges."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from inbox import serializers
from inbox.api.v3 import findings as finding_shapes
from inbox.api.v3 import schemas
from inbox.api.v3.common import (
    LIMIT,
    Cursor,
    InboxSlug,
    Limit,
    Search,
    answer,
    known_inbox,
    scope,
)
from inbox.http import files
from inbox.http.origins import base_url
from inbox.insight import case_file, exchange_details, timeline
from inbox.insight import findings as found
from inbox.insight import replay as replays
from inbox.mailbox import sessions, transactions
from inbox.mailbox.paging import MAX_LIMIT

router = Router(by_alias=True)

Ending = Literal[
    "quit", "dropped", "timeout", "shutdown", "refused",
    "tls_failed", "turned", "error", "crashed",
]  # fmt: skip
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="only later seqs")]


@router.get("", response=schemas.Page[schemas.Session])
def find(
    request: HttpRequest,
    q: Search = "",
    live: bool | None = None,
    ending: Ending | None = None,
    inbox: InboxSlug = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
) -> HttpResponse:
    """Sessions, newest first."""
    slug = known_inbox(inbox)
    page = sessions.find(scope(), cursor, limit, live, q, slug, ending)
    return answer(serializers.page(map(serializers.session, page.items), page.next))


@router.get("/{id}", response=schemas.SessionDetail)
def one(request: HttpRequest, id: str) -> HttpResponse:
    """One session with its first 500 exchanges and transactions."""
    session = sessions.get(scope(), id)
    exchanges = sessions.exchanges(scope(), id, limit=MAX_LIMIT)
    attempts = transactions.of_session(session.pk, MAX_LIMIT)
    return answer(
        {
            **serializers.session(session),
            "exchanges": list(map(serializers.exchange, exchanges)),
            "transactions": list(map(serializers.transaction, attempts)),
        }
    )


@router.get("/{id}/exchanges", response=schemas.Page[schemas.Exchange])
def exchanges(
    request: HttpRequest, id: str, after: After = 0, limit: Limit = MAX_LIMIT
) -> HttpResponse:
    """Exchanges in their order; the next page by after=<next>."""
    found = sessions.exchanges(scope(), id, after, limit + 1)
    last = str(found[limit - 1].seq) if len(found) > limit else None
    return answer(serializers.page(map(serializers.exchange, found[:limit]), last))


@router.get("/{id}/exchanges/{int:seq}", response=schemas.ExplainedExchange)
def exchange(request: HttpRequest, id: str, seq: int) -> HttpResponse:
    """One exchange, explained."""
    one, said = exchange_details.exchange(scope(), id, seq)
    words = [{"term": term, "words": words} for term, words in said]
    return answer({**serializers.exchange(one), "explained": words})


@router.get("/{id}/timeline", response=schemas.Timeline)
def whose_time(request: HttpRequest, id: str) -> HttpResponse:
    """The session's time, divided by whose turn it was; of a live session, until now."""
    session_timeline = timeline.of(sessions.get(scope(), id))
    return answer(
        {
            "start_us": session_timeline.start_us,
            "end_us": session_timeline.end_us,
            **session_timeline.shares,
        }
    )


@router.get("/{id}/findings", response=finding_shapes.Findings)
def findings(request: HttpRequest, id: str) -> HttpResponse:
    """Findings about the client: its faults (error, warning) and mere facts (info)."""
    report = found.of_session(sessions.get(scope(), id))
    return answer(finding_shapes.report(report))


@router.get("/{id}/replay", response=schemas.Replay)
def replay(request: HttpRequest, id: str) -> HttpResponse:
    """Its exchanges as a command of swaks, and as a script for Python's smtplib."""
    made = replays.of(scope(), id, base_url(request))
    return answer(serializers.replay(made))


@router.get("/{id}/case", openapi_extra=files.answer("text/html"))
def case(request: HttpRequest, id: str) -> HttpResponse:
    """All that is known of it as one HTML file, to attach to a ticket."""
    return files.case(case_file.of_session(scope(), id))


@router.delete("/{id}", response={204: None})
def delete(request: HttpRequest, id: str) -> HttpResponse:
    """Remove a session that has ended and has no messages, for good."""
    sessions.delete(scope(), id)
    return HttpResponse(status=204)
