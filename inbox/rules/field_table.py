"""Every member of a rule, one line each: its input in forms, and its words in sentences.

A new member needs a check in rule_fields, and a line here: the form, the sentences, the
dry run and the import read this table. Pure. The display code translates the texts;
*this* is emphasised in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext_noop

# text, number, percent (a number up to 1), switch, list (of texts, separated by
# commas), lines (of texts), choice (one of several words), yesno.
Kind = Literal[
    "text", "number", "percent", "switch", "list", "lines", "choice", "yesno"
]


@dataclass(frozen=True, slots=True)
class RuleField:
    """A member of a rule."""

    name: str
    kind: Kind
    label: str
    phrase: str = ""  # for a sentence; "": another member's phrase covers it
    help: str = ""
    example: str = ""
    # For a choice: its values, with the form's words; for yesno: "yes" and "no"
    words: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)  # for those values
    rare: bool = False  # folded away in the form


CONDITIONS = (
    RuleField("forward_path", "text", gettext_noop("Recipient"), gettext_noop("the recipient matches *%(forward_path)s*"), example=gettext_noop("audit@*")),
    RuleField("reverse_path", "text", gettext_noop("Sender"), gettext_noop("the sender matches *%(reverse_path)s*"), example=gettext_noop("*@shop.example")),
    RuleField("header", "text", gettext_noop("Header field"), help=gettext_noop("The name of a field; at the end of the message."), example=gettext_noop("Subject")),
    RuleField("header_value", "text", gettext_noop("Its value"), gettext_noop("the field *%(header)s* matches *%(header_value)s*"), example=gettext_noop("*invoice*")),
    RuleField("body", "text", gettext_noop("Text in the message"), gettext_noop("the message holds *%(body)s*"), gettext_noop("Anywhere in its first 256 KiB."), gettext_noop("unsubscribe")),
    RuleField("tls", "yesno", gettext_noop("TLS"), words={"": gettext_noop("with or without"), "yes": gettext_noop("in TLS"), "no": gettext_noop("without TLS")}, phrases={"yes": gettext_noop("the session is in *TLS*"), "no": gettext_noop("there is *no TLS*")}),
    RuleField("errors", "yesno", gettext_noop("Errors in the message"), help=gettext_noop("A finding or a check of level error, as for strict mode."), words={"": gettext_noop("with or without"), "yes": gettext_noop("with an error"), "no": gettext_noop("without any")}, phrases={"yes": gettext_noop("the message has an *error*"), "no": gettext_noop("the message has *no error*")}, rare=True),
    RuleField("client", "text", gettext_noop("Client address or network"), gettext_noop("the client is *%(client)s*"), example="10.0.0.0/8", rare=True),
    RuleField("helo", "text", gettext_noop("EHLO name"), gettext_noop("the EHLO name matches *%(helo)s*"), example=gettext_noop("*.example"), rare=True),
    RuleField("user", "text", gettext_noop("User"), gettext_noop("the user matches *%(user)s*"), gettext_noop("The name of a login. A pattern."), gettext_noop("app"), rare=True),
    RuleField("size_over", "number", gettext_noop("Larger than, in bytes"), gettext_noop("the message is larger than *%(size_over)s bytes*"), gettext_noop("As MAIL declares it, or, at the end of the message, its real size."), "1000000", rare=True),
    RuleField("transaction", "number", gettext_noop("Message of the session, by number"), gettext_noop("it is message *%(transaction)s* of the session"), gettext_noop("1 is the first."), "1", rare=True),
    RuleField("session", "number", gettext_noop("Session of the client, by number"), gettext_noop("it is session *%(session)s* of the client"), gettext_noop("Those that meet the other conditions are counted; 1 is the first."), "1", rare=True),
    RuleField("attempt", "number", gettext_noop("Attempt of the message, by number"), gettext_noop("it is attempt *%(attempt)s* of the message"), gettext_noop("Those that meet the other conditions are counted; 1 is the first."), "2", rare=True),
    RuleField("verb", "text", gettext_noop("Command"), gettext_noop("the command is *%(verb)s*"), gettext_noop("Its verb."), gettext_noop("NOOP"), rare=True),
)  # fmt: skip

ACTIONS = (
    RuleField("code", "number", gettext_noop("Reply code"), help=gettext_noop("4yz: the client may try again. 5yz: it may not."), example="451"),
    RuleField("enhanced", "text", gettext_noop("Enhanced code"), help=gettext_noop("Empty: the usual one for the code. -: none."), example="4.7.1"),
    RuleField("text", "lines", gettext_noop("Text of the reply"), help=gettext_noop("One line or more. Empty: the usual text for the code."), example=gettext_noop("Try later")),
    RuleField("delay_ms", "number", gettext_noop("Wait before it, in milliseconds"), gettext_noop("wait *%(delay_ms)s ms*"), gettext_noop("At most five minutes."), "500"),
    RuleField("close", "choice", gettext_noop("Close the connection"), words={"": gettext_noop("no"), "before": gettext_noop("in place of the reply"), "half": gettext_noop("half way through the reply"), "after": gettext_noop("after the reply")}, phrases={"before": gettext_noop("*close* the connection in place of the reply"), "half": gettext_noop("*close* the connection half way through the reply"), "after": gettext_noop("*close* the connection after the reply")}),
    RuleField("reset", "switch", gettext_noop("Close it with RST"), gettext_noop("by *RST*"), gettext_noop("The client sees “connection reset by peer”."), rare=True),
    RuleField("stall", "switch", gettext_noop("Never reply, and keep the connection"), gettext_noop("*never reply*"), rare=True),
    RuleField("drip", "number", gettext_noop("Write it at n bytes per second"), gettext_noop("write the reply at *%(drip)s bytes a second*"), example="10", rare=True),
    RuleField("keep", "number", gettext_noop("Cut its lines to n characters"), gettext_noop("cut the reply to *%(keep)s characters*"), example="2", rare=True),
    RuleField("garble", "switch", gettext_noop("Write the reply backwards"), gettext_noop("write the reply *backwards*"), rare=True),
    RuleField("without", "list", gettext_noop("Extensions to withdraw"), gettext_noop("do not offer *%(without)s*"), gettext_noop("Separated by commas."), gettext_noop("STARTTLS, PIPELINING"), rare=True),
    RuleField("size", "number", gettext_noop("SIZE to offer"), gettext_noop("offer SIZE *%(size)s*"), example="10000", rare=True),
    RuleField("tls_failure", "choice", gettext_noop("Make TLS fail"), help=gettext_noop("Alone, without another action."), words={"": gettext_noop("no"), "wrong_name": gettext_noop("with a certificate for another name"), "expired": gettext_noop("with a certificate that has expired"), "no_cipher": gettext_noop("with no cipher that clients have")}, phrases={"wrong_name": gettext_noop("begin TLS with a certificate for *another name*"), "expired": gettext_noop("begin TLS with a certificate that has *expired*"), "no_cipher": gettext_noop("begin TLS with *no cipher* that clients have")}),
    RuleField("tags", "list", gettext_noop("Tags for the message"), gettext_noop("tag the message *%(tags)s*"), gettext_noop("Separated by commas."), gettext_noop("slow"), rare=True),
    RuleField("pin", "switch", gettext_noop("Pin the message"), gettext_noop("*pin* the message"), rare=True),
    RuleField("inbox", "text", gettext_noop("Inbox for the message"), gettext_noop("put the message into the inbox *%(inbox)s*"), gettext_noop("Its slug."), gettext_noop("default"), rare=True),
    RuleField("discard", "switch", gettext_noop("Accept the message, and discard it"), gettext_noop("accept the message, and *discard* it"), gettext_noop("The client gets its 250; the session and the transaction say that it was discarded."), rare=True),
)  # fmt: skip

LIMITS = (
    RuleField("first", "number", gettext_noop("Only the first n times"), gettext_noop("the first *%(first)s* times"), gettext_noop("2: fail twice, then accept."), "2"),
    RuleField("every", "number", gettext_noop("Only every n-th time"), gettext_noop("one time in *%(every)s*"), example="3", rare=True),
    RuleField("lasts", "number", gettext_noop("For n seconds from the first time"), gettext_noop("for *%(lasts)s s* from the first time"), gettext_noop("As greylisting does: refused, and accepted later."), "300", rare=True),
    RuleField("rate", "number", gettext_noop("Only beyond n times"), gettext_noop("beyond *%(rate)s* times in *%(seconds)s s*"), gettext_noop("As a rate limit does."), "10", rare=True),
    RuleField("seconds", "number", gettext_noop("… in n seconds"), example="60", rare=True),
    RuleField("probability", "percent", gettext_noop("Probability"), gettext_noop("in *%(probability)s* of the cases"), gettext_noop("In percent, or a number up to 1."), "20%", rare=True),
    RuleField("seed", "text", gettext_noop("Seed of the random numbers"), gettext_noop("by the seed *%(seed)s*"), gettext_noop("The same seed gives the same run again."), gettext_noop("monday"), rare=True),
    RuleField("per", "choice", gettext_noop("Counted for"), words={"": gettext_noop("all together"), "client": gettext_noop("each client"), "sender": gettext_noop("each sender"), "recipient": gettext_noop("each recipient"), "session": gettext_noop("each session"), "triplet": gettext_noop("each client, sender and recipient")}, phrases={"client": gettext_noop("for each *client*"), "sender": gettext_noop("for each *sender*"), "recipient": gettext_noop("for each *recipient*"), "session": gettext_noop("for each *session*"), "triplet": gettext_noop("for each *client, sender and recipient*")}),
    RuleField("speed", "number", gettext_noop("Its time runs n times faster"), gettext_noop("at *%(speed)s times* the speed"), gettext_noop("1 to 1000: the waits of the limits pass this many times faster."), "60", rare=True),
    RuleField("from_time", "text", gettext_noop("From, time of day"), gettext_noop("from *%(from_time)s* to *%(until_time)s*"), gettext_noop("In the server's zone."), "09:00", rare=True),
    RuleField("until_time", "text", gettext_noop("Until"), example="17:00", rare=True),
)  # fmt: skip

# Members of the rule itself, which the form has in addition.
OWN = (
    RuleField("max_hits", "number", gettext_noop("At most n hits"), gettext_noop("at most *%(max_hits)s* times in all"), gettext_noop("Then it stops."), "100"),
    RuleField("minutes", "number", gettext_noop("Expires in n minutes"), help=gettext_noop("0: never."), example="10"),
)  # fmt: skip

TABLE: dict[str, tuple[RuleField, ...]] = {
    "conditions": CONDITIONS,
    "actions": ACTIONS,
    "limits": LIMITS,
}

# The beginning of a sentence at each stage: without and with the condition that its
# line is about; then that condition.
BEGINNINGS: dict[str, tuple[str, str, str]] = {
    "connect": (gettext_noop("When *a client connects*"), gettext_noop("When *a client connects* from *%(client)s*"), gettext_noop("client")),
    "helo": (gettext_noop("When *EHLO* comes"), gettext_noop("When *EHLO* matches *%(helo)s*"), gettext_noop("helo")),
    "starttls": (gettext_noop("When *STARTTLS* comes"), "", ""),
    "auth": (gettext_noop("When *a login* is valid"), gettext_noop("When *a login* of *%(user)s* is valid"), gettext_noop("user")),
    "mail": (gettext_noop("When *MAIL* comes"), gettext_noop("When *MAIL* matches *%(reverse_path)s*"), gettext_noop("reverse_path")),
    "rcpt": (gettext_noop("When *RCPT* comes"), gettext_noop("When *RCPT* matches *%(forward_path)s*"), gettext_noop("forward_path")),
    "data": (gettext_noop("When *DATA* comes"), "", ""),
    "bdat": (gettext_noop("When *BDAT* comes"), "", ""),
    "body": (gettext_noop("When *the message* ends"), "", ""),
    "rset": (gettext_noop("When *RSET* comes"), "", ""),
    "vrfy": (gettext_noop("When *VRFY* comes"), "", ""),
    "etrn": (gettext_noop("When *ETRN* comes"), "", ""),
    "quit": (gettext_noop("When *QUIT* comes"), "", ""),
    "any": (gettext_noop("When *any command* comes"), gettext_noop("When *%(verb)s* comes"), gettext_noop("verb")),
}  # fmt: skip

STAGE_WORDS = {
    "connect": gettext_noop("A client connects"),
    "helo": gettext_noop("EHLO, HELO or LHLO"),
    "starttls": gettext_noop("STARTTLS"),
    "auth": gettext_noop("AUTH, when the login is valid"),
    "mail": gettext_noop("MAIL"),
    "rcpt": gettext_noop("RCPT"),
    "data": gettext_noop("DATA, or the first BDAT"),
    "bdat": gettext_noop("Each BDAT"),
    "body": gettext_noop("The end of the message"),
    "rset": gettext_noop("RSET"),
    "vrfy": gettext_noop("VRFY or EXPN"),
    "etrn": gettext_noop("ETRN"),
    "quit": gettext_noop("QUIT"),
    "any": gettext_noop("Any command"),
}
