"""API v3: GET messages/wait, which waits until the messages are there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from ninja.errors import HttpError

from inbox import serializers
from inbox.api.v3 import message_details, schemas, sparse
from inbox.api.v3.common import (
    InboxSlug,
    Include,
    Search,
    answer,
    known_inbox,
    query,
    scope,
)
from inbox.api.v3.session_schemas import Transaction
from inbox.api.v3.sparse import Fields
from inbox.explain.waits import sentence
from inbox.http import as_json
from inbox.http.problems import come_again, problem
from inbox.live.looks import Look
from inbox.live.viewers import viewer_of
from inbox.live.waiters import MOST, Waiters
from inbox.mailbox import messages
from inbox.mailbox.arriving import INDEXED_WITHIN
from inbox.mailbox.large import LARGE
from inbox.mailbox.near_misses import NearMiss, Wanted, arrived, near_misses
from inbox.mailbox.paging import MAX_LIMIT, Page, as_uuid
from inbox.mailbox.signals import awaited
from inbox.models import Message
from inbox.search import language
from inbox.serializers import Shape
from inbox.storage.bounded import TooCostly
from mailsink.web.fair_turns import TooMany

router = Router(by_alias=True)

Seconds = Annotated[
    float, query("The most seconds to wait; 0 answers at once.", 10, ge=0, le=300)
]
Count = Annotated[int, query("How many messages to wait for.", ge=1, le=MAX_LIMIT)]
After = Annotated[
    str | None,
    query(
        "The id of a message, or latest: only later messages count. All count if you "
        "leave it out."
    ),
]

Absent = Annotated[
    bool, query("Wait for the end of the time instead: no message must match.")
]

_TOO_MANY = f"{MOST} requests wait for messages already; try again later"
_MOST_READ = 4 * 1024 * 1024  # octets of all messages in an answer, in the server


class NearMissObject(schemas.Strict):
    failed: list[str] = schemas.member(
        "The one term that it fails.", ["to:ann@example.com"]
    )
    message: schemas.Message = schemas.member("The message.", None, None)
    transaction: Transaction = schemas.member(
        "In place of a message: the transaction that was not accepted.", None, None
    )


class TimedOut(schemas.Strict):
    """A problem (RFC 9457): the time of a wait ran out."""

    type: str = schemas.member('Always "about:blank".', "about:blank")
    title: str = schemas.member("The name of the status.", "Request Timeout")
    status: int = schemas.member("The HTTP status.", 408)
    detail: str = schemas.member(
        "What arrived instead, in words.",
        "0 of 1 messages came within 10 s: 3 arrived, none to ann@example.com; "
        "nearest: anna@example.com",
    )
    found: int = schemas.member("How many messages match.", 0)
    count: int = schemas.member("How many were wanted.", 1)
    near_misses: list[NearMissObject] = schemas.member(
        "At most ten messages, or transactions that were not accepted, that fail exactly "
        "one term."
    )


class Came(schemas.Strict):
    """A problem (RFC 9457): a message arrived despite `absent`."""

    type: str = schemas.member('Always "about:blank".', "about:blank")
    title: str = schemas.member("The name of the status.", "Conflict")
    status: int = schemas.member("The HTTP status.", 409)
    detail: str = schemas.member(
        "The message, in words.",
        'An unexpected message matches: "Your order" from shop@example.com',
    )
    messages: list[schemas.ReadMessage] = schemas.member("The messages that match.")


@router.get(
    "/wait",
    response={200: schemas.Page[schemas.ReadMessage], 408: TimedOut, 409: Came},
    summary="Wait for messages",
)
async def wait(
    request: HttpRequest,
    q: Search = "",
    timeout: Seconds = 30,  # noqa: ASYNC109  the name that the API has for it
    count: Count = 1,
    after: After = None,
    inbox: InboxSlug = None,
    include: Include = "",
    absent: Absent = False,
    fields: Fields = "",
) -> HttpResponse:
    """Answers with a list as soon as `count` messages match, or 408 if the time runs out.

    The answer comes once snippet, attachments and full text are known; snippet and
    attachments are null only if that takes seconds. `include` adds content, so that a
    test needs a single call. With `absent`, an empty list is the answer at the end of the
    time, and 409 as soon as a message matches.
    """
    deadline = time.monotonic() + timeout
    number = 1 if absent else count
    members = sparse.names(fields, schemas.ReadMessage)
    wanted = await database_sync_to_async(_wanted)(q, number, after, inbox, include)
    viewer = viewer_of(request)
    who = str(viewer.identity.user or request.META.get("REMOTE_ADDR", ""))
    try:
        look = await waiters.wait(wanted, deadline, who)
    except TooMany:
        return come_again(problem(503, _TOO_MANY))
    except TooCostly as error:
        return come_again(problem(503, str(error)))
    found = look.answer
    if not await viewer.is_same():
        return problem(403, _("Your permissions have changed meanwhile: ask again."))
    if absent:
        return _came(found) if found else answer(serializers.page((), None))
    if found is not None:
        page = sparse.page(found, members)
        return HttpResponse(page, content_type="application/json")
    near = await waiters.near(wanted, who, partial(_near, wanted))
    return _timed_out(wanted, timeout, look.found, near)


def _wanted(
    q: str, count: int, after: str | None, inbox: str | None, include: str
) -> Wanted:
    """Return the parsed and checked parameters."""
    language.cost(q)  # errors in it are the caller's
    names = message_details.included_names(include)
    slug, later = known_inbox(inbox), None
    if after == messages.LATEST:
        newest = messages.find(scope(), limit=1).items
        later = newest[0].pk if newest else None
    elif after is not None:
        later = as_uuid(after)
        if later is None:
            raise HttpError(400, 'after: give the id of a message, or "latest"')
    return Wanted(scope(), q, count, later, slug, names)


def _look(wanted: Wanted, last: bool) -> Look:
    """Return the answer if there are enough indexed messages, or the time is over."""
    page = wanted.page()
    if len(page.items) < wanted.count:
        return Look(found=len(page.items))
    waiting = {
        each.pk: (datetime.now(UTC) - each.received_at).total_seconds()
        for each in page.items
        if each.indexed_at is None
    }
    left = INDEXED_WITHIN - min(waiting.values(), default=INDEXED_WITHIN)
    if left > 0 and not last:
        awaited.send(sender=None, ids=list(waiting))
        return Look(found=len(page.items), again_in=left)
    if wanted.include:
        return Look(content=partial(_answer, wanted, page))
    return Look(_answer(wanted, page))


def _answer(wanted: Wanted, page: Page[Message]) -> bytes:
    items = _with_content(page.items, wanted.include)
    return as_json.octets(serializers.page(items, page.next))


def _with_content(found: Sequence[Message], include: Sequence[str]) -> Iterator[Shape]:
    """Yield messages with the content that `include` names; the first ones until the limit."""
    left = _MOST_READ
    for each in found:
        octets = min(each.size, LARGE, left)
        left -= octets
        content = message_details.included(each, include, octets)
        yield {**serializers.message(each), **content}


waiters = Waiters(_look, _answer)


def _came(page: bytes) -> HttpResponse:
    """Return the problem for a page of messages although none should arrive."""
    items = json.loads(page)["items"]
    first = items[0]
    sender = first["from"]["address"] or first["reverse_path"]
    detail = (
        f'A message matches that was not to come: "{first["subject"]}" from {sender}'
    )
    return problem(409, detail, messages=items)


_Near = tuple[str, list[Shape]]  # what arrived instead, in words; the near misses


def _near(wanted: Wanted) -> _Near:
    misses = near_misses(wanted)
    term, nearest = (misses[0].term, misses[0].nearest) if misses else (None, "")
    about = (term.field, term.value) if term and not term.negated else None
    words = sentence(arrived(wanted), about, nearest)
    return words, list(map(_near_miss, misses))


def _timed_out(
    wanted: Wanted, timeout: float, found: int, near: _Near | None
) -> HttpResponse:
    words, misses = near or (_("it takes too long to find near misses"), [])
    return problem(
        408,
        f"{found} of {wanted.count} messages came within {timeout:g} s: {words}",
        found=found,
        count=wanted.count,
        near_misses=misses,
    )


def _near_miss(miss: NearMiss) -> Shape:
    if isinstance(miss.entry, Message):
        return {"failed": miss.failed, "message": serializers.message(miss.entry)}
    return {"failed": miss.failed, "transaction": serializers.transaction(miss.entry)}
