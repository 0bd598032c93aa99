"""VRFY and EXPN (RFC 5321 §3.5, RFC 6531 §3.7.4.2): who is known here.

A policy knows; without its answer nothing can be confirmed or denied, and there are
no lists. Neither command touches a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.replies import Reply
from mailsink.smtp.wishes import Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

_UTF8 = "SMTPUTF8"


def vrfy(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.6."""
    return (yield from _ask(machine, "VRFY user", argument)) or replies.CANNOT_VERIFY


def expn(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.7."""
    decided = yield from _ask(machine, "EXPN list", argument)
    if decided is None:
        raise Refusal(replies.NO_LISTS)
    return decided


def _ask(machine: Machine, form: str, argument: str) -> Steps[Reply | None]:
    """Have the name looked up, be it `name`, `user@domain` or `<user@domain>`."""
    name, utf8 = _name(machine, argument.strip(" "))
    if name.startswith("<") and name.endswith(">"):
        name = name[1:-1]
    if not name:
        raise Refusal(replies.syntax(form))
    if not (name.isascii() or utf8):
        raise Refusal(replies.VERIFY_NOT_ASCII)
    return (yield from machine.consult("vrfy", argument=name, smtputf8=int(utf8)))


def _name(machine: Machine, argument: str) -> tuple[str, bool]:
    """Return the name, and whether the reply may hold UTF-8 (RFC 6531 §3.7.4.2)."""
    name, _, last = argument.rpartition(" ")
    if not name or last.upper() != _UTF8:
        return argument, False
    if _UTF8 not in machine.offered:
        raise Refusal(replies.unknown_parameter(_UTF8, machine.current.verb))
    return name.rstrip(" "), True
