"""Reads a message for the list, the search and the findings.

The indexer uses it for small messages in the server, and for large ones in another
process, whose result comes back as JSON.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from inbox.insight.findings.body_signs import BodySpot, examine
from inbox.models import Message, Raw, Recipient
from inbox.search import fulltext
from inbox.search.fulltext import Texts
from inbox.search.fulltext.index import body_text
from inbox.storage import body_store
from mailsink.mime import structure
from mailsink.mime.reading import Reading

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extract:
    """The result of reading a message.

    attachments: their number; spots: findings about the client in the body; texts: for
    the full text
    """

    texts: Texts
    snippet: str = ""
    attachments: int = 0
    spots: Sequence[BodySpot] = ()


def extract(
    message: Message,
    raw: Raw | None,
    forward_paths: Sequence[str],
    most: int | None = None,
) -> Extract:
    """Read a message, whose transaction is loaded; without its body if that is lost.

    forward_paths: its recipients; most: the octets to read, from the start
    """
    reverse_path = message.transaction.reverse_path
    octets = _octets(message, raw, most)
    if raw is None or octets is None:
        return Extract(fulltext.texts(message, reverse_path, forward_paths))
    reading = Reading(octets, structure.parse(octets, checked=False))
    body = body_text(reading)
    return Extract(
        fulltext.texts(
            message, reverse_path, forward_paths, body, reading.structure.root.fields
        ),
        reading.snippet,
        len(reading.attachments),
        examine(octets, raw.complete, forward_paths, raw.size, reading.structure),
    )


def _octets(message: Message, raw: Raw | None, most: int | None) -> bytes | None:
    why = "it is not stored"
    try:
        if raw is not None:
            return (
                body_store.read(raw)
                if most is None
                else body_store.read_start(raw, most)
            )
    except FileNotFoundError as error:
        why = str(error)
    # A message that was deleted for good meanwhile rightly has no body.
    if Message.objects.filter(pk=message.pk).exists():
        log.error("Message %s has lost its body: %s", message.pk, why)
    return None


def by_id(id: str) -> bytes:
    """Read a message; return the result, for `load`. Raises Message.DoesNotExist."""
    message = Message.objects.select_related("transaction").get(pk=id)
    raw = Raw.objects.filter(pk=message.transaction_id).first()
    named = Recipient.objects.filter(transaction=message.transaction_id)
    paths = list(named.values_list("forward_path", flat=True))
    return json.dumps(asdict(extract(message, raw, paths))).encode()


def load(octets: bytes) -> Extract:
    """Return the result of by_id."""
    members = json.loads(octets)
    members["texts"] = Texts(**members["texts"])
    members["spots"] = [BodySpot(**each) for each in members["spots"]]
    return Extract(**members)
