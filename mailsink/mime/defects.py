"""What is wrong with a message, in words for people. Linear time; the list is bounded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mailsink.mime import charsets, headers, transfer

if TYPE_CHECKING:
    from mailsink.mime.structure import Part

MAX_DEFECTS = 100
_LINE = 998  # octets, without the line end (RFC 5322 §2.1.1)

_ONCE = (
    "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To",
    "References", "Subject", "Date", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Content-Disposition", "Content-ID",
)  # fmt: skip
_ENCODINGS = (
    "",
    "7bit",
    "8bit",
    "binary",
    "base64",
    "quoted-printable",
    "uuencode",
    "x-uuencode",
    "x-uue",
    "uue",
)


class Defects:
    """A list of defects, each told once; the last says so if there are more."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}  # in order

    def add(self, text: str, part: Part | None = None) -> None:
        """Add a defect, of one part or of the whole message."""
        if len(self.texts) >= MAX_DEFECTS:
            self.texts["There are more defects than these"] = None
        else:
            inner = f"Part {part.number}: " if part and part.depth else ""
            self.texts[inner + text] = None


def check_message(octets: bytes, root: Part, defects: Defects) -> None:
    """Add what is wrong with the message as a whole."""
    if not octets:
        return defects.add("The message is empty")
    if not root.fields:
        defects.add("There are no header fields")
    if b"\0" in octets:
        defects.add("It holds NUL octets")
    crlf = octets.count(b"\r\n")
    if octets.count(b"\n") > crlf:
        defects.add("It holds bare LF: lines end in CRLF (RFC 5322 §2.3)")
    if octets.count(b"\r") > crlf:
        defects.add("It holds bare CR: lines end in CRLF (RFC 5322 §2.3)")
    if _has_long_line(octets):
        defects.add(f"A line is longer than {_LINE} octets (RFC 5322 §2.1.1)")
    if root.fields:
        _check_fields(root, defects)
    return None


def _check_fields(root: Part, defects: Defects) -> None:
    for name in ("From", "Date"):
        if root.get(name) is None:
            defects.add(f"There is no {name} field (RFC 5322 §3.6)")
    date = root.get("date")
    if date and headers.parse_date(date.encoded) is None:
        defects.add(f'The Date "{date.value[:80]}" is no date (RFC 5322 §3.3)')
    sender = root.get("from")
    if sender and not any(
        "@" in each.address for each in headers.addresses(sender.encoded)
    ):
        defects.add(f'The From "{sender.value[:80]}" holds no address')
    for name in ("To", "Cc"):
        field = root.get(name)
        if field and len(headers.addresses(field.encoded)) >= headers.MAX_ADDRESSES:
            defects.add(
                f"{name} has {headers.MAX_ADDRESSES} addresses or more; only so many are read"
            )
    if root.get("content-type") and root.get("mime-version") is None:
        defects.add("There is no MIME-Version field (RFC 2045 §4)")


def _has_long_line(octets: bytes) -> bool:
    position = 0
    while len(octets) - position > _LINE:
        # a line end within the next octets, the last of them: leaps are long
        end = octets.rfind(b"\n", position, position + _LINE + 2)
        if end < 0:
            return True
        position = end + 1
    return False


def check_part(octets: bytes, part: Part, defects: Defects) -> None:
    """Add what is wrong with the header and the body of one part."""
    _check_header(part, defects)
    if part.encoding not in _ENCODINGS:
        defects.add(
            f'The Content-Transfer-Encoding "{part.encoding}" is not known', part
        )
    if part.children:
        if part.encoding in ("base64", "quoted-printable"):
            defects.add(
                f"A multipart may not be encoded in {part.encoding} (RFC 2045 §6.4)",
                part,
            )
        return
    if part.charset and charsets.codec(part.charset) is None:
        defects.add(f'The charset "{part.charset[:80]}" is not known', part)
    body = octets[part.body_start : part.body_end]
    if part.encoding == "base64" and (defect := transfer.base64_defect(body)):
        defects.add(f"The base64 {defect}", part)
    elif part.encoding in ("7bit", "") and not body.isascii():
        defects.add("It is declared as 7bit and holds 8-bit octets", part)
    elif part.encoding == "quoted-printable" and not body.isascii():
        defects.add("It is declared as quoted-printable and holds 8-bit octets", part)
    if part.content_type.startswith("text/"):
        _check_text(body, part, defects)


def _check_text(body: bytes, part: Part, defects: Defects) -> None:
    name = charsets.codec(part.charset) if part.charset else None
    if name and charsets.strictly(transfer.decode(body, part.encoding), name) is None:
        defects.add(
            f"The text is not in {part.charset[:80]}, as it is declared to be", part
        )


def _check_header(part: Part, defects: Defects) -> None:
    names = [field.name.lower() for field in part.fields]
    if len(set(names)) < len(names):
        number = Counter(names)
        for name in _ONCE:
            if number[name.lower()] > 1:
                defects.add(f"There are {number[name.lower()]} {name} fields", part)
    for field in part.fields:
        if not field.octets.isascii() or not field.name.isascii():
            defects.add(
                f"The {field.name[:80]} field holds {_eight_bit(field.octets)}", part
            )


def _eight_bit(octets: bytes) -> str:
    if charsets.strictly(octets, "utf_8") is None:
        return "8-bit octets that are not UTF-8"
    return "unencoded UTF-8: right only with SMTPUTF8 (RFC 6532)"
