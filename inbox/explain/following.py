"""The client's next step after a reply.

It goes on, gives up, begins again, leaves, or waits.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.inputs import Exchangelike, Sessionlike
from inbox.explain.quantities import duration

_LEFT = {
    "dropped": gettext_noop(
        "It closed the connection without QUIT (RFC 5321 §4.1.1.10)."
    ),
    "timeout": gettext_noop(
        "It sent nothing more, and Mailsink closed the connection (RFC 5321 §4.5.3.2)."
    ),
    "shutdown": gettext_noop("It could send nothing more: Mailsink was stopped."),
    "crashed": gettext_noop("Not known: Mailsink crashed or was killed."),
    "tls_failed": gettext_noop(
        "It could go no further: TLS could not be set up (RFC 3207 §4.1)."
    ),
    "turned": gettext_noop("It received: the roles were reversed (ATRN or TURN)."),
}
_AT_ONCE = 100  # us
_CLOSED = gettext_noop(
    "It could send nothing more: Mailsink closed the connection (RFC 5321 §3.8)."
)


def following(
    exchange: Exchangelike, then: Exchangelike | None, session: Sessionlike
) -> list[str]:
    """Return sentences about what the client did after this exchange, and how soon.

    then: the next exchange, or None; session: its current state.
    """
    if then is None:
        return [_no_more(exchange, session)]
    replied = exchange.replied_us
    if replied is None:
        return [_("It sent more before it had a reply.")]
    if then.kind in ("tls", "notice"):
        notice = then.line.rstrip(".")
        return [f"{notice[:1].upper()}{notice[1:]}."] if notice else []
    gap = then.received_us - replied
    if gap <= 0 and then.kind not in ("body", "chunk"):
        return [
            _(
                "It did not wait for the reply: it had already sent %(named)s (RFC 2920 §3.1)."
            )
            % {"named": _named(then)}
        ]
    did = _did(exchange, then)
    if gap < _AT_ONCE:
        return [_("It %(did)s.") % {"did": did}]
    return [_("After %(time)s it %(did)s.") % {"time": duration(gap), "did": did}]


def _did(exchange: Exchangelike, then: Exchangelike) -> str:
    """Return the client's step, in the past tense, with the RFC section that permits it."""
    refused = (exchange.code or 0) >= 400
    named = {"named": _named(then)}
    if then.verb == "QUIT":
        gave_up = _("gave up with QUIT") if refused else _("said goodbye with QUIT")
        return _("%(gave_up)s (RFC 5321 §4.1.1.10)") % {"gave_up": gave_up}
    if then.verb == "RSET":
        return _("dropped the transaction with RSET (RFC 5321 §4.1.1.5)")
    if then.kind in ("body", "chunk"):
        return _("had sent %(named)s") % named
    if then.kind == "auth" and not then.verb:
        return _("answered the challenge (RFC 4954 §4)")
    if refused and then.verb and then.verb == exchange.verb:
        return _("sent another %(named)s") % named
    if refused:
        return _("ignored the refusal and sent %(named)s") % named
    return _("sent %(named)s") % named


def _named(exchange: Exchangelike) -> str:
    if exchange.kind == "body":
        return _("the message")
    if exchange.kind == "chunk":
        return _("the chunk")
    return exchange.verb or _("a line that is not a command")


def _no_more(exchange: Exchangelike, session: Sessionlike) -> str:
    if session.ending is None:
        if exchange.code is None:
            return _("It is waiting for the reply.")
        return _("Nothing yet: Mailsink is waiting for it.")
    if exchange.verb == "QUIT" and session.ending == "quit":
        return _("It disconnected, as it should (RFC 5321 §4.1.1.10).")
    return _(_LEFT.get(session.ending, _CLOSED))
