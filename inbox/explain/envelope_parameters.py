"""The meaning of the parameters of MAIL and RCPT, in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.quantities import counted, duration
from mailsink.smtp.protocol.grammar import BadSyntax, unxtext

_PARAMETER = re.compile(r"([A-Za-z0-9-]+)(?:=(\S+))?")


def asked(line: str) -> list[str]:
    """Return a sentence for each known parameter of a line of MAIL or RCPT.

    An invalid value gets none: the reply says what is wrong with it.
    """
    sentences = []
    for word in _words(line):
        keyword, _equals, value = word.partition("=")
        say = _SAY.get(keyword.upper())
        if say is not None and (sentence := _said(say, value)):
            sentences.append(f"{keyword.upper()}: {sentence}.")
    return sentences


def _words(line: str) -> list[str]:
    """Return the parameters, parsed from the end: a quoted local part may look like one."""
    words = line.split()
    first = len(words)
    while first > 1 and _PARAMETER.fullmatch(words[first - 1]):
        first -= 1
    return words[first:]


def _said(say: Callable[[str], str], value: str) -> str:
    try:
        return say(value)
    except (BadSyntax, ValueError):
        return ""


def _size(value: str) -> str:
    return _("the message has %(size)s (RFC 1870)") % {
        "size": counted(int(value), "byte")
    }


def _body(value: str) -> str:
    return {
        "7BIT": _("the message is ASCII (RFC 6152)"),
        "8BITMIME": _("the message may contain bytes above 127 (RFC 6152)"),
        "BINARYMIME": _(
            "the message may contain any bytes, and is sent with BDAT (RFC 3030)"
        ),
    }.get(value.upper(), "")


def _auth(value: str) -> str:
    if value == "<>":
        return _("the client does not say who submitted the message (RFC 4954 §5)")
    return _("%(who)s submitted the message (RFC 4954 §5)") % {"who": unxtext(value)}


def _ret(value: str) -> str:
    return {
        "FULL": _("a failure report must return the whole message (RFC 3461 §4.3)"),
        "HDRS": _("a failure report must return only the header (RFC 3461 §4.3)"),
    }.get(value.upper(), "")


def _envid(value: str) -> str:
    return _("reports must name this transaction “%(who)s” (RFC 3461 §4.4)") % {
        "who": unxtext(value)
    }


def _notify(value: str) -> str:
    if value.upper() == "NEVER":
        return _("no report on this recipient is wanted in any case (RFC 3461 §4.1)")
    wanted = {
        "SUCCESS": _("success"),
        "FAILURE": _("failure"),
        "DELAY": _("delay"),
    }
    words = [wanted.get(each, "") for each in value.upper().split(",")]
    if "" in words:
        return ""
    *firsts, last = words
    listed = (
        _("%(firsts)s and %(last)s") % {"firsts": ", ".join(firsts), "last": last}
        if firsts
        else last
    )
    return _("only reports on %(listed)s are wanted (RFC 3461 §4.1)") % {
        "listed": listed
    }


def _orcpt(value: str) -> str:
    kind, colon, address = value.partition(";")
    address = address if kind.lower() == "utf-8" else unxtext(address)
    return (
        _("the mail was first addressed to %(address)s (RFC 3461 §4.2)")
        % {"address": address}
        if colon
        else ""
    )


# By the mode of BY: what happens after a time, and once that time is over.
_LATE = {
    "R": (
        gettext_noop("the message must be returned if it is not delivered within %(time)s"),
        gettext_noop("the message must be returned if it is not delivered by now"),
    ),
    "N": (
        gettext_noop("the sender must be notified if the message is not delivered within %(time)s"),
        gettext_noop("the sender must be notified if the message is not delivered by now"),
    ),
}  # fmt: skip


def _by(value: str) -> str:
    time, mode = (value.upper() + ";").split(";")[:2]
    sentence, over = _LATE.get(mode[:1], ("", ""))
    if not sentence:
        return ""
    seconds = int(time)
    words = _(sentence) % {"time": _span(seconds)} if seconds > 0 else _(over)
    if mode.endswith("T"):
        words = _("%(effect)s; each relay must report") % {"effect": words}
    return _("%(effect)s (RFC 2852 §4)") % {"effect": words}


def _priority(value: str) -> str:
    rank = int(value)
    if rank > 0:
        return _("a priority above the usual one, from -9 to 9 (RFC 6710)")
    if rank < 0:
        return _("a priority below the usual one, from -9 to 9 (RFC 6710)")
    return _("the usual priority, from -9 to 9 (RFC 6710)")


def _hold_for(value: str) -> str:
    return _("the message must be held back for %(time)s (RFC 4865)") % {
        "time": _span(int(value))
    }


def _hold_until(value: str) -> str:
    return _("the message must be held back until %(time)s (RFC 4865)") % {
        "time": value.upper()
    }


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 24 * 3600)
    if days and not rest:
        return counted(days, "day")
    return counted(seconds, "second") if seconds < 120 else duration(seconds * 10**6)


_SAY: dict[str, Callable[[str], str]] = {
    "SIZE": _size,
    "BODY": _body,
    "SMTPUTF8": lambda _value: _(
        "addresses and header may contain more than ASCII (RFC 6531)"
    ),
    "AUTH": _auth,
    "RET": _ret,
    "ENVID": _envid,
    "NOTIFY": _notify,
    "ORCPT": _orcpt,
    "BY": _by,
    "MT-PRIORITY": _priority,
    "HOLDFOR": _hold_for,
    "HOLDUNTIL": _hold_until,
    "REQUIRETLS": lambda _value: _(
        "every server on the way must use TLS, or return the message (RFC 8689)"
    ),
}
