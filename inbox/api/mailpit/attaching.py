"""The files of a composed message: large ones never pass through the mail library."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Sequence
from email import policy
from email.errors import MessageError
from email.message import MIMEPart
from uuid import uuid4

from inbox.api.mailpit import attached_json
from inbox.api.plain_answers import GoObject, PlainError
from mailsink.mime import types

_MOST = 500
_LONGEST_NAME = 1000  # characters of a file's name, its type, or its Content-ID
_POLICY = policy.SMTP


class AttachedFiles:
    """The parts of files, with a mark in place of their octets."""

    def __init__(self, asked: Sequence[GoObject], taken_out: list[bytes]) -> None:
        """taken_out: the base64 from the request. Raises PlainError."""
        if len(asked) > _MOST:
            raise PlainError(f"error building message: more than {_MOST} attachments")
        self._taken_out = taken_out
        self._mark = f"@{uuid4().hex}-"
        self._contents: list[bytes] = []
        self.parts = [self._part(each) for each in asked]

    def put_into(self, message: bytes) -> bytes:
        """Return a message with the files' octets in place of their marks."""
        first, *others = message.split(self._mark.encode())
        pieces = [first]
        for each in others:
            number, _, rest = each.partition(b"@")
            pieces += attached_json.lines(self._contents[int(number)]), rest
        return b"".join(pieces)

    def _part(self, given: GoObject) -> MIMEPart:
        name, cid = given.text("Filename"), given.text("ContentID").strip("<> ")
        octets = self._decoded(name, given.text("Content"))
        content_type = given.text("ContentType") or _sniffed(name, octets)
        if max(map(len, (name, cid, content_type))) > _LONGEST_NAME:
            raise PlainError("error building message: the name of a file is too long")
        main, _, sub = content_type.partition(";")[0].strip().partition("/")
        part = MIMEPart(policy=_POLICY)
        try:
            part.set_content(
                b"",
                main,
                sub or "octet-stream",
                disposition="inline" if cid else "attachment",
                filename=name,
                cid=f"<{cid}>" if cid else None,
            )
        except (MessageError, ValueError, LookupError) as error:
            raise PlainError(f"error building message: {error}") from None
        part.set_payload(f"{self._mark}{len(self._contents)}@")
        self._contents.append(octets)
        return part

    def _decoded(self, name: str, content: str) -> bytes:
        text = attached_json.taken_out(content, self._taken_out)
        try:
            return attached_json.decoded(content.encode() if text is None else text)
        except ValueError as error:
            raise PlainError(
                f'error decoding base64 attachment "{name}": {error}'
            ) from None


def _sniffed(name: str, octets: bytes) -> str:
    """Return the media type of a file, from its beginning or else its name."""
    if kind := types.signature(octets):
        return kind
    if guessed := mimetypes.guess_type(name)[0]:
        return guessed
    return "text/plain" if _is_text(octets[:512]) else "application/octet-stream"


def _is_text(octets: Iterable[int]) -> bool:
    return all(each >= 0x20 or each in b"\t\n\f\r\x1b" for each in octets)
