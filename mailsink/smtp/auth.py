"""AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN. Secrets stay in local variables."""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsink.ports import Credentials
from mailsink.smtp import replies
from mailsink.smtp.exchange import MASK, secret_flags
from mailsink.smtp.replies import Reply
from mailsink.smtp.wishes import Authenticate, Refusal, Steps
from mailsink.text import readable

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

_USERNAME = b64encode(b"Username:").decode()
_PASSWORD = b64encode(b"Password:").decode()

Mechanism = Callable[["Machine", bytes | None], Steps[tuple[bytes, bytes]]]


def auth(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 4954 §4."""
    machine.current.flags += ("auth_plaintext",)
    name, _, initial = argument.partition(" ")
    name, initial = name.upper(), initial.strip(" ")
    if not machine.helo:
        raise Refusal(replies.out_of_order("EHLO"))
    if machine.user is not None:
        raise Refusal(replies.AUTH_TWICE)
    if machine.transaction is not None:
        raise Refusal(replies.AUTH_IN_TRANSACTION)
    if not name:
        raise Refusal(replies.syntax("AUTH mechanism [initial-response]"))
    mechanism = MECHANISMS.get(name)
    if mechanism is None:
        raise Refusal(replies.unknown_mechanism(" ".join(MECHANISMS)))
    decided = yield from machine.consult("auth", argument=name)
    first = _decoded(initial.encode()) if initial else None
    username, password = yield from mechanism(machine, first)
    return (
        (yield from _judge(machine, name, username, password))
        or decided
        or (replies.AUTH_OK)
    )


def _judge(
    machine: Machine, mechanism: str, username: bytes, password: bytes
) -> Steps[Reply | None]:
    """Check the credentials; return a refusal, or None."""
    machine.current.flags += secret_flags(username, password)
    name = readable(username)
    machine.update(auth_mechanism=mechanism, auth_username=name)
    good = yield Authenticate(
        Credentials(
            mechanism,
            username.decode("utf-8", "surrogateescape"),
            password.decode("utf-8", "surrogateescape"),
        )
    )
    if not good:
        return replies.AUTH_FAILED
    machine.user = name
    if machine.extended:
        machine.update(protocol="ESMTPA")
    return None


def _plain(machine: Machine, initial: bytes | None) -> Steps[tuple[bytes, bytes]]:
    """RFC 4616 §2: authorization id NUL user name NUL password."""
    response = initial
    if response is None:
        response = yield from _respond(machine, "")
    parts = response.split(b"\0")
    if len(parts) != 3:
        raise Refusal(replies.AUTH_BAD_PLAIN)
    return parts[1], parts[2]


def _login(machine: Machine, initial: bytes | None) -> Steps[tuple[bytes, bytes]]:
    """The user name, then the password; never standardised, and much used."""
    username = initial
    if username is None:
        username = yield from _respond(machine, _USERNAME)
    return username, (yield from _respond(machine, _PASSWORD))


MECHANISMS: dict[str, Mechanism] = {"PLAIN": _plain, "LOGIN": _login}


def _respond(machine: Machine, challenge: str) -> Steps[bytes]:
    """Ask for a response, which becomes an exchange of its own, and return it decoded."""
    yield from machine.answer(replies.prompt(challenge))
    line = yield from machine.read_line()
    flags = ("bare_lf_command",) if line.bare_lf else ()
    machine.open("auth", "", MASK, line.octets, line.received_us, flags)
    if line.too_long:
        raise Refusal(replies.AUTH_LINE_TOO_LONG)
    if line.bare_lf and machine.profile.bare_newlines == "reject":
        raise Refusal(replies.BARE_LF)
    if line.content == b"*":
        raise Refusal(replies.AUTH_CANCELLED)
    return _decoded(line.content) if line.content else b""


def _decoded(response: bytes) -> bytes:
    """Return a base64 response decoded; "=" stands for an empty one (RFC 4954 §4)."""
    if response == b"=":
        return b""
    try:
        return binascii.a2b_base64(response, strict_mode=True)
    except binascii.Error:
        raise Refusal(replies.AUTH_BAD_BASE64) from None
