"""Why Mailsink gave a reply: what in the line, or in the session, called for it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.inputs import Exchangelike

# By code and verb; "" stands for any verb. RFC 5321 unless it says otherwise.
_BY_VERB: dict[tuple[int, str], str] = {
    (220, "STARTTLS"): gettext_noop("TLS was offered, and may begin now (RFC 3207 §4)"),
    (221, "QUIT"): gettext_noop("the client asked to end the session (RFC 5321 §4.1.1.10)"),
    (250, "EHLO"): gettext_noop("the client said its name, and is told what is offered (RFC 5321 §4.1.1.1)"),
    (250, "LHLO"): gettext_noop("the client said its name, and is told what is offered (RFC 2033 §4.1)"),
    (250, "HELO"): gettext_noop("the client said its name, and asked for no extensions (RFC 5321 §4.1.1.1)"),
    (250, "MAIL"): gettext_noop("the sender can be read, and a transaction began (RFC 5321 §4.1.1.2)"),
    (250, "RCPT"): gettext_noop("mail for this recipient is taken (RFC 5321 §4.1.1.3)"),
    (250, "RSET"): gettext_noop("whatever was begun is forgotten (RFC 5321 §4.1.1.5)"),
    (250, "NOOP"): gettext_noop("NOOP does nothing but ask for this reply (RFC 5321 §4.1.1.9)"),
    (354, "DATA"): gettext_noop("there is a recipient, so the message may come (RFC 5321 §4.1.1.4)"),
    (554, "DATA"): gettext_noop("no recipient was accepted before (RFC 5321 §3.3)"),
    (503, "STARTTLS"): gettext_noop("it may not stand here: TLS is there already, or a transaction is open (RFC 3207 §4)"),
    (503, "AUTH"): gettext_noop("it was done already, or a transaction is open (RFC 4954 §4)"),
    (454, "STARTTLS"): gettext_noop("TLS is not available for the moment (RFC 3207 §4)"),
    (503, "DATA"): gettext_noop("the message comes by BDAT here, or no transaction is open (RFC 3030 §3)"),
    (503, "BDAT"): gettext_noop("no transaction is open, or it had its last chunk (RFC 3030 §2)"),
}  # fmt: skip

_BY_CODE: dict[tuple[int, str], str] = {
    (235, ""): gettext_noop("the credentials were taken (RFC 4954 §4)"),
    (334, ""): gettext_noop("the mechanism has another step (RFC 4954 §4)"),
    (421, "4.3.0"): gettext_noop("Mailsink met an error of its own; its log tells more"),
    (421, "4.3.2"): gettext_noop("Mailsink was stopping, or had no room for another connection"),
    (421, "4.4.2"): gettext_noop("the client was silent, or its session lasted, for too long (RFC 5321 §4.5.3.2)"),
    (421, "4.5.3"): gettext_noop("the session had all the messages that one may have (RFC 9422)"),
    (421, "4.7.0"): gettext_noop("too many errors in a row, too many commands in the session, or too many connections of this client"),
    (450, "4.2.1"): gettext_noop("the inbox is paused"),
    (451, "4.3.0"): gettext_noop("Mailsink could not store it; its log tells more"),
    (452, "4.3.1"): gettext_noop("the disk has no room"),
    (452, "4.2.2"): gettext_noop("it does not fit into what the inbox's quota leaves"),
    (452, "4.5.3"): gettext_noop("the transaction had all the recipients that one may have (RFC 5321 §4.5.3.1.10)"),
    (500, "5.5.1"): gettext_noop("the command is of the other protocol: SMTP, or LMTP (RFC 2033 §4.1)"),
    (500, "5.5.2"): gettext_noop("no command could be read from the line (RFC 5321 §4.2.4)"),
    (501, "5.1.3"): gettext_noop("the recipient is no address: <local-part@domain> (RFC 5321 §4.1.2)"),
    (501, "5.1.7"): gettext_noop("the sender is no address: <local-part@domain> or <> (RFC 5321 §4.1.2)"),
    (501, "5.5.4"): gettext_noop("an argument is missing, or none that this command takes (RFC 5321 §4.3.2)"),
    (501, "5.5.2"): gettext_noop("what was sent cannot be decoded (RFC 5321 §4.3.2)"),
    (501, "5.7.0"): gettext_noop("the client broke AUTH off, with * (RFC 4954 §4)"),
    (502, ""): gettext_noop("the command was not offered to this client (RFC 5321 §4.2.4)"),
    (503, ""): gettext_noop("another command has to come first (RFC 5321 §4.1.4)"),
    (504, ""): gettext_noop("the argument is none that is offered here (RFC 5321 §4.2.3)"),
    (530, ""): gettext_noop("this listener takes mail from who has logged in only (RFC 4954 §6)"),
    (535, ""): gettext_noop("no login of this name has that password (RFC 4954 §6)"),
    (538, ""): gettext_noop("the mechanism would show the password to whoever listens (RFC 4954 §6)"),
    (550, "5.1.1"): gettext_noop("the inbox takes mail for known addresses only, and this is none"),
    (550, "5.6.7"): gettext_noop("the address is beyond ASCII, without SMTPUTF8 (RFC 6531 §3.4)"),
    (551, ""): gettext_noop("the address is known as moved (RFC 5321 §3.4)"),
    (552, "5.2.2"): gettext_noop("the quota of the inbox is reached"),
    (552, "5.3.4"): gettext_noop("it is over the limit of one message (MAILSINK_MAX_MESSAGE_SIZE; RFC 1870 §6)"),
    (553, "5.1.4"): gettext_noop("the name is known as that of several (RFC 5321 §3.5.1)"),
    (553, "5.6.7"): gettext_noop("the address is beyond ASCII, without SMTPUTF8 (RFC 6531 §3.4)"),
    (554, "5.5.1"): gettext_noop("no recipient was accepted before (RFC 5321 §3.3)"),
    (554, "5.6.0"): gettext_noop("the message breaks a rule that is held here: bare CR or LF, or a line too long (RFC 5321 §2.3.8)"),
    (555, ""): gettext_noop("the parameter is unknown, or its extension was not offered (RFC 5321 §4.1.1.11)"),
}  # fmt: skip

_BY_KIND: dict[tuple[int, str], str] = {
    (
        220,
        "connect",
    ): gettext_noop(
        "the connection was taken: the server speaks first (RFC 5321 §3.1)"
    ),
    (250, "body"): gettext_noop(
        "the message came whole, and is on the disk (RFC 5321 §4.1.1.4)"
    ),
    (250, "chunk"): gettext_noop("the chunk came whole (RFC 3030 §2)"),
}


def reason(exchange: Exchangelike) -> str:
    """Return why the reply was given; "" where its meaning says all there is.

    Where a setting or a rule decided the reply, the reason names it.
    """
    if exchange.code is None:
        return ""
    if exchange.rule:
        return _("rule “%(rule)s” answered") % {"rule": exchange.rule}
    code = exchange.code
    for table, key in (
        (_BY_KIND, exchange.kind),
        (_BY_VERB, exchange.verb),
        (_BY_CODE, exchange.enhanced),
        (_BY_CODE, ""),
    ):
        if why := table.get((code, key)):
            return _(why)
    return ""
