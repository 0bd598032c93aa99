"""The commands: one table, and the handlers of those that need no transaction.

A handler takes the machine and the argument; it returns the reply or the steps to it
(to None where they answer themselves), and raises Refusal before it has changed
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mailsink.ports import Stage
from mailsink.smtp import (
    chunking,
    delivery,
    directory,
    extensions,
    grammar,
    parameters,
    queues,
    replies,
    transaction,
    xclient,
)
from mailsink.smtp.replies import Reply
from mailsink.smtp.sasl import auth
from mailsink.smtp.tls import starttls
from mailsink.smtp.wishes import Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

Handler = Callable[["Machine", str], Reply | Steps[Reply] | Steps[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """One verb: what answers it, and what HELP says of it."""

    handler: Handler
    syntax: str
    rfc: str
    stage: Stage | None = "any"  # None: the handler consults itself, knowing more
    keyword: str = ""  # of EHLO, that offers it; "": every server speaks it
    ends: bool = False  # the session, if it succeeds
    protocol: Literal["smtp", "lmtp"] | None = None  # None: of both


def helo(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.1."""
    yield from _greeted(machine, argument, "HELO")
    machine.extended = False
    machine.offered = frozenset()
    machine.update(helo=machine.helo, protocol=machine.protocol)
    return replies.hello(machine.profile.hostname)


def ehlo(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.1: the same, and the extensions; LHLO too (RFC 2033 §4.1)."""
    yield from _greeted(machine, argument, machine.profile.hello)
    machine.extended = True
    starttls.hold_back(machine)
    offered = extensions.offered(machine)
    machine.offered = frozenset(offered)
    machine.update(helo=machine.helo, protocol=machine.protocol)
    hostname = machine.profile.hostname
    return replies.extended_hello(hostname, machine.helo, offered.values())


def _greeted(machine: Machine, argument: str, verb: str) -> Steps[None]:
    """Take the client's name, and forget an open transaction."""
    name = argument.rstrip(" ")
    if not name:
        raise Refusal(replies.syntax(f"{verb} your.host.name"))
    try:
        if not name.isascii():
            raise grammar.BadSyntax("it is not ASCII")
        flags = grammar.check_hello(name, machine.profile.lenient)
        if "underscore_domain" in flags and not machine.profile.lenient:
            raise grammar.BadSyntax("the domain holds an underscore")
    except grammar.UnknownTag as error:
        raise Refusal(replies.unknown_literal(str(error))) from None
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_hello(str(error))) from None
    machine.current.flags += flags
    machine.helo = name
    if machine.transaction is not None:
        yield from machine.transaction.give_up(machine, "reset")


def rset(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.5."""
    if argument:
        raise Refusal(replies.syntax("RSET"))
    if machine.transaction is not None:
        yield from machine.transaction.give_up(machine, "reset")
    return replies.RESET


def noop(machine: Machine, argument: str) -> Reply:
    """RFC 5321 §4.1.1.9: the argument means nothing."""
    return replies.NOTHING_DONE


def quit_(machine: Machine, argument: str) -> Reply:
    """RFC 5321 §4.1.1.10."""
    if argument:
        raise Refusal(replies.syntax("QUIT"))
    return replies.BYE


def help_(machine: Machine, argument: str) -> Reply:
    """RFC 5321 §4.1.1.8; HELP STATUS is the natural 211."""
    topic = argument.strip().upper()
    spoken = _spoken(machine)
    if not topic:
        return replies.help_list(spoken[verb].syntax for verb in sorted(spoken))
    if topic == "STATUS":
        return replies.status(machine.status())
    if topic not in spoken:
        raise Refusal(replies.no_help(grammar.shown(topic)))
    command = spoken[topic]
    offered = extensions.offered(machine)
    taken = [
        f"{parameter.syntax} ({parameter.rfc})"
        for parameter in parameters.PARAMETERS.get(topic, {}).values()
        if parameter.extension in offered
    ]
    return replies.help_on(command.syntax, taken, command.rfc)


def _spoken(machine: Machine) -> dict[str, Command]:
    """The commands that are offered to this client now."""
    return {
        verb: command
        for verb, command in COMMANDS.items()
        if command.protocol in (None, machine.profile.protocol)
        and (not command.keyword or extensions.offers(machine, command.keyword))
    }


COMMANDS = {
    "HELO": Command(
        helo, "HELO your.host.name", "RFC 5321 section 4.1.1.1", "helo", protocol="smtp"
    ),
    "EHLO": Command(
        ehlo,
        "EHLO your.host.name | [address]",
        "RFC 5321 section 4.1.1.1",
        "helo",
        protocol="smtp",
    ),
    "LHLO": Command(
        ehlo,
        "LHLO your.host.name | [address]",
        "RFC 2033 section 4.1",
        "helo",
        protocol="lmtp",
    ),
    "MAIL": Command(
        transaction.mail,
        "MAIL FROM:<address> [parameters]",
        "RFC 5321 section 4.1.1.2",
        None,
    ),
    "RCPT": Command(
        transaction.rcpt,
        "RCPT TO:<address> [parameters]",
        "RFC 5321 section 4.1.1.3",
        None,
    ),
    "DATA": Command(delivery.data, "DATA", "RFC 5321 section 4.1.1.4", None),
    "BDAT": Command(
        chunking.bdat,
        "BDAT size [LAST]",
        "RFC 3030 section 2",
        None,
        keyword="CHUNKING",
    ),
    "RSET": Command(rset, "RSET", "RFC 5321 section 4.1.1.5", "rset"),
    "NOOP": Command(noop, "NOOP [anything]", "RFC 5321 section 4.1.1.9"),
    "VRFY": Command(
        directory.vrfy, "VRFY user [SMTPUTF8]", "RFC 5321 section 4.1.1.6", None
    ),
    "EXPN": Command(
        directory.expn,
        "EXPN list [SMTPUTF8]",
        "RFC 5321 section 4.1.1.7",
        None,
        keyword="EXPN",
    ),
    "HELP": Command(
        help_, "HELP [command | STATUS]", "RFC 5321 section 4.1.1.8", keyword="HELP"
    ),
    "STARTTLS": Command(
        starttls.starttls, "STARTTLS", "RFC 3207 section 4", None, keyword="STARTTLS"
    ),
    "AUTH": Command(
        auth.auth,
        "AUTH mechanism [initial-response]",
        "RFC 4954 section 4",
        None,
        keyword="AUTH",
    ),
    "ETRN": Command(
        queues.etrn, "ETRN domain | @domain | #queue", "RFC 1985", keyword="ETRN"
    ),
    "ATRN": Command(queues.atrn, "ATRN [domain,...]", "RFC 2645", keyword="ATRN"),
    "TURN": Command(queues.turn, "TURN", "RFC 821 section 3.8", keyword="TURN"),
    "XCLIENT": Command(
        xclient.xclient,
        "XCLIENT name=value...",
        "postfix.org/XCLIENT_README.html",
        None,
        keyword="XCLIENT",
    ),
    "QUIT": Command(
        quit_, "QUIT", "RFC 5321 section 4.1.1.10", "quit", ends=True
    ),
}  # fmt: skip

# What takes a login where one is required (RFC 4954 §6).
AFTER_AUTH = frozenset(
    {"MAIL", "RCPT", "DATA", "BDAT", "VRFY", "EXPN", "ETRN", "ATRN", "TURN"}
)

# What takes TLS where it is required (RFC 3207 §4; LHLO is LMTP's EHLO).
AFTER_TLS = COMMANDS.keys() - {"NOOP", "EHLO", "LHLO", "STARTTLS", "QUIT"}

# Known, so that the refusal is 502 and not 500 (RFC 5321 §4.2.4).
NOT_OFFERED = frozenset({"SEND", "SOML", "SAML"})
