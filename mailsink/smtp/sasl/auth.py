"""AUTH (RFC 4954): when it may be said, by which mechanism, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.replies import Reply
from mailsink.smtp.sasl.dialogue import Dialogue, decoded
from mailsink.smtp.sasl.mechanisms import MECHANISMS, Mechanism
from mailsink.smtp.sasl.shape import told_username
from mailsink.smtp.wishes import Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine


def auth(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 4954 §4."""
    name, _, initial = argument.partition(" ")
    name, initial = name.upper(), initial.strip(" ")
    known = MECHANISMS.get(name)
    if known is not None and known.shows_secret and machine.tls is None:
        machine.current.flags += ("auth_plaintext",)
    _check_order(machine)
    mechanism = _mechanism(machine, name)
    first = _initial_response(mechanism, name, initial)
    decided = yield from machine.consult("auth", argument=name)
    username = yield from mechanism.converse(Dialogue(machine, name, first))
    machine.user = told_username(username)
    machine.update(protocol=machine.protocol)
    return decided or replies.AUTH_OK


def offered(machine: Machine) -> list[str]:
    """Return the names of the mechanisms that can be judged, the plainest first."""
    hidden = machine.profile.hidden
    if _needs_tls(machine):
        return []
    return [
        name for name in MECHANISMS if machine.supports(name) and name not in hidden
    ]


def _needs_tls(machine: Machine) -> bool:
    return machine.profile.auth_requires_tls and machine.tls is None


def _check_order(machine: Machine) -> None:
    if _needs_tls(machine):
        raise Refusal(replies.AUTH_NEEDS_TLS)
    if not machine.helo:
        raise Refusal(machine.hello_missing())
    if machine.user is not None:
        raise Refusal(replies.AUTH_TWICE)
    if machine.transaction is not None:
        raise Refusal(replies.AUTH_IN_TRANSACTION)


def _mechanism(machine: Machine, name: str) -> Mechanism:
    if not name:
        raise Refusal(replies.syntax("AUTH mechanism [initial-response]"))
    names = offered(machine)
    if name in names:
        return MECHANISMS[name]
    if name in MECHANISMS and not machine.supports(name):
        raise Refusal(replies.mechanism_needs_logins(name, " ".join(names)))
    raise Refusal(replies.unknown_mechanism(" ".join(names)))


def _initial_response(mechanism: Mechanism, name: str, text: str) -> bytes | None:
    """Return it decoded, or None where none came; "=" is an empty one."""
    if not text:
        return None
    if mechanism.server_first:
        raise Refusal(replies.no_initial_response(name))
    return b"" if text == "=" else decoded(text.encode())
