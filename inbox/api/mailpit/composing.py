"""Composes the message that POST /api/v1/send describes, as octets.

Bodies and files stay exactly as given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry
from email.message import MIMEPart
from email.quoprimime import body_encode
from email.utils import format_datetime

from inbox.api.mailpit import tags
from inbox.api.mailpit.attaching import AttachedFiles
from inbox.api.plain_answers import GoObject, PlainError
from mailsink.conf import CONFIG
from mailsink.ids import uuid7

MOST_RECIPIENTS = 100
_MOST_HEADERS = 200
# Limits of the texts in the header. The library folds them in quadratic time, and takes
# far longer if they are not ASCII.
_LONGEST = {"subject": 2000}  # characters, by field name
_LONGEST_FIELD = 10_000  # characters of any other field
_LONGEST_NAME = 320  # characters of a name or an address: RFC 5321 §4.5.3.1
_LONGEST_HEADER = 32 * 1024  # characters of all texts
_MOST_ENCODED = 4 * 1024  # octets of all texts that are not ASCII
# The library's errors for texts that it cannot read; some come from its bugs
_FAULTS = (MessageError, ValueError, LookupError, AttributeError, RecursionError)
_OURS = frozenset(
    "to from cc bcc reply-to date subject content-type mime-version "
    "content-transfer-encoding content-disposition".split()
)


def _fields_of_ours() -> HeaderRegistry:
    """Return the library's field types; fields that a client adds are plain text.

    The library takes minutes to parse 10,000 characters as the addresses of a
    Resent-To.
    """
    kinds = HeaderRegistry()
    kept = _OURS | {"message-id"}
    kinds.registry = {n: kind for n, kind in kinds.registry.items() if n in kept}
    return kinds


_POLICY = policy.SMTP.clone(header_factory=_fields_of_ours())


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """A message with its envelope and its tags."""

    octets: bytes
    reverse_path: str
    recipients: list[str]
    tags: list[str]


def compose(asked: GoObject, taken_out: list[bytes]) -> ComposedMail:
    """Return the message that a request describes. Raises PlainError.

    taken_out: the files in base64 that were taken out of the request
    """
    _check_length(asked)
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
    files = AttachedFiles(asked.structs("Attachments"), taken_out)
    root = _content(asked, files)
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
        octets = files.put_into(root.as_bytes(policy=_POLICY))
    except _FAULTS as error:
        raise PlainError(f"error building message: {error}") from None
    return ComposedMail(octets, origin.addr_spec, paths, names)


def _addresses(asked: GoObject, name: str, label: str) -> list[Address]:
    return [
        _address(each.text("Name"), each.text("Email"), label)
        for each in asked.structs(name)
    ]


def _address(name: str, email: str, label: str) -> Address:
    if max(len(name), len(email)) > _LONGEST_NAME:
        raise PlainError(
            f"invalid {label} address: more than {_LONGEST_NAME} characters"
        )
    try:
        found = Address(display_name=name, addr_spec=email.strip())
    except _FAULTS:
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
            raise PlainError(f'error building message: "{name}" is not a header')
        root[name] = given.text(name)
    if "Message-ID" not in root:
        root["Message-ID"] = f"<{uuid7()}@{CONFIG.hostname}>"


def _check_length(asked: GoObject) -> None:
    """Raise PlainError if a text of the header, or all of them, would be too long."""
    given = GoObject(asked.get("Headers"))
    fields = [("Subject", asked.text("Subject"))]
    fields += [(name, given.text(name)) for name in given]
    for name, value in fields:
        most = _LONGEST.get(name.lower(), _LONGEST_FIELD)
        if len(name) + len(value) > most:
            raise PlainError(
                f"error building message: {name[:80]} has more than {most} characters"
            )
    texts = [text for field in fields for text in field]
    texts += [*asked.texts("Bcc"), *asked.texts("Tags")]
    people = [GoObject(asked.get("From"))]
    for name in ("To", "Cc", "ReplyTo"):
        people += asked.structs(name)
    texts += [each.text(key) for each in people for key in ("Name", "Email")]
    encoded = sum(len(each.encode()) for each in texts if not each.isascii())
    if sum(map(len, texts)) > _LONGEST_HEADER or encoded > _MOST_ENCODED:
        raise PlainError("error building message: the header is too long")


def _content(asked: GoObject, files: AttachedFiles) -> MIMEPart:
    """Return the text and HTML, with the files that belong to them."""
    inline = [part for part in files.parts if part["Content-ID"]]
    others = [part for part in files.parts if not part["Content-ID"]]
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
