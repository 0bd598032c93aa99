"""The DSN parameters in an envelope, as far as reports honour them (RFC 3461)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mailsink.smtp.protocol import grammar

# U+20AC in an address without UTF-8 (RFC 6533 §3)
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")

Parameters = Mapping[str, str | None]


def parameters(text: str) -> Parameters:
    """Return parameters of MAIL or RCPT that were once accepted; none if unreadable."""
    try:
        return grammar.parse_parameters(text)
    except grammar.BadSyntax:
        return {}


def wanted(of_recipient: Parameters, condition: str) -> bool:
    """Whether a condition of a recipient is reported (RFC 3461 §4.1).

    condition: SUCCESS, FAILURE or DELAY. Without NOTIFY, failures are reported, and
    delays can be.
    """
    value = of_recipient.get("NOTIFY")
    if value is None:
        return condition != "SUCCESS"
    return condition in value.upper().split(",")


def envelope_id(of_mail: Parameters) -> str:
    """Return ENVID, decoded; "" if there is none (RFC 3461 §4.4)."""
    return _decoded(of_mail.get("ENVID") or "")


def original_recipient(of_recipient: Parameters) -> str:
    """Return ORCPT, decoded, as "rfc822;ann@example.com"; "" if there is none (RFC 3461 §4.2)."""
    kind, _, value = (of_recipient.get("ORCPT") or "").partition(";")
    if not value:
        return ""
    if kind.lower() == "utf-8":  # RFC 6533 §3
        return f"{kind};{_EMBEDDED.sub(_character, value)}"
    return f"{kind};{_decoded(value)}"


def _decoded(value: str) -> str:
    try:
        return grammar.unxtext(value)
    except grammar.BadSyntax:
        return value


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else match[0]
