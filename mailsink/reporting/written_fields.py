"""Header fields and report fields as octets: no text can leave its own line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

LONGEST = 900  # characters of a value: a line has at most 998 octets (RFC 5322 §2.1.1)
_WIDTH = 76
_LINE = 990  # octets
_SUBJECT = 200  # characters
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")

Pairs = Iterable[tuple[str, str]]


def one_line(text: str) -> str:
    """Return a text without characters that end a line, cut if it is very long."""
    return _CONTROLS.sub(" ", text).strip()[:LONGEST]


def ascii_only(text: str) -> str:
    r"""Return a text in ASCII, U+20AC as \x{20AC} (RFC 6533 §3)."""
    return "".join(c if c.isascii() else f"\\x{{{ord(c):X}}}" for c in text)


def group(pairs: Pairs, utf8: bool = False) -> bytes:
    """Return fields, one on each line, folded if long; omit fields without a value.

    utf8: the values may have non-ASCII characters
    """
    return b"".join(_field(name, value, utf8) for name, value in pairs if value)


def _field(name: str, value: str, utf8: bool) -> bytes:
    line = one_line(value if utf8 else ascii_only(value))
    folded = textwrap.wrap(
        f"{name}: {line}", _WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return b"\r\n ".join(map(_cut, folded)) + b"\r\n"


def _cut(line: str) -> bytes:
    """Return a line as octets, cut to the longest line: a word cannot be folded."""
    return line.encode()[:_LINE].decode(errors="ignore").encode()


def stamp(at: datetime | None) -> str:
    """Return a time in the form of RFC 5322 §3.3, in UTC; "" for None."""
    return format_datetime(at.astimezone(UTC)) if at else ""


def subject(text: str) -> str:
    """Return a subject for a header, in encoded words if it is not ASCII."""
    line = one_line(text)[:_SUBJECT]
    return line if line.isascii() else Header(line, "utf-8", _WIDTH, "Subject").encode()


def threading(message_id: str) -> list[tuple[str, str]]:
    """Return the fields that join a report with its message (RFC 5322 §3.6.4)."""
    named = message_id.strip("<> ")
    if not _MESSAGE_ID.fullmatch(named):
        return []
    return [("In-Reply-To", f"<{named}>"), ("References", f"<{named}>")]
