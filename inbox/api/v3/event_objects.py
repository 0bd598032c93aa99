"""The objects of API v3 for events, as webhooks send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from uuid import UUID

from inbox import serializers
from inbox.api.v3 import message_details, releases
from inbox.errors import NotFound
from inbox.mailbox import messages, sessions, transactions
from inbox.mailbox.large import LARGE
from inbox.mailbox.scope import ALL
from inbox.models import Message
from inbox.outgoing import releases as kept_releases
from inbox.serializers import Shape
from mailsink.mime import reports
from mailsink.web.workers import Off, Unanswered

HaveDone = Callable[[Mapping[str, str]], bytes]
# Members of a message for which its body must be read.
_OF_BODY = ["html", "text", "parts"]


class EventObjects:
    """Provides the objects for webhooks. Large messages are read in another process."""

    def __init__(self, have_done: HaveDone) -> None:
        """have_done: see Workers.have_done"""
        self._have_done = have_done

    def get(self, event: str, id: UUID) -> Shape | None:
        """Return the object of an event; None if it was deleted."""
        try:
            if not event.startswith("message."):
                return _OTHERS[event.partition(".")[0]](id)
            message = messages.get(ALL, id)
            if message.size > LARGE:
                return self._large(message)
            return message_details.detail(ALL, message)
        except NotFound:
            return None

    def is_bounce(self, id: UUID) -> bool:
        """Whether a message is a delivery report."""
        try:
            message = messages.get(ALL, id)
            if message.size > LARGE:
                report = self._large(message).get("report") or {}
                return bool(report.get("kind") == "delivery")
            reading = message_details.opened(message).reading
        except NotFound:
            return False
        found = reports.read(reading, message.transaction.reverse_path)
        return found is not None and found.kind == "delivery"

    def _large(self, message: Message) -> Shape:
        """Return a large message; without the members of its body if reading fails."""
        try:
            read = self._have_done({"type": "message", "id": str(message.pk)})
        except Off:
            raise
        except Unanswered:
            return {**serializers.message(message), "truncated": _OF_BODY}
        shape: Shape = json.loads(read)
        return shape


def message_json(id: str) -> bytes:
    """Return a message as JSON, for another process than the server. Raises NotFound."""
    message = messages.get(ALL, id)
    return json.dumps(message_details.detail(ALL, message)).encode()


def _transaction(id: UUID) -> Shape:
    return serializers.transaction(transactions.get(ALL, id))


def _session(id: UUID) -> Shape:
    return serializers.session(sessions.get(ALL, id))


def _release(id: UUID) -> Shape:
    return releases.shape(kept_releases.get(ALL, id))


_OTHERS: dict[str, Callable[[UUID], Shape]] = {
    "transaction": _transaction,
    "session": _session,
    "release": _release,
}
