"""ETRN, ATRN and TURN, which ask for mail that waits (RFC 1985, RFC 2645, RFC 821 §3.8).

No mail is held for delivery here: a correct command is answered that none is waiting.
"""

from __future__ import annotations

from mailsink.smtp.commands import extensions
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal
from mailsink.smtp.session.session import Session


def unavailable(session: Session) -> Reply | None:
    """Return the refusal of a command that EHLO would not list for this client."""
    verb = session.exchange.verb
    return None if extensions.offers(session, verb) else replies.not_offered(verb)


def etrn(session: Session, argument: str) -> Reply:
    """RFC 1985 §5: ETRN node, @domain with what is below it, or #queue."""
    node = argument.rstrip(" ")
    if node in ("", "@", "#"):
        raise Refusal(replies.syntax("ETRN domain | @domain | #queue"))
    if node.startswith("#"):
        raise Refusal(replies.NO_SUCH_QUEUE)
    domain = node.removeprefix("@")
    _check_domain(domain)
    if "." not in domain:
        # All of a top-level domain is nobody's; a name by itself is no node.
        raise Refusal(
            replies.NODE_NOT_ALLOWED
            if node.startswith("@")
            else replies.bad_node("write the whole name, as in mail.example.com")
        )
    return replies.nothing_waits_for(domain)


def atrn(session: Session, argument: str) -> Reply:
    """RFC 2645 §5.2.1: ATRN [domain *("," domain)]; without, all domains of the account."""
    domains = argument.rstrip(" ")
    for domain in domains.split(",") if domains else ():
        _check_domain(domain)
        if "." not in domain:
            raise Refusal(replies.DOMAIN_NOT_YOURS)
    return replies.NOTHING_WAITS


def turn(session: Session, argument: str) -> Reply:
    """RFC 821 §3.8, only for clients that Profile.turn allows (RFC 5321 §F.1)."""
    return replies.NOTHING_WAITS


def _check_domain(domain: str) -> None:
    if not domain:
        raise Refusal(replies.bad_node("one of them is missing"))
    if domain.startswith("[") or not domain.isascii():
        raise Refusal(replies.bad_node("write a domain name in ASCII"))
    try:
        grammar.check_domain(domain)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_node(str(error))) from None
