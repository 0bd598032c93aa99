"""The outcome of a session, in words: for its row in a list and the title of its page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain import causes, outward
from inbox.explain.inputs import Exchangelike, Sessionlike
from inbox.explain.quantities import counted, waited


@dataclass(frozen=True, slots=True)
class FirstEnvelope:
    """The envelope of a session's first transaction; "" for an unknown address."""

    sender: str = ""
    recipient: str = ""
    more: int = 0  # further recipients


NOBODY = FirstEnvelope()


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts that a session's own row does not have (see inbox.insight.session_facts)."""

    refusal: Exchangelike | None = None  # the one that decided the outcome
    refused: int = 1  # refused recipients, if it refused one; 0: many
    unseen: bool = False  # a refusal is too far down to be found
    body_octets: int | None = None  # of a body that did not end
    last_line: str = ""  # of the last exchange: a notice with the ending
    flags: frozenset[str] = field(default_factory=frozenset)  # of the last exchange
    last_seq: int = 0  # of the last exchange, or of that body
    envelope: FirstEnvelope = NOBODY
    last_us: int = 0  # time of the last exchange, since the session opened
    discarded: int = 0  # messages, by rules
    sent: int | None = None  # messages sent with reversed roles; None: unknown


NOTHING_MORE = Facts()


def peer(session: Sessionlike) -> str:
    """Return the name of a session: the client's EHLO name, or else its address.

    For an outward session, it is the host and port of the server.
    """
    if session.direction == "out":
        return session.listener
    address = session.client_address
    is_address = session.helo in (f"[{address}]", f"[IPv6:{address}]")
    return address if is_address or not session.helo else session.helo


def outcome(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return the outcome of a session: "Delivered 1 message · Recipient rejected (451)".

    While it is live, return what it waits for.
    """
    if session.direction == "out":
        return outward.outcome(session, facts.refusal, facts.refused)
    parts = [_delivered(session), _discarded(facts), cause(session, facts)]
    if session.ending is None:
        parts.append(state(session, facts))
    return " · ".join(filter(None, parts)) or _("Closed without sending mail")


def headline(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return the title of a session's page: "app.test → Delivered 1 message"."""
    if session.direction == "out":
        values = {"server": peer(session), "outcome": outcome(session, facts)}
        return _("To %(server)s: %(outcome)s") % values
    return f"{peer(session)} → {outcome(session, facts)}"


def cause(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return why a session failed, or failed in part, in a few words; "" if it did not."""
    if session.direction == "out":
        return outward.cause(session, facts.refusal, facts.refused)
    if known := known_flag(facts):
        return _(_BY_FLAG[known])
    if facts.body_octets is not None and session.ending in MIDWAY:
        return _("%(cause)s (%(bytes)s)") % {
            "cause": _(MIDWAY[session.ending]),
            "bytes": counted(facts.body_octets, "byte"),
        }
    if facts.refusal is not None and facts.refusal.kind != "notice":
        return causes.refusal(facts.refusal, facts.refused)
    return _ended(session, facts) or _far_refusal(session, facts)


def tone(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return the tone of the outcome: "error", "warning", or "" if nothing is wrong."""
    if not cause(session, facts) or _is_harmless(session):
        return ""
    refusal = None if known_flag(facts) else facts.refusal
    temporary = refusal is not None and (refusal.code or 0) < 500
    return "warning" if session.messages or temporary else "error"


def state(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return what an open session waits for: "Waiting for a command after MAIL"."""
    if session.direction == "out":
        return outward.state(session)
    if facts.body_octets:
        octets = counted(facts.body_octets, "byte")
        return _("Receiving a message: %(bytes)s so far") % {"bytes": octets}
    if facts.body_octets is not None:
        return _("Waiting for the message")
    if not session.last_verb:
        return _("Connected, waiting for the first command")
    return _("Waiting for a command after %(verb)s") % {"verb": session.last_verb}


def ending(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return how a session ended, as a sentence; "" while it is live."""
    if session.ending is None:
        return ""
    if session.direction == "out":
        return outward.ending(session, facts.last_line)
    refused = (session.worst_code or 0) >= 400 and not session.messages
    if session.ending == "quit" and refused:
        return _("The client then closed the connection properly (QUIT).")
    if facts.body_octets is not None and session.ending in MIDWAY:
        reason = {"cause": cause(session, facts)}
        return _("%(cause)s. The message was not stored.") % reason
    if session.ending == "refused" and session.last_verb:
        return _("Mailsink closed the connection: its last reply says why.")
    if session.ending == "turned" and facts.sent:
        messages = counted(facts.sent, "message")
        words = _("The roles were reversed: Mailsink sent %(messages)s, then closed.")
        return words % {"messages": messages}
    return _(_SENTENCES[session.ending])


def decisive_line(facts: Facts) -> int:
    """Return the seq of the line that shows why a session failed; 0 if there is none."""
    if known_flag(facts) or facts.body_octets is not None or facts.refusal is None:
        return facts.last_seq
    return facts.refusal.seq


def known_flag(facts: Facts) -> str:
    """Return the flag that shows a wrong configuration of the client; "" for none."""
    return next((flag for flag in _BY_FLAG if flag in facts.flags), "")


def _delivered(session: Sessionlike) -> str:
    if not session.messages:
        return ""
    messages = counted(session.messages, "message")
    if session.ending is None:
        return _("Delivered %(messages)s so far") % {"messages": messages}
    return _("Delivered %(messages)s") % {"messages": messages}


def _discarded(facts: Facts) -> str:
    if not facts.discarded:
        return ""
    messages = counted(facts.discarded, "message")
    return _("Discarded %(messages)s, by a rule") % {"messages": messages}


def _is_harmless(session: Sessionlike) -> bool:
    """Whether an ending is harmless: a health check connects, and disconnects."""
    looked = session.ending == "dropped" and not session.last_verb
    return looked or session.ending == "turned"


def _ended(session: Sessionlike, facts: Facts) -> str:
    """Return how a session without refusals ended; "" if it ended properly."""
    if session.ending == "dropped":
        return _disconnected(session)
    if session.ending == "timeout":
        return _timed_out(session, facts)
    if session.ending == "refused":
        return _turned_away(session, facts)
    if session.ending == "turned" and facts.sent:
        values = {"messages": counted(facts.sent, "message"), "verb": session.last_verb}
        return _("Sent %(messages)s (%(verb)s)") % values
    if session.ending == "turned" and facts.sent == 0:
        return _("Roles reversed, nothing sent")
    return _(CLOSED.get(session.ending or "", ""))


def _far_refusal(session: Sessionlike, facts: Facts) -> str:
    if not facts.unseen or session.messages:
        return ""
    return _("Refused (%(code)s)") % {"code": session.worst_code}


def _disconnected(session: Sessionlike) -> str:
    if not session.last_verb:
        return _("Connected, then disconnected")
    if session.messages and session.last_verb not in ("MAIL", "RCPT"):
        return ""  # a missing QUIT loses nothing: it is a finding
    return _("Disconnected after %(verb)s") % {"verb": session.last_verb}


def _timed_out(session: Sessionlike, facts: Facts) -> str:
    for notice, words in _TIMEOUTS:
        if found := notice.search(facts.last_line):
            after = session.last_verb or _("connecting")
            values = {"time": waited(float(found[1])), "verb": after}
            return _(words) % values
    return _("Timed out")


def _turned_away(session: Sessionlike, facts: Facts) -> str:
    why = causes.why(facts.refusal) if facts.refusal else ""
    code = facts.refusal.code if facts.refusal else session.worst_code
    if not why:
        return _("Closed by Mailsink (%(code)s)") % {"code": code or 421}
    values = {"why": why, "code": code}
    if session.last_verb:
        return _("Closed by Mailsink: %(why)s (%(code)s)") % values
    return _("Connection refused: %(why)s (%(code)s)") % values


# By the notice that the engine writes (mailsink.smtp.session.session).
_TIMEOUTS = (
    (
        re.compile(r"was silent for ([0-9]{1,9})"),
        gettext_noop("Timed out: no command for %(time)s after %(verb)s"),
    ),
    (
        re.compile(r"end its line within ([0-9]{1,9})"),
        gettext_noop("Timed out: line not finished within %(time)s"),
    ),
    (
        re.compile(r"lasted longer than ([0-9]{1,9})"),
        gettext_noop("Timed out: session longer than %(time)s"),
    ),
)
# By the ending of the session, if a body did not end.
MIDWAY = {
    "dropped": gettext_noop("Disconnected mid-message"),
    "timeout": gettext_noop("Timed out mid-message"),
    "shutdown": gettext_noop("Mailsink stopped mid-message"),
    "error": gettext_noop("Mailsink failed mid-message"),
    "crashed": gettext_noop("Mailsink crashed mid-message"),
}
_BY_FLAG = {
    "tls_on_plain": gettext_noop("TLS on a plain port"),
    "plain_on_tls": gettext_noop("Plain text on a TLS port"),
    "http_on_smtp": gettext_noop("HTTP on the SMTP port"),
    "bad_proxy_header": gettext_noop("PROXY header missing"),
    "proxy_not_trusted": gettext_noop("PROXY header not trusted"),
    "tls_on_purpose": gettext_noop("TLS failed on purpose"),
    "tls_untrusted": gettext_noop("TLS failed: certificate not trusted"),
    "tls_no_version": gettext_noop("TLS failed: no common version"),
    "tls_no_cipher": gettext_noop("TLS failed: no common cipher"),
    "tls_broken": gettext_noop("TLS failed: handshake not finished"),
    "left_at_certificate": gettext_noop("Disconnected at the certificate"),
}
CLOSED = {
    "tls_failed": gettext_noop("TLS failed"),
    "turned": gettext_noop("Roles reversed"),
    "shutdown": gettext_noop("Mailsink was stopped"),
    "error": gettext_noop("Mailsink failed: internal error"),
    "crashed": gettext_noop("Mailsink crashed or was killed"),
}

_SENTENCES = {
    "quit": gettext_noop("Closed normally (QUIT)."),
    "dropped": gettext_noop("The client disconnected without QUIT."),
    "timeout": gettext_noop("The client was silent for too long: Mailsink closed the connection."),
    "shutdown": gettext_noop("Mailsink was stopped and closed the connection."),
    "refused": gettext_noop("Mailsink refused the connection."),
    "tls_failed": gettext_noop("The TLS handshake failed."),
    "turned": gettext_noop("The roles were reversed, then Mailsink closed the connection."),
    "error": gettext_noop("Mailsink closed the connection after an internal error."),
    "crashed": gettext_noop("Mailsink crashed or was killed during this session."),
}  # fmt: skip
