"""API v3: POST messages, which stores messages from files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError

from inbox.api.v3.common import ANY_ID, InboxSlug, answer, scope
from inbox.api.v3.messages import router
from inbox.api.v3.schemas import Strict, member
from inbox.errors import Invalid
from inbox.live.protocol import process
from inbox.mailbox import inboxes
from inbox.mailbox.importing import Importer
from inbox.models.inbox import DEFAULT_SLUG
from mailsink.web.guard import MBOX

__all__ = ["router"]  # of all messages: one URL has its methods in one router

_MESSAGE = "message/rfc822"
_SHOWN = 500  # ids in an answer
_BODY = {
    "required": True,
    "description": "The message, or the mbox, unchanged.",
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}, "example": example}
        for kind, example in (
            (_MESSAGE, "Subject: Hello\r\n\r\nHi.\r\n"),
            (
                MBOX,
                "From ann@example.com Sat Nov 28 09:30:00 2026\nSubject: Hello\n\n",
            ),
        )
    },
}


class Failure(Strict):
    why: str = member("What was wrong.", "larger than 50 MB")
    count: int = member("How many messages failed for this.", 1)


class ImportResult(Strict):
    imported: int = member("How many messages were stored.", 12)
    ids: list[str] = member("The ids of the first 500 of them, in order.", [ANY_ID])
    failed: list[Failure] = member("The failures, by reason.")
    detail: str = member(
        "The result in words.", "12 messages imported, 1 failed: larger than 50 MB"
    )


@router.post(
    "",
    response={201: ImportResult},
    summary="Import messages",
    openapi_extra={"requestBody": _BODY},
)
def store(request: HttpRequest, inbox: InboxSlug = None) -> HttpResponse:
    """Stores one message (message/rfc822), or the messages of an mbox (application/mbox).

    The bytes stay unchanged; in an mbox, ">From " at the start of a line loses its ">"
    (mboxrd). One request imports at most 10,000 messages. They have no SMTP session;
    their envelope comes from the header, or for the sender from the "From " line of an
    mbox.
    """
    kind = request.content_type or ""
    if kind not in (_MESSAGE, MBOX):
        raise HttpError(415, f"send the file as Content-Type: {_MESSAGE} or {MBOX}")
    to = inboxes.by_slug(scope(), inbox or DEFAULT_SLUG)
    importer = Importer(to, process(), request.META["REMOTE_ADDR"])
    if kind == MBOX:
        done = importer.read_mbox(request.read)
    else:
        done = importer.read_message(request.read)
    if kind == _MESSAGE and done.failed:
        raise Invalid(f"the message was not imported: it is {next(iter(done.failed))}")
    failed = [{"why": why, "count": count} for why, count in done.failed.items()]
    shape = {
        "imported": len(done.ids),
        "ids": [str(each) for each in done.ids[:_SHOWN]],
        "failed": failed,
        "detail": done.sentence,
    }
    return answer(shape, 201)
