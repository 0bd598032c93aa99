"""RSET, NOOP and QUIT: the commands that a client may send at any time."""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.transaction_end import give_up_transaction


def rset(session: Session, argument: str) -> Steps[Reply]:
    """Give up the open transaction (RFC 5321 §4.1.1.5)."""
    yield from give_up_transaction(session, "reset")
    return replies.RESET


def noop(session: Session, argument: str) -> Reply:
    """Do nothing; any argument is ignored (RFC 5321 §4.1.1.9)."""
    return replies.NOTHING_DONE


def quit_(session: Session, argument: str) -> Reply:
    """Return the goodbye; dispatch ends the session (RFC 5321 §4.1.1.10)."""
    return replies.BYE
