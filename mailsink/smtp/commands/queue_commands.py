"""ETRN, ATRN and TURN: requests for waiting mail (RFC 1985, RFC 2645, RFC 821 §3.8)."""

from __future__ import annotations

from typing import Literal

from mailsink.ports import MailRequest
from mailsink.smtp.commands import extensions
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import AskForMail, Refusal, Steps
from mailsink.smtp.session.session import Session

_MOST_DOMAINS = 100


def unavailable(session: Session) -> Reply | None:
    """Return the refusal of a command that EHLO would not list for this client."""
    verb = session.exchange.verb
    return None if extensions.offers(session, verb) else replies.not_offered(verb)


def etrn(session: Session, argument: str) -> Steps[Reply]:
    """RFC 1985 §5: ETRN node, @domain (with its subdomains), or #queue."""
    node = argument.rstrip(" ")
    if node in ("", "@", "#"):
        raise Refusal(replies.syntax("ETRN domain | @domain | #queue"))
    if not node.startswith("#"):
        domain = node.removeprefix("@")
        _check_domain(domain)
        if "." not in domain:
            # No client owns a whole top-level domain; a single label is no node.
            raise Refusal(
                replies.NODE_NOT_ALLOWED
                if node.startswith("@")
                else replies.bad_node("write the whole name, as in mail.example.com")
            )
    reply: Reply | None = yield _asking(session, "ETRN", (node,))
    return reply or replies.LOCAL_ERROR


def atrn(session: Session, argument: str) -> Steps[Reply]:
    """RFC 2645 §5.2.1: ATRN [domain *("," domain)].

    The default is all domains of the account.
    """
    domains = argument.rstrip(" ")
    nodes = tuple(domains.split(",")) if domains else ()
    if len(nodes) > _MOST_DOMAINS:
        raise Refusal(replies.bad_node(f"there are more than {_MOST_DOMAINS}"))
    for domain in nodes:
        _check_domain(domain)
        if "." not in domain:
            raise Refusal(replies.DOMAIN_NOT_YOURS)
    return (yield from _turned(session, "ATRN", nodes))


def turn(session: Session, argument: str) -> Steps[Reply]:
    """RFC 821 §3.8, only for clients that Profile.turn allows (RFC 5321 §F.1)."""
    return (yield from _turned(session, "TURN", ()))


def _turned(
    session: Session, verb: Literal["ATRN", "TURN"], nodes: tuple[str, ...]
) -> Steps[Reply]:
    """Ask for mail; if there is some, the session continues with reversed roles."""
    refusal: Reply | None = yield _asking(session, verb, nodes)
    if refusal is not None:
        return refusal
    session.turned = True
    return replies.REVERSING


def _asking(
    session: Session, verb: Literal["ETRN", "ATRN", "TURN"], nodes: tuple[str, ...]
) -> AskForMail:
    client, lowered = session.origin, tuple(node.lower() for node in nodes)
    return AskForMail(
        MailRequest(verb, session.id, client, session.helo, session.user, lowered)
    )


def _check_domain(domain: str) -> None:
    if not domain:
        raise Refusal(replies.bad_node("one of them is missing"))
    if domain.startswith("[") or not domain.isascii():
        raise Refusal(replies.bad_node("write a domain name in ASCII"))
    try:
        grammar.check_domain(domain)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_node(str(error))) from None
