"""The fields of a delivery report as values (RFC 3464, RFC 6533), if they are readable.

Never raises; linear time. At most MOST recipients are kept, others are only counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailsink.mime import report_fields
from mailsink.mime.report_fields import LOOKED_AT, behind_type, typed

MOST = 200  # recipients
_CODE_WITHIN = 1000  # characters of a text that are searched for codes

# Fields of RFC 3464 §2.2, and others that systems add
_OF_MESSAGE = frozenset((
    "reporting-mta", "dsn-gateway", "received-from-mta", "original-envelope-id",
    "arrival-date", "x-original-message-id", "original-message-id",
))  # fmt: skip
# How the values of Action begin, in any case (RFC 3464 §2.3.3); OpenSMTPD writes "error".
_ACTIONS = (
    ("fail", "failed"), ("error", "failed"), ("expired", "failed"),
    ("delay", "delayed"), ("deferred", "delayed"), ("deliver", "delivered"),
    ("relay", "relayed"), ("expand", "expanded"),
)  # fmt: skip
_BY_CLASS = {"5": "failed", "4": "delayed", "2": "delivered"}
# "5.1.1", but not a piece of an IP address or of a version
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
# A reply code, but not a piece of a phone number
_REPLY = re.compile(r"(?<![\w.@=-])([245][0-5]\d)(?!\) ?\d)(?=-(?!\d{3}-)|[ :;,)\]]|$)")
# U+20AC in an address without UTF-8 (RFC 6533 §3)
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
# xtext of RFC 3461 §4 that was not decoded
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """A recipient in a report. Text is as in the report; "" means that it is missing.

    address: as the sender wrote it, if the report has that (Original-Recipient), else
    the final one
    action: failed, delayed, delivered, relayed, expanded, or ""
    status: an enhanced code (RFC 3463); from the diagnostic, if the report has none
    code: the SMTP reply code in the diagnostic, if there is one
    """

    address: str = ""
    original: str = ""
    final: str = ""
    action: str = ""
    status: str = ""
    code: int | None = None
    remote_mta: str = ""
    diagnostic_type: str = ""
    diagnostic: str = ""
    last_attempt: str = ""
    will_retry_until: str = ""
    log_id: str = ""

    @property
    def best_status(self) -> str:
        """The status, or the one in the diagnostic if the status is generic (5.0.0)."""
        if self.status.endswith(".0.0"):
            found = status_in(self.diagnostic)
            if found[:1] == self.status[:1]:
                return found
        return self.status


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report on a message and its recipients. left_out: the number not kept."""

    recipients: tuple[ReportedRecipient, ...] = ()
    left_out: int = 0
    reporting_mta: str = ""
    gateway: str = ""
    received_from_mta: str = ""
    envelope_id: str = ""
    arrival_date: str = ""
    message_id: str = ""
    is_cut: bool = False  # whether the report is longer than the part that was read


def read(text: str) -> DeliveryReport:
    """Return the values of a message/delivery-status, or of a text with such fields."""
    found = report_fields.fields(text)
    about = report_fields.first_values(found)
    groups = report_fields.recipient_groups(found, _OF_MESSAGE)
    recipients, left_out = _kept(groups)
    return DeliveryReport(
        recipients=recipients,
        left_out=left_out,
        reporting_mta=behind_type(about.get("reporting-mta", "")),
        gateway=behind_type(about.get("dsn-gateway", "")),
        received_from_mta=behind_type(about.get("received-from-mta", "")),
        envelope_id=about.get("original-envelope-id", ""),
        arrival_date=about.get("arrival-date", ""),
        message_id=about.get("x-original-message-id")
        or about.get("original-message-id", ""),
        is_cut=len(text) > LOOKED_AT or len(found) == report_fields.MOST,
    )


def _kept(
    groups: Iterable[dict[str, str]],
) -> tuple[tuple[ReportedRecipient, ...], int]:
    kept: list[ReportedRecipient] = []
    left_out = 0
    for group in groups:
        if not _SAYING & group.keys():
            continue
        if len(kept) < MOST:
            kept.append(_recipient(group))
        else:
            left_out += 1
    return tuple(kept), left_out


# A group without any of these fields is not about a recipient.
_SAYING = frozenset(
    ("final-recipient", "original-recipient", "action", "status", "diagnostic-code")
)


def _recipient(group: dict[str, str]) -> ReportedRecipient:
    original = _address(group.get("original-recipient", ""))
    final = _address(group.get("final-recipient", ""))
    actual = _address(group.get("x-actual-recipient", ""))
    kind, diagnostic = typed(group.get("diagnostic-code", ""))
    if not diagnostic:
        diagnostic = _comment(group.get("status", ""))
    status = status_in(group.get("status", "")) or status_in(diagnostic)
    named = [each for each in (original, final, actual) if each]
    return ReportedRecipient(
        address=next((each for each in named if "@" in each), next(iter(named), "")),
        original=original,
        final=final,
        action=_action(group.get("action", "")) or _BY_CLASS.get(status[:1], ""),
        status=status,
        code=reply_code_in(diagnostic),
        remote_mta=behind_type(group.get("remote-mta", "")),
        diagnostic_type=kind,
        diagnostic=diagnostic,
        last_attempt=group.get("last-attempt-date", ""),
        will_retry_until=group.get("will-retry-until", ""),
        log_id=group.get("final-log-id", ""),
    )


def _action(value: str) -> str:
    value = value.lower()
    return next((action for start, action in _ACTIONS if value.startswith(start)), "")


def _comment(status: str) -> str:
    """Return the comment in a Status (RFC 3464 §2.3.4).

    It is "mailbox full" in "5.2.2 (mailbox full)".
    """
    _code, bracket, comment = status.partition("(")
    return comment.removesuffix(")").strip() if bracket else ""


def status_in(text: str) -> str:
    """Return the first enhanced code in a text, or "": "5.1.1" in "#5.1.1 (x)"."""
    match = _STATUS.search(text[:_CODE_WITHIN])
    return match[0] if match else ""


def reply_code_in(text: str) -> int | None:
    """Return the first SMTP reply code in a text (RFC 5321 §4.2); None if there is none."""
    match = _REPLY.search(text[:_CODE_WITHIN])
    return int(match[1]) if match else None


def failure_status_in(text: str) -> str:
    """Return the first enhanced code of a failure in a text for people; "" if there is none.

    Only failures, because "2.0.12" may be a program's version there.
    """
    found = (match[0] for match in _STATUS.finditer(text[:_CODE_WITHIN]))
    return next((each for each in found if each[0] in "45"), "")


def failure_reply_in(text: str) -> int | None:
    """Return the first SMTP reply code of a failure in a text; None if there is none."""
    found = (int(match[1]) for match in _REPLY.finditer(text[:_CODE_WITHIN]))
    return next((each for each in found if each >= 400), None)


def _address(value: str) -> str:
    """Return an address without its type and brackets, with its octets decoded."""
    address = behind_type(value).strip()
    if address.startswith("<") and ">" in address:
        address = address[1 : address.index(">")]
    if "\\x{" in address:
        address = _EMBEDDED.sub(_embedded, address)
    if "@" not in address and "+40" in address:
        address = _XTEXT.sub(lambda found: chr(int(found[1], 16)), address)
    return address.removeprefix("mailto:")


def _embedded(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    is_character = 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    character = chr(code) if is_character else "\ufffd"
    return character if character.isprintable() else "\ufffd"
