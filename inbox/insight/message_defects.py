"""The defects of a message's octets, with respect to its envelope."""

from __future__ import annotations

from mailsink.mime.defects import UTF8_FIELD
from mailsink.mime.structure import Structure
from mailsink.translatable import TranslatableText


def of(parsed: Structure, parameters: str) -> list[TranslatableText]:
    """Return the defects of a mail. parameters: those of its MAIL.

    With SMTPUTF8, fields in UTF-8 are correct (RFC 6531 §3.2, RFC 6532 §3).
    """
    if "SMTPUTF8" not in parameters.upper().split():
        return list(parsed.defects)
    return [each for each in parsed.defects if not _is_utf8_field(each)]


def _is_utf8_field(defect: TranslatableText) -> bool:
    within = defect.values.get("defect")  # if it is a part's defect
    return (
        within if isinstance(within, TranslatableText) else defect
    ).template == UTF8_FIELD
