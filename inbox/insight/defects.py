"""What is wrong with a mail's octets, given what its envelope permits."""

from __future__ import annotations

from mailsink.mime.defects import UTF8_FIELD
from mailsink.mime.structure import Structure
from mailsink.told import Told


def of(parsed: Structure, parameters: str) -> list[Told]:
    """Return the defects of a mail. parameters: those of its MAIL.

    With SMTPUTF8, fields in UTF-8 are right (RFC 6531 §3.2, RFC 6532 §3).
    """
    if "SMTPUTF8" not in parameters.upper().split():
        return list(parsed.defects)
    return [each for each in parsed.defects if not _is_utf8_field(each)]


def _is_utf8_field(told: Told) -> bool:
    within = told.values.get("defect")  # where it is one of a part
    return (within if isinstance(within, Told) else told).template == UTF8_FIELD
