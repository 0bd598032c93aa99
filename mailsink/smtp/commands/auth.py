"""AUTH (RFC 4954): the mechanisms on offer, and the effects of a login."""

from __future__ import annotations

from mailsink.smtp.commands.sasl.dialogue import Dialogue, decoded
from mailsink.smtp.commands.sasl.mechanisms import MECHANISMS, Mechanism
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session


def auth(session: Session, argument: str) -> Steps[Reply]:
    """Log the client in with the mechanism that it names (RFC 4954 §4).

    Raises Refusal.
    """
    name, _, initial = argument.partition(" ")
    name, initial = name.upper(), initial.strip(" ")
    _note_plaintext(session, name)
    mechanism = _mechanism(session, name)
    first = _initial_response(mechanism, name, initial)
    dialogue = Dialogue(session, name, first)
    yield from mechanism.converse(dialogue)
    user = dialogue.username
    decided = yield from consult(
        session, "auth", session.host.asks(user), argument=name, user=user
    )
    session.user = user
    session.take_placement()
    session.update(protocol=session.protocol)
    return decided or replies.AUTH_OK


def unavailable(session: Session) -> Reply | None:
    """Return the refusal of a login that would show its password."""
    return replies.AUTH_NEEDS_TLS if _needs_tls(session) else None


def _needs_tls(session: Session) -> bool:
    return session.profile.auth_requires_tls and session.tls is None


def refused_auth(session: Session, argument: str, reply: Reply) -> Reply:
    """Flag a password sent in plain text, although its command was refused."""
    _note_plaintext(session, argument.partition(" ")[0].upper())
    return reply


def _note_plaintext(session: Session, name: str) -> None:
    known = MECHANISMS.get(name)
    if known is not None and known.shows_secret and session.tls is None:
        session.exchange.flags += ("auth_plaintext",)


def offered(session: Session) -> list[str]:
    """Return the names of the mechanisms that can be verified, the plainest first."""
    hidden = session.profile.hidden
    if _needs_tls(session):
        return []
    return [
        name
        for name in MECHANISMS
        if session.host.supports(name) and name not in hidden
    ]


def _mechanism(session: Session, name: str) -> Mechanism:
    if not name:
        raise Refusal(replies.syntax("AUTH mechanism [initial-response]"))
    names = offered(session)
    if name in names:
        return MECHANISMS[name]
    if name in MECHANISMS and not session.host.supports(name):
        raise Refusal(replies.mechanism_needs_logins(name, " ".join(names)))
    raise Refusal(replies.unknown_mechanism(" ".join(names)))


def _initial_response(mechanism: Mechanism, name: str, text: str) -> bytes | None:
    """Return the initial response decoded, or None without one; "=" is an empty one."""
    if not text:
        return None
    if mechanism.server_first:
        raise Refusal(replies.no_initial_response(name))
    return b"" if text == "=" else decoded(text.encode())
