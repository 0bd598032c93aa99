"""Addresses that request a report without any set-up, in any case.

bounce+5.1.1@ causes a failure at every domain; names without a code only at domains
without real recipients.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

AskedKind = Literal["failed", "delayed", "automatic_reply", "complaint"]

_OURS = "mailsink.test"
_SIMULATOR = "simulator.amazonses.com"
# RFC 3463 §2: no leading zeros
_STATUS = re.compile(r"bounce\+([45]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2}))")

# Reply code and text of servers for a status, by its last two numbers
_DIAGNOSTICS = {
    "1.1": (50, "User unknown"),
    "1.2": (50, "Host or domain name not found"),
    "1.3": (53, "Bad destination mailbox address syntax"),
    "1.6": (51, "The mailbox has moved, and left no address"),
    "1.10": (56, "The domain accepts no mail (null MX)"),
    "2.0": (50, "Mailbox unavailable"),
    "2.1": (50, "Mailbox disabled, not accepting messages"),
    "2.2": (52, "Mailbox full: over quota"),
    "2.3": (52, "The message is too large for the mailbox"),
    "3.4": (52, "The message is too large for the system"),
    "4.1": (50, "No answer from host"),
    "4.4": (50, "Unable to route"),
    "4.7": (50, "Delivery time expired"),
    "6.0": (54, "The content is not accepted"),
    "7.1": (50, "Delivery not authorized, message refused"),
    "7.26": (50, "The message is not authenticated (SPF, DKIM)"),
}
_TEMPORARY = (50, 51, 52)  # these have a 4yz code: 450, 451, 452
_SUPPRESSED = (
    "smtp; 550 5.1.1 The address is on the suppression list: it bounced lately"
)


@dataclass(frozen=True, slots=True)
class AddressRequest:
    """A report that an address requests. status, diagnostic: for a delivery report"""

    kind: AskedKind
    status: str = ""
    diagnostic: str = ""


def asked(address: str) -> AddressRequest | None:
    """Return the request in an address; None for an ordinary address."""
    local, _, domain = address.lower().rpartition("@")
    if found := _STATUS.fullmatch(local):
        return AddressRequest("failed", found[1], diagnostic(found[1]))
    name = local.partition("+")[0]
    return _NAMED.get((name, domain))


def diagnostic(status: str) -> str:
    """Return a server's diagnostic for a status: "smtp; 550 5.1.1 User unknown"."""
    number, text = _DIAGNOSTICS.get(status[2:], (50, "Delivery failed"))
    if status[0] == "4" and number not in _TEMPORARY:
        number = 51
    return f"smtp; {status[0]}{number} {status} {text}"


_NAMED = {
    ("delay", _OURS): AddressRequest("delayed", "4.4.1", diagnostic("4.4.1")),
    ("autoreply", _OURS): AddressRequest("automatic_reply"),
    ("bounce", _SIMULATOR): AddressRequest("failed", "5.1.1", diagnostic("5.1.1")),
    ("suppressionlist", _SIMULATOR): AddressRequest("failed", "5.1.1", _SUPPRESSED),
    ("ooto", _SIMULATOR): AddressRequest("automatic_reply"),
    ("complaint", _SIMULATOR): AddressRequest("complaint"),
}
