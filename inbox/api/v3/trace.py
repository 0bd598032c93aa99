"""API v3: where is my mail?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import InboxSlug, answer, known_inbox, query, scope
from inbox.api.v3.schemas import Connection, Strict, member
from inbox.explain.evidence import EvidenceKind
from inbox.insight import trace

router = Router(by_alias=True)

Address = Annotated[
    str, query("The address whose mail you miss, in any case.", "ann@example.com")
]
Filter = Annotated[
    str,
    query("A search. Messages that do not match are listed as hidden.", "is:unread"),
]


class EvidenceObject(Strict):
    kind: EvidenceKind = member("The kind of evidence; see docs/api.md.")
    at: datetime = member("When it happened.")
    words: str = member("What happened, in words.", "550 5.1.1 No such user")
    address: str = member("The address as the client wrote it.", "Ann@example.com")
    subject: str = member("The subject, if it arrived.", "Confirm your account")
    code: int | None = member("The code of the reply.", 550)
    reply: list[str] = member("The lines of the reply.", ["550 5.1.1 No such user"])
    rule: str = member('The rule that answered; "" if none did.', "known addresses")
    message: UUID | None = member("The message, which may be gone.")
    transaction: UUID | None = member("The transaction; null if it is gone.")
    session: UUID | None = member("The session; null if it is gone, or was an import.")
    exchange: int | None = member("The seq of the line in question.", 6)
    url: str = member('The page that shows it; "" if all is gone.', "/s/06h0bj7fvp8x-6")
    deleted_at: datetime | None = member("When somebody deleted the message.")
    removed_at: datetime | None = member("When the message was removed for good.")


class SimilarAddress(Strict):
    address: str = member("The address.", "anne@example.com")
    at: datetime = member("When it was last used.")
    words: str = member("How it is similar.", "one letter differs")


class SentMail(Strict):
    messages: int = member("How many messages it sent.", 2)
    failed: int = member("How many were not accepted.", 0)
    more: bool = member("Whether it sent more messages than were counted.", False)
    last: datetime | None = member("When it sent the last one.")


class Trace(Strict):
    address: str = member(
        "The address that you asked for, or the only known one with this part in it.",
        "ann@example.com",
    )
    sentence: str = member(
        "Where the mail is.",
        "Mail to ann@example.com was rejected 2 minutes ago (RCPT): 550 5.1.1 No.",
    )
    aside: str = member("What else there is.", "Before that: 1 accepted.")
    evidence: list[EvidenceObject] = member("At most 50 pieces, newest first.")
    more: bool = member("Whether there is older evidence.", False)
    near: list[SimilarAddress] = member("Similar addresses, if there is no evidence.")
    sent: SentMail = member("What this address sent.")
    last_connection: Connection | None = member(
        "The last connection of any client; null if there was none."
    )


@router.get("", response=Trace, summary="Trace an address")
def of(
    request: HttpRequest, address: Address, q: Filter = "", inbox: InboxSlug = None
) -> HttpResponse:
    """Shows where the mail for an address (or a part of one) is, with the evidence."""
    found = trace.trace(scope(), address, q, known_inbox(inbox))
    return answer(serializers.trace(found))
