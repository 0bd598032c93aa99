"""The severity of a finding, if it depends on the session."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal

from inbox.explain.severity import Severity
from inbox.insight.findings.finding_kinds import KINDS

OFTEN = {  # from these counts on, the finding is a warning
    "connection_per_message": 30,  # in a minute
    "transaction_per_recipient": 10,
}


def severity(
    kind: str, listener: str, client_address: str, count: int, offered_8bit: bool
) -> Severity:
    """Return the severity of a kind.

    listener, client_address: the session's; count: how often it was found there;
    offered_8bit: whether EHLO had offered 8BITMIME.
    """
    match kind:
        case "auth_plaintext" if _loopback(listener) or _is(
            client_address, "is_loopback"
        ):
            return "info"  # the connection cannot be overheard
        case "hello_not_qualified" if _is(client_address, "is_private"):
            return "info"  # a test machine does not have the name of the real one
        case "eightbit_in_7bit" if offered_8bit:
            return "info"  # not strictly correct, but such a server accepts it
        case _ if count < OFTEN.get(kind, 0):
            return "info"
    return KINDS[kind].severity


def _loopback(listener: str) -> bool:
    return _is(listener.rpartition(":")[0].strip("[]"), "is_loopback")


def _is(address: str, what: Literal["is_loopback", "is_private"]) -> bool:
    try:
        return bool(getattr(ip_address(address), what))
    except ValueError:
        return False  # a name, or a socket without an address
