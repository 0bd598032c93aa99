"""Mailpit's routes for one message: its detail, header fields, source and parts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from inbox.api.as_received import AsReceived
from inbox.api.mailpit import summaries, unsubscribing
from inbox.api.mailpit.common import found
from inbox.api.mailpit.parts import NumberedParts
from inbox.api.plain_answers import PlainError, go_json, stamp
from inbox.api.v3.common import scope
from inbox.errors import NotFound
from inbox.http import files, navigation
from inbox.mailbox import marking, messages, offsets
from inbox.mailbox.marking import Marks
from inbox.mailbox.selection import Selection
from inbox.models import Message
from inbox.serializers import Shape
from mailsink.mime import bodies
from mailsink.mime.mails import ParsedMessage

_WHITE = Path(__file__).with_name("white.jpg")  # 180 by 120
_EAST = re.compile(r"([+-])(\d\d)([0-5]\d)(?!\d)")
# Types that a browser would execute rather than show.
_ACTIVE = re.compile(r".*(?:html|xml|svg|script|wasm|pdf).*")


def opened(message: Message) -> ParsedMessage:
    """Return a message with its octets. Raises PlainError if they are gone."""
    try:
        octets = messages.open_raw(message)
    except NotFound as error:
        raise PlainError(str(error), 404) from None
    return ParsedMessage(lambda: octets)


def as_received(message: Message) -> AsReceived:
    """Return a message with the fields that Mailpit adds."""
    return AsReceived(offsets.stored([message])[0])


def mark_read(request: HttpRequest, message: Message) -> None:
    """Mark a message as read, as Mailpit does whenever it is opened.

    Not if a browser prefetches it, or a foreign page embeds it.
    """
    if not getattr(message, "read", False) and navigation.is_opened(request):
        marking.update_many(scope(), Selection((message.pk,)), Marks(read=True))


def one(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with a message, and mark it as read."""
    message = found(request, id)
    shape = _shape(message)
    mark_read(request, message)
    return go_json(shape)


def _shape(message: Message) -> Shape:
    mail = as_received(message)
    parts = NumberedParts(opened(message))
    return {
        "ID": str(message.pk),
        "MessageID": mail.message_id,
        "From": summaries.sender(mail),
        "To": summaries.people(mail.people["to"]),
        "Cc": summaries.people(mail.people["cc"]),
        "Bcc": summaries.people(mail.bcc),
        "ReplyTo": summaries.people(mail.people["reply-to"]),
        "ReturnPath": mail.mail.reverse_path or message.from_address,
        "Subject": message.subject,
        "ListUnsubscribe": unsubscribing.shape(
            _field(mail, "list-unsubscribe"), _field(mail, "list-unsubscribe-post")
        ),
        "Date": _date(message, _field(mail, "date")),
        "Tags": summaries.tags(message.tags),
        "Username": mail.mail.session.auth_username,
        "Text": parts.text,
        "HTML": parts.html,
        "Size": mail.size,
        "Inline": [parts.shape(*each) for each in parts.inlines],
        "Attachments": [parts.shape(*each) for each in parts.attachments],
    }


def _field(mail: AsReceived, name: str) -> str:
    found = (each.value for each in mail.sent if each.name.lower() == name)
    return next(found, "")


def _date(message: Message, field: str) -> str:
    """Return the time of the Date field in its own zone, or else the time of receipt."""
    if message.date is None:
        return stamp(message.received_at, summaries.MILLISECONDS)
    east = _EAST.search(field)
    minutes = int(east[2]) * 60 + int(east[3]) if east else 0
    zone = timezone(timedelta(minutes=min(minutes, 1439)))
    if east and east[1] == "-":
        zone = timezone(-timedelta(minutes=min(minutes, 1439)))
    at: datetime = message.date.astimezone(zone)
    return at.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def headers(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the header fields by name, each with all its values."""
    named: dict[str, list[str]] = {}
    for name, value in as_received(found(request, id)).fields():
        named.setdefault(_canonical(name), []).append(value)
    return go_json(dict(sorted(named.items())))


def _canonical(name: str) -> str:
    """Return a field's name in Go's spelling: Message-Id."""
    return "-".join(each.capitalize() for each in name.split("-"))


def raw(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the source, preceded by the fields that Mailpit adds."""
    message = found(request, id)
    octets = as_received(message).prefix + opened(message).octets
    response = HttpResponse(
        octets, content_type="text/plain; charset=utf-8", headers=files.HEADERS
    )
    if request.GET.get("dl") == "1":
        name = f'attachment; filename="{message.pk}.eml"'
        response["Content-Disposition"] = name
    return response


def thumbnail(request: HttpRequest, id: str, number: str) -> HttpResponse:
    """Answer with the white picture that Mailpit shows for pictures that it cannot decode.

    The server never decodes pictures of mail: it has no library for that.
    """
    try:
        mail = opened(found(request, id))
    except PlainError:
        raise PlainError("sql: no rows in result set") from None
    leaf = NumberedParts(mail).leaves.get(number)
    if leaf is None:
        raise PlainError("attachment not found")
    response = HttpResponse(_WHITE.read_bytes(), content_type="image/jpeg")
    name = quote(leaf.filename or leaf.content_id, safe="")
    response["Content-Disposition"] = f'filename="{name}"'
    return response


def part(request: HttpRequest, id: str, number: str) -> HttpResponse:
    """Answer with a decoded part. One that a browser would execute is a file to save."""
    mail = opened(found(request, id))
    leaf = NumberedParts(mail).leaves.get(number)
    if leaf is None:
        raise PlainError("404 page not found", 404)
    content_type = files.safe_type(leaf.content_type)
    response = HttpResponse(
        bodies.decode(mail.octets, leaf),
        content_type=content_type,
        headers=files.HEADERS,
    )
    name = quote(leaf.filename or leaf.content_id, safe="")
    kind = "attachment" if _ACTIVE.fullmatch(content_type) else "inline"
    response["Content-Disposition"] = f'{kind}; filename="{name}"'
    return response
