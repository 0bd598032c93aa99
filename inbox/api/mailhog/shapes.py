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

MOST = 256 * 1024 * 1024  # octets of the JSON of a message
# MailHog repeats a multipart next to its parts. This is the limit in multiples of the
# message, so that deeply nested mail does not grow with each level.
_MOST_NESTED = 4
_ASIS = bytes(n for n in range(0x20, 0x80) if n not in b'<>&"\\\x7f')


def message(stored: StoredMail, most: int = MOST) -> Shape:
    """Return a message; without its body if the JSON would be longer than `most` octets."""
    octets = _octets(stored, most)
    parsed = structure.parse(octets)
    texts = PartTexts(octets, _MOST_NESTED * len(octets))
    parts = _parts(texts, parsed.parts)
    if texts.written + 2 * written(octets) > most:
        octets, parts, parsed = b"", [], structure.parse(b"")
    mail, row, root = AsReceived(stored), stored.message, parsed.parts[0]
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


def written(octets: bytes) -> int:
    """Return the maximum of octets in JSON for these octets: an escaped one has six."""
    return len(octets) + 5 * len(octets.translate(None, _ASIS))


def _octets(stored: StoredMail, most: int) -> bytes:
    if stored.message.size > most:
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


class PartTexts:
    """The bodies of parts as texts; those of multiparts only while there is room."""

    def __init__(self, octets: bytes, room: int) -> None:
        """octets: the message; room: for the octets of all multiparts together"""
        self._octets = octets
        self._room = room
        self.written = 0  # octets of JSON, at most

    def of(self, part: Part) -> str:
        """Return the body of a part; "" if there is no room for it."""
        if _is_multipart(part):
            self._room -= part.size
            if self._room < 0:
                return ""
        body = part.body(self._octets)
        self.written += written(body)
        return _text(body)


def _parts(texts: PartTexts, parts: Sequence[Part]) -> list[Shape]:
    """Return the parts of the root, with those of each multipart in it; no recursion."""
    root, *others = parts
    inner: dict[int, list[Shape]] = {root.index: []}  # by the index of their multipart
    for part in others:  # parents before their children
        above = inner.get(part.parent.index) if part.parent else None
        if above is None:
            continue  # in an enclosed message
        is_multipart = _is_multipart(part)
        if is_multipart:
            inner[part.index] = []
        above.append(
            {
                "Headers": _headers((each.name, each.encoded) for each in part.fields),
                "Body": texts.of(part),
                "Size": part.size,
                "MIME": {"Parts": inner[part.index]} if is_multipart else None,
            }
        )
    return inner[root.index]


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
