"""MailHog's objects: a message with its header fields, its body as sent, and its MIME parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inbox.api.as_received import AsReceived
from inbox.api.plain_answers import stamp
from inbox.errors import NotFound
from inbox.mailbox import messages
from inbox.mailbox.offsets import StoredMail
from inbox.models import Route
from inbox.serializers import Shape
from mailsink.mime import structure
from mailsink.mime.structure import Part


def message(stored: StoredMail, most: int | None = None) -> Shape:
    """Return a message; without its body where that has more octets than most."""
    octets = _octets(stored, most)
    mail, row = AsReceived(stored), stored.message
    parsed = structure.parse(octets)
    root, parts = parsed.parts[0], _parts(octets, parsed.parts)
    content = _headers(mail.fields(without="Bcc"))
    return {
        "ID": str(row.pk),
        "From": _path(stored.reverse_path, row.transaction.parameters),
        "To": [_path(each) for each in stored.recipients],
        "Content": {
            "Headers": content,
            "Body": _text(root.body(octets)),
            "Size": row.size,
            "MIME": None,
        },
        "Created": stamp(row.received_at, 6),
        "MIME": {"Parts": parts} if _is_multipart(root) else None,
        "Raw": {
            "From": stored.reverse_path,
            "To": list(stored.recipients),
            "Data": _text(octets),
            "Helo": stored.session.helo,
        },
    }


def _octets(stored: StoredMail, most: int | None) -> bytes:
    if most is not None and stored.message.size > most:
        return b""
    try:
        return messages.open_raw(stored.message)
    except NotFound:
        return b""


def _path(address: str, params: str = "") -> Shape:
    mailbox, at, domain = address.rpartition("@")
    if not at:
        mailbox, domain = address, ""
    return {"Relays": None, "Mailbox": mailbox, "Domain": domain, "Params": params}


def _headers(fields: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def _parts(octets: bytes, parts: Sequence[Part]) -> list[Shape]:
    """Return the parts of the root, those of each multipart within it; no recursion."""
    shapes: dict[int, Shape] = {}
    for part in reversed(parts[1:]):  # children before their parents
        inner = [
            shapes.pop(each.index) for each in part.children if each.index in shapes
        ]
        body = part.body(octets)
        shapes[part.index] = {
            "Headers": _headers((each.name, each.encoded) for each in part.fields),
            "Body": _text(body),
            "Size": len(body),
            "MIME": {"Parts": inner} if _is_multipart(part) else None,
        }
    return [shapes[each.index] for each in parts[0].children if each.index in shapes]


def _is_multipart(part: Part) -> bool:
    return part.content_type.startswith("multipart/")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def server(route: Route) -> Shape:
    """Return a route as an outgoing SMTP server of MailHog; its password is never shown."""
    return {
        "Name": route.name,
        "Save": True,
        "Email": "",
        "Host": route.host,
        "Port": str(route.port),
        "Username": route.username,
        "Password": "",
        "Mechanism": "PLAIN" if route.username else "",
    }
