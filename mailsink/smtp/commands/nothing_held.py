"""The held mail of a server that holds none: every request gets that reply."""

from __future__ import annotations

from mailsink.ports import Courier, MailRequest
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply


def nothing_waits(request: MailRequest) -> Reply:
    """Return the reply when no mail waits; for TURN, RFC 821 has no 453."""
    if request.verb == "TURN":
        return replies.NOTHING_TO_TURN_FOR
    if request.verb == "ATRN":
        return replies.NOTHING_WAITS
    [node] = request.nodes
    if node.startswith("#"):
        return replies.NO_SUCH_QUEUE
    return replies.nothing_waits_for(node.removeprefix("@"))


class NothingHeld:
    """Implements mailsink.ports.HeldMail."""

    async def ask(self, request: MailRequest) -> Reply | Courier:
        return nothing_waits(request)
