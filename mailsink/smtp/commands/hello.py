"""HELO, EHLO and LHLO: the client names itself (RFC 5321 §4.1.1.1, RFC 2033 §4.1)."""

from __future__ import annotations

from mailsink.smtp.commands import extensions
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.tls_handshake import withhold_starttls
from mailsink.smtp.session.transaction_end import give_up_transaction


def helo(session: Session, argument: str) -> Steps[Reply]:
    """Greet a client without extensions (RFC 5321 §4.1.1.1)."""
    yield from _greeted(session, argument, "HELO")
    session.extended = False
    session.offered = frozenset()
    session.update(helo=session.helo, protocol=session.protocol)
    return replies.hello(session.profile.hostname)


def ehlo(session: Session, argument: str) -> Steps[Reply]:
    """Greet a client and list the extensions.

    EHLO: RFC 5321 §4.1.1.1; LHLO: RFC 2033 §4.1
    """
    yield from _greeted(session, argument, session.profile.hello)
    session.extended = True
    withhold_starttls(session)
    offered = extensions.offered(session)
    session.offered = frozenset(offered)
    session.update(helo=session.helo, protocol=session.protocol)
    hostname = session.profile.hostname
    return replies.extended_hello(hostname, session.helo, offered.values())


def _greeted(session: Session, argument: str, verb: str) -> Steps[None]:
    """Check and take the client's name, and abandon an open transaction.

    Raises Refusal.
    """
    name = argument.rstrip(" ")
    if not name:
        raise Refusal(replies.syntax(f"{verb} your.host.name"))
    try:
        if not name.isascii():
            raise grammar.BadSyntax("it is not ASCII")
        flags = grammar.check_hello(name, session.profile.lenient)
        if "underscore_domain" in flags and not session.profile.lenient:
            raise grammar.BadSyntax("the domain holds an underscore")
    except grammar.UnknownTag as error:
        raise Refusal(replies.unknown_literal(str(error))) from None
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_hello(str(error))) from None
    session.exchange.flags += flags
    session.helo = name
    session.take_placement()
    session.offer(session.exchange.shaped)
    yield from give_up_transaction(session, "reset")
