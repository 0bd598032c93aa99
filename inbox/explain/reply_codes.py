"""The meaning of reply codes (RFC 5321 §4.2) and of enhanced codes (RFC 3463 §3)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_CLASSES = {
    2: gettext_noop("done: the command succeeded"),
    3: gettext_noop("go on: the server waits for the rest"),
    4: gettext_noop("temporary: a good client keeps the message and tries again later"),
    5: gettext_noop(
        "permanent: the client should not try the same again, and should inform the sender"
    ),
}

# RFC 5321 §4.2.3, with AUTH (RFC 4954 §6), STARTTLS (RFC 3207 §4), ETRN (RFC 1985 §5)
_CODES = {
    211: gettext_noop("system status, as HELP STATUS asked for it"),
    214: gettext_noop("help for a person who reads it"),
    220: gettext_noop("ready: the greeting, or the go-ahead for TLS"),
    221: gettext_noop("the server says goodbye and closes the connection"),
    235: gettext_noop("the client is authenticated"),
    250: gettext_noop("the command was carried out"),
    251: gettext_noop("the recipient has moved; the message is forwarded"),
    252: gettext_noop("the address cannot be verified, but mail to it is taken"),
    253: gettext_noop("messages that were waiting will be sent"),
    334: gettext_noop("the next step of AUTH: the client must answer this challenge"),
    354: gettext_noop("the body may be sent now; a line with one dot ends it"),
    421: gettext_noop(
        "the server closes the connection; the client should come back later"
    ),
    432: gettext_noop("the password must be changed before this mechanism can be used"),
    450: gettext_noop(
        "the mailbox is not available now: busy, or the client must wait (greylisting)"
    ),
    451: gettext_noop("the server failed while it worked on this"),
    452: gettext_noop(
        "not enough space now: too many recipients, or a full inbox or disk"
    ),
    453: gettext_noop("no mail is waiting for the client that asked (ATRN, TURN)"),
    454: gettext_noop("TLS or AUTH is not available for the moment"),
    455: gettext_noop("a parameter cannot be honoured just now"),
    458: gettext_noop("messages for that node cannot be queued"),
    459: gettext_noop("that node is not allowed"),
    500: gettext_noop("the server does not know this command, or the line is too long"),
    501: gettext_noop("the command is known, but its arguments are wrong"),
    502: gettext_noop("the command is known, but not offered here"),
    503: gettext_noop("the command came out of order"),
    504: gettext_noop("a parameter or mechanism is not offered here"),
    521: gettext_noop("this host takes no mail"),
    530: gettext_noop("the client must authenticate (or start TLS) first"),
    534: gettext_noop("that AUTH mechanism is too weak for this account"),
    535: gettext_noop("user name or password is wrong"),
    538: gettext_noop("that AUTH mechanism needs TLS"),
    550: gettext_noop("the mailbox is unknown, or a policy refuses it"),
    551: gettext_noop(
        "the recipient has moved; the client must send to the new address itself"
    ),
    552: gettext_noop("too large, or over the mailbox's quota"),
    553: gettext_noop("the mailbox name is not allowed, or may mean several"),
    554: gettext_noop("the transaction failed, or no mail is taken here"),
    555: gettext_noop("a parameter of MAIL or RCPT is unknown or not offered"),
    556: gettext_noop("the domain takes no mail"),
}

# The meanings of ETRN's codes (RFC 1985 §5.3), which differ from other commands'
_ETRN_CODES = {
    250: gettext_noop(
        "the node's messages are being sent, by a connection of their own"
    ),
    251: gettext_noop("no messages are waiting for the node"),
    252: gettext_noop("messages are waiting for the node, and are being sent"),
}

# RFC 3463 §3.2 to §3.8 and its registry (RFC 5248), without the leading class
_SUBJECTS = {
    "1": gettext_noop("about the address"),
    "2": gettext_noop("about the mailbox"),
    "3": gettext_noop("about the mail system"),
    "4": gettext_noop("about the network or routing"),
    "5": gettext_noop("about the protocol"),
    "6": gettext_noop("about the content"),
    "7": gettext_noop("about security or policy"),
}
_DETAILS = {
    "1.0": gettext_noop("the address"),
    "1.1": gettext_noop("the mailbox does not exist"),
    "1.2": gettext_noop("the domain does not exist"),
    "1.3": gettext_noop("the address is badly written"),
    "1.4": gettext_noop("the address may mean several mailboxes"),
    "1.5": gettext_noop("the address is valid"),
    "1.6": gettext_noop("the mailbox has moved"),
    "1.7": gettext_noop("the sender's address is badly written"),
    "1.8": gettext_noop("the sender's domain is wrong"),
    "2.1": gettext_noop("the mailbox is switched off"),
    "2.2": gettext_noop("the mailbox is full"),
    "1.9": gettext_noop("the mail was passed to a host that reports nothing"),
    "1.10": gettext_noop("the domain takes no mail (null MX)"),
    "2.3": gettext_noop("the message is longer than the mailbox takes"),
    "2.4": gettext_noop("the mailing list could not be expanded"),
    "3.1": gettext_noop("the disk is full"),
    "3.2": gettext_noop("the system takes no messages just now"),
    "3.3": gettext_noop("the system cannot do what the message asks for"),
    "3.4": gettext_noop("the message is too big for this system"),
    "3.5": gettext_noop("the system is set up wrongly"),
    "3.6": gettext_noop("the priority that was asked for was changed"),
    "4.1": gettext_noop("the host does not answer"),
    "4.2": gettext_noop("the connection was bad, or too slow"),
    "4.3": gettext_noop("a directory server, such as DNS, failed"),
    "4.4": gettext_noop("no route to the domain"),
    "4.5": gettext_noop("the system is congested"),
    "4.6": gettext_noop("a mail loop"),
    "4.7": gettext_noop("the message was in the queue for too long"),
    "5.0": gettext_noop("the protocol"),
    "5.1": gettext_noop("the wrong command at this point"),
    "5.2": gettext_noop("a syntax error"),
    "5.3": gettext_noop("too many recipients"),
    "5.4": gettext_noop("wrong arguments"),
    "5.6": gettext_noop("the line of an AUTH exchange is too long"),
    "6.0": gettext_noop("the content"),
    "6.1": gettext_noop("this kind of content is not taken"),
    "6.3": gettext_noop("the content would have to be converted, which cannot be done"),
    "6.7": gettext_noop("non-ASCII addresses are not permitted here"),
    "6.8": gettext_noop("the reply needs UTF-8, which the client did not allow"),
    "7.0": gettext_noop("security"),
    "7.1": gettext_noop("a policy refuses this"),
    "7.2": gettext_noop("the sender may not write to this mailing list"),
    "7.5": gettext_noop("a cryptographic check failed"),
    "7.7": gettext_noop("the message was changed on its way"),
    "7.8": gettext_noop("the credentials are wrong"),
    "7.9": gettext_noop("the mechanism is too weak"),
    "7.10": gettext_noop("encryption is needed"),
    "7.11": gettext_noop("encryption is needed for this mechanism"),
    "7.12": gettext_noop("the password must be changed"),
    "7.13": gettext_noop("the user's account is switched off"),
    "7.17": gettext_noop("the mailbox has another owner now (RRVS)"),
    "7.20": gettext_noop("no DKIM signature passes"),
    "7.23": gettext_noop("SPF does not allow the sending host"),
    "7.25": gettext_noop("the sending host has no valid reverse DNS"),
    "7.26": gettext_noop("several checks of the sender failed (SPF, DKIM)"),
    "7.27": gettext_noop("the sender's domain takes no mail (null MX)"),
}


def is_known(code: int) -> bool:
    """Whether the code is in an RFC."""
    return code in _CODES


def tone(code: int | None) -> str:
    """Return the tone of a code: "ok", "warning", "error", or "" if there is none."""
    return {2: "ok", 3: "ok", 4: "warning", 5: "error"}.get((code or 0) // 100, "")


def meaning(code: int, enhanced: str = "", verb: str = "") -> list[str]:
    """Return sentences, the most specific first: the code, its class, the enhanced code.

    verb: of the answered command. An unknown code is explained by its first digit (RFC
    5321 §4.2.1).
    """
    digit = code // 100
    known, source = _CODES.get(code), "RFC 5321 §4.2.3"
    if verb == "ETRN" and code in _ETRN_CODES:
        known, source = _ETRN_CODES[code], "RFC 1985 §5.3"
    sentences = []
    if known:
        said = {"code": code, "meaning": _(known), "source": source}
        sentences.append(_("%(code)s: %(meaning)s (%(source)s).") % said)
    if digit in _CLASSES:
        sentences.append(
            _("%(digit)syz is %(class)s (RFC 5321 §4.2.1).")
            % {"digit": digit, "class": _(_CLASSES[digit])}
        )
    if words := enhanced_meaning(enhanced):
        sentences.append(words)
    return sentences or [_("%(code)s is not a code of SMTP.") % {"code": code}]


def enhanced_meaning(enhanced: str) -> str:
    """Return a sentence about an enhanced code (RFC 3463); "" for empty ones, such as 5.0.0."""
    rest = enhanced.partition(".")[2]
    subject = _SUBJECTS.get(rest.partition(".")[0])
    if not subject:
        return ""
    detail = _DETAILS.get(rest)
    said = {"code": enhanced, "subject": _(subject), "detail": detail and _(detail)}
    whole = _("%(code)s: %(subject)s: %(detail)s (RFC 3463).")
    alone = _("%(code)s: %(subject)s (RFC 3463).")
    return (whole if detail else alone) % said
