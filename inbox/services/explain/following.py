"""What the client did after a reply: went on, gave up, began anew, left, or waits still."""

from __future__ import annotations

from inbox.services.explain.exchanges import Exchangelike
from inbox.services.explain.outcomes import Sessionlike
from inbox.services.explain.quantities import duration

_LEFT = {
    "dropped": "It closed the connection without QUIT (RFC 5321 §4.1.1.10).",
    "timeout": "Nothing more came: we closed the connection (RFC 5321 §4.5.3.2).",
    "shutdown": "Nothing more: Mailsink was stopped.",
    "crashed": "What it did is not known: Mailsink itself ended suddenly.",
    "tls_failed": "It went no further: TLS could not be set up (RFC 3207 §4.1).",
    "turned": "Nothing more: the roles were turned round, and Mailsink sent.",
}
_AT_ONCE = 100  # us
_CLOSED = "Nothing more could come: we closed the connection (RFC 5321 §3.8)."


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
        waits = "It sent more, while this had no reply."
        return [waits if exchange.code is None else "It sent more all the same."]
    if then.kind in ("tls", "notice"):
        return [then.line[:1].upper() + then.line[1:] + "."] if then.line else []
    gap = then.received_us - replied
    if gap <= 0 and then.kind not in ("body", "chunk"):
        return [f"It had not waited: {_named(then)} was sent already (RFC 2920 §3.1)."]
    soon = "At once it" if gap < _AT_ONCE else f"After {duration(gap)} it"
    return [f"{soon} {_did(exchange, then)}."]


def _did(exchange: Exchangelike, then: Exchangelike) -> str:
    """Return what it did, in the past tense, with the section that lets it."""
    refused = (exchange.code or 0) >= 400
    if then.verb == "QUIT":
        gave_up = "gave up, with QUIT" if refused else "said goodbye, with QUIT"
        return f"{gave_up} (RFC 5321 §4.1.1.10)"
    if then.verb == "RSET":
        return "gave the transaction up, with RSET (RFC 5321 §4.1.1.5)"
    if then.kind in ("body", "chunk"):
        return f"had sent {_named(then)}"
    if then.kind == "auth" and not then.verb:
        return "answered the challenge (RFC 4954 §4)"
    if refused and then.verb and then.verb == exchange.verb:
        return f"went on with another {_named(then)}"
    if refused:
        return f"went on all the same, with {_named(then)}"
    return f"went on, with {_named(then)}"


def _named(exchange: Exchangelike) -> str:
    if exchange.kind == "body":
        return "the message"
    if exchange.kind == "chunk":
        return "the chunk"
    return exchange.verb or "a line that is no command"


def _no_more(exchange: Exchangelike, session: Sessionlike) -> str:
    if session.ending is None:
        if exchange.code is None:
            return "It waits for the reply."
        return "Nothing yet: it is its turn."
    if exchange.verb == "QUIT" and session.ending == "quit":
        return "It left, as it should (RFC 5321 §4.1.1.10)."
    return _LEFT.get(session.ending, _CLOSED)
