"""Writes automatic replies, and decides which messages may get one (RFC 3834)."""

from __future__ import annotations

from collections.abc import Iterable

from mailsink.reporting import multipart, written_fields
from mailsink.reporting.report_values import (
    MailReportedOn,
    ReportWriter,
    WrittenReport,
)

_TEXT = """\
I am out of the office and will answer when I am back.

{reason}
"""
# The beginnings and ends of the local parts of programs' addresses (RFC 3834 §2).
_PROGRAM_STARTS = ("owner-", "mailer-daemon", "postmaster", "majordomo", "listserv")
_PROGRAM_ENDS = ("-request", "-owner", "-bounces")
_NOT_ANSWERED = ("list", "bulk", "junk")


def may_answer(reverse_path: str, fields: Iterable[tuple[str, str]]) -> bool:
    """Whether a message may get an automatic reply: no program wrote it (RFC 3834 §2).

    fields: of its header, as (name, value)
    """
    local = reverse_path.rpartition("@")[0].lower()
    if not local or local.startswith(_PROGRAM_STARTS) or local.endswith(_PROGRAM_ENDS):
        return False
    for name, value in fields:
        name, value = name.lower(), value.strip().lower()
        if name == "auto-submitted" and value.partition(";")[0].strip() != "no":
            return False
        if name == "precedence" and value in _NOT_ANSWERED:
            return False
        if name.startswith("list-"):
            return False
    return True


def write_reply(
    writer: ReportWriter,
    mail: MailReportedOn,
    recipient: str,
    subject: str,
    reason: str,
) -> WrittenReport:
    """Return the automatic reply of a recipient, to the reverse-path of a message.

    subject: of the message; reason: for the reply, as a sentence for people
    """
    utf8 = not (mail.reverse_path + recipient).isascii()
    header = multipart.head(
        writer,
        [
            ("From", f"<{recipient}>"),
            ("To", f"<{mail.reverse_path}>"),
            ("Subject", written_fields.subject(f"Auto: {subject}")),
            *written_fields.threading(mail.message_id),
        ],
        utf8,
    )
    text = _TEXT.format(reason=written_fields.one_line(reason))
    return WrittenReport(header + multipart.text_part(text), not header.isascii())
