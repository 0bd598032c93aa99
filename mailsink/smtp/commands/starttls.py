"""STARTTLS (RFC 3207)."""

from __future__ import annotations

import ssl

from mailsink.smtp.protocol import replies
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.tls_handshake import (
    await_octets,
    broken_off,
    new_layer,
    shake_hands,
)


def starttls(session: Session, argument: str) -> Steps[None]:
    """RFC 3207 §4: 220 and the handshake; then nothing is known of the client."""
    context = _context(session, argument)
    decided = yield from consult(session, "starttls")
    layer = new_layer(session, context)
    layer.client = session.helo
    yield from session.send_reply(decided or replies.GO_AHEAD)
    # What came before the 220 was written may be an attacker's (RFC 3207 §6).
    session.discard_input()
    seconds = session.profile.handshake_timeout
    try:
        yield from await_octets(session, seconds)
    except SessionEnded as ended:
        raise broken_off(session, ended, seconds) from None
    yield from shake_hands(session, layer)


def _context(session: Session, argument: str) -> ssl.SSLContext:
    """Return what to begin TLS with; raises Refusal."""
    context = session.profile.tls
    if session.tls is not None:
        raise Refusal(replies.TLS_TWICE)
    if context is None:
        raise Refusal(replies.not_offered("STARTTLS"))
    if argument:
        raise Refusal(replies.syntax("STARTTLS"))
    if not session.helo:
        raise Refusal(session.hello_missing())
    if session.transaction is not None:
        raise Refusal(replies.in_transaction("STARTTLS"))
    return context
