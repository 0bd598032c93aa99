"""Messages to download: one after the other, so that memory holds only one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Literal
from uuid import UUID

from inbox.mailbox import selection
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection
from inbox.models import Message, Raw
from inbox.search import language
from inbox.storage import body_store
from mailsink.file_names import split
from mailsink.zips import zipped

Format = Literal["zip", "mbox"]
FORMATS: dict[Format, tuple[str, str]] = {
    "zip": ("application/zip", "messages.zip"),
    "mbox": ("application/mbox", "messages.mbox"),
}
_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_NOT_IN_NAME = re.compile(r"[^\w.@+-]+")
_PIECE = 64 * 1024  # octets, about
_LONGEST_NAME = 80  # characters of the subject in a file's name


def chunks(scope: Scope, what: Selection, format: Format) -> Iterator[bytes]:
    """Return an archive of messages, newest first, in pieces. Raises BadQuery."""
    language.parse(what.q)  # raises before the head of the answer is sent
    return _zip(scope, what) if format == "zip" else _mbox(scope, what)


def _bodies(scope: Scope, what: Selection) -> Iterator[tuple[Message, bytes]]:
    """Yield messages with their octets; messages removed meanwhile are left out."""
    for turn in selection.turns(scope, what, is_cut=False):
        for id in turn:
            if (found := _body(id)) is not None:
                yield found


def _body(id: UUID) -> tuple[Message, bytes] | None:
    message = Message.objects.select_related("transaction").filter(pk=id).first()
    row = message and Raw.objects.filter(pk=message.transaction_id).first()
    if not message or not row:
        return None
    try:
        return message, body_store.read(row)
    except FileNotFoundError:
        return None


def _zip(scope: Scope, what: Selection) -> Iterator[bytes]:
    found = enumerate(_bodies(scope, what), 1)
    return zipped(
        (_name(number, message), message.received_at, octets)
        for number, (message, octets) in found
    )


def _name(number: int, message: Message) -> str:
    """Return a unique name that is safe in any file system."""
    subject = _NOT_IN_NAME.sub("-", message.subject)[:_LONGEST_NAME].strip("-.")
    return "".join(split(f"{number:05}-{subject or 'no-subject'}.eml"))


def _mbox(scope: Scope, what: Selection) -> Iterator[bytes]:
    """Yield an mbox file (RFC 4155) with lines that end with LF.

    It is quoted reversibly ("mboxrd").
    """
    for message, octets in _bodies(scope, what):
        at = message.received_at.astimezone(UTC)
        sender = message.transaction.reverse_path.strip("<>") or "MAILER-DAEMON"
        sender = re.sub(r"\s", "_", sender)
        head = f"From {sender} {at:%a %b %e %H:%M:%S %Y}\n".encode("utf-8", "replace")
        yield head
        yield from _quoted(octets)
        yield b"\n" if octets.endswith(b"\n") else b"\n\n"


def _quoted(octets: bytes) -> Iterator[bytes]:
    """Yield a message in mbox format, in pieces of whole lines."""
    start = 0
    while start < len(octets):
        end = octets.find(b"\n", start + _PIECE) + 1 or len(octets)
        piece = octets[start:end].replace(b"\r\n", b"\n")
        yield _FROM.sub(rb">\1", piece)
        start = end
