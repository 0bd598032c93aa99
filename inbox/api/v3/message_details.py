"""The content of a message for API v3, beyond its row: its bodies, fields and parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from datetime import UTC, datetime

from django.http import HttpResponse

from inbox import serializers
from inbox.api.v3 import report_details
from inbox.content import finds, invitations, references
from inbox.errors import BadRequest, NotFound
from inbox.http import as_json, entity_tags, files
from inbox.insight import message_defects
from inbox.mailbox import made_reports, messages, transactions
from inbox.mailbox.scope import Scope
from inbox.models import MadeReport, Message
from inbox.serializers import Shape
from mailsink import __version__
from mailsink.mime import bodies, headers, notices, structure, tnef, types
from mailsink.mime.mails import ParsedMessage

# Characters of a body in JSON; the whole body has its own route.
MOST = 1024 * 1024


class MessageContent(ParsedMessage):
    """A message, with the API's view of its content."""

    @property
    def fields(self) -> list[Shape]:
        fields, _ = headers.split(self.octets)
        return [{"name": each.name, "value": each.value} for each in fields]

    @property
    def links(self) -> list[Shape]:
        """The links and images, without duplicates."""
        return [
            {
                "kind": each.reference.kind,
                "url": each.reference.url,
                "text": each.reference.text,
                "host": each.reference.host,
                "count": each.count,
                "remarks": each.remarks,
            }
            for each in references.found(self.reading)
        ]

    @property
    def parts(self) -> list[Shape]:
        attachments = {part.index for part in self.reading.attachments}
        return [_part(each, each.index in attachments) for each in self.parsed.parts]

    def notices(self, reverse_path: str) -> list[Shape]:
        """Return the notices about a message that is not only text, such as a bounce."""
        return [
            {"kind": each.kind, "part": each.part.index, "text": str(each.text)}
            for each in notices.notices(self.reading, reverse_path)
        ]

    def files(self, n: int) -> list[Shape]:
        """Return the files in a part that is a winmail.dat. Raises NotFound."""
        return [
            {
                "n": index,
                "filename": each.name,
                "content_type": each.content_type,
                "size": len(each.octets),
            }
            for index, each in enumerate(self._within(n))
        ]

    def file(self, n: int, index: int) -> HttpResponse:
        """Return a file in a part, for saving. Raises NotFound."""
        found = self._within(n)
        if index >= len(found):
            raise NotFound(f"part {n} holds no file {index}")
        file = found[index]
        name = files.file_name(file.name, f"file-{index}")
        return files.saved(file.octets, file.content_type, name)

    def _within(self, n: int) -> list[tnef.TnefFile]:
        return tnef.files(bodies.decode(self.octets, self._part(n)))

    def _part(self, n: int) -> structure.Part:
        if n >= len(self.parsed.parts):
            raise NotFound(f"the message has no part {n}")
        return self.parsed.parts[n]

    def part(self, n: int) -> HttpResponse:
        """Return a part's decoded body, for saving. Raises NotFound."""
        part = self._part(n)
        name = files.file_name(types.file_name(self.octets, part), f"part-{n}")
        octets = bodies.decode(self.octets, part)
        return files.saved(octets, part.content_type, name)


def _part(part: structure.Part, attachment: bool) -> Shape:
    return {
        "n": part.index,
        "number": part.number,
        "parent": part.parent.index if part.parent else None,
        "content_type": part.content_type,
        "charset": part.charset,
        "disposition": part.disposition,
        "filename": part.filename,
        "content_id": part.content_id,
        "encoding": part.encoding,
        "size": part.size,
        "attachment": attachment,
    }


def _finds(subject: str, mail: MessageContent) -> Shape:
    found = finds.found(subject, mail.reading)
    return {"codes": found.codes, "actions": [asdict(each) for each in found.actions]}


def events(mail: MessageContent) -> list[Shape]:
    """Return the calendar events that a message invites to."""
    invitation = invitations.of(mail.reading) if mail.octets else None
    if invitation is None:
        return []
    method = invitation.calendar.method
    return [_event(method, each) for each in invitation.events]


def _event(method: str, invitation: invitations.InvitationPanel) -> Shape:
    event = invitation.event
    return {
        "method": method,
        "summary": event.summary,
        "status": event.status,
        "all_day": event.all_day,
        "start": _time(event.start, event.all_day),
        "end": str(event.last_day) if event.last_day else _time(event.end),
        "zone": event.zone,
        "when": " = ".join(filter(None, (invitation.when, invitation.utc))),
        "recurrence": event.recurrence,
        "repeats": invitation.repeats,
        "location": event.location,
        "description": event.description,
        "organizer": asdict(event.organizer) if event.organizer else None,
        "attendees": [asdict(each) for each in event.attendees],
    }


def _time(at: datetime | None, is_day: bool = False) -> str | None:
    """Return a time in RFC 3339 format; without a zone if none is known."""
    if at is None:
        return None
    if is_day:
        return str(at.date())
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at.tzinfo else at.isoformat()  # fmt: skip


def _cut(found: Shape) -> Shape:
    """Return content with its bodies cut to the limit, and the names of those that were cut."""
    cut = [name for name in ("html", "text") if len(found.get(name, "")) > MOST]
    return {**found, **{name: found[name][:MOST] for name in cut}, "truncated": cut}


def included_names(asked: str) -> tuple[str, ...]:
    """Return the names of content to add to messages, in a fixed order. Raises BadRequest."""
    names = {each.strip() for each in asked.split(",")} - {""}
    if unknown := sorted(names - INCLUDED.keys()):
        raise BadRequest(
            f'include: there is no "{unknown[0][:80]}"; there are {", ".join(INCLUDED)}'
        )
    return tuple(name for name in INCLUDED if name in names)


def included(message: Message, names: Collection[str], octets: int) -> Shape:
    """Return the named content of a message, from its first octets.

    If the message has more octets, all content counts as truncated. A message whose
    octets are gone has none.
    """
    if not names:
        return {}
    start = messages.open_start(message, octets)
    found = _cut(_named(message, MessageContent(lambda: start), names))
    return {**found, "truncated": list(names)} if octets < message.size else found


def _named(message: Message, mail: MessageContent, names: Iterable[str]) -> Shape:
    found: Shape = {}
    for name in names:
        found |= INCLUDED[name](message, mail)
    return found


def _attached(mail: MessageContent) -> list[Shape]:
    return [each for each in mail.parts if each["attachment"]]


# The names that `include` accepts, and the content that each adds.
INCLUDED: dict[str, Callable[[Message, MessageContent], Shape]] = {
    "text": lambda _, mail: {"text": mail.text},
    "html": lambda _, mail: {"html": mail.html},
    "headers": lambda _, mail: {"headers": mail.fields},
    "codes": lambda message, mail: _finds(message.subject, mail),
    "links": lambda _, mail: {"links": mail.links},
    "attachments": lambda _, mail: {"attached": _attached(mail)},
}
_NOT_IN_DETAIL = ("headers", "links", "attachments")


def opened(message: Message) -> MessageContent:
    """Return a stored message. Raises NotFound if its octets are gone."""
    octets = messages.open_raw(message)
    return MessageContent(lambda: octets)


def detail(scope: Scope, message: Message, names: Collection[str] = ()) -> Shape:
    """Return a message in the form of a single object, even if its octets are gone.

    names: the values of include; content that this form has anyway is not made twice
    """
    transaction = transactions.get(scope, message.transaction_id)
    try:
        mail = opened(message)
        wrong = [
            str(each)
            for each in message_defects.of(mail.parsed, transaction.parameters)
        ]
    except NotFound as error:
        mail, wrong = MessageContent(lambda: b""), [str(error)]
    return {
        **serializers.message(message),
        "envelope": serializers.envelope(transaction),
        "defects": wrong,
        "notices": mail.notices(transaction.reverse_path),
        "parts": mail.parts if mail.octets else [],
        **_cut({"html": mail.html, "text": mail.text}),
        **_finds(message.subject, mail),
        "events": events(mail),
        "report": report_details.report(scope, mail, message, transaction.reverse_path),
        "reports": [_made(each) for each in made_reports.about(scope, message.pk)],
        **_named(message, mail, [each for each in names if each in _NOT_IN_DETAIL]),
    }


def tag(scope: Scope, message: Message) -> str:
    """Return the entity tag of a message as a single object, without reading its body.

    The octets of the message and its transaction never change; their interpretation
    changes only with the version. Changes to the message that a report is about are not
    covered; its name is in the octets.
    """
    reports = [_made(each) for each in made_reports.about(scope, message.pk)]
    changing = [__version__, serializers.message(message), reports]
    return entity_tags.of(as_json.octets(changing))


def _made(row: MadeReport) -> Shape:
    """Return a report that Mailsink made about a message."""
    return {
        "message": str(row.message_id) if row.message_id else None,
        "kind": row.kind,
        "cause": row.cause,
        "release": str(row.release_id) if row.release_id else None,
        "sender": row.sender,
        "recipient": row.recipient,
        "recipients": row.recipients,
        "withheld": row.withheld,
        "not_sent": row.not_sent,
        "made_at": serializers.stamp(row.made_at),
    }
