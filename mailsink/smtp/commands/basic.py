"""RSET, NOOP and QUIT: the commands that every session may send at any time."""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Steps
from mailsink.smtp.session.session import Session


def rset(session: Session, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.5."""
    yield from session.give_up_transaction("reset")
    return replies.RESET


def noop(session: Session, argument: str) -> Reply:
    """RFC 5321 §4.1.1.9: the argument means nothing."""
    return replies.NOTHING_DONE


def quit_(session: Session, argument: str) -> Reply:
    """RFC 5321 §4.1.1.10."""
    return replies.BYE
