"""XCLIENT: a trusted client names the client that it acts for.

https://www.postfix.org/XCLIENT_README.html; Postfix and nginx send it, swaks can.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from mailsink.smtp.profile import within
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.greeting import greeting
from mailsink.smtp.session.session import Session
from mailsink.text import readable

ATTRIBUTES = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"
UNKNOWN = "unknown"  # for an address, as Postfix has it
_NOT_KNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
_LONGEST = 255  # octets of NAME and HELO
_PORT = re.compile(r"[0-9]{1,5}")
_SYNTAX = replies.syntax(f"XCLIENT name=value..., each once of {ATTRIBUTES}")

# The facts about a client, by attribute; None: the proxy does not know this one either.
Attributes = dict[str, str | None]


def offer(session: Session) -> str | None:
    """Return the attributes that EHLO lists, or None for an untrusted client."""
    return ATTRIBUTES if _is_trusted(session) else None


def _is_trusted(session: Session) -> bool:
    """Whether the connection's own address is trusted, not one that XCLIENT gave."""
    return within(session.origin, session.profile.xclient_from)


def unavailable(session: Session) -> Reply | None:
    """Return the refusal of a client whose XCLIENT is not trusted."""
    return None if _is_trusted(session) else replies.XCLIENT_NOT_TRUSTED


def xclient(session: Session, argument: str) -> Steps[Reply]:
    """Replace the client with another, as if that had just connected, and greet it."""
    attributes = _attributes(argument)
    session.reset_client()
    _publish(session, attributes)
    return (yield from greeting(session))


def _attributes(text: str) -> Attributes:
    """Return the given attributes, each value checked; raises Refusal."""
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
    """Return a value, decoded and checked; raises ValueError."""
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


def _publish(session: Session, attributes: Attributes) -> None:
    """Record the client's facts in the session.

    NAME, PROTO and DEST… stay in the line only.
    """
    if "ADDR" in attributes or "PORT" in attributes:
        address = attributes.get("ADDR", session.peer.client_address) or UNKNOWN
        session.set_client(address, int(attributes.get("PORT") or 0))
    login = attributes.get("LOGIN")
    session.user = login
    session.update(
        helo=attributes.get("HELO") or "",
        auth_mechanism="XCLIENT" if login is not None else "",
        auth_username=login or "",
        protocol=session.protocol,
    )
