"""VRFY and EXPN (RFC 5321 §3.5, RFC 6531 §3.7.4.2): the policy looks up users and lists.

Without an answer from the policy, no user can be confirmed or denied, and there are no
lists. Neither command affects a transaction.
"""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session

_UTF8 = "SMTPUTF8"


def vrfy(session: Session, argument: str) -> Steps[Reply]:
    """Verify a user (RFC 5321 §4.1.1.6); 252 where the policy has no answer."""
    return (yield from _ask(session, "VRFY user", argument)) or replies.CANNOT_VERIFY


def expn(session: Session, argument: str) -> Steps[Reply]:
    """Expand a mailing list (RFC 5321 §4.1.1.7); 550 where the policy has no answer."""
    decided = yield from _ask(session, "EXPN list", argument)
    if decided is None:
        raise Refusal(replies.NO_LISTS)
    return decided


def _ask(session: Session, form: str, argument: str) -> Steps[Reply | None]:
    """Look up a name of the form `name`, `user@domain` or `<user@domain>`."""
    name, utf8 = _name(session, argument.strip(" "))
    if name.startswith("<") and name.endswith(">"):
        name = name[1:-1]
    if not name:
        raise Refusal(replies.syntax(form))
    if not (name.isascii() or utf8):
        raise Refusal(replies.VERIFY_NOT_ASCII)
    return (yield from consult(session, "vrfy", argument=name, smtputf8=int(utf8)))


def _name(session: Session, argument: str) -> tuple[str, bool]:
    """Return the name, and whether the reply may hold UTF-8 (RFC 6531 §3.7.4.2)."""
    name, _, last = argument.rpartition(" ")
    if not name or last.upper() != _UTF8:
        return argument, False
    if _UTF8 not in session.offered:
        raise Refusal(replies.unknown_parameter(_UTF8, session.exchange.verb))
    return name.rstrip(" "), True
