"""The message that POST /api/v1/send describes, as octets.

Bodies and files come out exactly as they were given.
"""

from __future__ import annotations

import mimetypes
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import MIMEPart
from email.quoprimime import body_encode
from email.utils import format_datetime

from inbox.api.mailpit import tags
from inbox.api.plain_answers import GoObject, PlainError
from mailsink.conf import CONFIG
from mailsink.ids import uuid7
from mailsink.mime import types

MOST_RECIPIENTS = 100
_MOST_HEADERS = 200
_POLICY = policy.SMTP
_OURS = frozenset(
    "to from cc bcc reply-to date subject content-type mime-version".split()
)


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """A message with its envelope and its tags."""

    octets: bytes
    reverse_path: str
    recipients: list[str]
    tags: list[str]


def compose(asked: GoObject) -> ComposedMail:
    """Return the message that a request describes. Raises PlainError."""
    sender = GoObject(asked.get("From"))
    if not sender.text("Email"):
        raise PlainError("error building message: from not set")
    to, cc, reply_to = (
        _addresses(asked, name, label)
        for name, label in (("To", "To"), ("Cc", "Cc"), ("ReplyTo", "Reply-To"))
    )
    bcc = [_address("", each, "Bcc").addr_spec for each in asked.texts("Bcc")]
    paths = list(dict.fromkeys([*(each.addr_spec for each in (*to, *cc)), *bcc]))
    if not paths:
        raise PlainError("error building message: no recipients (to, cc, bcc) set")
    if len(paths) > MOST_RECIPIENTS:
        raise PlainError(
            f"error building message: more than {MOST_RECIPIENTS} recipients"
        )
    origin = _address(sender.text("Name"), sender.text("Email"), "From")
    names = tags.cleaned(asked.texts("Tags"))
    root = _content(asked)
    try:
        for name, value in (
            ("From", [origin]),
            ("To", to),
            ("Cc", cc),
            ("Reply-To", reply_to),
        ):
            if value:
                root[name] = value
        root["Subject"] = asked.text("Subject")
        root["Date"] = format_datetime(datetime.now(UTC))
        if names:
            root["X-Tags"] = ", ".join(names)
        _add_headers(root, GoObject(asked.get("Headers")), asked, bool(names))
        if "MIME-Version" not in root:
            root["MIME-Version"] = "1.0"
        octets = root.as_bytes(policy=_POLICY)
    except (MessageError, ValueError, LookupError) as error:
        raise PlainError(f"error building message: {error}") from None
    return ComposedMail(octets, origin.addr_spec, paths, names)


def _addresses(asked: GoObject, name: str, label: str) -> list[Address]:
    return [
        _address(each.text("Name"), each.text("Email"), label)
        for each in asked.structs(name)
    ]


def _address(name: str, email: str, label: str) -> Address:
    try:
        found = Address(display_name=name, addr_spec=email.strip())
    except (MessageError, ValueError, LookupError):
        raise PlainError(f"invalid {label} address: {email[:254]}") from None
    if not found.domain or not found.username:
        raise PlainError(f"invalid {label} address: {email[:254]}")
    return found


def _add_headers(
    root: MIMEPart, given: GoObject, asked: GoObject, has_tags: bool
) -> None:
    refused = _OURS | {"x-tags"} if has_tags else _OURS
    raw = asked.get("Headers") or {}
    if len(given) > _MOST_HEADERS:
        raise PlainError(f"error building message: more than {_MOST_HEADERS} headers")
    for name in raw:
        if name.lower() in refused:
            raise PlainError(f'cannot overwrite header: "{name}"')
        if not name.isascii() or not name.isprintable() or set(name) & set(" :"):
            raise PlainError(f'error building message: "{name}" is no header')
        root[name] = given.text(name)
    if "Message-ID" not in root:
        root["Message-ID"] = f"<{uuid7()}@{CONFIG.hostname}>"


def _content(asked: GoObject) -> MIMEPart:
    """Return text and HTML, with what goes with them."""
    files = [_file(each) for each in asked.structs("Attachments")]
    inline = [part for part in files if part["Content-ID"]]
    others = [part for part in files if not part["Content-ID"]]
    bodies = []
    if asked.text("Text") or not asked.text("HTML"):
        bodies.append(_text(asked.text("Text"), "plain"))
    if html := asked.text("HTML"):
        bodies.append(_text(html, "html"))
    whole = _several("alternative", bodies)
    whole = _several("related", [whole, *inline])
    return _several("mixed", [whole, *others])


def _several(kind: str, parts: Sequence[MIMEPart]) -> MIMEPart:
    if len(parts) == 1:
        return parts[0]
    whole = MIMEPart(policy=_POLICY)
    whole["Content-Type"] = f"multipart/{kind}"
    for each in parts:
        whole.attach(each)
    return whole


def _text(text: str, subtype: str) -> MIMEPart:
    part = MIMEPart(policy=_POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(body_encode(text.encode().decode("latin-1")))
    return part


def _file(given: GoObject) -> MIMEPart:
    name = given.text("Filename")
    try:
        octets = b64decode(given.text("Content").rpartition(",")[2], validate=True)
    except ValueError as error:
        raise PlainError(
            f'error decoding base64 attachment "{name}": {error}'
        ) from None
    content_type = given.text("ContentType") or _sniffed(name, octets)
    main, _, sub = content_type.partition(";")[0].strip().partition("/")
    cid = given.text("ContentID").strip("<> ")
    part = MIMEPart(policy=_POLICY)
    try:
        part.set_content(
            octets,
            main,
            sub or "octet-stream",
            disposition="inline" if cid else "attachment",
            filename=name,
            cid=f"<{cid}>" if cid else None,
        )
    except (MessageError, ValueError, LookupError) as error:
        raise PlainError(f"error building message: {error}") from None
    return part


def _sniffed(name: str, octets: bytes) -> str:
    """Return the type of a file by its beginning, then by its name."""
    if kind := types.signature(octets):
        return kind
    if guessed := mimetypes.guess_type(name)[0]:
        return guessed
    return "text/plain" if _is_text(octets[:512]) else "application/octet-stream"


def _is_text(octets: Iterable[int]) -> bool:
    return all(each >= 0x20 or each in b"\t\n\f\r\x1b" for each in octets)
