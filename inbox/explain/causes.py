"""The cause of a session's outcome: the first reply that refused it, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _

from inbox.explain import refusals
from inbox.explain.inputs import Exchangelike, Sessionlike

HELLOS = ("EHLO", "HELO", "LHLO")
# Commands next to the mail, which goes through without them.
_ASIDES = ("VRFY", "EXPN", "HELP", "ETRN", "XCLIENT", "NOOP", "RSET", "QUIT")
_OPTIONAL = ("AUTH", "STARTTLS")


class RefusalPlace(NamedTuple):
    """The kind and verb of exchanges."""

    kind: str
    verb: str


def deciding(
    first: Mapping[RefusalPlace, int], session: Sessionlike
) -> RefusalPlace | None:
    """Return the place of the refusal that decided the outcome of a session.

    first: the seq of the first refusal of each kind and verb. Return None if no refusal
    mattered, and the client recovered.
    """
    left = {
        place: seq for place, seq in first.items() if not _is_overcome(place, session)
    }
    mattering = {place: seq for place, seq in left.items() if not _is_aside(place)}
    chosen = mattering or ({} if session.messages else left)
    return min(chosen, key=chosen.__getitem__, default=None)


def _is_overcome(place: RefusalPlace, session: Sessionlike) -> bool:
    if place.verb in HELLOS:
        return bool(session.helo)
    if place.kind == "auth" or place.verb in _OPTIONAL:
        logged_in = bool(session.auth_mechanism) and place.verb != "STARTTLS"
        return logged_in or session.messages > 0
    return False


def _is_aside(place: RefusalPlace) -> bool:
    return place.kind == "notice" or place.verb in _ASIDES


def refusal(exchange: Exchangelike, recipients: int = 1) -> str:
    """Return a refusal in a few words: "MAIL refused: message too large (552)".

    recipients: the number refused in the same session; 0 for many.
    """
    code, verb = exchange.code, _verb(exchange)
    if exchange.kind == "auth" or verb == "AUTH":
        return _("Login failed (%(code)s)") % {"code": code}
    reason = why(exchange)
    if verb == "RCPT" and code not in _NOT_OF_ADDRESS:
        return _recipients(exchange, reason, recipients)
    values = {"verb": verb, "why": reason, "code": code}
    if not verb:
        what = reason or _("command refused")
        return f"{what[:1].upper()}{what[1:]} ({code})"
    if not reason:
        return _("%(verb)s refused (%(code)s)") % values
    return _("%(verb)s refused: %(why)s (%(code)s)") % values


# Replies to RCPT that are not about the address.
_NOT_OF_ADDRESS = (500, 502, 503, 530, 555)


def _recipients(exchange: Exchangelike, why: str, number: int) -> str:
    values = {"number": f"{number:,}", "why": why, "code": exchange.code}
    if number == 1 and why:
        return _("Recipient rejected: %(why)s (%(code)s)") % values
    if number == 1:
        return _("Recipient rejected (%(code)s)") % values
    if number:
        return _("%(number)s recipients rejected (%(code)s)") % values
    return _("Recipients rejected (%(code)s)") % values


def _verb(exchange: Exchangelike) -> str:
    """Return the refused command; for a message, the one that sent it."""
    return {"body": "DATA", "chunk": "BDAT"}.get(exchange.kind, exchange.verb)


def why(exchange: Exchangelike) -> str:
    """Return why a command was refused, in a few words; "" if the codes do not show it."""
    if exchange.verb in HELLOS and exchange.code in (501, 504):
        return _("invalid host name")
    return refusals.short(exchange)
