"""The fields of a receipt (RFC 8098) or a complaint (RFC 5965) as values. Never raises; linear time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailsink.mime import report_fields
from mailsink.mime.headers import message_id
from mailsink.mime.report_fields import ReportField, behind_type

_MOST = 20  # values of a field that may be repeated
_SEPARATORS = re.compile(r"[/,]")


@dataclass(frozen=True, slots=True)
class Disposition:
    """A receipt (RFC 8098 §3). "" means that a value is missing.

    type: displayed, deleted, dispatched, processed, denied, failed, or another word
    action_mode, sending_mode: whether a person or a program acted, sent the receipt
    errors: the fields Error, Failure and Warning
    """

    type: str = ""
    action_mode: str = ""
    sending_mode: str = ""
    modifiers: tuple[str, ...] = ()
    original_recipient: str = ""
    final_recipient: str = ""
    reporting_ua: str = ""
    gateway: str = ""
    message_id: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Complaint:
    """A feedback report (RFC 5965 §3, RFC 6591 §3).

    "" means that a value is missing.
    """

    type: str = ""
    user_agent: str = ""
    reporting_mta: str = ""
    original_mail_from: str = ""
    original_rcpt_to: tuple[str, ...] = ()
    source_ip: str = ""
    arrival_date: str = ""
    incidents: str = ""
    envelope_id: str = ""
    authentication_results: tuple[str, ...] = ()
    reported_domain: tuple[str, ...] = ()
    reported_uri: tuple[str, ...] = ()
    auth_failure: str = ""
    delivery_result: str = ""


def disposition(text: str) -> Disposition:
    """Return the values of a message/disposition-notification."""
    found = report_fields.fields(text)
    about = report_fields.first_values(found)
    modes, semicolon, rest = about.get("disposition", "").partition(";")
    if not semicolon:  # the modes are missing
        modes, rest = "", modes
    action, _slash, sending = modes.partition("/")
    kind, *modifiers = (each.strip() for each in _SEPARATORS.split(rest))
    names = ("error", "failure", "warning")
    errors = [
        each for name in names for each in report_fields.values(found, name, _MOST)
    ]
    return Disposition(
        type=kind.lower(),
        action_mode=action.strip().lower(),
        sending_mode=sending.strip().lower(),
        modifiers=tuple(filter(None, modifiers))[:_MOST],
        original_recipient=behind_type(about.get("original-recipient", "")),
        final_recipient=behind_type(about.get("final-recipient", "")),
        reporting_ua=about.get("reporting-ua", ""),
        gateway=behind_type(about.get("mdn-gateway", "")),
        message_id=message_id(about.get("original-message-id", "")),
        errors=tuple(filter(None, errors))[:_MOST],
    )


def complaint(text: str) -> Complaint:
    """Return the values of a message/feedback-report."""
    found = report_fields.fields(text)
    about = report_fields.first_values(found)
    return Complaint(
        type=about.get("feedback-type", "").lower(),
        user_agent=about.get("user-agent", ""),
        reporting_mta=behind_type(about.get("reporting-mta", "")),
        original_mail_from=_unbracketed(about.get("original-mail-from", "")),
        original_rcpt_to=_all(found, "original-rcpt-to"),
        source_ip=about.get("source-ip", ""),
        arrival_date=about.get("arrival-date") or about.get("received-date", ""),
        incidents=about.get("incidents", ""),
        envelope_id=about.get("original-envelope-id", ""),
        authentication_results=_all(found, "authentication-results"),
        reported_domain=_all(found, "reported-domain"),
        reported_uri=_all(found, "reported-uri"),
        auth_failure=about.get("auth-failure", ""),
        delivery_result=about.get("delivery-result", ""),
    )


def _all(found: Sequence[ReportField], name: str) -> tuple[str, ...]:
    values = report_fields.values(found, name, _MOST)
    return tuple(filter(None, map(_unbracketed, values)))


def _unbracketed(value: str) -> str:
    value = behind_type(value) if value.lower().startswith("rfc822") else value
    return value[1:-1] if value.startswith("<") and value.endswith(">") else value
