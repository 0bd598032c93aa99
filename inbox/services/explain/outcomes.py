"""What became of a session, in words: for its row in a list and the title of its page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from inbox.services.explain.quantities import counted


class Sessionlike(Protocol):
    """What is read of a session, be it a row or a model instance."""

    @property
    def helo(self) -> str: ...
    @property
    def client_address(self) -> str: ...
    @property
    def closed_at(self) -> datetime | None: ...
    @property
    def ending(self) -> str | None: ...
    @property
    def last_verb(self) -> str: ...
    @property
    def messages(self) -> int: ...
    @property
    def worst_code(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What a session's own row does not tell (see inbox.services.outcomes)."""

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
        return f"sending a message, {counted(facts.body_octets, 'octet')} so far"
    if session.last_verb:
        return f"waiting after {session.last_verb}"
    return "connected, has said nothing yet"


def outcome(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return what came of a session: "1 message · one recipient refused (451)"."""
    if session.ending is None:
        return state(session, facts)
    parts = [_messages(session, facts), _recipients(facts), _ending(session, facts)]
    return " · ".join(part for part in parts if part) or "said goodbye, sent no message"


def ending(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return how a session ended, as sentences; "" while it goes on."""
    if session.ending is None:
        return ""
    after = f" after {session.last_verb}" if session.last_verb else ""
    if facts.body_octets is not None and session.ending in _BROKEN:
        octets = counted(facts.body_octets, "octet")
        after = f" in the middle of a message, after {octets}; it was not accepted"
    if session.ending == "refused" and session.last_verb:
        return f"Mailsink closed the connection{after}: its last reply says why."
    return _SENTENCES[session.ending].format(after=after)


def headline(session: Sessionlike, facts: Facts = NOTHING_MORE) -> str:
    """Return the title of a session's page: "app.test → 1 message"."""
    if session.ending is None:
        so_far = _messages(session, facts)
        return f"{peer(session)} → {so_far + ' so far' if so_far else 'live'}"
    return f"{peer(session)} → {outcome(session, facts)}"


def _messages(session: Sessionlike, facts: Facts) -> str:
    parts = [counted(session.messages, "message")] if session.messages else []
    if facts.not_accepted:
        code = f" ({facts.not_accepted_code})" if facts.not_accepted_code else ""
        parts.append(f"{counted(facts.not_accepted, 'message')} not accepted{code}")
    return " · ".join(parts)


def _recipients(facts: Facts) -> str:
    refused = facts.recipients_refused
    if not refused:
        return ""
    code = f" ({facts.recipient_code})" if facts.recipient_code else ""
    if refused == facts.recipients:
        who = "the recipient" if refused == 1 else f"all {refused:,} recipients"
    elif refused == 1:
        who = "one recipient"
    else:
        who = f"{refused:,} of {facts.recipients:,} recipients"
    return f"{who} refused{code}"


def _ending(session: Sessionlike, facts: Facts) -> str:
    after = f" after {session.last_verb}" if session.last_verb else ""
    if known := _BY_FLAG.keys() & facts.flags:
        return _BY_FLAG[known.pop()]
    if facts.body_octets is not None and session.ending in _BROKEN:
        verb = session.last_verb if session.last_verb == "BDAT" else "DATA"
        octets = counted(facts.body_octets, "octet")
        return f"{_BROKEN[session.ending]} in {verb} after {octets}"
    if session.ending == "refused" and session.last_verb:
        return f"closed by us{after}"
    if session.ending == "refused":
        code = f" ({session.worst_code})" if session.worst_code else ""
        return f"refused at connect{code}"
    if session.ending == "dropped" and not session.last_verb:
        return "connected and left, said nothing"
    if session.ending in _BROKEN:
        return f"{_BROKEN[session.ending]}{after}"
    return _CLOSED.get(session.ending or "", "")


_BROKEN = {
    "dropped": "dropped",
    "timeout": "timed out",
    "shutdown": "closed by our shutdown",
    "error": "closed by an error",
    "crashed": "crashed: Mailsink itself was stopped",
}
_BY_FLAG = {
    "tls_on_plain": "TLS on a plain port",
    "plain_on_tls": "plain text on a TLS port",
    "http_on_smtp": "HTTP on the SMTP port",
    "bad_proxy_header": "no PROXY header",
    "proxy_not_trusted": "PROXY header not believed",
    "tls_untrusted": "TLS failed: the certificate is not trusted",
    "tls_no_version": "TLS failed: no version in common",
    "tls_no_cipher": "TLS failed: no cipher in common",
    "left_at_certificate": "left when it saw the certificate",
}
_CLOSED = {"tls_failed": "TLS failed", "turned": "turned round: the server sent mail"}

_SENTENCES = {
    "quit": "Ended well: the client said QUIT.",
    "dropped": "The client dropped the connection without QUIT{after}.",
    "timeout": "It took too long{after}: we closed the connection.",
    "shutdown": "Mailsink was stopped, and closed the connection{after}.",
    "refused": (
        "The connection was refused at once: too many are open, a rule said so, or what "
        "came first was not SMTP."
    ),
    "tls_failed": "The TLS handshake failed.",
    "turned": "The roles were turned round: Mailsink sent mail, then closed.",
    "error": "Mailsink closed the connection{after}: it could not go on.",
    "crashed": "Mailsink itself ended suddenly (crashed, or killed){after}.",
}
