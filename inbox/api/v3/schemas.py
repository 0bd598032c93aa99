"""The objects of API v3 that several routes share, for its OpenAPI document.

Their values are made in inbox/serializers.py (for lists and the live feed) and in
message_details.py. A new member must be in both places. Objects of a single route are
in its module.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from inbox.api.v3.report_schemas import Report, ReportMade

# the routes import all three from here
from inbox.api.v3.schema_base import (
    Page as Page,
)
from inbox.api.v3.schema_base import Strict as Strict
from inbox.api.v3.schema_base import member as member
from inbox.mailbox.marking import Status


class Address(Strict):
    name: str = member('The display name; "" if there is none.', "Ann Smith")
    address: str = member("The address.", "ann@example.com")


class Message(Strict):
    id: UUID = member("The id of the message. Later messages have greater ids.")
    inbox: str = member("The slug of its inbox.", "default")
    session: UUID = member("The id of the SMTP session that brought it.")
    transaction: UUID = member("The id of the transaction that brought it.")
    received_at: datetime = member("When it was stored.")
    from_: Address = Field(alias="from", description="The From field of the header.")
    to: list[Address] = member("The To field of the header.")
    cc: list[Address] = member("The Cc field of the header.")
    subject: str = member("The Subject field, decoded.", "Confirm your account")
    message_id: str = member(
        "The Message-ID field of the header. Not to be confused with id.",
        "<4821@shop.example>",
    )
    date: datetime | None = member(
        "The Date field of the header; null if it is missing or unreadable."
    )
    size: int = member("The size of the message in bytes, as sent.", 2048)
    snippet: str | None = member(
        "The beginning of the text; null until the message is indexed.",
        "Welcome, Ann. Your code is 162149.",
    )
    attachments: int | None = member(
        "The number of attachments; null until the message is indexed.", 1
    )
    read: bool = member(
        "Whether somebody has opened it; with accounts, whether you have."
    )
    pinned: bool = member("Whether it is pinned: retention never removes it.")
    tags: list[str] = member("The tags that people gave it.", ["sign-up"])
    status: Status = member("The verdict of people: new (not checked), ok or bug.")
    note: str = member("The note that people wrote about it.", "#4821: total is wrong")
    assignee: str | None = member("The name of its assignee; null for nobody.", "ann")
    comments: int = member("How many comments it has.", 2)
    code: int | None = member("The code of the final reply to the transaction.", 250)
    reverse_path: str = member(
        "The sender of the envelope; empty for a bounce.", "bounce@shop.example"
    )
    first_recipient: str = member(
        "The first recipient of the envelope that was accepted.", "ann@example.com"
    )
    recipients_accepted: int = member("How many recipients were accepted.", 1)
    recipients_refused: int = member("How many recipients were refused.", 0)
    attempt: int = member(
        "The number of this attempt among those of the same message; 1 until it is indexed.",
        1,
    )


class Recipient(Strict):
    forward_path: str = member("The address in RCPT TO.", "ann@example.com")
    parameters: str = member("The parameters of RCPT.", "NOTIFY=FAILURE")
    rcpt_code: int = member("The code of the reply to RCPT.", 250)
    final_code: int | None = member(
        "The code after the message, one for each recipient; null except with LMTP.",
        250,
    )


class Envelope(Strict):
    reverse_path: str = member("The address in MAIL FROM.", "bounces@shop.example")
    parameters: str = member("The parameters of MAIL.", "SIZE=2048 BODY=8BITMIME")
    recipients: list[Recipient] = member("The recipients, in the order of RCPT.")


class Part(Strict):
    n: int = member("The number of the part; 0 is the message itself.", 2)
    number: str = member(
        'The place in the tree of parts: "1.2" is the second part of the first.', "1.2"
    )
    parent: int | None = member("The n of the part around it; null for part 0.", 0)
    content_type: str = member("The media type.", "application/pdf")
    charset: str = member('The charset parameter; "" if there is none.', "utf-8")
    disposition: str = member('"attachment", "inline" or "".', "attachment")
    filename: str = member(
        'The file name, decoded; "" if there is none.', "invoice.pdf"
    )
    content_id: str = member("The Content-ID, without angle brackets.", "logo@shop")
    encoding: str = member("The Content-Transfer-Encoding.", "base64")
    size: int = member("The size of the body in bytes, as sent (encoded).", 18432)
    attachment: bool = member("Whether it counts as an attachment.")


class Notice(Strict):
    kind: str = member(
        "What is special: bounce, smime_encrypted, invitation_reply and others.",
        "bounce",
    )
    part: int = member("The n of the part that makes it so.", 2)
    text: str = member("The notice in words.", "A bounce: ann@example.com, 5.1.1.")


class File(Strict):
    n: int = member("The number of the file in the part, from 0.", 0)
    filename: str = member("The name of the file.", "invoice.pdf")
    content_type: str = member("The media type.", "application/pdf")
    size: int = member("The size in bytes.", 18432)


class Person(Strict):
    name: str = member('The name; "" if there is none.', "Ann Smith")
    address: str = member("The address.", "ann@example.com")
    status: str = member(
        "The attendee's reply, such as ACCEPTED; else empty.", "ACCEPTED"
    )


class Event(Strict):
    """An event of a calendar (RFC 5545) that the message invites to."""

    method: str = member(
        "The method (RFC 5546), such as REQUEST, CANCEL or REPLY.", "REQUEST"
    )
    summary: str = member("The title of the event.", "Planning")
    status: str = member("The status: CONFIRMED, TENTATIVE or CANCELLED.", "CONFIRMED")
    all_day: bool = member("Whether the event takes whole days.")
    start: str | None = member(
        "The start in UTC; without Z if its zone is unknown; a date if all_day.",
        "2026-12-01T14:00:00Z",
    )
    end: str | None = member(
        "The end, written like the start; the last day if all_day.",
        "2026-12-01T15:00:00Z",
    )
    zone: str = member("The time zone of the start (TZID).", "America/New_York")
    when: str = member(
        "Start and end in words, in the event's zone and in UTC.",
        "1 Dec 2026, 09:00 to 10:00 America/New_York = 14:00 to 15:00 UTC",
    )
    recurrence: str = member("The recurrence rule (RRULE).", "FREQ=WEEKLY;COUNT=4")
    repeats: str = member('The rule in words; "" if it is complex.', "weekly, 4 times")
    location: str = member("The place.", "Room 2")
    description: str = member("The description.", "Goals of the quarter.")
    organizer: Person | None = member("The organizer; null if none is named.")
    attendees: list[Person] = member("The attendees.")


class HeaderField(Strict):
    name: str = member("The name of the field.", "Subject")
    value: str = member("The value, decoded.", "Confirm your account")


class Reference(Strict):
    kind: Literal["link", "image"] = member("Whether it is a link or an image.")
    url: str = member("The address.", "https://shop.example/confirm?token=8f2a")
    text: str = member(
        "The text of the link, or the image's alternative text.", "Confirm"
    )
    host: str = member('The host; "" for mailto:, cid: and the like.', "shop.example")
    count: int = member("How often it occurs in the message.", 1)
    remarks: list[str] = member(
        "What is unusual about it, in words.", ["The text names another host."]
    )


class Action(Strict):
    kind: Literal["reset", "confirm", "activate", "sign in", "invitation"] = member(
        "What the link is for."
    )
    url: str = member("The address.", "https://shop.example/confirm?token=8f2a")
    text: str = member("The text of the link.", "Confirm your account")


class MessageWithContent(Message):
    """A message with any content that `include` can name."""

    headers: list[HeaderField] = member(
        "The header fields. With include=headers.", None, None
    )
    links: list[Reference] = member(
        "The links and images. With include=links.", None, None
    )
    attached: list[Part] = member(
        "The attachments. With include=attachments.", None, None
    )


class MessageDetail(MessageWithContent):
    envelope: Envelope = member(
        "The addresses of MAIL and RCPT, apart from the header."
    )
    defects: list[str] = member(
        "Faults in the structure of the message, in words.",
        ["The last boundary is missing."],
    )
    notices: list[Notice] = member("What the message is, if it is more than text.")
    parts: list[Part] = member("The MIME parts, in their order.")
    html: str = member(
        'The first 1,048,576 characters of the HTML body; "" if there is none.',
        "<p>Your code is <b>162149</b>.</p>",
    )
    text: str = member(
        "The first 1,048,576 characters of the text body, made from the HTML if there is "
        "no plain text.",
        "Your code is 162149.",
    )
    truncated: list[Literal["html", "text"]] = member(
        "Which of html and text are cut. The whole body has a route of its own.", []
    )
    codes: list[str] = member("Codes to type in, the likeliest first.", ["162149"])
    actions: list[Action] = member("Links to confirm, sign in, reset and the like.")
    events: list[Event] = member("The events that the message invites to.")
    report: Report | None = member(
        "What the message reports, if it is a bounce or another delivery report, a read "
        "receipt, a complaint or an automatic reply; null for other mail."
    )
    reports: list[ReportMade] = member(
        "The reports that Mailsink made about the message, at most 50."
    )


class ReadMessage(MessageWithContent):
    """A message with the content that `include` names; other members are left out."""

    text: str = member(
        "The text body. With include=text.", "Your code is 162149.", None
    )
    html: str = member(
        "The HTML body. With include=html.", "<p>Your code is <b>162149</b>.</p>", None
    )
    truncated: list[
        Literal["text", "html", "headers", "codes", "links", "attachments"]
    ] = member(
        "Which of the content that include names is cut or left out. With any include. "
        "Only the first 512 KiB of a message are read, and 4 MiB of all messages in an "
        "answer: GET messages/{id}?include=… reads all of it.",
        [],
        None,
    )
    codes: list[str] = member(
        "Codes to type in, the likeliest first. With include=codes.", ["162149"], None
    )
    actions: list[Action] = member(
        "Links to confirm, sign in, reset and the like. With include=codes.", None, None
    )


class Connection(Strict):
    at: datetime = member("When the client connected.")
    client_address: str = member("The address of the client.", "127.0.0.1")


class MessageChanges(Strict):
    """Members that you leave out stay unchanged."""

    read: StrictBool | None = member("Whether it counts as read.", True, None)
    pinned: StrictBool | None = member("Whether it is pinned.", True, None)
    tags: list[str] | None = member("All tags; they replace the old ones.", ["a"], None)
    status: Status | None = member("What you found: new, ok or bug.", "bug", None)
    note: str | None = member(
        "A note of at most 2,000 characters.", "#4821: total is wrong", None
    )
    assignee: str | None = member(
        "The name of a user who may see the message, to assign it to; empty for nobody.",
        "ann",
        None,
    )


class ManyChanges(MessageChanges):
    """Members that you leave out stay unchanged."""

    add: list[str] = Field(
        default_factory=list, description="Tags to add.", examples=[["seen"]]
    )
    remove: list[str] = Field(
        default_factory=list, description="Tags to remove.", examples=[["new"]]
    )


class Changed(Strict):
    count: int = member("How many messages were selected.", 3)


PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "An error (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": 'Always "about:blank".'},
        "title": {"type": "string", "description": "The name of the status."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {
            "type": "string",
            "description": "What is wrong, and what to do about it.",
        },
    },
    "example": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": 'there is no message "7"',
    },
}
