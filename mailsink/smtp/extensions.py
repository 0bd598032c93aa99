"""The extensions: one table, keyword of EHLO → what is said of it to this client.

An extension is hidden by Profile.hidden: then EHLO does not list it, its commands are
answered by 502 and its parameters by 555.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailsink.smtp import xclient
from mailsink.smtp.parameters import LONGEST_HOLD
from mailsink.smtp.profile import within
from mailsink.smtp.sasl import auth

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

Offer = Callable[
    ["Machine"], str | None
]  # the arguments of the keyword; None: no offer

_MOST = 999_999  # RFC 9422 §3: a limit has up to six digits


def offered(machine: Machine) -> dict[str, str]:
    """Return the line of each extension that EHLO offers now, by keyword."""
    lines = {}
    for keyword in EXTENSIONS:
        arguments = _offer(machine, keyword)
        if arguments is not None:
            lines[keyword] = f"{keyword} {arguments}" if arguments else keyword
    return lines


def offers(machine: Machine, keyword: str) -> bool:
    """Whether EHLO offers an extension to this client now."""
    return _offer(machine, keyword) is not None


def _offer(machine: Machine, keyword: str) -> str | None:
    if keyword in machine.profile.hidden:
        return None
    return EXTENSIONS[keyword](machine)


def _always(machine: Machine) -> str | None:
    return ""


def _with(other: str) -> Offer:
    """An extension that means nothing without another one."""

    def offer(machine: Machine) -> str | None:
        return "" if offers(machine, other) else None

    return offer


def _binarymime(machine: Machine) -> str | None:
    """RFC 3030 §3: neither without CHUNKING nor without the parameter BODY."""
    both = offers(machine, "CHUNKING") and offers(machine, "8BITMIME")
    return "" if both else None


def _size(machine: Machine) -> str | None:
    return str(machine.profile.max_message_size or "")  # RFC 1870 §4


def _auth(machine: Machine) -> str | None:
    return " ".join(auth.offered(machine)) or None


def _starttls(machine: Machine) -> str | None:
    """RFC 3207 §4.2: not inside TLS; nor to whom it has kept from sending."""
    if machine.tls is not None or machine.profile.tls is None:
        return None
    return "" if machine.without_starttls is None else None


def _requiretls(machine: Machine) -> str | None:
    """RFC 8689 §2: inside TLS only."""
    return None if machine.tls is None else ""


def _future_release(machine: Machine) -> str | None:
    """RFC 4865 §4: the longest hold in seconds, and until when that would be now."""
    if not machine.profile.submission:
        return None
    latest = datetime.fromtimestamp(machine.unix_time() + LONGEST_HOLD, UTC)
    return f"{LONGEST_HOLD} {latest:%Y-%m-%dT%H:%M:%SZ}"


def _limits(machine: Machine) -> str | None:
    """RFC 9422 §4; a limit that cannot be said in six digits is not said."""
    profile = machine.profile
    limits = {"RCPTMAX": profile.max_recipients, "MAILMAX": profile.max_transactions}
    said = [f"{name}={most}" for name, most in limits.items() if 0 < most <= _MOST]
    return " ".join(said) or None


def _queues(machine: Machine) -> str | None:
    """Whether mail is waited for here: LMTP has no queue, submission may not (RFC 6409 §7)."""
    profile = machine.profile
    return None if profile.submission or profile.protocol == "lmtp" else ""


def _atrn(machine: Machine) -> str | None:
    """RFC 2645 §5.1.1: never without AUTH."""
    return _queues(machine) if offers(machine, "AUTH") else None


def _turn(machine: Machine) -> str | None:
    """RFC 821 §3.8, for those only whom Profile.turn lets (RFC 5321 §F.1)."""
    allowed = machine.profile.turn
    if allowed == "off" or (
        allowed != "authenticated" and not within(machine.peer.client_address, allowed)
    ):
        return None
    return _queues(machine)


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
