"""The defects of a message, as sentences. Linear time; the list is bounded."""

from __future__ import annotations

from collections import Counter

from mailsink.mime import charsets, contentlines, dates, headers, transfer
from mailsink.mime.part import Part
from mailsink.translatable import TranslatableText, gettext_noop

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
    """A list of defects, each listed once; the last one states that there are more."""

    def __init__(self) -> None:
        self.texts: dict[TranslatableText, None] = {}  # in order

    def add(self, text: str, part: Part | None = None, **values: object) -> None:
        """Add a defect of one part or of the whole message.

        text: has %(name)s for each of the values
        """
        defect = (
            text
            if isinstance(text, TranslatableText)
            else TranslatableText(text, **values)
        )
        if len(self.texts) >= MAX_DEFECTS:
            defect = TranslatableText(gettext_noop("There are more defects"))
        elif part and part.depth:
            within = gettext_noop("Part %(number)s: %(defect)s")
            defect = TranslatableText(within, number=part.number, defect=defect)
        self.texts[defect] = None


def check_message(octets: bytes, root: Part, defects: Defects) -> None:
    """Add the defects of the message as a whole."""
    if not octets:
        return defects.add(gettext_noop("The message is empty"))
    if not root.fields:
        defects.add(gettext_noop("There are no header fields"))
    if b"\0" in octets:
        defects.add(gettext_noop("It contains NUL bytes"))
    crlf = octets.count(b"\r\n")
    if octets.count(b"\n") > crlf:
        defects.add(
            gettext_noop("It contains bare LF: lines must end in CRLF (RFC 5322 §2.3)")
        )
    if octets.count(b"\r") > crlf:
        defects.add(
            gettext_noop("It contains bare CR: lines must end in CRLF (RFC 5322 §2.3)")
        )
    if _has_long_line(octets):
        defects.add(
            gettext_noop("A line is longer than %(octets)s bytes (RFC 5322 §2.1.1)"),
            octets=_LINE,
        )
    if root.fields:
        _check_fields(root, defects)
    return None


def _check_fields(root: Part, defects: Defects) -> None:
    for name in ("From", "Date"):
        if root.get(name) is None:
            defects.add(
                gettext_noop("There is no %(name)s field (RFC 5322 §3.6)"), name=name
            )
    date = root.get("date")
    if date and (defect := dates.defect(date.encoded)):
        defects.add(defect)
    sender = root.get("from")
    if sender and not any(
        "@" in each.address for each in headers.addresses(sender.encoded)
    ):
        defects.add(
            gettext_noop('The From "%(value)s" contains no address'),
            value=sender.value[:80],
        )
    for name in ("To", "Cc"):
        field = root.get(name)
        if field and len(headers.addresses(field.encoded)) >= headers.MAX_ADDRESSES:
            defects.add(
                gettext_noop(
                    "%(name)s has %(max_addresses)s addresses or more; only the first %(max_addresses)s are read"
                ),
                name=name,
                max_addresses=headers.MAX_ADDRESSES,
            )
    if root.get("content-type") and root.get("mime-version") is None:
        defects.add(gettext_noop("There is no MIME-Version field (RFC 2045 §4)"))


def _has_long_line(octets: bytes) -> bool:
    position = 0
    while len(octets) - position > _LINE:
        # The last line end within the next octets makes the steps long.
        end = octets.rfind(b"\n", position, position + _LINE + 2)
        if end < 0:
            return True
        position = end + 1
    return False


def check_part(octets: bytes, part: Part, defects: Defects) -> None:
    """Add the defects of the header and the body of one part."""
    _check_header(part, defects)
    if part.encoding not in _ENCODINGS:
        defects.add(
            gettext_noop('The Content-Transfer-Encoding "%(encoding)s" is not known'),
            part,
            encoding=part.encoding,
        )
    if part.children or _ends_at_once(octets, part):
        _check_composite(octets, part, defects)
        if part.children and part.children[0].source is part.source:
            return  # its parts are read in place, and checked themselves
    if part.charset and charsets.codec(part.charset) is None:
        defects.add(
            gettext_noop('The charset "%(charset)s" is not known'),
            part,
            charset=part.charset[:80],
        )
    body = part.body(octets)
    if part.encoding == "base64" and (defect := transfer.base64_defect(body)):
        defects.add(defect, part)
    elif part.encoding in ("7bit", "") and not body.isascii():
        defects.add(
            gettext_noop("It is declared as 7bit but contains 8-bit bytes"), part
        )
    elif part.encoding == "quoted-printable" and not body.isascii():
        defects.add(
            gettext_noop("It is declared as quoted-printable but contains 8-bit bytes"),
            part,
        )
    if part.content_type.startswith("text/"):
        _check_text(body, part, defects)


def _ends_at_once(octets: bytes, part: Part) -> bool:
    """Whether a multipart without parts has its closing delimiter."""
    boundary = part.parameters.get("boundary", "").rstrip()
    if not boundary or not part.content_type.startswith("multipart/"):
        return False
    return f"--{boundary}--".encode() in part.body(octets)


def _check_composite(octets: bytes, part: Part, defects: Defects) -> None:
    """Add the defects of a part that contains parts or a message."""
    encoded = part.encoding in ("base64", "quoted-printable")
    if encoded and part.content_type.startswith("message/"):
        defects.add(
            gettext_noop(
                "An enclosed message may not be encoded in %(encoding)s (RFC 2046 §5.2.1)"
            ),
            part,
            encoding=part.encoding,
        )
    elif encoded and not part.encloses:
        defects.add(
            gettext_noop(
                "A multipart may not be encoded in %(encoding)s (RFC 2045 §6.4)"
            ),
            part,
            encoding=part.encoding,
        )
    if not any(each.children or each.body(octets).strip() for each in part.children):
        defects.add(
            gettext_noop("The %(content_type)s is empty: no part of it has a body"),
            part,
            content_type=part.content_type,
        )


def _check_text(body: bytes, part: Part, defects: Defects) -> None:
    name = charsets.codec(part.charset) if part.charset else None
    if name is None:
        return
    decoded = transfer.decode(body, part.encoding)
    text = contentlines.unfolded(decoded, part.content_type)
    if charsets.strictly(text, name) is None:
        defects.add(
            gettext_noop("The text is declared to be in %(charset)s, but is not"),
            part,
            charset=part.charset[:80],
        )


def _check_header(part: Part, defects: Defects) -> None:
    names = [field.name.lower() for field in part.fields]
    if len(set(names)) < len(names):
        number = Counter(names)
        for name in _ONCE:
            if number[name.lower()] > 1:
                defects.add(
                    gettext_noop("There are %(number)s %(name)s fields"),
                    part,
                    number=number[name.lower()],
                    name=name,
                )
    for field in part.fields:
        if headers.is_raw(field.octets) or not field.name.isascii():
            defects.add(_raw(field), part, name=field.name[:80])


# Not a defect if MAIL had SMTPUTF8, which only the envelope shows.
UTF8_FIELD = gettext_noop(
    "The %(name)s field contains unencoded UTF-8, which is allowed only with SMTPUTF8 (RFC 6532)"
)


def _raw(field: headers.Field) -> str:
    if field.octets.isascii() and field.name.isascii():
        return gettext_noop(
            "The %(name)s field contains escapes that are not encoded (RFC 2047)"
        )
    if charsets.strictly(field.octets, "utf-8") is None:
        return gettext_noop(
            "The %(name)s field contains 8-bit bytes that are not UTF-8"
        )
    return UTF8_FIELD
