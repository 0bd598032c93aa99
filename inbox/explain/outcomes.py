"""The outcome of a session, in words: for its row in a list and the title of its page."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.inputs import Sessionlike
from inbox.explain.quantities import counted


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts that a session's own row does not hold (see inbox.insight.session_facts)."""

    recipients: int = 0
    recipients_refused: int = 0
    recipient_code: int | None = None  # the worst that a recipient was refused with
    not_accepted: int = 0  # transactions that were answered 4yz or 5yz at their end
    not_accepted_code: int | None = None
    body_octets: int | None = None  # of a body that did not end
    flags: frozenset[str] = field(default_factory=frozenset)  # of the last exchange
    last_us: int = 0  # when the last exchange happened, since the session opened


NOTHING_MORE = Facts()


def peer(session: Sessionlike) -> str:
    """Return the name a session goes by: what it said in EHLO, else [its address]."""
    return session.helo or f"[{session.client_address}]"


def state(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return what an open session is doing: "waiting after MAIL"."""
    if facts.body_octets is not None:
        return _("sending a message, %(octets)s so far") % {
            "octets": counted(facts.body_octets, "byte")
        }
    if session.last_verb:
        return _("waiting after %(verb)s") % {"verb": session.last_verb}
    return _("connected, has said nothing yet")


def outcome(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return what came of a session: "1 message · one recipient refused (451)"."""
    if session.ending is None:
        return state(session, facts)
    parts = [_messages(session, facts), _recipients(facts), _ending(session, facts)]
    return " · ".join(part for part in parts if part) or _(
        "said goodbye, sent no message"
    )


def ending(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return how a session ended, as sentences; "" while it goes on."""
    if session.ending is None:
        return ""
    after = (
        _(" after %(verb)s") % {"verb": session.last_verb} if session.last_verb else ""
    )
    if facts.body_octets is not None and session.ending in _BROKEN:
        octets = counted(facts.body_octets, "byte")
        after = _(
            " in the middle of a message, after %(octets)s; it was not accepted"
        ) % {"octets": octets}
    if session.ending == "refused" and session.last_verb:
        return _(
            "Mailsink closed the connection%(after)s: its last reply says why."
        ) % {"after": after}
    return _(_SENTENCES[session.ending]).format(after=after)


def headline(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return the title of a session's page: "app.test → 1 message"."""
    if session.ending is None:
        so_far = _messages(session, facts)
        live = _("%(messages)s so far") % {"messages": so_far} if so_far else _("live")
        return f"{peer(session)} → {live}"
    return f"{peer(session)} → {outcome(session, facts)}"


def _messages(session: Sessionlike, facts: Facts) -> str:
    parts = [counted(session.messages, "message")] if session.messages else []
    if facts.not_accepted:
        code = f" ({facts.not_accepted_code})" if facts.not_accepted_code else ""
        parts.append(
            _("%(messages)s not accepted%(code)s")
            % {"messages": counted(facts.not_accepted, "message"), "code": code}
        )
    return " · ".join(parts)


def _recipients(facts: Facts) -> str:
    refused = facts.recipients_refused
    if not refused:
        return ""
    code = f" ({facts.recipient_code})" if facts.recipient_code else ""
    if refused == facts.recipients:
        who = (
            _("the recipient")
            if refused == 1
            else _("all %(refused)s recipients") % {"refused": f"{refused:,}"}
        )
    elif refused == 1:
        who = _("one recipient")
    else:
        who = _("%(refused)s of %(recipients)s recipients") % {
            "refused": f"{refused:,}",
            "recipients": f"{facts.recipients:,}",
        }
    return _("%(who)s refused%(code)s") % {"who": who, "code": code}


def _ending(session: Sessionlike, facts: Facts) -> str:
    after = (
        _(" after %(verb)s") % {"verb": session.last_verb} if session.last_verb else ""
    )
    if known := _BY_FLAG.keys() & facts.flags:
        return _(_BY_FLAG[known.pop()])
    if facts.body_octets is not None and session.ending in _BROKEN:
        verb = session.last_verb if session.last_verb == "BDAT" else "DATA"
        octets = counted(facts.body_octets, "byte")
        return _("%(broken)s in %(verb)s after %(octets)s") % {
            "broken": _(_BROKEN[session.ending]),
            "verb": verb,
            "octets": octets,
        }
    if session.ending == "refused" and session.last_verb:
        return _("closed by us%(after)s") % {"after": after}
    if session.ending == "refused":
        code = f" ({session.worst_code})" if session.worst_code else ""
        return _("refused at connect%(code)s") % {"code": code}
    if session.ending == "dropped" and not session.last_verb:
        return _("connected and left, said nothing")
    if session.ending in _BROKEN:
        return _(_BROKEN[session.ending]) + after
    return _(_CLOSED.get(session.ending or "", ""))


_BROKEN = {
    "dropped": gettext_noop("dropped"),
    "timeout": gettext_noop("timed out"),
    "shutdown": gettext_noop("closed by our shutdown"),
    "error": gettext_noop("closed by an error"),
    "crashed": gettext_noop("crashed: Mailsink itself was stopped"),
}
_BY_FLAG = {
    "tls_on_plain": gettext_noop("TLS on a plain port"),
    "plain_on_tls": gettext_noop("plain text on a TLS port"),
    "http_on_smtp": gettext_noop("HTTP on the SMTP port"),
    "bad_proxy_header": gettext_noop("no PROXY header"),
    "proxy_not_trusted": gettext_noop("PROXY header not trusted"),
    "tls_untrusted": gettext_noop("TLS failed: the certificate is not trusted"),
    "tls_no_version": gettext_noop("TLS failed: no version in common"),
    "tls_no_cipher": gettext_noop("TLS failed: no cipher in common"),
    "left_at_certificate": gettext_noop("left when it saw the certificate"),
}
_CLOSED = {
    "tls_failed": gettext_noop("TLS failed"),
    "turned": gettext_noop("turned round: the server sent mail"),
}

_SENTENCES = {
    "quit": gettext_noop("Ended well: the client said QUIT."),
    "dropped": gettext_noop("The client dropped the connection without QUIT{after}."),
    "timeout": gettext_noop("It took too long{after}: we closed the connection."),
    "shutdown": gettext_noop("Mailsink was stopped, and closed the connection{after}."),
    "refused": (
        gettext_noop(
            "The connection was refused at once: too many are open, a rule said so, or what "
            "came first was not SMTP."
        )
    ),
    "tls_failed": gettext_noop("The TLS handshake failed."),
    "turned": gettext_noop(
        "The roles were turned round: Mailsink sent mail, then closed."
    ),
    "error": gettext_noop("Mailsink closed the connection{after}: it could not go on."),
    "crashed": gettext_noop(
        "Mailsink itself ended suddenly (crashed, or killed){after}."
    ),
}
