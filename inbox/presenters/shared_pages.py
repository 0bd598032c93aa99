"""The page of a share link: one message, or the transcript of one session."""

from __future__ import annotations

from inbox import explain
from inbox.content import fields
from inbox.insight import session_facts
from inbox.mailbox import sessions, transcripts
from inbox.mailbox.scope import Scope
from inbox.models import Session
from inbox.presenters import attached, linked
from inbox.presenters.message_page import MessagePage
from inbox.presenters.tabs import FIELDS_SHOWN, SHOWN
from mailsink.mime import headers
from mailsink.text import pictured

LINES = transcripts.LINES  # of a session, on a page


def of_message(mail: MessagePage) -> dict[str, object]:
    """Return the context of a message's page."""
    text = mail.text
    block = headers.scan(mail.octets)
    return {
        "mail": mail,
        "pieces": list(linked.pieces(text[:SHOWN])),
        "is_cut": len(text) > SHOWN,
        "fields": fields.rows(block.fields[:FIELDS_SHOWN], ""),
        "more_fields": max(0, len(block.fields) - FIELDS_SHOWN),
        "source": pictured(mail.octets[:SHOWN]),
        "source_left": max(0, len(mail.octets) - SHOWN),
        "lines": list(explain.lines(mail.exchanges)),
        **attached.view(mail),
    }


def of_session(scope: Scope, session: Session, after: int) -> dict[str, object]:
    """Return the context of a session's page. after: the line after which it begins"""
    facts = session_facts.of([session])[session.pk]
    last = after + LINES
    return {
        "session": session,
        "headline": explain.headline(session, facts),
        "ending": explain.ending(session, facts) or explain.state(session, facts),
        "lines": list(
            explain.lines(sessions.exchanges(scope, session.pk, after, LINES))
        ),
        "later": last if last < session.exchanges else None,
        "earlier": max(0, after - LINES) if after else None,
    }
