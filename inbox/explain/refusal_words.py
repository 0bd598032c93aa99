"""Why each refusal is sent, and the change that makes the next attempt succeed.

A key is the beginning of a reply: its code, enhanced code and first words. `* ` stands
for a first word from the client or a setting. The longest matching key counts, so the
words of a code alone must be true for all its replies. The display code translates the
texts.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_noop as _


class RefusalWords(NamedTuple):
    """Why a refusal is sent, and what to change.

    why, fix: sentences. terms: a topic of client_terms that has the fix as a setting.
    short: why, in a few words; "" if the code and the refused command show it.
    """

    why: str
    fix: str
    terms: str = ""
    short: str = ""


_IN_LOG = _(
    "See Mailsink's own log for the cause, and send the message again once the cause is fixed."
)
_SEND_AGAIN = _(
    "Connect and send the message again later; a mail queue does so automatically."
)
_NOT_XTEXT = _("Leave the parameter out, or encode its value as xtext (RFC 3461 §4).")
_MAIL_FIRST = _(
    "Send EHLO, MAIL FROM, RCPT TO and DATA in this order; a mail library does so automatically."
)
_RSET = _("Send RSET, then begin with MAIL FROM again.")
_SMTPUTF8 = _(
    "Add SMTPUTF8 to MAIL FROM, or write the domain in Punycode (xn--…) and the local part in ASCII."
)
_LOWER_SIZE = _(
    "Send less, for example a link instead of an attachment, or raise MAILSINK_MAX_MESSAGE_SIZE."
)
_QUOTA = _("Delete messages, or raise the quota on the page Settings.")
_RESUME = _(
    "Resume the inbox on the page Settings. A client that retries delivers its mail then."
)
_CREDENTIALS = _(
    "Use a user name and password of MAILSINK_SMTP_AUTH, or unset it: any login is accepted then."
)
_ENCODE = _(
    "Encode the response as the mechanism requires; a mail library does so automatically."
)
_LITERAL_NAME = _(
    "Set the name that the client gives in EHLO to a full host name, or to its address in brackets: [192.0.2.1]."
)

# For codes that are as clear as the whole reply
_TOO_MANY_MESSAGES = RefusalWords(
    _("The session had as many messages as MAILSINK_SMTP_MAIL_MAX allows (RFC 9422)."),
    _("Connect again for the next message, or raise MAILSINK_SMTP_MAIL_MAX."),
    short=_("too many messages in one session"),
)
_WRONG_ORDER = RefusalWords(
    _("Another command has to come first (RFC 5321 §4.1.4)."),
    _MAIL_FIRST,
    short=_("wrong order of commands"),
)
_SENDER_BEYOND_ASCII = RefusalWords(
    _(
        "The sender's address is not ASCII, and MAIL FROM has no SMTPUTF8 (RFC 6531 §3.4)."
    ),
    _SMTPUTF8,
    short=_("address needs SMTPUTF8"),
)
_TOO_LARGE = RefusalWords(
    _("The message is larger than MAILSINK_MAX_MESSAGE_SIZE allows (RFC 1870 §6)."),
    _LOWER_SIZE,
)
_MOVED = RefusalWords(
    _("The known address has moved (RFC 5321 §3.4)."),
    _(
        "Send to the new address, which the reply names, or change the address on the page Settings."
    ),
)
_INBOX_FULL = RefusalWords(
    _("The inbox has reached its quota."), _QUOTA, short=_("inbox full")
)
_NOT_IN_QUOTA = RefusalWords(
    _("The message does not fit into the rest of the inbox's quota."),
    _QUOTA,
    short=_("inbox full"),
)
_CANCELLED = RefusalWords(
    _("The client cancelled AUTH by sending * (RFC 4954 §4)."),
    _("Set both user name and password in the client, or no login at all."),
    "login",
)
_NONE_WAITING = RefusalWords(
    _("No mail is waiting for this client (RFC 2645 §5.1)."),
    _("There is nothing to change: try again when mail is queued."),
)

REFUSALS: dict[str, RefusalWords] = {
    # The session
    "421": RefusalWords(_("Mailsink closed the connection."), _SEND_AGAIN, short=_("connection closed")),
    "421 4.3.0": RefusalWords(_("Mailsink met an error of its own."), _IN_LOG),
    "421 4.3.0 Internal error": RefusalWords(_("Mailsink met an error of its own and closed the session."), _IN_LOG),
    "421 4.3.2": RefusalWords(_("Mailsink accepted no more connections at this moment."), _SEND_AGAIN),
    "421 4.3.2 Mailsink is stopping": RefusalWords(_("Mailsink was shutting down."), _("Send the message again once Mailsink has restarted.")),
    "421 4.3.2 Too many connections": RefusalWords(
        _("As many connections were open as Mailsink allows in all."),
        _("Close connections that are idle, use a pool with fewer of them, or raise MAILSINK_SMTP_MAX_CONNECTIONS."),
        "reuse",
        short=_("too many connections"),
    ),
    "421 4.3.2 The storage cannot keep up": RefusalWords(
        _("Mail arrived faster than the disk could store it."),
        _("Send more slowly, or put MAILSINK_DATA on a faster disk."),
        short=_("storage too slow"),
    ),
    "421 4.4.2": RefusalWords(
        _("The client was silent, or its session lasted, longer than Mailsink allows."),
        _("Send QUIT as soon as the mail is sent, and connect again for the next."),
        "reuse",
    ),
    "421 4.4.2 Nothing came": RefusalWords(
        _("The client sent nothing until the idle time-out ended the session."),
        _("Send QUIT as soon as the mail is sent, or raise MAILSINK_SMTP_IDLE_TIMEOUT if the client needs longer pauses."),
        "quit",
    ),
    "421 4.4.2 No end of the line": RefusalWords(
        _("The client sent part of a line, but never its CRLF."),
        _("End each line with CRLF and flush the socket after it; a mail library does so automatically."),
        "line_ends",
    ),
    "421 4.4.2 The reply was kept back": RefusalWords(
        _("A rule, or an address, kept the reply back until the time-out."),
        _("Change the rule or the address that kept it back: the previous line names it."),
        short=_("reply kept back"),
    ),
    "421 4.4.2 The session lasted": RefusalWords(
        _("The session lasted longer than MAILSINK_SMTP_SESSION_TIMEOUT allows."),
        _("Connect again for the rest of the mail, or raise MAILSINK_SMTP_SESSION_TIMEOUT."),
    ),
    "421 4.5.3": _TOO_MANY_MESSAGES,
    "421 4.5.3 More than": _TOO_MANY_MESSAGES,
    "421 4.7.0": RefusalWords(
        _("The client reached a limit that Mailsink sets for each client."),
        _("Connect again, and do less in one session."),
        short=_("too many errors or commands"),
    ),
    "421 4.7.0 Your login was revoked": RefusalWords(
        _("The user name and password with which this session logged in were revoked, or their inbox was deleted."),
        _("Connect again with a login that is valid: the page of the inbox has them."),
        short=_("login revoked"),
    ),
    "421 4.7.0 Too many connections from your address": RefusalWords(
        _("This client had as many connections open as one address may have."),
        _("Use a pool with fewer connections, or raise MAILSINK_SMTP_MAX_CONNECTIONS_PER_CLIENT."),
        "reuse",
        short=_("too many connections from this client"),
    ),
    "421 4.7.0 * errors in a row": RefusalWords(
        _("Too many commands in a row were refused."),
        _("Fix the first refusal of this session; MAILSINK_SMTP_MAX_ERRORS sets the limit."),
    ),
    "421 4.7.0 More than": RefusalWords(
        _("The session had more commands than Mailsink records for one session."),
        _("Connect again for the rest, or raise MAILSINK_SMTP_MAX_COMMANDS or MAILSINK_SMTP_MAX_TRANSCRIPT."),
    ),
    # Any command
    "451": RefusalWords(_("Mailsink could not carry the command out."), _IN_LOG, short=_("temporary failure")),
    "451 4.3.0": RefusalWords(_("Mailsink could not store the message."), _IN_LOG),
    "451 4.3.0 Internal error": RefusalWords(_("Mailsink met an error of its own; nothing was done."), _IN_LOG),
    "451 4.3.0 The message could not be written": RefusalWords(
        _("Mailsink could not write the message to its database or disk."),
        _("See Mailsink's log, free the disk or database, and send the message again."),
    ),
    "500": RefusalWords(_("Mailsink knows no such command (RFC 5321 §4.2.4)."), _("Send only commands that HELP lists."), short=_("unknown command")),
    "500 5.5.2 The line is too long": RefusalWords(
        _("The command line was longer than MAILSINK_SMTP_MAX_LINE allows (RFC 5321 §4.5.3.1.4)."),
        _("Shorten the line: one address for each RCPT. If this is message text, it was sent as a command, after DATA had been refused."),
        short=_("line too long"),
    ),
    "500 5.5.2 An empty line": RefusalWords(
        _("The client sent an empty line where a command was due."),
        _("Do not send a line end after a command or after the message's final dot; it is already there."),
        short=_("empty line"),
    ),
    "501 5.5.2 A NUL octet": RefusalWords(
        _("The command contains a NUL byte."),
        _("Remove the NUL from the address or name that the client puts into the command."),
    ),
    "501 5.5.2 A control character": RefusalWords(
        _("The command contains a control character, such as a bare CR."),
        _("Remove control characters and line breaks from addresses, and end each command with CRLF."),
        "line_ends",
    ),
    "500 5.5.2 The command is neither": RefusalWords(
        _("The command contains bytes that are not UTF-8."),
        _("Encode addresses as UTF-8 and use SMTPUTF8 (RFC 6531), or use ASCII addresses."),
        short=_("not UTF-8"),
    ),
    "500 5.5.2 The line ended in a bare LF": RefusalWords(
        _("The command line ended with LF alone, which MAILSINK_SMTP_BARE_NEWLINES=reject refuses."),
        _("End each command with CRLF (\\r\\n)."),
        "line_ends",
        short=_("line ends in a bare LF"),
    ),
    "500 5.5.2 There is no command": RefusalWords(
        _("Mailsink knows no such command (RFC 5321 §4.2.4)."),
        _("Check how the command is spelled. If it is text of the message, it was sent as a command, after DATA had been refused."),
    ),
    "500 5.5.2 There is no such command": RefusalWords(
        _("Mailsink knows no such command (RFC 5321 §4.2.4)."),
        _("Check how the command is spelled. If it is text of the message, it was sent as a command, after DATA had been refused."),
    ),
    "500 5.5.1 This is LMTP": RefusalWords(
        _("This port speaks LMTP, and the client speaks SMTP (RFC 2033 §4.1)."),
        _("Set the client to a port of MAILSINK_SMTP, or let it speak LMTP (LHLO)."),
    ),
    "500 5.5.1 This is SMTP": RefusalWords(
        _("This port speaks SMTP, and the client speaks LMTP (RFC 2033 §4.1)."),
        _("Set the client to a port of MAILSINK_LMTP, or let it speak SMTP (EHLO)."),
    ),
    "502": RefusalWords(_("The command is known, but this port does not offer it."), _("Use only what the reply to EHLO offers."), short=_("not offered")),
    "502 5.5.1 * is not offered": RefusalWords(
        _("The command is known, but not offered to this client (RFC 5321 §4.2.4)."),
        _("Use only what the reply to EHLO offers; MAILSINK_SMTP_HIDE may hide it."),
    ),
    "501": RefusalWords(_("An argument of the command is missing or wrong (RFC 5321 §4.3.2)."), _("Correct the argument that the reply names."), short=_("wrong argument")),
    "501 5.5.4 Syntax": RefusalWords(
        _("An argument is missing, or is one that this command does not take (RFC 5321 §4.3.2)."),
        _("Write the command in the form that the reply shows."),
    ),
    "503": _WRONG_ORDER,
    "503 5.5.1 Wrong order: send": _WRONG_ORDER,
    # HELO and EHLO
    "501 5.5.4 Bad host name": RefusalWords(
        _("The name after HELO or EHLO is not a host name (RFC 5321 §4.1.1.1)."), _LITERAL_NAME, "host_name"
    ),
    "504 5.5.4 Bad host name": RefusalWords(
        _("The address in brackets after EHLO is of an unknown kind (RFC 5321 §4.1.3)."), _LITERAL_NAME, "host_name"
    ),
    # MAIL and RCPT
    "503 5.5.1 Wrong order: a transaction is open": RefusalWords(
        _("The client began a message before it had finished the previous one."),
        _("Finish the message with DATA, or send RSET, before the next MAIL FROM."),
    ),
    "501 5.1.3": RefusalWords(_("The recipient is not a valid address: user@domain (RFC 5321 §4.1.2)."), _("Send RCPT TO:<user@domain> with the address alone."), short=_("malformed address")),
    "501 5.1.3 Bad recipient: <>": RefusalWords(
        _("The recipient's address is empty."),
        _("Check for a missing address in the list of recipients before sending."),
        short=_("empty address"),
    ),
    "501 5.1.3 Bad recipient": RefusalWords(
        _("The recipient is not a valid address: user@domain (RFC 5321 §4.1.2)."),
        _("Give the client the address alone, as in ann@example.com: no display name, no spaces, one address for each recipient."),
    ),
    "501 5.1.7": RefusalWords(_("The sender is not a valid address: user@domain (RFC 5321 §4.1.2)."), _("Send MAIL FROM:<user@domain> with the address alone."), short=_("malformed sender address")),
    "501 5.1.7 Bad sender": RefusalWords(
        _("The sender is not a valid address: user@domain, or <> for a bounce (RFC 5321 §4.1.2)."),
        _("Give the client the sender's address alone, as in shop@example.com: no display name, no spaces."),
        "sender",
    ),
    "550 5.6.7": _SENDER_BEYOND_ASCII,
    "550 5.6.7 A sender beyond ASCII": _SENDER_BEYOND_ASCII,
    "553 5.6.7": RefusalWords(_("The address is not ASCII, and the client did not ask for SMTPUTF8 (RFC 6531 §3.4)."), _SMTPUTF8, short=_("address needs SMTPUTF8")),
    "553 5.6.7 A recipient beyond ASCII": RefusalWords(_("The recipient's address is not ASCII, and MAIL FROM has no SMTPUTF8 (RFC 6531 §3.4)."), _SMTPUTF8),
    "501 5.5.4 SIZE takes": RefusalWords(
        _("SIZE is not a number (RFC 1870 §6)."),
        _("Give the size of the message in bytes, as in SIZE=2048, or leave SIZE out."),
    ),
    "501 5.5.4 AUTH takes": RefusalWords(
        _("The parameter AUTH of MAIL names no mailbox (RFC 4954 §5)."),
        _("Write AUTH=<> or leave the parameter out; logging in is a command of its own."),
    ),
    "501 5.5.4 RET takes": RefusalWords(_("RET has a value that is not allowed (RFC 3461 §4.3)."), _("Write RET=FULL or RET=HDRS, or leave RET out.")),
    "501 5.5.4 ENVID takes": RefusalWords(_("ENVID is too long, or not xtext (RFC 3461 §4.4)."), _NOT_XTEXT),
    "501 5.5.4 NOTIFY takes": RefusalWords(
        _("NOTIFY has a value that is not allowed (RFC 3461 §4.1)."),
        _("Write NOTIFY=NEVER, or SUCCESS, FAILURE and DELAY separated by commas."),
    ),
    "501 5.5.4 ORCPT takes": RefusalWords(
        _("ORCPT is not of the form type;address (RFC 3461 §4.2)."),
        _("Write ORCPT=rfc822;user@domain with the address in xtext, or leave ORCPT out."),
    ),
    "501 5.5.4 ORCPT beyond ASCII": RefusalWords(
        _("ORCPT has an address that is not ASCII (RFC 6533 §3)."),
        _("Write ORCPT=utf-8;address and add SMTPUTF8 to MAIL FROM."),
    ),
    "501 5.5.4 BY takes": RefusalWords(_("BY is not of the form seconds;mode (RFC 2852 §4)."), _("Write BY=120;R or BY=120;N, or leave BY out.")),
    "501 5.5.4 BY with R": RefusalWords(_("BY asks for a return of the message after a time that has passed (RFC 2852 §4)."), _("Give more than 0 seconds, or mode N.")),
    "501 5.5.2 MT-PRIORITY": RefusalWords(_("MT-PRIORITY is not a number from -9 to 9 (RFC 6710 §4.1)."), _("Write a number, as in MT-PRIORITY=3, or leave it out.")),
    "501 5.5.4 HOLDFOR takes": RefusalWords(_("HOLDFOR is not a number of seconds (RFC 4865 §4.1)."), _("Write a number of seconds, as in HOLDFOR=60.")),
    "501 5.5.4 HOLDUNTIL takes": RefusalWords(_("HOLDUNTIL is not a time in UTC (RFC 4865 §4.1)."), _("Write the time as in HOLDUNTIL=2030-12-31T23:59:59Z.")),
    "501 5.5.4 HOLDFOR and HOLDUNTIL": RefusalWords(_("HOLDFOR and HOLDUNTIL exclude each other (RFC 4865 §4.1)."), _("Send one of them only.")),
    "501 5.5.4 The time of HOLDUNTIL": RefusalWords(_("The time of HOLDUNTIL is in the past."), _("Give a time in the future, in UTC; check the client's clock and time zone.")),
    "501 5.5.4 The message would be held": RefusalWords(_("The message would be held for longer than BY allows (RFC 4865 §4.2)."), _("Shorten the hold, or raise or remove BY.")),
    "501 5.5.4 A message can be held": RefusalWords(_("The hold is longer than EHLO offers with FUTURERELEASE (RFC 4865 §3)."), _("Hold the message for at most as many seconds as the reply says.")),
    "501 5.5.4 BODY takes": RefusalWords(_("BODY has a value that is not offered (RFC 6152 §2)."), _("Use a value that the reply names, or leave BODY out.")),
    "501 5.5.4 Bad parameter": RefusalWords(_("A parameter is malformed or occurs twice (RFC 5321 §4.1.1.11)."), _("Separate parameters by single spaces, and write each once, as KEY=value.")),
    "501 5.5.4 * takes no value": RefusalWords(_("The parameter stands alone, without = and a value."), _("Remove the = and what follows it.")),
    "555": RefusalWords(_("A parameter of MAIL or RCPT is not offered (RFC 5321 §4.1.1.11)."), _("Use only parameters of extensions that the reply to EHLO offers."), short=_("unknown parameter")),
    "555 5.5.4 The parameter": RefusalWords(
        _("The parameter is unknown, or its extension is not offered (RFC 5321 §4.1.1.11)."),
        _("Leave the parameter out, and use only extensions that the reply to EHLO offers. After HELO, no parameter may be used."),
    ),
    "452": RefusalWords(_("There is not enough room at this moment."), _SEND_AGAIN),
    "452 4.3.1": RefusalWords(_("The disk has no room."), _("Free disk space where MAILSINK_DATA is, then send the message again."), short=_("disk full")),
    "452 4.3.1 The disk has no room": RefusalWords(
        _("The disk has no room for a message of the size that the client announced."),
        _("Free disk space where MAILSINK_DATA is, then send the message again."),
    ),
    "452 4.3.1 The disk is full": RefusalWords(
        _("The disk was full, so the message was not stored."),
        _("Free disk space where MAILSINK_DATA is, then send the message again."),
    ),
    "452 4.5.3": RefusalWords(
        _("The message had as many recipients as Mailsink allows (RFC 5321 §4.5.3.1.10)."),
        _("Send the message again for the remaining recipients, or raise MAILSINK_SMTP_MAX_RECIPIENTS."),
        short=_("too many recipients"),
    ),
    "452 4.5.3 More than": RefusalWords(
        _("The message had as many recipients as MAILSINK_SMTP_MAX_RECIPIENTS allows (RFC 5321 §4.5.3.1.10)."),
        _("Send the message again for the remaining recipients, or raise MAILSINK_SMTP_MAX_RECIPIENTS."),
    ),
    "552": RefusalWords(_("The message is too large."), _LOWER_SIZE, short=_("message too large")),
    "552 5.3.4": _TOO_LARGE,
    "552 5.3.4 SIZE=": RefusalWords(_("The client announced a message larger than MAILSINK_MAX_MESSAGE_SIZE allows (RFC 1870 §6)."), _LOWER_SIZE),
    "552 5.3.4 The message of": _TOO_LARGE,
    # DATA and BDAT
    "554": RefusalWords(_("The transaction failed."), _("Read the text of the reply; it names what to change.")),
    "554 5.5.1 No valid recipients": RefusalWords(
        _("No recipient was accepted before DATA (RFC 5321 §3.3)."),
        _("Fix the refused RCPT above, or add a recipient. A client should not send DATA after all of them were refused."),
        short=_("no valid recipients"),
    ),
    "554 5.6.0": RefusalWords(_("The message breaks a rule that Mailsink is set to enforce."), _("End each line with CRLF, and keep lines under 998 bytes."), "line_ends"),
    "554 5.6.0 Strict mode": RefusalWords(
        _("Strict mode is on, and the message has an error, which the reply names."),
        _("Correct the message: its page lists each error with its fix. To allow a kind of error, add it to MAILSINK_STRICT_IGNORE."),
        short=_("error in the message"),
    ),
    "554 5.6.0 The message holds a bare": RefusalWords(
        _("The message contains a CR or LF alone, which MAILSINK_SMTP_BARE_NEWLINES=reject refuses (RFC 5321 §2.3.8)."),
        _("End every line of the message with CRLF (\\r\\n), or set MAILSINK_SMTP_BARE_NEWLINES=flag."),
        "line_ends",
        short=_("bare CR or LF in the message"),
    ),
    "554 5.6.0 A line of the message": RefusalWords(
        _("A line of the message is longer than MAILSINK_SMTP_MAX_TEXT_LINE allows (RFC 5321 §4.5.3.1.6)."),
        _("Encode the body as quoted-printable or base64, whose lines are short, or raise MAILSINK_SMTP_MAX_TEXT_LINE."),
        "encoding",
        short=_("line too long"),
    ),
    "503 5.5.1 Wrong order: the message has begun by BDAT": RefusalWords(
        _("The message began with BDAT, and BDAT and DATA cannot be mixed (RFC 3030 §2)."),
        _("Send the rest with BDAT, with LAST at the end, or send RSET and start again."),
    ),
    "503 5.5.1 Wrong order: BODY=BINARYMIME": RefusalWords(
        _("A message with BODY=BINARYMIME cannot be sent with DATA (RFC 3030 §3)."),
        _("Send it with BDAT, or send RSET and use BODY=8BITMIME."),
    ),
    "501 5.5.4 No chunk is that large": RefusalWords(
        _("BDAT announces more bytes than any chunk may have (RFC 3030 §2)."),
        _("Give the number of bytes that follow, and split large messages into several chunks."),
    ),
    # Known addresses
    "550": RefusalWords(_("The address is unknown, or a rule refuses it."), _("Check the address.")),
    "550 5.1.1": RefusalWords(
        _("The inbox rejects unknown recipients, and this address is not known."),
        _("Add the address on the page Settings, or switch off “Reject unknown recipients” there."),
    ),
    "550 5.1.1 There is no such user here": RefusalWords(
        _("The inbox rejects unknown recipients, and this address is not known."),
        _("Check the spelling and the case of the address, add it on the page Settings, or switch off “Reject unknown recipients” there."),
        short=_("no such user"),
    ),
    "550 5.1.1 That is a user": RefusalWords(_("EXPN asked for a mailing list, and the name is a user's (RFC 5321 §3.5.2)."), _("Ask for users with VRFY.")),
    "550 5.1.1 There is no mailing list": RefusalWords(
        _("EXPN asked for a mailing list that is not known (RFC 5321 §3.5.2)."),
        _("Add the list and its members on the page Settings."),
    ),
    "553 5.6.7 A name beyond ASCII": RefusalWords(
        _("VRFY or EXPN names an address that is not ASCII, without SMTPUTF8 (RFC 6531 §3.7.4.2)."),
        _("Add SMTPUTF8 after the name, as in VRFY jörg SMTPUTF8."),
    ),
    "550 5.6.8": RefusalWords(
        _("The answer is not ASCII, and the client did not allow UTF-8 in replies (RFC 6531 §3.7.4.2)."),
        _("Ask again with SMTPUTF8 after the name."),
    ),
    "550 5.6.8 Ambiguous": RefusalWords(
        _("The name stands for several users, whose names are not ASCII (RFC 6531 §3.7.4.2)."),
        _("Ask again with SMTPUTF8 after the name, or use the whole address."),
    ),
    "551": _MOVED,
    "551 5.6.8 User not local": RefusalWords(
        _("The address is known as moved to one that is not ASCII (RFC 5321 §3.4)."),
        _("Add SMTPUTF8 to MAIL FROM to learn the new address, or change the address on the page Settings."),
    ),
    "551 5.1.6 User not local": _MOVED,
    "553": RefusalWords(_("The address cannot be used as it is written."), _("Use the whole address, as in user@domain.")),
    "553 5.1.4 Ambiguous": RefusalWords(
        _("The name is known as that of several users (RFC 5321 §3.5.1)."),
        _("Send to the whole address of one of them, or change the address on the page Settings."),
    ),
    # An inbox that is paused, or full
    "450": RefusalWords(_("The mailbox is not available at this moment."), _SEND_AGAIN),
    "450 4.2.1 The inbox is paused": RefusalWords(_("The inbox is paused, so that every recipient is refused for now."), _RESUME, short=_("inbox paused")),
    "455": RefusalWords(_("A parameter cannot be honoured at this moment."), _("Leave the parameter out, or send the message again later."), short=_("parameter not possible now")),
    "455 4.3.2 The parameter": RefusalWords(_("The inbox is paused, so that no message can be held or timed."), _RESUME),
    "552 5.2.2": _INBOX_FULL,
    "552 5.2.2 The inbox is full": _INBOX_FULL,
    "552 5.2.2 * octets are more": RefusalWords(_("The message is larger than the whole quota of the inbox."), _("Raise the quota on the page Settings, or send less."), short=_("message larger than the quota")),
    "452 4.2.2": _NOT_IN_QUOTA,
    "452 4.2.2 * octets do not fit": _NOT_IN_QUOTA,
    # HELP
    "504": RefusalWords(_("The argument is not offered here (RFC 5321 §4.2.3)."), _("Use an argument that the reply names."), short=_("argument not supported")),
    "504 5.5.4 No help on": RefusalWords(_("There is no help on this topic."), _("Send HELP alone: it lists the commands.")),
    # AUTH
    "535": RefusalWords(_("The user name or password is wrong (RFC 4954 §6)."), _CREDENTIALS, "login"),
    "535 5.7.8 Authentication credentials invalid": RefusalWords(_("No login with this user name and password is known (RFC 4954 §6)."), _CREDENTIALS, "login"),
    "501 5.7.0": _CANCELLED,
    "501 5.7.0 Authentication cancelled": _CANCELLED,
    "501 5.5.2": RefusalWords(_("The client's response cannot be decoded (RFC 5321 §4.3.2)."), _("Send what the reply names.")),
    "501 5.5.2 That is not base64": RefusalWords(
        _("The response to AUTH is not base64 (RFC 4954 §4)."),
        _("Encode the response as base64 in one line, without spaces; encode an empty one as =."),
    ),
    "500 5.5.6 The authentication line": RefusalWords(
        _("The response to AUTH is longer than 12,288 bytes (RFC 4954 §4)."),
        _("Use a shorter password or token."),
    ),
    "503 5.5.1 Already authenticated": RefusalWords(_("The client has logged in before in this session (RFC 4954 §4)."), _("Log in once for each connection.")),
    "530": RefusalWords(_("The client must do something else first."), _("Log in, or start TLS, before MAIL FROM.")),
    "530 5.7.0 Authenticate first": RefusalWords(
        _("This server takes mail only after a login (RFC 4954 §6)."),
        _("Set a user name and password in the client, or unset MAILSINK_SMTP_REQUIRE_AUTH."),
        "login",
        short=_("login required"),
    ),
    "501 5.5.2 PLAIN takes": RefusalWords(_("The response to AUTH PLAIN is not in the form of RFC 4616 §2."), _ENCODE),
    "501 5.5.2 CRAM-MD5 takes": RefusalWords(_("The response to CRAM-MD5 is not in the form of RFC 2195 §2."), _ENCODE),
    "501 5.5.2 XOAUTH2 takes": RefusalWords(_("The response to XOAUTH2 is not in the form of the mechanism."), _ENCODE),
    "501 5.5.2 OAUTHBEARER takes": RefusalWords(_("The response to OAUTHBEARER is not in the form of RFC 7628 §3.1."), _ENCODE),
    "501 5.5.2 SCRAM message refused": RefusalWords(_("A message of SCRAM-SHA-256 is not in the form of RFC 5802 §7."), _ENCODE),
    "504 5.5.4 No such mechanism": RefusalWords(
        _("The client chose an AUTH mechanism that is not offered (RFC 4954 §4)."),
        _("Let the client choose a mechanism that the reply names; PLAIN works everywhere."),
        "mechanism",
    ),
    "504 5.5.4 * needs logins": RefusalWords(
        _("This mechanism needs to know the passwords, and MAILSINK_SMTP_AUTH gives none."),
        _("Use PLAIN or LOGIN, or set MAILSINK_SMTP_AUTH=user:password."),
        "mechanism",
    ),
    "501 5.7.0 * takes no initial response": RefusalWords(
        _("The mechanism begins with the server's challenge, so AUTH takes no second word (RFC 4954 §4)."),
        _("Send AUTH with the mechanism alone, then answer the challenge."),
    ),
    # ETRN, ATRN and TURN
    "458": RefusalWords(_("ETRN asked for a queue that does not exist (RFC 1985 §5.3)."), _("Send ETRN with a domain name, or an address that messages were sent to.")),
    "458 4.3.0 There is no such queue": RefusalWords(_("ETRN asked for a queue that does not exist (RFC 1985 §5.3)."), _("Send ETRN with the name of a domain.")),
    "459": RefusalWords(_("ETRN may not ask for this node (RFC 1985 §5.3)."), _("Send ETRN with a domain of your own.")),
    "459 4.7.1 All of a top-level domain": RefusalWords(_("ETRN asked for all of a top-level domain (RFC 1985 §5.3)."), _("Send ETRN with a domain below it, as in example.com.")),
    "450 4.7.1 All of a top-level domain": RefusalWords(_("ATRN asked for all of a top-level domain (RFC 2645 §5.2)."), _("Send ATRN with a domain below it, as in example.com.")),
    "453": _NONE_WAITING,
    "453 4.0.0 No messages are waiting": _NONE_WAITING,
    "450 4.7.1 One of these domains": RefusalWords(_("ATRN asked for a domain whose mail this account may not take, so none was sent (RFC 2645 §5.2)."), _("Add the account to the users of the domain, under Outgoing.")),
    "453 4.7.1 Messages wait": RefusalWords(_("Mail is held for this client, but the guard does not allow its recipients."), _("Add the recipients to the list of the guard, or switch the guard off.")),
    "502 5.7.1 Messages wait": RefusalWords(_("Mail is held for this client, but the guard does not allow its recipients."), _("Add the recipients to the list of the guard, or switch the guard off.")),
    "502 5.5.1 No messages are waiting": RefusalWords(_("TURN asked for held mail, and none is waiting for the client (RFC 821 §3.8)."), _("Hold mail for the client's domain, under Outgoing, and send some.")),
    "451 4.3.2 Outgoing mail": RefusalWords(_("Mail is waiting, but outgoing mail is off on this server."), _("Start Mailsink with MAILSINK_OUTGOING=yes.")),
    "451 4.3.0 The queue": RefusalWords(_("The database failed while the queue of held mail was read."), _("Look at Mailsink's log, then try again.")),
    "458 4.3.5 Cannot send messages": RefusalWords(_("Mail is waiting for the node, but it cannot be sent (RFC 1985 §5.3)."), _("Set a route for the held domain, under Outgoing.")),
    "459 4.7.1 Not allowed": RefusalWords(_("The domain has users, and the client is not logged in as one of them."), _("Log in first, or remove the users of the held domain, under Outgoing.")),
    "501 5.5.4 Bad domain": RefusalWords(_("The argument is not a domain name (RFC 2645 §5.2)."), _("Write whole domain names, as in mail.example.com, separated by commas.")),
    "503 5.5.1 * may not stand": RefusalWords(_("The command is not allowed in the middle of a message (RFC 5321 §4.1.4)."), _RSET),
    # XCLIENT, PROXY
    "550 5.7.0": RefusalWords(_("The client is not trusted to do this."), _("Ask for less, or trust the client in Mailsink's settings.")),
    "550 5.7.0 XCLIENT is not believed": RefusalWords(
        _("The client sent XCLIENT from an address that may not name other clients."),
        _("Add the network of the proxy to MAILSINK_SMTP_XCLIENT_FROM, or switch XCLIENT off in the proxy."),
    ),
    "501 5.5.4 Bad": RefusalWords(_("An attribute of XCLIENT has a value that is not allowed."), _("Correct the attribute that the reply names; write [UNAVAILABLE] for an unknown value.")),
    "554 5.7.0 A PROXY header": RefusalWords(
        _("The client sent a PROXY header from an address that may not name other clients."),
        _("Add the network of the load balancer to MAILSINK_SMTP_PROXY_FROM, or switch the PROXY protocol off there."),
    ),
    # TLS
    "503 5.5.1 TLS is on already": RefusalWords(_("The client sent STARTTLS inside TLS (RFC 3207 §4.2)."), _("Send STARTTLS once; switch it off if the port begins with TLS."), "tls_implicit", short=_("TLS is already on")),
    "454": RefusalWords(_("TLS or AUTH is not available at this moment (RFC 3207 §4)."), _IN_LOG),
    "454 4.7.0 TLS is not available": RefusalWords(
        _("Mailsink could not start TLS (RFC 3207 §4)."),
        _("Check MAILSINK_TLS_CERT and MAILSINK_TLS_KEY; Mailsink's log names the cause."),
        short=_("TLS not available"),
    ),
    "530 5.7.0 Must issue a STARTTLS": RefusalWords(
        _("This server takes mail only inside TLS (RFC 3207 §4)."),
        _("Switch STARTTLS on in the client, or unset MAILSINK_SMTP_REQUIRE_TLS."),
        "starttls",
        short=_("STARTTLS required"),
    ),
    "538": RefusalWords(_("The mechanism would show the password to anyone on the network (RFC 4954 §6)."), _("Switch STARTTLS on in the client."), "starttls", short=_("TLS required")),
    "538 5.7.11 AUTH is taken inside TLS": RefusalWords(
        _("This server takes logins only inside TLS (RFC 4954 §6)."),
        _("Switch STARTTLS on in the client, or unset MAILSINK_SMTP_AUTH_REQUIRE_TLS."),
        "starttls",
    ),
    "554 5.5.1 This port speaks plain SMTP": RefusalWords(
        _("The client began with TLS on a port that begins without it."),
        _("Switch TLS (SSL, SMTPS) off in the client, or use a port of MAILSINK_SMTPS."),
        "tls_off",
        short=_("TLS on a plain port"),
    ),
    "554 5.5.1 This is where TLS begins": RefusalWords(
        _("The client began without TLS on a port that begins with it."),
        _("Switch TLS (SSL, SMTPS) on in the client, or use a port of MAILSINK_SMTP."),
        "tls_implicit",
        short=_("plain text on a TLS port"),
    ),
    # Any other: the meaning of the first digit (RFC 5321 §4.2.1)
    "4": RefusalWords(_("The server could not take it at this moment."), _SEND_AGAIN),
    "5": RefusalWords(_("The server refused it for good."), _("Read the text of the reply, and change what it names before the next attempt.")),
}  # fmt: skip
