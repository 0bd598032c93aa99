"""The objects of API v3, as its OpenAPI document describes them.

Their values are made in inbox/serializers.py (lists and the live feed share those) and
beside the routes (content.detail, checks.report, findings.report). A new member stands
in both places.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from inbox.explain.address_kinds import AddressKind
from inbox.explain.evidence import EvidenceKind as EvidenceKind
from inbox.explain.stories import Joined
from inbox.mailbox.marking import Status

T = TypeVar("T")

Microseconds = Annotated[int, Field(description="since the session's opened_at")]


Attempt = Annotated[
    int,
    Field(description="which attempt of its message it was; 1 until it is indexed"),
]


class Strict(Schema):
    """An object with these members and no others."""

    model_config = ConfigDict(extra="forbid")


class Address(Strict):
    name: str
    address: str


class Message(Strict):
    id: UUID
    inbox: str
    session: UUID
    transaction: UUID
    received_at: datetime
    from_: Address = Field(alias="from")
    to: list[Address]
    cc: list[Address]
    subject: str
    message_id: str = Field(description="the header field; our own is id")
    date: datetime | None = Field(description="the header field, if it can be read")
    size: int = Field(description="octets, as sent")
    snippet: str | None = Field(description="null until the message is indexed")
    attachments: int | None = Field(description="null until the message is indexed")
    read: bool
    pinned: bool
    tags: list[str]
    status: Status
    note: str = Field(description="what people wrote about it")
    code: int | None = Field(description="of the reply that ended its transaction")
    recipients_accepted: int
    recipients_refused: int
    attempt: Attempt


class Recipient(Strict):
    forward_path: str
    parameters: str
    rcpt_code: int
    final_code: int | None = Field(description="LMTP only")


class Envelope(Strict):
    reverse_path: str
    parameters: str
    recipients: list[Recipient]


class Part(Strict):
    n: int = Field(description="its place among the parts; 0 is the message itself")
    number: str = Field(
        description='its place in the tree: "1.2" is second of the first'
    )
    parent: int | None
    content_type: str
    charset: str
    disposition: str
    filename: str
    content_id: str
    encoding: str
    size: int = Field(description="octets of its body, as sent")
    attachment: bool


class Notice(Strict):
    kind: str = Field(description="bounce, smime_encrypted, invitation_reply, …")
    part: int = Field(description="the part that makes it so")
    text: str


class File(Strict):
    n: int = Field(description="its place among the files of the part")
    filename: str
    content_type: str
    size: int = Field(description="octets")


class Person(Strict):
    name: str
    address: str
    status: str = Field(description="of an attendee, as ACCEPTED; else empty")


class Event(Strict):
    """An event of a calendar (RFC 5545) that is the message, or an alternative of it."""

    method: str = Field(description="REQUEST, CANCEL, REPLY, … (RFC 5546)")
    summary: str
    status: str
    all_day: bool
    start: str | None = Field(
        description="in UTC; without Z where its zone is not known; a date if all_day"
    )
    end: str | None = Field(description="likewise; if all_day the last day of it")
    zone: str = Field(description="the TZID of its start")
    when: str = Field(description="both in words, in its own zone and in UTC")
    recurrence: str = Field(description="its RRULE as it stands")
    repeats: str = Field(description='the RRULE in words; "" if it is not simple')
    location: str
    description: str
    organizer: Person | None
    attendees: list[Person]


class MessageDetail(Message):
    envelope: Envelope
    defects: list[str]
    notices: list[Notice] = Field(description="what it is where it is not just text")
    parts: list[Part]
    html: str = Field(description='"" if there is none; its first 1,048,576 characters')
    text: str = Field(
        description="made from the HTML if there is no plain text; its first 1,048,576 characters"
    )
    truncated: list[Literal["html", "text"]] = Field(
        description="which of these are cut: the whole is at messages/<id>/html and /text"
    )
    codes: list[str] = Field(description="to be typed in, likeliest first")
    actions: list[Action] = Field(description="links that it was sent for")
    events: list[Event] = Field(description="that it invites to")


class HeaderField(Strict):
    name: str
    value: str


class Tls(Strict):
    version: str
    cipher: str
    sni: str


class Auth(Strict):
    mechanism: str
    username: str


class Session(Strict):
    id: UUID
    inbox: str | None
    direction: Literal["in", "out"]
    listener: str
    client_address: str
    client_port: int
    helo: str
    protocol: str
    tls: Tls | None
    auth: Auth | None
    opened_at: datetime
    closed_at: datetime | None
    ending: str | None = Field(description="null while it is live")
    messages: int = Field(description="how many were accepted")
    worst_code: int | None


class Exchange(Strict):
    seq: int
    direction: Literal["in", "out"]
    transaction: UUID | None
    kind: str
    verb: str
    line: str = Field(description="without CRLF; other octets than UTF-8 as \\xNN")
    octets: int
    received_us: Microseconds
    ready_us: Microseconds | None
    replied_us: Microseconds | None
    delayed_us: int = Field(description="by a rule")
    code: int | None
    enhanced: str
    reply: list[str] = Field(description="whole lines as sent, without CRLF")
    rule: str
    flags: list[str]


class Transaction(Strict):
    id: UUID
    session: UUID
    inbox: str | None
    seq: int
    reverse_path: str
    parameters: str
    outcome: str | None = Field(description="null while it is open")
    code: int | None
    started_at: datetime
    ended_at: datetime | None
    recipients: list[Recipient]
    size: int | None = Field(description="octets of the body; null if none came")
    complete: bool | None
    subject: str = Field(description="as far as the body's start tells")
    from_: Address = Field(alias="from")
    attempt: Attempt


class Try(Strict):
    started_at: datetime
    ended_at: datetime | None
    waited: float | None = Field(description="seconds since the try before it ended")
    outcome: str | None = Field(description="null while it is under way")
    code: int | None
    label: str = Field(description='"451", "cut off"')
    words: str = Field(description="how it ended")
    reply: list[str] = Field(description="whole lines, where a reply refused it")
    likely: bool = Field(description="the same message by client and envelope only")
    this: bool = Field(description="whether it is the one asked about")
    message: UUID | None = Field(description="what it became, if that is not deleted")
    transaction: UUID | None = Field(description="null where MAIL was refused")
    session: UUID
    exchange: int | None = Field(description="the seq of the line that refused it")
    url: str


class Story(Strict):
    sentence: str = Field(description='"3 attempts: 451 → 451 → 250, waits 5 s, 62 s"')
    upshot: str = Field(description='of one that failed: "accepted 62 s later"; or ""')
    basis: str = Field(description="what they were joined by, in words")
    joined_by: Joined | None = Field(description="null where there is only one")
    likely: bool = Field(description="whether some of it is only likely")
    attempt: int = Field(description="which one was asked about, from 1")
    total: int = Field(description="how many are stored, counted up to 10,000")
    attempts: list[Try] = Field(description="the newest 50, first ones first")


class Explanation(Strict):
    term: str = Field(description='"Means", "Because", "The client then" …')
    words: list[str]


class ExplainedExchange(Exchange):
    explained: list[Explanation] = Field(description="as the session's page has it")


class Timeline(Strict):
    """Microseconds since opened_at, and how many of them were whose."""

    start_us: int = Field(description="later than 0 where older lines were left out")
    end_us: int
    client: int
    body: int = Field(description="a message was on its way")
    ours: int
    rule: int


class Replay(Strict):
    """The notes say what a snippet does otherwise than the session did."""

    swaks: str
    swaks_notes: list[str]
    python: str
    python_notes: list[str]


class SessionDetail(Session):
    exchanges: list[Exchange] = Field(description="the first 500")
    transactions: list[Transaction] = Field(description="the first 500")


class Inbox(Strict):
    slug: str
    name: str


class KnownAddress(Strict):
    address: str
    name: str = Field("", description="a person's, as VRFY and EXPN tell it")
    kind: AddressKind = "mailbox"
    target: list[str] = Field(
        default_factory=list,
        description="of an alias or list its members, of what is forwarded or moved "
        "the new address, of what is ambiguous the choices",
    )


class InboxDetail(Inbox):
    known_only: bool = Field(description="mail to unknown addresses gets 550")
    quota_octets: int = Field(description="0 is no limit")
    used_octets: int = Field(description="what the inbox holds, without its trash")
    paused: bool = Field(description="each RCPT gets 450")
    addresses: list[KnownAddress]


class Host(Strict):
    host: str = Field(description="its name, with a port where that is not the usual")


class Reference(Strict):
    kind: Literal["link", "image"]
    url: str
    text: str = Field(description="what it shows; of an image its alternative text")
    host: str = Field(description='"" for what is not of the web')
    count: int = Field(description="how often it stands there")
    remarks: list[str] = Field(description="what is odd about it, in words")


class Action(Strict):
    kind: Literal["reset", "confirm", "activate", "sign in", "invitation"]
    url: str
    text: str


class Tag(Strict):
    name: str
    messages: int


class Connection(Strict):
    at: datetime
    client_address: str


class Evidence(Strict):
    kind: EvidenceKind
    at: datetime = Field(description="when it was accepted, refused, or ended")
    words: str
    address: str = Field(description="as the client wrote it")
    subject: str
    code: int | None
    reply: list[str] = Field(description="whole lines, where a reply is to blame")
    rule: str
    message: UUID | None = Field(description="which may be gone")
    transaction: UUID | None
    session: UUID | None
    exchange: int | None = Field(description="the seq of the line that tells most")
    url: str = Field(description='of the page that shows it; "" if all is gone')
    deleted_at: datetime | None
    removed_at: datetime | None


class Near(Strict):
    address: str
    at: datetime = Field(description="when it was named last")
    words: str = Field(description="how it is like the address asked for")


class Trace(Strict):
    address: str
    sentence: str = Field(description="where the mail is")
    aside: str = Field(description="what else there is, and what may help")
    evidence: list[Evidence] = Field(description="newest first, at most 50")
    more: bool = Field(description="whether there is older evidence")
    near: list[Near] = Field(description="like addresses, where there is no evidence")
    last_connection: Connection | None


class Counts(Strict):
    messages: int
    unread: int
    not_accepted: int
    sessions: int
    live_sessions: int


class Limits(Strict):
    """0 means no limit."""

    max_message_size: int


class Retention(Strict):
    """0 means no limit."""

    messages: int
    sessions: int
    days: int
    trash_hours: int


class Info(Strict):
    version: str
    uptime: int | None = Field(description="seconds; null if no server runs")
    hostname: str
    smtp: list[str] = Field(description="addresses that mail is taken at")
    smtps: list[str]
    submission: list[str]
    lmtp: list[str]
    web: list[str]
    database: Literal["sqlite", "postgresql"]
    counts: Counts
    limits: Limits
    retention: Retention
    last_connection: Connection | None


class Page(Schema, Generic[T]):
    items: list[T]
    next: str | None = Field(description="the cursor of the next page")


class MessageChanges(Strict):
    """Values that are not given stay as they are."""

    read: StrictBool | None = None
    pinned: StrictBool | None = None
    tags: list[str] | None = None
    status: Status | None = None
    note: str | None = Field(None, description="at most 2,000 characters")


class ManyChanges(MessageChanges):
    """Values that are not given stay as they are."""

    add: list[str] = Field(default_factory=list, description="tags")
    remove: list[str] = Field(default_factory=list, description="tags")


class Changed(Strict):
    count: int = Field(description="how many messages were meant")


class InboxChanges(Strict):
    """Values that are not given stay as they are."""

    known_only: StrictBool | None = None
    quota_octets: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)] | None = Field(
        None, description="0 or null is no limit"
    )
    paused: StrictBool | None = None
    addresses: list[KnownAddress] | None = None

    def quota(self) -> int | None:
        """Return the quota to be set; None where it stays."""
        return (
            (self.quota_octets or 0)
            if "quota_octets" in self.model_fields_set
            else None
        )


PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
