"""The client's next step after a reply: to go on, give up, begin again, leave, or wait."""

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
        "Nothing more came: we closed the connection (RFC 5321 §4.5.3.2)."
    ),
    "shutdown": gettext_noop("Nothing more: Mailsink was stopped."),
    "crashed": gettext_noop(
        "What it did is not known: Mailsink itself ended suddenly."
    ),
    "tls_failed": gettext_noop(
        "It went no further: TLS could not be set up (RFC 3207 §4.1)."
    ),
    "turned": gettext_noop(
        "Nothing more: the roles were turned round, and Mailsink sent."
    ),
}
_AT_ONCE = 100  # us
_CLOSED = gettext_noop(
    "Nothing more could come: we closed the connection (RFC 5321 §3.8)."
)


def following(
    exchange: Exchangelike, then: Exchangelike | None, session: Sessionlike
) -> list[str]:
    """Return sentences: what the client did after this exchange, and how soon.

    then: the exchange that came next, if one did; session: its state now.
    """
    if then is None:
        return [_no_more(exchange, session)]
    replied = exchange.replied_us
    if replied is None:
        waits = _("It sent more, while this had no reply.")
        return [waits if exchange.code is None else _("It sent more all the same.")]
    if then.kind in ("tls", "notice"):
        return [then.line[:1].upper() + then.line[1:] + "."] if then.line else []
    gap = then.received_us - replied
    if gap <= 0 and then.kind not in ("body", "chunk"):
        return [
            _("It had not waited: %(named)s was sent already (RFC 2920 §3.1).")
            % {"named": _named(then)}
        ]
    did = _did(exchange, then)
    if gap < _AT_ONCE:
        return [_("At once it %(did)s.") % {"did": did}]
    return [_("After %(time)s it %(did)s.") % {"time": duration(gap), "did": did}]


def _did(exchange: Exchangelike, then: Exchangelike) -> str:
    """Return what it did, in the past tense, with the section that lets it."""
    refused = (exchange.code or 0) >= 400
    if then.verb == "QUIT":
        gave_up = _("gave up, with QUIT") if refused else _("said goodbye, with QUIT")
        return _("%(gave_up)s (RFC 5321 §4.1.1.10)") % {"gave_up": gave_up}
    if then.verb == "RSET":
        return _("gave the transaction up, with RSET (RFC 5321 §4.1.1.5)")
    if then.kind in ("body", "chunk"):
        return _("had sent %(named)s") % {"named": _named(then)}
    if then.kind == "auth" and not then.verb:
        return _("answered the challenge (RFC 4954 §4)")
    if refused and then.verb and then.verb == exchange.verb:
        return _("went on with another %(named)s") % {"named": _named(then)}
    if refused:
        return _("went on all the same, with %(named)s") % {"named": _named(then)}
    return _("went on, with %(named)s") % {"named": _named(then)}


def _named(exchange: Exchangelike) -> str:
    if exchange.kind == "body":
        return _("the message")
    if exchange.kind == "chunk":
        return _("the chunk")
    return exchange.verb or _("a line that is no command")


def _no_more(exchange: Exchangelike, session: Sessionlike) -> str:
    if session.ending is None:
        if exchange.code is None:
            return _("It waits for the reply.")
        return _("Nothing yet: it is its turn.")
    if exchange.verb == "QUIT" and session.ending == "quit":
        return _("It left, as it should (RFC 5321 §4.1.1.10).")
    return _(_LEFT.get(session.ending, _CLOSED))
