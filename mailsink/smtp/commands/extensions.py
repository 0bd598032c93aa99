"""The extensions: one table from the keyword of EHLO to its arguments for this client.

Profile.hidden hides an extension: EHLO does not list it, its commands get 502, and its
parameters get 555.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from mailsink.smtp.commands import auth, xclient
from mailsink.smtp.commands.parameters import LONGEST_HOLD
from mailsink.smtp.profile import within
from mailsink.smtp.session.session import Session

Offer = Callable[[Session], str | None]  # the arguments of the keyword; None: no offer

_MOST = 999_999  # RFC 9422 §3: a limit has up to six digits


def offered(session: Session) -> dict[str, str]:
    """Return the line of each extension that EHLO offers now, by keyword."""
    lines = {}
    for keyword in EXTENSIONS:
        arguments = _offer(session, keyword)
        if arguments is not None:
            lines[keyword] = f"{keyword} {arguments}" if arguments else keyword
    return lines


def offers(session: Session, keyword: str) -> bool:
    """Whether EHLO offers an extension to this client now."""
    return _offer(session, keyword) is not None


def _offer(session: Session, keyword: str) -> str | None:
    if keyword in session.profile.hidden:
        return None
    return EXTENSIONS[keyword](session)


def _always(session: Session) -> str | None:
    return ""


def _with(other: str) -> Offer:
    """Return an offer that is made only together with another extension."""

    def offer(session: Session) -> str | None:
        return "" if offers(session, other) else None

    return offer


def _binarymime(session: Session) -> str | None:
    """RFC 3030 §3: neither without CHUNKING nor without the parameter BODY."""
    both = offers(session, "CHUNKING") and offers(session, "8BITMIME")
    return "" if both else None


def _size(session: Session) -> str | None:
    return str(session.profile.max_message_size or "")  # RFC 1870 §4


def _auth(session: Session) -> str | None:
    return " ".join(auth.offered(session)) or None


def _starttls(session: Session) -> str | None:
    """RFC 3207 §4.2: not inside TLS; nor to a client that rejected our certificate."""
    if session.tls is not None or session.profile.tls is None:
        return None
    return "" if session.without_starttls is None else None


def _requiretls(session: Session) -> str | None:
    """RFC 8689 §2: inside TLS only."""
    return None if session.tls is None else ""


def _future_release(session: Session) -> str | None:
    """RFC 4865 §4: the longest hold in seconds, and the end of one that begins now."""
    if not session.profile.submission:
        return None
    latest = datetime.fromtimestamp(session.unix_time() + LONGEST_HOLD, UTC)
    return f"{LONGEST_HOLD} {latest:%Y-%m-%dT%H:%M:%SZ}"


def _limits(session: Session) -> str | None:
    """RFC 9422 §4; a limit with more than six digits is left out."""
    profile = session.profile
    limits = {"RCPTMAX": profile.max_recipients, "MAILMAX": profile.max_transactions}
    listed = [f"{name}={most}" for name, most in limits.items() if 0 < most <= _MOST]
    return " ".join(listed) or None


def _queues(session: Session) -> str | None:
    """Whether queues are offered: LMTP has none, submission may not (RFC 6409 §7)."""
    profile = session.profile
    return None if profile.submission or profile.protocol == "lmtp" else ""


def _atrn(session: Session) -> str | None:
    """RFC 2645 §5.1.1: never without AUTH."""
    return _queues(session) if offers(session, "AUTH") else None


def _turn(session: Session) -> str | None:
    """RFC 821 §3.8, only for clients that Profile.turn allows (RFC 5321 §F.1)."""
    allowed = session.profile.turn
    if allowed == "off" or (
        allowed != "authenticated" and not within(session.peer.client_address, allowed)
    ):
        return None
    return _queues(session)


EXTENSIONS: dict[str, Offer] = {
    "SIZE": _size,
    "8BITMIME": _always,
    "SMTPUTF8": _with("8BITMIME"),  # RFC 6531 §3.1
    "PIPELINING": _always,
    "CHUNKING": _always,
    "BINARYMIME": _binarymime,
    "ENHANCEDSTATUSCODES": _always,
    "DSN": _always,
    "DELIVERBY": _always,
    "MT-PRIORITY": _always,
    "FUTURERELEASE": _future_release,
    "LIMITS": _limits,
    "ETRN": _queues,
    "ATRN": _atrn,
    "TURN": _turn,
    "STARTTLS": _starttls,
    "REQUIRETLS": _requiretls,
    "AUTH": _auth,
    "EXPN": _always,
    "XCLIENT": xclient.offer,
    "HELP": _always,
}
