"""The catalogue: the only place with the code, enhanced code and text of every reply.

A reply with a fixed text is a constant, any other a function. Texts are ASCII and say
what to do; enhanced codes are those of RFC 3463 and RFC 5248.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Reply(NamedTuple):
    """A reply (RFC 5321 §4.2): its code, enhanced code (RFC 3463; may be "") and texts.

    utf8: whether the client allowed UTF-8 in it (RFC 6531 §3.7.4.2).
    """

    code: int
    enhanced: str
    texts: tuple[str, ...]
    utf8: bool = False

    def lines(self) -> tuple[str, ...]:
        """Return the whole lines, without CRLF.

        The enhanced code is on each (RFC 2034 §4).
        """
        prefix = f"{self.enhanced} " if self.enhanced else ""
        *firsts, last = self.texts
        return (
            *(f"{self.code}-{prefix}{text}" for text in firsts),
            f"{self.code} {prefix}{last}",
        )

    def to(self, recipient: str) -> Reply:
        """Return this reply as one recipient gets it in LMTP (RFC 2033 §4.2)."""
        first, *rest = self.texts
        return self._replace(texts=(f"<{recipient}> {first}", *rest))


def _reply(code: int, enhanced: str, *texts: str) -> Reply:
    return Reply(code, enhanced, texts)


# The session
def greeting(hostname: str, protocol: str = "ESMTP") -> Reply:
    return _reply(220, "", f"{hostname} {protocol} Mailsink")


def hello(hostname: str) -> Reply:
    return _reply(250, "", hostname)


def extended_hello(hostname: str, client: str, keywords: Iterable[str]) -> Reply:
    return _reply(250, "", f"{hostname} greets {client}", *keywords)


BYE = _reply(221, "2.0.0", "Bye")
RESET = _reply(250, "2.0.0", "Ok, forgotten")
NOTHING_DONE = _reply(250, "2.0.0", "Ok")
SHUTTING_DOWN = _reply(421, "4.3.2", "Mailsink is stopping, closing the connection")
TOO_MANY_CONNECTIONS = _reply(421, "4.3.2", "Too many connections, try again later")
TOO_MANY_FROM_CLIENT = _reply(
    421, "4.7.0", "Too many connections from your address, try again later"
)
LOGIN_REVOKED = _reply(421, "4.7.0", "Your login was revoked, closing the connection")
CONGESTED = _reply(421, "4.3.2", "The storage cannot keep up, try again later")
BROKEN = _reply(421, "4.3.0", "Internal error, closing the connection")
LOCAL_ERROR = _reply(451, "4.3.0", "Internal error, nothing was done; see the log")


def idle(seconds: float) -> Reply:
    return _reply(421, "4.4.2", f"Nothing came for {seconds:g} seconds, closing")


def kept_back(seconds: float) -> Reply:
    return _reply(421, "4.4.2", f"The reply was kept back for {seconds:g} seconds")


def line_not_ended(seconds: float) -> Reply:
    text = f"No end of the line came for {seconds:g} seconds, closing"
    return _reply(421, "4.4.2", text)


def session_too_long(seconds: float) -> Reply:
    return _reply(421, "4.4.2", f"The session lasted {seconds:g} seconds, closing")


def too_many_errors(most: int) -> Reply:
    return _reply(421, "4.7.0", f"{most} errors in a row are too many, closing")


def too_many_commands(most: int) -> Reply:
    return _reply(
        421, "4.7.0", f"More than {most} commands in a session; connect again"
    )


def transcript_too_long(most: int) -> Reply:
    return _reply(
        421,
        "4.7.0",
        f"More than {most} octets of transcript in a session; reconnect",
    )


# Any command
LINE_TOO_LONG = _reply(500, "5.5.2", "The line is too long")
EMPTY_LINE = _reply(500, "5.5.2", "An empty line is no command")
NUL_IN_LINE = _reply(501, "5.5.2", "A NUL octet may not stand in a command")
CONTROL_IN_LINE = _reply(
    501, "5.5.2", "A control character may not stand in a command; lines end in CRLF"
)
NOT_UTF8 = _reply(500, "5.5.2", "The command is neither ASCII nor UTF-8")
BARE_LF = _reply(500, "5.5.2", "The line ended in a bare LF; lines end in CRLF")


def unknown_command(verb: str) -> Reply:
    return _reply(500, "5.5.2", f'There is no command "{verb}"; HELP lists them')


UNKNOWN_COMMAND = _reply(500, "5.5.2", "There is no such command; HELP lists them")


def says_lhlo(verb: str) -> Reply:
    """RFC 2033 §4.1."""
    return _reply(500, "5.5.1", f"This is LMTP: say LHLO instead of {verb}")


LHLO_ON_SMTP = _reply(500, "5.5.1", "This is SMTP, not LMTP: say EHLO instead of LHLO")


def not_offered(verb: str) -> Reply:
    return _reply(502, "5.5.1", f"{verb} is not offered here")


def syntax(form: str) -> Reply:
    return _reply(501, "5.5.4", f"Syntax: {form}")


def out_of_order(first: str) -> Reply:
    return _reply(503, "5.5.1", f"Wrong order: send {first} first")


def hello_again(hello: str) -> Reply:
    return _reply(503, "5.5.1", f"Wrong order: send {hello} again, behind STARTTLS")


# HELO and EHLO
def bad_hello(why: str) -> Reply:
    return _reply(501, "5.5.4", f"Bad host name: {why}")


def unknown_literal(why: str) -> Reply:
    return _reply(504, "5.5.4", f"Bad host name: {why}")


# MAIL and RCPT
SENDER_OK = _reply(250, "2.1.0", "Sender ok")
RECIPIENT_OK = _reply(250, "2.1.5", "Recipient ok")
NESTED_MAIL = _reply(
    503, "5.5.1", "Wrong order: a transaction is open; end it by DATA or RSET"
)
NULL_RECIPIENT = _reply(501, "5.1.3", "Bad recipient: <> is no recipient")
SENDER_NOT_ASCII = _reply(
    550, "5.6.7", "A sender beyond ASCII needs the parameter SMTPUTF8"
)
RECIPIENT_NOT_ASCII = _reply(
    553, "5.6.7", "A recipient beyond ASCII needs SMTPUTF8 given with MAIL"
)
BAD_SIZE = _reply(501, "5.5.4", "SIZE takes 1 to 20 digits")
BAD_AUTH_PARAMETER = _reply(501, "5.5.4", "AUTH takes <> or a mailbox in xtext")
BAD_RET = _reply(501, "5.5.4", "RET takes FULL or HDRS")
BAD_ENVID = _reply(501, "5.5.4", "ENVID takes up to 100 characters in xtext")
BAD_NOTIFY = _reply(
    501, "5.5.4", "NOTIFY takes NEVER, or SUCCESS, FAILURE and DELAY by comma"
)
BAD_ORCPT = _reply(501, "5.5.4", "ORCPT takes type;address in xtext, as in rfc822;a@b")
ORCPT_NOT_ASCII = _reply(
    501,
    "5.5.4",
    "ORCPT beyond ASCII needs the type utf-8, and SMTPUTF8 given with MAIL",
)
BAD_BY = _reply(501, "5.5.4", "BY takes seconds;R or seconds;N, and T after that")
BY_IS_OVER = _reply(501, "5.5.4", "BY with R takes more than 0 seconds")
BAD_PRIORITY = _reply(501, "5.5.2", "MT-PRIORITY takes a number from -9 to 9")
PRIORITY_LOWERED = _reply(
    250, "2.3.6", "0 is the priority: a higher one is for the authenticated"
)
BAD_HOLDFOR = _reply(501, "5.5.4", "HOLDFOR takes 1 to 999999999 seconds")
BAD_HOLDUNTIL = _reply(
    501, "5.5.4", "HOLDUNTIL takes a time as in 2030-12-31T23:59:59Z"
)
HELD_TWICE = _reply(501, "5.5.4", "HOLDFOR and HOLDUNTIL exclude each other")
HOLD_IS_OVER = _reply(501, "5.5.4", "The time of HOLDUNTIL is past")
HELD_BEYOND_BY = _reply(
    501, "5.5.4", "The message would be held for longer than BY lets it take"
)


def bad_body(offered: Iterable[str]) -> Reply:
    return _reply(501, "5.5.4", f"BODY takes {' or '.join(offered)}")


def bad_sender(why: str) -> Reply:
    return _reply(501, "5.1.7", f"Bad sender: {why}")


def bad_recipient(why: str) -> Reply:
    return _reply(501, "5.1.3", f"Bad recipient: {why}")


def bad_parameter(why: str) -> Reply:
    return _reply(501, "5.5.4", f"Bad parameter: {why}")


def unknown_parameter(keyword: str, verb: str) -> Reply:
    return _reply(555, "5.5.4", f"The parameter {keyword} of {verb} is not known here")


def no_value(keyword: str) -> Reply:
    return _reply(501, "5.5.4", f"{keyword} takes no value")


def held_too_long(limit: int) -> Reply:
    return _reply(501, "5.5.4", f"A message can be held for {limit} seconds at most")


def parameter_not_offered(keyword: str, extension: str) -> Reply:
    needs = "" if keyword == extension else f" (extension {extension})"
    return _reply(555, "5.5.4", f"The parameter {keyword}{needs} is not offered here")


def parameter_needs_ehlo(keyword: str) -> Reply:
    return _reply(555, "5.5.4", f"The parameter {keyword} needs EHLO instead of HELO")


NO_ROOM = _reply(452, "4.3.1", "The disk has no room for a message of that SIZE now")


def declared_too_large(size: int, limit: int) -> Reply:
    return _reply(552, "5.3.4", f"SIZE={size} is over the limit of {limit} octets")


def too_many_recipients(limit: int) -> Reply:
    return _reply(452, "4.5.3", f"More than {limit} recipients; send the rest again")


def too_many_transactions(limit: int) -> Reply:
    return _reply(
        421, "4.5.3", f"More than {limit} messages in a session; connect again"
    )


# DATA and BDAT
START_INPUT = _reply(354, "", "End the message with <CRLF>.<CRLF>")
NO_VALID_RECIPIENTS = _reply(554, "5.5.1", "No valid recipients")
BARE_NEWLINES = _reply(
    554, "5.6.0", "The message holds a bare CR or LF; lines end in CRLF"
)
CHUNKS_BEGUN = _reply(
    503, "5.5.1", "Wrong order: the message has begun by BDAT; go on so, or send RSET"
)
DATA_IS_NOT_BINARY = _reply(
    503, "5.5.1", "Wrong order: BODY=BINARYMIME is sent by BDAT; send RSET first"
)
NO_CHUNK = _reply(501, "5.5.4", "No chunk is that large; nothing was skipped")
DISK_FULL = _reply(452, "4.3.1", "The disk is full; the message was not stored")
WRITE_ERROR = _reply(
    451, "4.3.0", "The message could not be written, and was not stored"
)


def queued(message: object) -> Reply:
    return _reply(250, "2.0.0", f"Ok: queued as {message}")


DISCARDED = _reply(250, "2.0.0", "Ok: discarded, as a rule wants it")


def chunk_taken(size: int, so_far: int) -> Reply:
    return _reply(250, "2.0.0", f"Ok, {size} octets taken, {so_far} in all")


def faulty(errors: Sequence[str]) -> Reply:
    """Strict mode. errors: of the message, a sentence each."""
    first, *rest = errors
    return _reply(554, "5.6.0", f"Strict mode: {first}", *rest)


def text_line_too_long(limit: int) -> Reply:
    return _reply(
        554,
        "5.6.0",
        f"A line of the message is longer than the limit of {limit} octets",
    )


def too_large(size: int, limit: int) -> Reply:
    return _reply(
        552, "5.3.4", f"The message of {size} octets is over the limit of {limit}"
    )


# Known addresses (RFC 5321 §3.4, §3.5). Addresses are UTF-8 if the client allowed it.
CANNOT_VERIFY = _reply(252, "2.1.5", "Not verified, but mail to it is taken")
VERIFIES_NO_LIST = _reply(
    252, "2.1.5", "That is a mailing list; EXPN lists its members, if any"
)
NOT_A_LIST = _reply(550, "5.1.1", "That is a user, not a mailing list; use VRFY")
NO_LISTS = _reply(550, "5.1.1", "There is no mailing list of this name")
VERIFY_NOT_ASCII = _reply(
    553, "5.6.7", "A name beyond ASCII needs SMTPUTF8 behind it, offered by EHLO"
)
VERIFIED_NEEDS_UTF8 = _reply(
    252, "2.6.8", "The answer is not ASCII; ask again with SMTPUTF8 behind the name"
)
AMBIGUOUS_NEEDS_UTF8 = _reply(
    550, "5.6.8", "Ambiguous; the list of possibilities needs SMTPUTF8"
)
FORWARDED_NEEDS_UTF8 = _reply(
    251, "2.6.8", "User not local; forwarded to an address that needs SMTPUTF8"
)
MOVED_NEEDS_UTF8 = _reply(
    551, "5.6.8", "User not local; the new address needs SMTPUTF8"
)


def verified(mailboxes: Sequence[str]) -> Reply:
    """Confirm a user, or list the members of a list: `Full Name <mailbox>` each."""
    return Reply(250, "2.1.5", tuple(mailboxes), utf8=True)


def forwarded(mailbox: str) -> Reply:
    text = f"User not local; will forward to <{mailbox}>"
    return Reply(251, "2.1.5", (text,), utf8=True)


def moved(mailbox: str) -> Reply:
    return Reply(551, "5.1.6", (f"User not local; please try <{mailbox}>",), utf8=True)


def ambiguous(mailboxes: Sequence[str]) -> Reply:
    """Ask which user is meant; choices are `Full Name <mailbox>` (RFC 5321 §3.5.1)."""
    if not mailboxes:
        return _reply(553, "5.1.4", "Ambiguous; there are several users of this name")
    texts = ("Ambiguous; possibilities are", *mailboxes)
    return Reply(553, "5.1.4", texts, utf8=True)


def unknown_user(nearly: str = "") -> Reply:
    if not nearly:
        return _reply(550, "5.1.1", "There is no such user here")
    text = f"There is no such user here; the case of letters counts: <{nearly}>"
    return Reply(550, "5.1.1", (text,), utf8=True)


# An inbox that is paused, or full
PAUSED = _reply(450, "4.2.1", "The inbox is paused; try again later")
MAILBOX_FULL = _reply(552, "5.2.2", "The inbox is full: its quota is reached")


def not_while_paused(keyword: str) -> Reply:
    text = f"The parameter {keyword} cannot be honoured while the inbox is paused"
    return _reply(455, "4.3.2", text)


def over_quota(size: int, quota: int) -> Reply:
    text = f"{size} octets are more than the inbox may ever hold: its quota is {quota}"
    return _reply(552, "5.2.2", text)


def no_room(size: int, free: int) -> Reply:
    text = f"{size} octets do not fit into the inbox now: {free} are free of its quota"
    return _reply(452, "4.2.2", text)


# HELP


def help_list(forms: Iterable[str]) -> Reply:
    return _reply(
        214,
        "2.0.0",
        "Commands:",
        *forms,
        "HELP <command> explains one; see also HELP STATUS",
    )


def help_on(form: str, parameters: Iterable[str], when: str, rfc: str) -> Reply:
    return _reply(
        214, "2.0.0", f"Syntax: {form}", *parameters, f"When: {when}", f"See {rfc}"
    )


def status(lines: Iterable[str]) -> Reply:
    return _reply(211, "2.0.0", *lines)


def no_help(topic: str) -> Reply:
    return _reply(504, "5.5.4", f'No help on "{topic}"; HELP lists the commands')


# AUTH (RFC 4954)
AUTH_OK = _reply(235, "2.7.0", "Authentication successful")
AUTH_FAILED = _reply(535, "5.7.8", "Authentication credentials invalid")
AUTH_CANCELLED = _reply(501, "5.7.0", "Authentication cancelled")
AUTH_BAD_BASE64 = _reply(501, "5.5.2", "That is not base64")
AUTH_LINE_TOO_LONG = _reply(500, "5.5.6", "The authentication line is too long")
AUTH_TWICE = _reply(503, "5.5.1", "Already authenticated")
AUTH_REQUIRED = _reply(530, "5.7.0", "Authenticate first, by AUTH")
AUTH_BAD_PLAIN = _reply(
    501, "5.5.2", "PLAIN takes authorization id, NUL, user name, NUL, password"
)
AUTH_BAD_CRAM = _reply(
    501, "5.5.2", "CRAM-MD5 takes user name, space, 32 lower-case hex digits"
)
AUTH_BAD_XOAUTH2 = _reply(
    501, "5.5.2", "XOAUTH2 takes user=NAME^Aauth=Bearer TOKEN^A^A, where ^A is octet 1"
)
AUTH_BAD_OAUTHBEARER = _reply(
    501,
    "5.5.2",
    "OAUTHBEARER takes n,a=NAME,^Aauth=Bearer TOKEN^A^A, where ^A is octet 1",
)


def bad_scram(why: str) -> Reply:
    return _reply(501, "5.5.2", f"SCRAM message refused: {why} (RFC 5802 section 7)")


def prompt(challenge: str) -> Reply:
    """Ask for the next response; the challenge is base64 (RFC 4954 §4)."""
    return _reply(334, "", challenge)


def unknown_mechanism(offered: str) -> Reply:
    return _reply(504, "5.5.4", f"No such mechanism here; offered are {offered}")


def mechanism_needs_logins(name: str, offered: str) -> Reply:
    return _reply(
        504, "5.5.4", f"{name} needs logins that are known here; offered are {offered}"
    )


def no_initial_response(name: str) -> Reply:
    return _reply(
        501, "5.7.0", f"{name} takes no initial response: the challenge comes first"
    )


# ETRN (RFC 1985), ATRN (RFC 2645) and TURN (RFC 821)
REVERSING = _reply(250, "2.0.0", "OK, now reversing the connection")
NO_SUCH_QUEUE = _reply(458, "4.3.0", "There is no such queue")
NODE_NOT_ALLOWED = _reply(459, "4.7.1", "All of a top-level domain is nobody's")
DOMAIN_NOT_YOURS = _reply(450, "4.7.1", "All of a top-level domain is nobody's")
NOTHING_WAITS = _reply(453, "4.0.0", "No messages are waiting for you")


NOT_YOUR_DOMAIN = _reply(450, "4.7.1", "One of these domains is not yours")
NOTHING_MAY_LEAVE = _reply(453, "4.7.1", "Messages wait for you; none may leave now")
NOTHING_MAY_TURN = _reply(502, "5.7.1", "Messages wait for you; none may leave now")
NOTHING_TO_TURN_FOR = _reply(502, "5.5.1", "No messages are waiting for you")
OUTGOING_IS_OFF = _reply(451, "4.3.2", "Outgoing mail is off here")
QUEUE_UNREADABLE = _reply(451, "4.3.0", "The queue cannot be read now")


def nothing_waits_for(node: str) -> Reply:
    return _reply(251, "2.0.0", f"No messages are waiting for {node}")


def on_its_way(node: str) -> Reply:
    return _reply(250, "2.0.0", f"Messages for {node} are on their way already")


def started(node: str, number: int) -> Reply:
    plural = "" if number == 1 else "s"
    return _reply(253, "2.0.0", f"{number} pending message{plural} for {node} started")


def started_many(node: str) -> Reply:
    return _reply(252, "2.0.0", f"Pending messages for {node} started")


def no_way_to(node: str, why: str) -> Reply:
    return _reply(458, "4.3.5", f"Cannot send messages for {node}: {why}")


def node_not_allowed(node: str, why: str) -> Reply:
    return _reply(459, "4.7.1", f"Not allowed for {node}: {why}")


def bad_node(why: str) -> Reply:
    return _reply(501, "5.5.4", f"Bad domain: {why}")


def in_transaction(verb: str) -> Reply:
    if verb == "MAIL":
        return NESTED_MAIL
    return _reply(503, "5.5.1", f"{verb} may not stand in a transaction")


# XCLIENT
XCLIENT_NOT_TRUSTED = _reply(550, "5.7.0", "XCLIENT is not believed from your address")


def bad_attribute(name: str, why: str) -> Reply:
    return _reply(501, "5.5.4", f"Bad {name}: {why}")


# TLS (RFC 3207)
GO_AHEAD = _reply(220, "2.0.0", "Ready to start TLS")
TLS_TWICE = _reply(503, "5.5.1", "TLS is on already")
TLS_UNAVAILABLE = _reply(454, "4.7.0", "TLS is not available now; see the log")
TLS_FIRST = _reply(530, "5.7.0", "Must issue a STARTTLS command first")
AUTH_NEEDS_TLS = _reply(538, "5.7.11", "AUTH is taken inside TLS: send STARTTLS first")

# Other protocols
PROXY_NOT_TRUSTED = _reply(
    554, "5.7.0", "A PROXY header is not believed from your address"
)
TLS_ON_PLAIN = _reply(
    554, "5.5.1", "This port speaks plain SMTP, not TLS: switch TLS off in the client"
)
PLAIN_ON_TLS = _reply(
    554, "5.5.1", "This is where TLS begins: switch TLS (SSL, SMTPS) on in the client"
)
