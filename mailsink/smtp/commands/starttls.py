"""STARTTLS (RFC 3207)."""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.shaped_replies import send_reply
from mailsink.smtp.session.tls_handshake import (
    await_octets,
    broken_off,
    new_layer,
    planned_layer,
    shake_hands,
)


def unavailable(session: Session) -> Reply | None:
    """Return the refusal of a listener without TLS."""
    return replies.not_offered("STARTTLS") if session.profile.tls is None else None


def starttls(session: Session, argument: str) -> Steps[None]:
    """Reply 220 and shake hands, then forget what the client said (RFC 3207 §4)."""
    context = session.profile.tls
    assert context is not None  # else STARTTLS is unavailable
    decided = yield from consult(session, "starttls")
    layer = planned_layer(session) or new_layer(session, context)
    layer.client = session.helo
    yield from send_reply(session, decided or replies.GO_AHEAD)
    # Input received before the 220 was written may be an attacker's (RFC 3207 §6).
    session.discard_input()
    seconds = session.profile.handshake_timeout
    try:
        yield from await_octets(session, seconds)
    except SessionEnded as ended:
        raise broken_off(session, ended, seconds) from None
    yield from shake_hands(session, layer)
