"""The greeting (RFC 5321 §3.1), or a refusal, at the connect and after XCLIENT."""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import PAUSE, Refusal, SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.shaped_replies import send_reply


def greeting(session: Session) -> Steps[Reply]:
    """Return the greeting.

    A refused client gets its reply here: raises SessionEnded.
    """
    try:
        if session.refusal is not None:
            raise Refusal(session.refusal)
        yield PAUSE  # so that the octets of an early talker can arrive
        decided = yield from consult(session, "connect")
        session.take_placement()
    except Refusal as refusal:
        session.take_placement()  # members of the inbox must see the refusal
        yield from send_reply(session, refusal.reply)
        raise SessionEnded("refused") from None
    profile = session.profile
    protocol = "LMTP" if profile.protocol == "lmtp" else "ESMTP"
    return decided or replies.greeting(profile.hostname, protocol)
