"""The commands: one table of the needs, the syntax and the handler of each verb.

Dispatch checks the needs of a verb before its handler runs. A handler takes the session
and the argument, and raises Refusal before it changes anything.
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
from mailsink.smtp.commands.needs import (
    EXTENDED_HELLO,
    HELLO,
    LOGIN,
    LOGIN_FOR_TURN,
    NO_CHUNK,
    NO_LOGIN,
    NO_TLS,
    NO_TRANSACTION,
    NOT_BINARY,
    NOT_FAILED,
    RECIPIENT,
    TRANSACTION,
    Need,
)
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session

# The reply, or the steps to it; the steps return None if they have sent it.
Outcome = Reply | Steps[Reply] | Steps[None] | Steps[Reply | None]
Handler = Callable[[Session, str], Outcome]  # it takes the argument
# Runs in place of the handler when a command is refused with this reply.
Refuser = Callable[[Session, str, Reply], Outcome]
# Who may send a command if the profile requires TLS, a login, or both.
Access = Literal["anyone", "tls", "login"]


@dataclass(frozen=True, slots=True)
class Command:
    """One verb: when it may come, its handler, and its help text."""

    handler: Handler
    syntax: str  # the verb alone: it takes no argument
    rfc: str
    stage: Stage | None = "any"  # None: the handler consults the policy itself
    needs: tuple[Need, ...] = ()  # conditions, in the order of their checks
    access: Access = "login"
    keyword: str = ""  # of EHLO, which offers the command; "": always available
    protocol: Literal["smtp", "lmtp"] | None = None  # None: both
    ends: bool = False  # a success ends the session
    # Returns the refusal for a client that may never use the command; None: it may.
    unavailable: Callable[[Session], Reply | None] | None = None
    refused: Refuser | None = None

    def when(self, hello: str = "EHLO") -> str:
        """Return when the command may come: "after EHLO, outside a transaction"."""
        words = [need.words.format(hello=hello) for need in self.needs if need.words]
        return ", ".join(words) or "at any time"


def help_(session: Session, argument: str) -> Reply:
    """RFC 5321 §4.1.1.8; HELP STATUS gets 211, the code of a system status."""
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
    return replies.help_on(command.syntax, taken, _when(session, command), command.rfc)


def _when(session: Session, command: Command) -> str:
    """Return when a command may come on this listener."""
    profile = session.profile
    required = []
    if profile.require_tls and command.access != "anyone":
        required.append("in TLS")
    if profile.require_auth and command.access == "login":
        required.append("after AUTH")
    return ", ".join([*required, command.when(profile.hello)])


def _spoken(session: Session) -> dict[str, Command]:
    """Return the commands that are offered to this client now."""
    return {
        verb: command
        for verb, command in COMMANDS.items()
        if command.protocol in (None, session.profile.protocol)
        and (not command.keyword or extensions.offers(session, command.keyword))
    }


# The verbs. A new one also needs its row in tests/smtp/test_states.py.
COMMANDS = {
    "HELO": Command(
        hello.helo,
        "HELO your.host.name",
        "RFC 5321 section 4.1.1.1",
        "helo",
        access="tls",
        protocol="smtp",
    ),
    "EHLO": Command(
        hello.ehlo,
        "EHLO your.host.name | [address]",
        "RFC 5321 section 4.1.1.1",
        "helo",
        access="anyone",
        protocol="smtp",
    ),
    "LHLO": Command(
        hello.ehlo,
        "LHLO your.host.name | [address]",
        "RFC 2033 section 4.1",
        "helo",
        access="anyone",
        protocol="lmtp",
    ),
    "MAIL": Command(
        mail.mail,
        "MAIL FROM:<address> [parameters]",
        "RFC 5321 section 4.1.1.2",
        None,
        needs=(HELLO, NO_TRANSACTION),
    ),
    "RCPT": Command(
        mail.rcpt,
        "RCPT TO:<address> [parameters]",
        "RFC 5321 section 4.1.1.3",
        None,
        needs=(TRANSACTION, NO_CHUNK),
        refused=mail.refused_rcpt,
    ),
    "DATA": Command(
        data.data,
        "DATA",
        "RFC 5321 section 4.1.1.4",
        None,
        needs=(TRANSACTION, NO_CHUNK, NOT_BINARY, RECIPIENT),
    ),
    "BDAT": Command(
        bdat.bdat,
        "BDAT size [LAST]",
        "RFC 3030 section 2",
        None,
        needs=(EXTENDED_HELLO, TRANSACTION, NOT_FAILED, RECIPIENT),
        keyword="CHUNKING",
        refused=bdat.refused_bdat,
    ),
    "RSET": Command(
        basic.rset, "RSET", "RFC 5321 section 4.1.1.5", "rset", access="tls"
    ),
    "NOOP": Command(
        basic.noop, "NOOP [anything]", "RFC 5321 section 4.1.1.9", access="anyone"
    ),
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
        help_,
        "HELP [command | STATUS]",
        "RFC 5321 section 4.1.1.8",
        access="tls",
        keyword="HELP",
    ),
    "STARTTLS": Command(
        starttls.starttls,
        "STARTTLS",
        "RFC 3207 section 4",
        None,
        needs=(NO_TLS, HELLO, NO_TRANSACTION),
        unavailable=starttls.unavailable,
        access="anyone",
        keyword="STARTTLS",
    ),
    "AUTH": Command(
        auth.auth,
        "AUTH mechanism [initial-response]",
        "RFC 4954 section 4",
        None,
        needs=(HELLO, NO_LOGIN, NO_TRANSACTION),
        access="tls",
        keyword="AUTH",
        unavailable=auth.unavailable,
        refused=auth.refused_auth,
    ),
    "ETRN": Command(
        queue_commands.etrn,
        "ETRN domain | @domain | #queue",
        "RFC 1985",
        "etrn",
        needs=(HELLO, NO_TRANSACTION),
        unavailable=queue_commands.unavailable,
        keyword="ETRN",
    ),
    "ATRN": Command(
        queue_commands.atrn,
        "ATRN [domain,...]",
        "RFC 2645",
        needs=(HELLO, NO_TRANSACTION, LOGIN),
        unavailable=queue_commands.unavailable,
        keyword="ATRN",
        ends=True,
    ),
    "TURN": Command(
        queue_commands.turn,
        "TURN",
        "RFC 821 section 3.8",
        needs=(HELLO, NO_TRANSACTION, LOGIN_FOR_TURN),
        unavailable=queue_commands.unavailable,
        keyword="TURN",
        ends=True,
    ),
    "XCLIENT": Command(
        xclient.xclient,
        "XCLIENT name=value...",
        "postfix.org/XCLIENT_README.html",
        None,
        needs=(NO_TRANSACTION,),
        unavailable=xclient.unavailable,
        access="tls",
        keyword="XCLIENT",
    ),
    "QUIT": Command(
        basic.quit_,
        "QUIT",
        "RFC 5321 section 4.1.1.10",
        "quit",
        access="anyone",
        ends=True,
    ),
}

# Known verbs, which get 502 and not 500 (RFC 5321 §4.2.4).
NOT_OFFERED = frozenset({"SEND", "SOML", "SAML"})
