"""Flags input that the client sent before its reply (RFC 2920).

It also lists the replies that may wait.
"""

from __future__ import annotations

from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.exchange import Exchange

# Replies that may wait for the next ones, so that a group is answered in one write
# (RFC 2920 §3.2, RFC 3030 §2). Others go out at once.
MAY_WAIT = frozenset({"MAIL", "RCPT", "RSET", "BDAT"})
# Commands that must come last in a group (RFC 2920 §3.1; extensions by default).
_LAST_IN_GROUP = frozenset(
    {"EHLO", "HELO", "DATA", "VRFY", "EXPN", "TURN", "QUIT", "NOOP", "AUTH", "STARTTLS",
     "ETRN", "ATRN", "LHLO"}
)  # fmt: skip


def note(exchange: Exchange, reply: Reply) -> tuple[str, ...]:
    """Flag an exchange after which more input arrived before this reply was written.

    Return the flags for the exchange of that input.
    """
    if exchange.kind == "connect":
        exchange.flags += ("early_talker",)
    if exchange.verb in _LAST_IN_GROUP:
        exchange.flags += ("pipelining_violation",)
    if exchange.verb == "STARTTLS" and reply.code < 400:
        exchange.flags += ("plaintext_after_starttls",)
    if exchange.pipelining_offered:
        return ("pipelined",)
    return ("pipelined", "pipelining_unadvertised")
