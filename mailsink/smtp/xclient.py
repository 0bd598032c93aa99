"""XCLIENT: a trusted client says for whom it speaks.

https://www.postfix.org/XCLIENT_README.html; Postfix and nginx send it, swaks can.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from mailsink.smtp import grammar, replies
from mailsink.smtp.greeting import greeting
from mailsink.smtp.profile import within
from mailsink.smtp.replies import Reply
from mailsink.smtp.wishes import Refusal, Steps
from mailsink.text import readable

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

ATTRIBUTES = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"
UNKNOWN = "unknown"  # for an address, as Postfix has it
_NOT_KNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
_LONGEST = 255  # octets of NAME and HELO
_PORT = re.compile(r"[0-9]{1,5}")
_SYNTAX = replies.syntax(f"XCLIENT name=value..., each once of {ATTRIBUTES}")

# What a client is, by attribute; None: its client does not know either.
Attributes = dict[str, str | None]


def offer(machine: Machine) -> str | None:
    """Return the attributes that EHLO tells, or None to who is not to be believed."""
    return ATTRIBUTES if _is_trusted(machine) else None


def _is_trusted(machine: Machine) -> bool:
    """By the address of the connection, not by one that XCLIENT gave."""
    return within(machine.origin, machine.profile.xclient_from)


def xclient(machine: Machine, argument: str) -> Steps[Reply]:
    """Take the client to be another one, which has just connected, and greet it."""
    if not _is_trusted(machine):
        raise Refusal(replies.XCLIENT_NOT_TRUSTED)
    if machine.transaction is not None:
        raise Refusal(replies.in_transaction("XCLIENT"))
    attributes = _attributes(argument)
    machine.forget_client()
    _tell(machine, attributes)
    return (yield from greeting(machine))


def _attributes(text: str) -> Attributes:
    """Return what is given, each value checked; raises Refusal."""
    found: Attributes = {}
    for part in text.split():
        name, equals, value = part.partition("=")
        name = name.upper()
        if not equals or name not in ATTRIBUTES.split() or name in found:
            raise Refusal(_SYNTAX)
        try:
            found[name] = _value(name, value)
        except ValueError as error:
            raise Refusal(replies.bad_attribute(name, str(error))) from None
    if not found:
        raise Refusal(_SYNTAX)
    return found


def _value(name: str, xtext: str) -> str | None:
    """Return a value decoded and checked; raises ValueError."""
    if xtext.upper() in _NOT_KNOWN:
        return None
    value = readable(grammar.unxtext(xtext).encode("latin-1"))
    if name in ("ADDR", "DESTADDR"):
        return _address(value)
    if name in ("PORT", "DESTPORT"):
        if not _PORT.fullmatch(value) or int(value) > 65535:
            raise ValueError("a port is a number up to 65535")
    elif name == "PROTO":
        if value.upper() not in ("SMTP", "ESMTP"):
            raise ValueError("it is SMTP or ESMTP")
    elif len(value) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} octets")
    elif name == "NAME":
        grammar.check_domain(value)
    return value


def _address(value: str) -> str:
    try:
        if value[:5].upper() != "IPV6:":
            return str(IPv4Address(value))
        address = IPv6Address(value[5:])
        if address.scope_id is None:
            return str(address.ipv4_mapped or address)
    except AddressValueError:
        pass
    raise ValueError("write an address as 192.0.2.1 or IPV6:2001:db8::1")


def _tell(machine: Machine, attributes: Attributes) -> None:
    """Have the session be that client's. NAME, PROTO and DEST… stand in the line only."""
    if "ADDR" in attributes or "PORT" in attributes:
        address = attributes.get("ADDR", machine.peer.client_address) or UNKNOWN
        machine.announce(address, int(attributes.get("PORT") or 0))
    login = attributes.get("LOGIN")
    machine.user = login
    machine.update(
        helo=attributes.get("HELO") or "",
        auth_mechanism="XCLIENT" if login is not None else "",
        auth_username=login or "",
        protocol=machine.protocol,
    )
