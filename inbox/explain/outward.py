"""The outcome of a session in which Mailsink was the client, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain import causes
from inbox.explain.inputs import Exchangelike, Sessionlike
from inbox.explain.quantities import counted


def outcome(session: Sessionlike, refusal: Exchangelike | None, refused: int) -> str:
    """Return the outcome: "Sent 1 message · Recipient rejected (550)".

    refusal: the decisive reply, or None; refused: the number of its recipients
    """
    parts = [_sent(session), cause(session, refusal, refused)]
    if session.ending is None:
        parts.append(state(session))
    return " · ".join(filter(None, parts)) or _("Closed without sending mail")


def cause(session: Sessionlike, refusal: Exchangelike | None, refused: int) -> str:
    """Return why it failed, or failed in part, in a few words; "" if it did not."""
    if refusal is not None and refusal.kind != "notice":
        return causes.refusal(refusal, refused)
    return _(_CAUSES.get(session.ending or "", ""))


def state(session: Sessionlike) -> str:
    """Return what an open session waits for."""
    if not session.last_verb:
        return _("Waiting for the greeting")
    return _("Waiting for the reply to %(verb)s") % {"verb": session.last_verb}


def ending(session: Sessionlike, last_line: str) -> str:
    """Return how it ended, as a sentence. last_line: of a notice at its end"""
    return last_line or _(_SENTENCES[session.ending or ""])


def _sent(session: Sessionlike) -> str:
    if not session.messages:
        return ""
    messages = counted(session.messages, "message")
    if session.ending is None:
        return _("Sent %(messages)s so far") % {"messages": messages}
    return _("Sent %(messages)s") % {"messages": messages}


_CAUSES = {
    "dropped": gettext_noop("Disconnected by the server"),
    "timeout": gettext_noop("No answer in time"),
    "refused": gettext_noop("No connection"),
    "tls_failed": gettext_noop("TLS failed"),
    "shutdown": gettext_noop("Mailsink was stopped"),
    "error": gettext_noop("Broken off"),
    "crashed": gettext_noop("Mailsink crashed or was killed"),
}
_SENTENCES = {
    "": "",
    "quit": gettext_noop("Closed normally (QUIT)."),
    "dropped": gettext_noop("The server closed the connection."),
    "timeout": gettext_noop("The server did not answer in time: Mailsink closed the connection."),
    "refused": gettext_noop("The server ended the session: its last reply says why."),
    "tls_failed": gettext_noop("There was no TLS: Mailsink closed the connection."),
    "shutdown": gettext_noop("Mailsink was stopped and closed the connection."),
    "error": gettext_noop("Mailsink closed the connection, since it could not go on."),
    "crashed": gettext_noop("Mailsink crashed or was killed during this session."),
    "turned": gettext_noop("Roles reversed."),
}  # fmt: skip
