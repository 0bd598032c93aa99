"""Reports that programs send: delivery reports, receipts, complaints, automatic replies.

Takes a message that was read, and returns the content of the report as values. Never
raises; linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mailsink.mime import (
    bodies,
    bounce_texts,
    delivery_reports,
    originals,
    receipts,
    report_signs,
)
from mailsink.mime.delivery_reports import DeliveryReport, ReportedRecipient
from mailsink.mime.headers import Summary
from mailsink.mime.reading import Reading
from mailsink.mime.receipts import Complaint, Disposition
from mailsink.mime.report_fields import LOOKED_AT
from mailsink.mime.report_signs import Sign
from mailsink.mime.structure import Part

Kind = Literal["delivery", "disposition", "feedback", "automatic_reply"]
# The source of the values: fields for programs, the text for people, or none.
Source = Literal["fields", "text", "none"]

_SNIFFED = 64 * 1024  # octets of a part that are searched for the fields of a report
_ASKED = 20  # recipients whose diagnostics are searched for in the text
_PARTS = 50  # parts that are searched for such fields
_NOTHING = DeliveryReport()
# The gravest first
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")


@dataclass(frozen=True, slots=True)
class Report:
    """A report, with one of delivery, disposition and complaint.

    part: the part that shows the report
    """

    kind: Kind
    source: Source
    part: Part
    delivery: DeliveryReport = _NOTHING
    disposition: Disposition | None = None
    complaint: Complaint | None = None

    @property
    def action(self) -> str:
        """The gravest action in the report; "" if there is none."""
        found = {each.action for each in self.delivery.recipients}
        return next((each for each in _ACTIONS if each in found), "")

    @property
    def message_id(self) -> str:
        """The Message-ID of the original in the report's fields, or ""."""
        named = self.disposition.message_id if self.disposition else ""
        return named or self.delivery.message_id.strip("<> ")


def read(reading: Reading, reverse_path: str | None = None) -> Report | None:
    """Return the report that a message is; None for any other mail.

    reverse_path: of its envelope; None if that is unknown
    """
    root = reading.structure.root
    sign = report_signs.of_bounce(root, reverse_path)
    is_report = any(
        each.content_type == "multipart/report" for each in _outer_parts(reading)
    )
    if report := _by_fields(reading, bool(sign) or is_report):
        return _completed(reading, report)
    if _is_delivery_report(root):
        sign = "sure"
    elif not sign and _begins_as_bounce(reading):
        sign = "maybe"
    elif sign == "maybe" and any(each.encloses for each in _outer_parts(reading)):
        sign = "likely"
    if sign and (report := _by_text(reading, sign)):
        return report
    if report_signs.is_automatic_reply(root):
        return Report("automatic_reply", "fields", root)
    return None


def original(reading: Reading, report: Report) -> Summary:
    """Return the known header fields of the message that a report is about."""
    summary = originals.original(reading)
    if report.message_id and not summary.message_id:
        summary.message_id = report.message_id
    return summary


# Reports for programs ---------------------------------------------------------------


def _by_fields(reading: Reading, sniffs: bool) -> Report | None:
    """Return the report in fields.

    sniffs: whether to search parts whose type does not show it
    """
    parts = list(_outer_parts(reading))
    for part in parts:
        if kind := _kind_of_type(part.content_type):
            return _read_part(reading, part, kind)
    for part in parts[:_PARTS] if sniffs else ():
        if kind := _kind_of_fields(reading, part):
            return _read_part(reading, part, kind)
    return None


def _outer_parts(reading: Reading) -> Iterator[Part]:
    """Yield the parts outside enclosed messages."""
    inside: Part | None = None
    for part in reading.structure.parts:
        if inside and part.depth > inside.depth:
            continue
        inside = part if part.encloses and part.parent else None
        yield part


def _kind_of_type(content_type: str) -> Kind | None:
    """Return the kind for a media type.

    Near names such as message/delivery_status count too.
    """
    if content_type.startswith("multipart/"):
        return None
    name = content_type.replace("_", "-")
    return next((kind for words, kind in _TYPES.items() if words in name), None)


def _kind_of_fields(reading: Reading, part: Part) -> Kind | None:
    """Return the kind shown by the fields in a text, or in a file such as details.txt."""
    is_whole = part.content_type.startswith("multipart/")  # one that could not be split
    if part.children or not (is_whole or part.content_type in _VAGUE):
        return None
    beginning = bodies.beginning_of(reading.octets, part, _SNIFFED).lower()
    lines = {line.partition(":")[0].rstrip() for line in beginning.split("\n")}
    return next(
        (kind for kind, needed in _FIELDS if all(each & lines for each in needed)),
        None,
    )


_TYPES: dict[str, Kind] = {
    "delivery-status": "delivery",
    "deliverystatus": "delivery",
    "disposition-notification": "disposition",
    "feedback-report": "feedback",
}
_VAGUE = ("text/plain", "application/octet-stream", "application/x-unknown", "message/report")  # fmt: skip
_RECIPIENTS = {"final-recipient", "original-recipient"}
# At least one field of each set must be present.
_FIELDS: tuple[tuple[Kind, tuple[set[str], ...]], ...] = (
    ("delivery", (_RECIPIENTS, {"action", "status"})),
    ("disposition", (_RECIPIENTS, {"disposition"})),
    ("feedback", ({"feedback-type"}, {"user-agent", "version"})),
)


def _read_part(reading: Reading, part: Part, kind: Kind) -> Report:
    # A character has up to four octets.
    text = bodies.beginning_of(reading.octets, part, 4 * LOOKED_AT + 4)
    return _READERS[kind](part, text)


def _delivery(part: Part, text: str) -> Report:
    return Report("delivery", "fields", part, delivery=delivery_reports.read(text))


def _disposition(part: Part, text: str) -> Report:
    said = receipts.disposition(text)
    return Report("disposition", "fields", part, disposition=said)


def _feedback(part: Part, text: str) -> Report:
    return Report("feedback", "fields", part, complaint=receipts.complaint(text))


_READERS: dict[Kind, Callable[[Part, str], Report]] = {
    "delivery": _delivery, "disposition": _disposition, "feedback": _feedback,
}  # fmt: skip


# Reports for people -----------------------------------------------------------------


def _is_delivery_report(root: Part) -> bool:
    """Whether it is declared as a multipart/report on a delivery, as most are (RFC 6522 §3)."""
    about = root.parameters.get("report-type", "delivery-status").lower()
    return root.content_type == "multipart/report" and about == "delivery-status"


def _begins_as_bounce(reading: Reading) -> bool:
    """Whether the text begins like those of qmail (https://cr.yp.to/proto/qsbmf.txt) and Exim."""
    texts = reading.choice.text[:1]
    start = "".join(bodies.beginning_of(reading.octets, each, 200) for each in texts)
    return start.lstrip().lower().startswith(_BEGINNINGS)


_BEGINNINGS = (
    "hi. this is the ",
    "this message was created automatically by mail delivery software",
)


def _by_text(reading: Reading, sign: Sign) -> Report | None:
    """Return the report in a bounce's text, or None if it may not be a bounce."""
    root = reading.structure.root
    found, left_out = _recipients(reading, sign)
    if found:
        delivery = DeliveryReport(recipients=found, left_out=left_out)
        return Report("delivery", "text", root, delivery=delivery)
    if sign != "sure":
        return None
    return _within(reading) or Report("delivery", "none", root)


def _recipients(
    reading: Reading, sign: Sign
) -> tuple[tuple[ReportedRecipient, ...], int]:
    about = originals.enclosed(reading) or originals.copied(reading) or Summary()
    named = [each["address"] for each in (*about.to, *about.cc)]
    return bounce_texts.recipients(reading, named, sign)


def _within(reading: Reading) -> Report | None:
    """Return the report in an enclosed message: some gateways wrap a bounce in a message of theirs."""
    for part in reading.structure.parts:
        if _kind_of_type(part.content_type) == "delivery":
            return _read_part(reading, part, "delivery")
    return None


def _completed(reading: Reading, report: Report) -> Report:
    """Return a delivery report completed from its text: with recipients, or their diagnostics."""
    said = report.delivery
    if report.kind != "delivery":
        return report
    if any(each.address for each in said.recipients):
        recipients, left_out = _with_replies(reading, said), said.left_out
    else:
        recipients, left_out = _from_text(reading, said)
    if not recipients:
        return report
    delivery = replace(said, recipients=recipients, left_out=left_out)
    return replace(report, delivery=delivery)


def _with_replies(
    reading: Reading, said: DeliveryReport
) -> tuple[ReportedRecipient, ...]:
    """Return the recipients, with missing diagnostics of failures from the text."""
    silent = [
        each.address
        for each in said.recipients
        if not each.diagnostic and each.action in ("failed", "delayed")
    ]
    if not silent or len(silent) > _ASKED:
        return said.recipients
    quoted = bounce_texts.replies(reading, silent)
    return tuple(
        _replied(each, quoted[each.address]) if each.address in quoted else each
        for each in said.recipients
    )


def _replied(recipient: ReportedRecipient, diagnostic: str) -> ReportedRecipient:
    return replace(
        recipient,
        diagnostic=diagnostic,
        status=recipient.status or delivery_reports.failure_status_in(diagnostic),
        code=delivery_reports.failure_reply_in(diagnostic),
    )


def _from_text(
    reading: Reading, said: DeliveryReport
) -> tuple[tuple[ReportedRecipient, ...], int]:
    """Return the recipients that only the text names, with the field values for all of them."""
    found, left_out = _recipients(reading, "sure")
    known = said.recipients[0] if said.recipients else ReportedRecipient()
    return tuple(_known(each, known) for each in found), left_out


def _known(recipient: ReportedRecipient, known: ReportedRecipient) -> ReportedRecipient:
    return replace(
        recipient,
        action=known.action or recipient.action,
        status=known.status or recipient.status,
        code=known.code or recipient.code,
        remote_mta=known.remote_mta,
        diagnostic_type=known.diagnostic_type,
        diagnostic=known.diagnostic or recipient.diagnostic,
    )
