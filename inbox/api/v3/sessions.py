"""API v3: sessions and their exchanges."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from inbox import serializers
from inbox.api.v3 import findings as finding_shapes
from inbox.api.v3 import sparse
from inbox.api.v3.common import (
    LIMIT,
    Cursor,
    InboxSlug,
    Limit,
    Search,
    SessionId,
    answer,
    known_inbox,
    path,
    query,
    scope,
)
from inbox.api.v3.schemas import Page
from inbox.api.v3.session_schemas import (
    Exchange,
    ExplainedExchange,
    ListedSession,
    Replay,
    SessionDetail,
    Timeline,
)
from inbox.api.v3.sparse import Fields
from inbox.explain.lines import details
from inbox.http import files
from inbox.http.origins import origin
from inbox.http.preconditions import if_match, of_view
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
Ended = Annotated[Ending | None, query("How the session ended.", "dropped")]
Fold = Annotated[
    bool,
    query(
        "true: connections of a client that ended without a command appear once for "
        "each hour; probes says how many there were."
    ),
]
Live = Annotated[
    bool | None, query("true: only open sessions; false: only ended ones.")
]
After = Annotated[
    int, query("A seq: only exchanges with a greater one.", ge=0, le=2**31 - 1)
]
Seq = Annotated[int, path("The seq of the exchange.", 4)]


@router.get("", response=Page[ListedSession], summary="List sessions")
def find(
    request: HttpRequest,
    q: Search = "",
    live: Live = None,
    ending: Ended = None,
    inbox: InboxSlug = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
    fold: Fold = False,
    fields: Fields = "",
) -> HttpResponse:
    """Sessions, newest first."""
    wanted = sparse.names(fields, ListedSession)
    slug = known_inbox(inbox)
    page = sessions.find(scope(), cursor, limit, live, q, slug, ending, fold)
    probes = sessions.probes(page.items) if fold else {}
    shapes = sparse.each(
        (
            serializers.session(each)
            | ({"probes": probes.get(each.pk)} if fold else {})
            for each in page.items
        ),
        wanted,
    )
    return answer(serializers.page(shapes, page.next))


@router.get("/{id}", response=SessionDetail, summary="Get a session")
def one(request: HttpRequest, id: SessionId, fields: Fields = "") -> HttpResponse:
    """One session with its first 500 exchanges and transactions.

    There are fewer transactions if they have very many recipients; an exchange names
    its own.
    """
    wanted = sparse.names(fields, SessionDetail)
    session = sessions.get(scope(), id)
    exchanges = sessions.exchanges(scope(), id, limit=MAX_LIMIT)
    attempts = transactions.of_session(session.pk, MAX_LIMIT)
    shape = {
        **serializers.session(session),
        "exchanges": list(map(serializers.exchange, exchanges)),
        "transactions": list(map(serializers.transaction, attempts)),
    }
    return answer(sparse.only(shape, wanted))


@router.get(
    "/{id}/exchanges",
    response=Page[Exchange],
    summary="List the exchanges of a session",
)
def exchanges(
    request: HttpRequest, id: SessionId, after: After = 0, limit: Limit = MAX_LIMIT
) -> HttpResponse:
    """The exchanges in their order. The next page: after=<next>."""
    found = sessions.exchanges(scope(), id, after, limit + 1)
    last = str(found[limit - 1].seq) if len(found) > limit else None
    return answer(serializers.page(map(serializers.exchange, found[:limit]), last))


@router.get(
    "/{id}/exchanges/{int:seq}",
    response=ExplainedExchange,
    summary="Explain an exchange",
)
def exchange(request: HttpRequest, id: SessionId, seq: Seq) -> HttpResponse:
    """One exchange, with the meaning of its reply, and the client's reaction."""
    one, then = exchange_details.exchange(scope(), id, seq)
    words = [{"term": term, "words": words} for term, words in details(one, then)]
    return answer({**serializers.exchange(one), "explained": words})


@router.get("/{id}/timeline", response=Timeline, summary="Measure a session")
def whose_time(request: HttpRequest, id: SessionId) -> HttpResponse:
    """How the time of the session is divided; for a live session, until now."""
    session_timeline = timeline.of(sessions.get(scope(), id))
    return answer(
        {
            "start_us": session_timeline.start_us,
            "end_us": session_timeline.end_us,
            **session_timeline.shares,
        }
    )


@router.get(
    "/{id}/findings",
    response=finding_shapes.Findings,
    summary="List the findings of a session",
)
def findings(request: HttpRequest, id: SessionId) -> HttpResponse:
    """Faults (error, warning) and oddities (info) of the client."""
    report = found.of_session(sessions.get(scope(), id))
    return answer(finding_shapes.report(report))


@router.get("/{id}/replay", response=Replay, summary="Reproduce a session")
def replay(request: HttpRequest, id: SessionId) -> HttpResponse:
    """The session as a swaks command, and as a script for Python's smtplib."""
    made = replays.of(scope(), id, origin(request))
    return answer(serializers.replay(made))


@router.get(
    "/{id}/case",
    openapi_extra=files.answer("text/html"),
    summary="Download the report of a session",
)
def case(request: HttpRequest, id: SessionId) -> HttpResponse:
    """The case file: all data about the session as one HTML file, for a ticket."""
    return files.case(case_file.of_session(scope(), id))


@router.delete("/{id}", response={204: None}, summary="Delete a session")
# A session that has ended changes no more, unless another one is deleted.
@decorate_view(if_match(of_view(one), is_final=True))
def delete(request: HttpRequest, id: SessionId) -> HttpResponse:
    """Removes it for good, if it has ended and has no messages outside the trash."""
    sessions.delete(scope(), id)
    return HttpResponse(status=204)
