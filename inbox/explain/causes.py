"""The cause of what came of a session: the first reply that refused it, in a few words.

A later refusal is often a consequence: DATA without a recipient, RCPT without MAIL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.inputs import Exchangelike, Sessionlike
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

HELLOS = ("EHLO", "HELO", "LHLO")
# Commands that a client may send beside its mail, which goes through without them.
_ASIDES = ("VRFY", "EXPN", "HELP", "ETRN", "XCLIENT", "NOOP", "RSET", "QUIT")
_OPTIONAL = ("AUTH", "STARTTLS")


class RefusalPlace(NamedTuple):
    """The kind and verb of exchanges."""

    kind: str
    verb: str


def deciding(
    first: Mapping[RefusalPlace, int], session: Sessionlike
) -> RefusalPlace | None:
    """Return the place of the refusal that decided what came of a session.

    first: the seq of the first refusal of each kind and verb. None: nothing that
    mattered was refused; the client got over it.
    """
    left = {place: seq for place, seq in first.items() if not _overcome(place, session)}
    mattering = {place: seq for place, seq in left.items() if not _is_aside(place)}
    chosen = mattering or ({} if session.messages else left)
    return min(chosen, key=chosen.__getitem__, default=None)


def _overcome(place: RefusalPlace, session: Sessionlike) -> bool:
    if place.verb in HELLOS:
        return bool(session.helo)
    if place.kind == "auth" or place.verb in _OPTIONAL:
        logged_in = bool(session.auth_mechanism) and place.verb != "STARTTLS"
        return logged_in or session.messages > 0
    return False


def _is_aside(place: RefusalPlace) -> bool:
    return place.kind == "notice" or place.verb in _ASIDES


def refusal(exchange: Exchangelike, recipients: int = 1) -> str:
    """Return a refusal in a few words: "MAIL refused: message too large (552)".

    recipients: how many were refused in the same session; 0 for many.
    """
    code, verb = exchange.code, _verb(exchange)
    if exchange.kind == "auth" or verb == "AUTH":
        return _("Login failed (%(code)s)") % {"code": code}
    reason = why(exchange)
    if verb == "RCPT" and code not in _NOT_OF_ADDRESS:
        said = reason if code in _WORTH_SAYING else ""
        return _recipients(exchange, said, recipients)
    values = {"verb": verb, "why": reason, "code": code}
    if not verb:
        what = reason or _("command refused")
        return f"{what[:1].upper()}{what[1:]} ({code})"
    if not reason:
        return _("%(verb)s refused (%(code)s)") % values
    return _("%(verb)s refused: %(why)s (%(code)s)") % values


# Replies to RCPT that say nothing about the address, and those that say more than that.
_NOT_OF_ADDRESS = (500, 502, 503, 530, 555)
_WORTH_SAYING = (450, 451, 452, 455)


def _recipients(exchange: Exchangelike, why: str, number: int) -> str:
    values = {"number": f"{number:,}", "why": why, "code": exchange.code}
    if number == 1 and why:
        return _("Recipient rejected: %(why)s (%(code)s)") % values
    if number == 1:
        return _("Recipient rejected (%(code)s)") % values
    if number:
        return _("%(number)s recipients rejected (%(code)s)") % values
    return _("Recipients rejected (%(code)s)") % values


def _verb(exchange: Exchangelike) -> str:
    """Return the command that was refused; of a message, the one that sent it."""
    return {"body": "DATA", "chunk": "BDAT"}.get(exchange.kind, exchange.verb)


_LINK = re.compile(r" \(why: \S+\)$")

# By the reply itself, where its codes stand for several things.
_BY_REPLY: dict[Reply, str] = {
    replies.LINE_TOO_LONG: gettext_noop("line too long"),
    replies.EMPTY_LINE: gettext_noop("empty line"),
    replies.BARE_LF: gettext_noop("line ends in a bare LF"),
    replies.NOT_UTF8: gettext_noop("not UTF-8"),
    replies.BARE_NEWLINES: gettext_noop("bare CR or LF in the message"),
    replies.TLS_FIRST: gettext_noop("STARTTLS required"),
    replies.TLS_TWICE: gettext_noop("TLS is already on"),
    replies.TOO_MANY_FROM_CLIENT: gettext_noop("too many connections from this client"),
    replies.TOO_MANY_CONNECTIONS: gettext_noop("too many connections"),
    replies.CONGESTED: gettext_noop("storage too slow"),
    replies.NULL_RECIPIENT: gettext_noop("empty address"),
}
_BY_LINE = {reply.lines()[-1]: words for reply, words in _BY_REPLY.items()}

# By code and enhanced code; "" stands for any.
_BY_CODE: dict[tuple[int, str], str] = {
    (421, "4.5.3"): gettext_noop("too many messages in one session"),
    (421, "4.7.0"): gettext_noop("too many errors or commands"),
    (421, ""): gettext_noop("connection closed"),
    (450, "4.2.1"): gettext_noop("inbox paused"),
    (451, ""): gettext_noop("temporary failure"),
    (452, "4.2.2"): gettext_noop("inbox full"),
    (452, "4.3.1"): gettext_noop("disk full"),
    (452, "4.5.3"): gettext_noop("too many recipients"),
    (454, ""): gettext_noop("TLS not available"),
    (455, ""): gettext_noop("parameter not possible now"),
    (500, ""): gettext_noop("unknown command"),
    (501, "5.1.3"): gettext_noop("malformed recipient address"),
    (501, "5.1.7"): gettext_noop("malformed sender address"),
    (501, ""): gettext_noop("wrong argument"),
    (502, ""): gettext_noop("not offered"),
    (503, ""): gettext_noop("wrong order of commands"),
    (504, ""): gettext_noop("argument not supported"),
    (530, ""): gettext_noop("login required"),
    (538, ""): gettext_noop("TLS required"),
    (550, "5.6.7"): gettext_noop("address needs SMTPUTF8"),
    (552, "5.2.2"): gettext_noop("inbox full"),
    (552, ""): gettext_noop("message too large"),
    (553, "5.6.7"): gettext_noop("address needs SMTPUTF8"),
    (554, "5.5.1"): gettext_noop("no valid recipients"),
    (554, "5.6.0"): gettext_noop("line too long"),
    (555, ""): gettext_noop("unknown parameter"),
}


def why(exchange: Exchangelike) -> str:
    """Return why a command was refused, in a few words; "" for what codes do not say."""
    line = _LINK.sub("", exchange.reply.rpartition("\n")[2])
    code = exchange.code or 0
    if exchange.verb in HELLOS and code in (501, 504):
        return _("invalid host name")
    known = (
        _BY_LINE.get(line),
        _BY_CODE.get((code, exchange.enhanced)),
        _BY_CODE.get((code, "")),
    )
    return next((_(words) for words in known if words), "")
