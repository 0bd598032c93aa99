"""The commands: one table, and the handlers of those that need no transaction.

A handler takes the machine and the argument; it returns the reply or the steps to it
(to None where they answer themselves), and raises Refusal before it has changed
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mailsink.ports import Stage
from mailsink.smtp.commands import (
    auth,
    basic,
    bdat,
    data,
    extensions,
    hello,
    mail,
    parameters,
    queue_commands,
    starttls,
    vrfy,
    xclient,
)
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session

Handler = Callable[[Session, str], Reply | Steps[Reply] | Steps[None]]


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


def help_(session: Session, argument: str) -> Reply:
    """RFC 5321 §4.1.1.8; HELP STATUS is the natural 211."""
    topic = argument.strip().upper()
    spoken = _spoken(session)
    if not topic:
        return replies.help_list(spoken[verb].syntax for verb in sorted(spoken))
    if topic == "STATUS":
        return replies.status(session.host.status())
    if topic not in spoken:
        raise Refusal(replies.no_help(grammar.shown(topic)))
    command = spoken[topic]
    offered = extensions.offered(session)
    taken = [
        f"{parameter.syntax} ({parameter.rfc})"
        for parameter in parameters.PARAMETERS.get(topic, {}).values()
        if parameter.extension in offered
    ]
    return replies.help_on(command.syntax, taken, command.rfc)


def _spoken(session: Session) -> dict[str, Command]:
    """The commands that are offered to this client now."""
    return {
        verb: command
        for verb, command in COMMANDS.items()
        if command.protocol in (None, session.profile.protocol)
        and (not command.keyword or extensions.offers(session, command.keyword))
    }


COMMANDS = {
    "HELO": Command(
        hello.helo, "HELO your.host.name", "RFC 5321 section 4.1.1.1", "helo", protocol="smtp"
    ),
    "EHLO": Command(
        hello.ehlo,
        "EHLO your.host.name | [address]",
        "RFC 5321 section 4.1.1.1",
        "helo",
        protocol="smtp",
    ),
    "LHLO": Command(
        hello.ehlo,
        "LHLO your.host.name | [address]",
        "RFC 2033 section 4.1",
        "helo",
        protocol="lmtp",
    ),
    "MAIL": Command(
        mail.mail,
        "MAIL FROM:<address> [parameters]",
        "RFC 5321 section 4.1.1.2",
        None,
    ),
    "RCPT": Command(
        mail.rcpt,
        "RCPT TO:<address> [parameters]",
        "RFC 5321 section 4.1.1.3",
        None,
    ),
    "DATA": Command(data.data, "DATA", "RFC 5321 section 4.1.1.4", None),
    "BDAT": Command(
        bdat.bdat,
        "BDAT size [LAST]",
        "RFC 3030 section 2",
        None,
        keyword="CHUNKING",
    ),
    "RSET": Command(basic.rset, "RSET", "RFC 5321 section 4.1.1.5", "rset"),
    "NOOP": Command(basic.noop, "NOOP [anything]", "RFC 5321 section 4.1.1.9"),
    "VRFY": Command(
        vrfy.vrfy, "VRFY user [SMTPUTF8]", "RFC 5321 section 4.1.1.6", None
    ),
    "EXPN": Command(
        vrfy.expn,
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
        queue_commands.etrn, "ETRN domain | @domain | #queue", "RFC 1985", keyword="ETRN"
    ),
    "ATRN": Command(queue_commands.atrn, "ATRN [domain,...]", "RFC 2645", keyword="ATRN"),
    "TURN": Command(queue_commands.turn, "TURN", "RFC 821 section 3.8", keyword="TURN"),
    "XCLIENT": Command(
        xclient.xclient,
        "XCLIENT name=value...",
        "postfix.org/XCLIENT_README.html",
        None,
        keyword="XCLIENT",
    ),
    "QUIT": Command(
        basic.quit_, "QUIT", "RFC 5321 section 4.1.1.10", "quit", ends=True
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
