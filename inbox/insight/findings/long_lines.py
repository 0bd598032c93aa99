"""The kind of a line that is too long, and how its client can shorten it."""

from __future__ import annotations

import re
from typing import Literal

from django.utils.translation import gettext_noop

from inbox.insight.findings.wire import WirePlace
from mailsink.mime import headers

Line = Literal["field", "base64", "text"]

_BASE64 = re.compile(r"[A-Za-z0-9+/=]{60}…?")  # the shown octets of a line

_FOLD = {
    "": gettext_noop(
        "Fold the field: put a line end and a space between two of its addresses or "
        "words (RFC 5322 §2.2.3). If there are many recipients, send each a separate "
        "mail."
    ),
    "smtplib": gettext_noop(
        "Let EmailMessage write the header (policy=email.policy.SMTP folds at 78 characters)."
    ),
    "go": gettext_noop(
        'Join the addresses with ",\\r\\n " instead of ", ", or let go-mail write the header.'
    ),
    "perl": gettext_noop("Let Email::MIME's header_str write the field: it folds it."),
}
_WRAP = {
    "": gettext_noop(
        "Wrap the base64: a line end after every 76 characters (RFC 2045 §6.8)."
    ),
    "smtplib": gettext_noop(
        "Use add_attachment, or base64.encodebytes: b64encode does not wrap."
    ),
    "aiosmtplib": gettext_noop(
        "Use add_attachment, or base64.encodebytes: b64encode does not wrap."
    ),
    "go": gettext_noop(
        "Write a line end after every 76 characters: encoding/base64 does not wrap."
    ),
    "phpmailer": gettext_noop(
        "Use addStringAttachment(), or chunk_split(base64_encode())."
    ),
    "javamail": gettext_noop(
        'Use MimeUtility.encode(stream, "base64") or Base64.getMimeEncoder().'
    ),
    "rails": gettext_noop(
        "Use attachments[name] = data, or Base64.encode64: strict_encode64 does not wrap."
    ),
    "perl": gettext_noop('Use encode_base64($data) without a second argument of "".'),
    "lettre": gettext_noop("Use Attachment::new(name).body(octets, type): it wraps."),
}

OF_LINES: dict[str, dict[str, str]] = {"field": _FOLD, "base64": _WRAP}


def what(place: WirePlace, head: bytes) -> Line:
    """Return the kind of the line at a place. head: the start of the message."""
    if place.offset is not None and place.offset < headers.scan(head).body:
        return "field"
    return "base64" if _BASE64.fullmatch(place.octets) else "text"
