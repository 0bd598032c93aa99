"""What a reply's code means: RFC 5321 §4.2, and enhanced codes by RFC 3463 §3."""

from __future__ import annotations

_CLASSES = {
    2: "done: the command succeeded",
    3: "go on: the server waits for the rest",
    4: "temporary: a good client keeps the message and tries again later",
    5: "permanent: the client should not try the same again; the sender is told",
}

# RFC 5321 §4.2.3, with AUTH (RFC 4954 §6), STARTTLS (RFC 3207 §4), ETRN (RFC 1985 §5)
_CODES = {
    211: "system status, as HELP STATUS asked for it",
    214: "help for a person who reads it",
    220: "ready: the greeting, or the go-ahead for TLS",
    221: "the server says goodbye and closes the connection",
    235: "the client is authenticated",
    250: "the command was carried out",
    251: "the recipient has moved; the message is forwarded",
    252: "the address cannot be verified, but mail to it is taken",
    253: "messages that were waiting will be sent",
    334: "the next step of AUTH: the client is to answer this challenge",
    354: "the body may be sent now; a line with one dot ends it",
    421: "the server closes the connection; the client should come back later",
    432: "the password must be changed before this mechanism can be used",
    450: "the mailbox is not available now: busy, or the client is to wait (greylisting)",
    451: "the server failed while it worked on this",
    452: "not enough room now: too many recipients, or a full inbox or disk",
    453: "no mail is waiting for who asked (ATRN, TURN)",
    454: "TLS or AUTH is not available for the moment",
    455: "a parameter cannot be honoured just now",
    458: "messages for that node cannot be queued",
    459: "that node is not allowed",
    500: "the server does not know this command, or the line is too long",
    501: "the command is known, but its arguments are wrong",
    502: "the command is known, but not offered here",
    503: "the command came out of order",
    504: "a parameter or mechanism is not offered here",
    521: "this host takes no mail",
    530: "the client must authenticate (or start TLS) first",
    534: "that AUTH mechanism is too weak for this account",
    535: "user name or password are wrong",
    538: "that AUTH mechanism needs TLS",
    550: "the mailbox is unknown, or a policy refuses it",
    551: "the recipient has moved; the client is to send there itself",
    552: "too large, or over the mailbox's quota",
    553: "the mailbox name is not allowed, or may mean several",
    554: "the transaction failed, or no mail is taken here",
    555: "a parameter of MAIL or RCPT is unknown or not offered",
    556: "the domain takes no mail",
}

# What ETRN (RFC 1985 §5.3) says by codes that mean something else elsewhere
_ETRN_CODES = {
    250: "the node's messages are being sent, by a connection of their own",
    251: "no messages are waiting for the node",
    252: "messages are waiting for the node, and are being sent",
}

# RFC 3463 §3.2 to §3.8, less the leading class
_SUBJECTS = {
    "1": "about the address",
    "2": "about the mailbox",
    "3": "about the mail system",
    "4": "about the network or routing",
    "5": "about the protocol",
    "6": "about the content",
    "7": "about security or policy",
}
_DETAILS = {
    "1.0": "the address",
    "1.1": "the mailbox does not exist",
    "1.2": "the domain does not exist",
    "1.3": "the address is badly written",
    "1.4": "the address may mean several mailboxes",
    "1.5": "the address is valid",
    "1.6": "the mailbox has moved",
    "1.7": "the sender's address is badly written",
    "1.8": "the sender's domain is wrong",
    "2.1": "the mailbox is switched off",
    "2.2": "the mailbox is full",
    "2.3": "the message is longer than the mailbox takes",
    "3.1": "the disk is full",
    "3.2": "the system takes no messages just now",
    "3.4": "the message is too big for this system",
    "3.6": "the priority that was asked for was changed",
    "4.2": "the connection was bad, or too slow",
    "4.5": "the system is congested",
    "4.6": "a mail loop",
    "5.0": "the protocol",
    "5.1": "the wrong command at this point",
    "5.2": "a syntax error",
    "5.3": "too many recipients",
    "5.4": "wrong arguments",
    "5.6": "the line of an AUTH exchange is too long",
    "6.0": "the content",
    "6.7": "non-ASCII addresses are not permitted here",
    "6.8": "the reply needs UTF-8, which the client did not allow",
    "7.0": "security",
    "7.1": "a policy refuses this",
    "7.8": "the credentials are wrong",
    "7.9": "the mechanism is too weak",
    "7.10": "encryption is needed",
    "7.11": "encryption is needed for this mechanism",
    "7.12": "the password must be changed",
}


def tone(code: int | None) -> str:
    """Return how a code is coloured: "ok", "warn", "bad", or "" where there is none."""
    return {2: "ok", 3: "ok", 4: "warn", 5: "bad"}.get((code or 0) // 100, "")


def meaning(code: int, enhanced: str = "", verb: str = "") -> list[str]:
    """Return sentences, the most telling first: the code, its class, the enhanced code.

    verb: what the reply answers. An unknown code is explained by its first digit
    (RFC 5321 §4.2.1).
    """
    digit = code // 100
    known, source = _CODES.get(code), "RFC 5321 §4.2.3"
    if verb == "ETRN" and code in _ETRN_CODES:
        known, source = _ETRN_CODES[code], "RFC 1985 §5.3"
    sentences = [f"{code}: {known} ({source})."] if known else []
    if digit in _CLASSES:
        sentences.append(f"{digit}yz is {_CLASSES[digit]} (RFC 5321 §4.2.1).")
    _, _, rest = enhanced.partition(".")
    subject = _SUBJECTS.get(rest.partition(".")[0])
    detail = _DETAILS.get(rest)
    if detail and subject:
        sentences.append(f"{enhanced}: {subject}: {detail} (RFC 3463).")
    elif subject:
        sentences.append(f"{enhanced}: {subject} (RFC 3463).")
    return sentences or [f"{code} is no code that SMTP knows."]
