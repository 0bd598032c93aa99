"""API v3: messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Router
from ninja.decorators import decorate_view
from ninja.errors import HttpError

from inbox import checks, serializers
from inbox.access import assigning, emptying
from inbox.access.roles import Role
from inbox.api.v3 import checks as check_shapes
from inbox.api.v3 import comparison, error_counts, message_details, schemas, sparse
from inbox.api.v3 import findings as finding_shapes
from inbox.api.v3.common import (
    ANY_ID,
    LIMIT,
    Cursor,
    InboxSlug,
    Include,
    Limit,
    MessageId,
    Search,
    answer,
    known_inbox,
    path,
    query,
    scope,
)
from inbox.api.v3.session_schemas import AttemptHistory
from inbox.api.v3.sparse import Fields
from inbox.errors import NotFound
from inbox.http import entity_tags, files
from inbox.http.preconditions import if_match
from inbox.http.streams import streamed
from inbox.insight import attempts, case_file
from inbox.insight import findings as found
from inbox.insight.compare import Side
from inbox.mailbox import (
    archive,
    marking,
    messages,
    selection,
    shared_sessions,
    transactions,
    trash,
)
from inbox.mailbox.large import LABORIOUS, refuse_here
from inbox.mailbox.marking import Marks
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection

router = Router(by_alias=True)

CONTENT, ANALYSIS = "Message content", "Message analysis"

Ids = Annotated[
    str, query("Ids of messages, separated by commas; about 400 fit into an address.")
]
All = Annotated[bool, query("true: all messages.")]
Form = Annotated[
    archive.Format, query("zip: a file for each message; mbox: one file (RFC 4155).")
]
Other = Annotated[str, path("The id of the other message, or latest.", ANY_ID)]
Alike = Annotated[bool, query("Whether to list lines that are the same, too.")]
PartNumber = Annotated[int, path("The n of a part, as in the list of parts.", 2)]
FileNumber = Annotated[int, path("The n of a file, as in the list of files.", 0)]


@router.get("", response=schemas.Page[schemas.Message], summary="List messages")
def find(
    request: HttpRequest,
    q: Search = "",
    inbox: InboxSlug = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
    fields: Fields = "",
) -> HttpResponse:
    """Messages, newest first."""
    wanted = sparse.names(fields, schemas.Message)
    page = messages.find(scope(), q, cursor, limit, known_inbox(inbox))
    shapes = sparse.each(map(serializers.message, page.items), wanted)
    return answer(serializers.page(shapes, page.next))


@router.delete("", response={204: None}, summary="Delete several messages")
def delete_many(
    request: HttpRequest,
    q: Search = "",
    all: All = False,
    inbox: InboxSlug = None,
    ids: Ids = "",
) -> HttpResponse:
    """Moves messages to the trash: those that match q, all, or those with these ids.

    Pinned messages stay unless you name them by id. With accounts, deleting all
    messages, or more than 50 with q, needs a manager.
    """
    chosen = _chosen(q, all, inbox, ids)
    within = emptying.scope_to_delete(chosen)
    trash.delete(within, chosen, request.META["REMOTE_ADDR"])
    return HttpResponse(status=204)


@router.patch("", response=schemas.Changed, summary="Change several messages")
def change_many(
    request: HttpRequest,
    changes: schemas.ManyChanges,
    q: Search = "",
    all: All = False,
    inbox: InboxSlug = None,
    ids: Ids = "",
) -> HttpResponse:
    """Changes the messages that match q, all, or those with these ids."""
    given: dict[str, Any] = changes.dict(exclude_none=True)
    within, chosen = scope(_to_change(given)), _chosen(q, all, inbox, ids)
    marks = Marks(**_with_assignee(within, chosen, given))
    return answer({"count": marking.update_many(within, chosen, marks)})


@router.get(
    "/archive",
    openapi_extra=files.answer("application/zip"),
    summary="Download several messages",
)
def download_many(
    request: HttpRequest,
    format: Form = "zip",
    q: Search = "",
    all: All = False,
    inbox: InboxSlug = None,
    ids: Ids = "",
) -> HttpResponseBase:
    """One file with the messages that match q, all messages, or those with these ids."""
    content_type, name = archive.FORMATS[format]
    chunks = archive.chunks(scope(), _chosen(q, all, inbox, ids), format)
    return streamed(chunks, content_type, name)


def _to_change(given: Mapping[str, Any]) -> Role:
    """Return the minimum role for changes: read marks are personal."""
    return Role.VIEWER if given.keys() <= {"read"} else Role.TESTER


def _with_assignee(
    within: Scope, chosen: Selection, given: dict[str, Any]
) -> dict[str, Any]:
    """Return changes with the user in place of the user's name. Raises Invalid, Conflict."""
    if "assignee" not in given:
        return given
    return {**given, "assignee": assigning.found(within, chosen, given["assignee"])}


def _chosen(q: str, all: bool, inbox: str | None, ids: str) -> Selection:
    """Return the messages that the parameters select, in one of the three ways."""
    if bool(q.strip()) + all + bool(ids) != 1:
        raise HttpError(
            400,
            "name the messages with one of q=<query> for all that match, "
            "ids=<id>,<id>, or all=true for all messages",
        )
    slug = known_inbox(inbox)
    return selection.by_ids(ids.split(",")) if ids else Selection(q=q, inbox=slug)


@router.get("/{id}", response=schemas.MessageDetail, summary="Get a message")
def one(
    request: HttpRequest, id: MessageId, include: Include = "", fields: Fields = ""
) -> HttpResponse:
    """One message with its envelope, parts and bodies.

    `include` names further content, as in GET messages/wait. With strict mode, the
    response header Mailsink-Errors has the number of its errors.
    """
    names = message_details.included_names(include)
    wanted = sparse.names(fields, schemas.MessageDetail)
    message = messages.get(scope(), id)
    tag = message_details.tag(scope(), message)
    if unchanged := entity_tags.not_modified(request, tag):
        return unchanged
    shape = message_details.detail(scope(), message, names)
    response = answer(sparse.only(shape, wanted))
    response["ETag"] = tag
    error_counts.add(response, message)
    return response


def _tag(request: HttpRequest, id: str) -> str:
    return message_details.tag(scope(), messages.get(scope(), id))


@router.patch("/{id}", response=schemas.Message, summary="Change a message")
@decorate_view(if_match(_tag))
def change(
    request: HttpRequest, id: MessageId, changes: schemas.MessageChanges
) -> HttpResponse:
    """Marks it as read or unread, pins it, assigns it, sets its tags, status or note."""
    given: dict[str, Any] = changes.dict(exclude_none=True)
    within = scope(_to_change(given))
    chosen = Selection((messages.get(within, id).pk,))
    marks = _with_assignee(within, chosen, given)
    return answer(serializers.message(marking.update(within, id, **marks)))


@router.delete("/{id}", response={204: None}, summary="Delete a message")
@decorate_view(if_match(_tag))
def delete(request: HttpRequest, id: MessageId) -> HttpResponse:
    """Moves the message to the trash, even if it is pinned."""
    message = messages.get(scope(), id)
    trash.delete(scope(), Selection((message.pk,)), request.META["REMOTE_ADDR"])
    return HttpResponse(status=204)


@router.post(
    "/{id}/restore", response=schemas.Message, summary="Restore a deleted message"
)
def restore(request: HttpRequest, id: MessageId) -> HttpResponse:
    """Takes the message out of the trash."""
    return answer(serializers.message(trash.restore(scope(), id)))


@router.get(
    "/{id}/findings",
    response=finding_shapes.Findings,
    summary="List the findings of a message",
    tags=[ANALYSIS],
)
def findings(request: HttpRequest, id: MessageId) -> HttpResponse:
    """Faults and oddities of the client in the transaction of the message."""
    message = messages.get(scope(), id)
    transaction = transactions.get(scope(), message.transaction_id)
    session = shared_sessions.of_transaction(transaction)
    return answer(finding_shapes.report(found.of_transaction(session, transaction)))


@router.get(
    "/{id}/checks",
    response=check_shapes.Checks,
    summary="Check the content of a message",
    tags=[ANALYSIS],
)
def check(request: HttpRequest, id: MessageId) -> HttpResponse:
    """HTML and CSS support, accessibility, links, leftovers of the template, and size."""
    mail = message_details.opened(messages.get(scope(), id))
    refuse_here(len(mail.octets), LABORIOUS)
    return answer(check_shapes.report(checks.examine(mail.octets, mail.parsed)))


@router.get(
    "/{id}/compare/{other}",
    response=comparison.Comparison,
    summary="Compare two messages",
    tags=[ANALYSIS],
)
def compare(
    request: HttpRequest, id: MessageId, other: Other, alike: Alike = False
) -> HttpResponse:
    """The differences in headers, text, HTML source, envelope and transcript."""
    left, right = Side(scope(), id), Side(scope(), other)
    return answer(comparison.comparison(left, right, alike))


@router.get(
    "/{id}/attempts",
    response=AttemptHistory,
    summary="List the attempts of a message",
    tags=[ANALYSIS],
)
def attempt_history(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The attempts to send this message, in all sessions, including refused ones."""
    message = messages.get(scope(), id)
    history = attempts.of_transaction(scope(), message.transaction_id)
    return answer(serializers.history(history))


@router.get(
    "/{id}/case",
    openapi_extra=files.answer("text/html"),
    summary="Download the report of a message",
    tags=[ANALYSIS],
)
def case(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The case file: all data about the message as one HTML file, for a ticket."""
    return files.case(case_file.of_message(scope(), id))


@router.get(
    "/{id}/raw",
    openapi_extra=files.answer("message/rfc822"),
    summary="Download the raw message",
    tags=[CONTENT],
)
def raw(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The bytes exactly as they were sent."""
    message = messages.get(scope(), id)
    octets = messages.open_raw(message)
    return files.saved(octets, "message/rfc822", f"{message.pk}.eml")


@router.get(
    "/{id}/html",
    openapi_extra=files.answer("text/plain"),
    summary="Get the HTML body",
    tags=[CONTENT],
)
def html(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The whole HTML body as text/plain, so that no browser renders it."""
    mail = message_details.opened(messages.get(scope(), id))
    if not mail.html:
        raise NotFound("the message has no HTML")
    return files.shown(mail.html)


@router.get(
    "/{id}/text",
    openapi_extra=files.answer("text/plain"),
    summary="Get the text body",
    tags=[CONTENT],
)
def text(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The whole text body, made from the HTML if the message has no plain text."""
    mail = message_details.opened(messages.get(scope(), id))
    return files.shown(mail.text)


@router.get(
    "/{id}/headers",
    response=schemas.Page[schemas.HeaderField],
    summary="List the header fields",
    tags=[CONTENT],
)
def headers(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The header fields in their order, decoded."""
    mail = message_details.opened(messages.get(scope(), id))
    return answer(serializers.page(mail.fields, None))


@router.get(
    "/{id}/links",
    response=schemas.Page[schemas.Reference],
    summary="List the links and images",
    tags=[CONTENT],
)
def links(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The links and images of the HTML, or the links of the text if there is no HTML."""
    mail = message_details.opened(messages.get(scope(), id))
    return answer(serializers.page(mail.links, None))


@router.get(
    "/{id}/parts",
    response=schemas.Page[schemas.Part],
    summary="List the parts of a message",
    tags=[CONTENT],
)
def parts(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The MIME parts in their order; the first is the message itself."""
    mail = message_details.opened(messages.get(scope(), id))
    return answer(serializers.page(mail.parts, None))


@router.get(
    "/{id}/parts/{int:n}",
    openapi_extra=files.answer("*/*"),
    summary="Download an attachment or other part",
    tags=[CONTENT],
)
def part(request: HttpRequest, id: MessageId, n: PartNumber) -> HttpResponse:
    """The body of the part, decoded."""
    mail = message_details.opened(messages.get(scope(), id))
    return mail.part(n)


@router.get(
    "/{id}/parts/{int:n}/files",
    response=schemas.Page[schemas.File],
    summary="List the files in a winmail.dat",
    tags=[CONTENT],
)
def files_within(request: HttpRequest, id: MessageId, n: PartNumber) -> HttpResponse:
    """The files in a part that is a winmail.dat (TNEF)."""
    mail = message_details.opened(messages.get(scope(), id))
    return answer(serializers.page(mail.files(n), None))


@router.get(
    "/{id}/parts/{int:n}/files/{int:file}",
    openapi_extra=files.answer("*/*"),
    summary="Download a file in a winmail.dat",
    tags=[CONTENT],
)
def file_within(
    request: HttpRequest, id: MessageId, n: PartNumber, file: FileNumber
) -> HttpResponse:
    """One of the files in a part that is a winmail.dat (TNEF)."""
    mail = message_details.opened(messages.get(scope(), id))
    return mail.file(n, file)
