"""The usual enhanced code and text of a reply code at a stage. Pure."""

from __future__ import annotations

from mailsink.ports import Stage
from mailsink.smtp.protocol.replies import Reply

# RFC 5248; first those of a stage, then those of any stage.
_AT: dict[tuple[str, int], tuple[str, str]] = {
    ("connect", 421): ("4.3.2", "Service not available, try again later"),
    ("connect", 554): ("5.7.1", "No service for you here"),
    ("helo", 550): ("5.7.1", "Your name is not welcome here"),
    ("mail", 450): ("4.7.1", "The sender is refused for now"),
    ("mail", 452): ("4.3.1", "Insufficient storage"),
    ("mail", 550): ("5.7.1", "The sender is refused"),
    ("mail", 552): ("5.3.4", "The message is too large"),
    ("mail", 553): ("5.1.7", "The sender's address is not valid"),
    ("rcpt", 452): ("4.2.2", "The mailbox is full for now"),
    ("rcpt", 550): ("5.1.1", "There is no such user here"),
    ("rcpt", 552): ("5.2.2", "The mailbox is full"),
    ("rcpt", 553): ("5.1.3", "The address is not valid"),
    ("rcpt", 554): ("5.7.1", "The recipient is refused"),
}
_ANYWHERE: dict[int, tuple[str, str]] = {
    211: ("2.0.0", "System status"),
    214: ("2.0.0", "Help"),
    220: ("", "Ready"),
    221: ("2.0.0", "Bye"),
    235: ("2.7.0", "Authentication successful"),
    250: ("2.0.0", "Ok"),
    251: ("2.1.5", "User not local, will forward"),
    252: ("2.1.5", "Cannot verify, but will take the message"),
    354: ("", "End the message with <CRLF>.<CRLF>"),
    421: ("4.7.0", "Try again later, closing the connection"),
    432: ("4.7.12", "A password transition is needed"),
    450: ("4.2.1", "The mailbox is busy, try again later"),
    451: ("4.3.0", "Local error, try again later"),
    452: ("4.3.1", "Insufficient storage, try again later"),
    454: ("4.7.0", "Temporary failure, try again later"),
    455: ("4.5.4", "The parameters cannot be honoured now"),
    500: ("5.5.2", "The command is not known"),
    501: ("5.5.4", "The argument is wrong"),
    502: ("5.5.1", "The command is not implemented"),
    503: ("5.5.1", "Wrong order of commands"),
    504: ("5.5.4", "The parameter is not implemented"),
    530: ("5.7.0", "Authentication required"),
    534: ("5.7.9", "The mechanism is too weak"),
    535: ("5.7.8", "Authentication credentials invalid"),
    538: ("5.7.11", "Encryption required for the mechanism"),
    550: ("5.7.1", "The message is refused"),
    551: ("5.1.6", "User not local"),
    552: ("5.3.4", "The message is too large"),
    553: ("5.1.3", "The address is not valid"),
    554: ("5.7.1", "The message is refused"),
    555: ("5.5.4", "The parameter is not known"),
}
_CLASSES = {2: "Ok", 3: "Go on", 4: "Try again later", 5: "Refused"}


def usual_reply(stage: Stage, code: int) -> Reply:
    """Return the reply that servers usually give with this code at a stage."""
    enhanced, text = (
        _AT.get((stage, code))
        or _ANYWHERE.get(code)
        or (f"{code // 100}.0.0", _CLASSES[code // 100])
    )
    # Enhanced codes have the classes 2, 4 and 5 only (RFC 3463 §2); greetings have none
    # (RFC 2034 §4).
    if code // 100 == 3 or (code < 300 and stage in ("connect", "helo")):
        enhanced = ""
    return Reply(code, enhanced, (text,))
