"""What the parameters of MAIL and RCPT ask for, in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from inbox.services.explain.quantities import counted, duration
from mailsink.smtp.grammar import BadSyntax, unxtext

_PARAMETER = re.compile(r"([A-Za-z0-9-]+)(?:=(\S+))?")


def asked(line: str) -> list[str]:
    """Return a sentence for each known parameter of a line of MAIL or RCPT.

    A value that makes no sense gets none: the reply says what is wrong with it.
    """
    sentences = []
    for word in _words(line):
        keyword, _, value = word.partition("=")
        say = _SAY.get(keyword.upper())
        if say is not None and (sentence := _said(say, value)):
            sentences.append(f"{keyword.upper()}: {sentence}.")
    return sentences


def _words(line: str) -> list[str]:
    """The parameters: from the end on, as a quoted local part may look like one."""
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
    return f"the message has {counted(int(value), 'octet')} (RFC 1870)"


def _body(value: str) -> str:
    return {
        "7BIT": "the message is ASCII (RFC 6152)",
        "8BITMIME": "the message may hold octets above 127 (RFC 6152)",
        "BINARYMIME": "the message may hold any octets, and comes by BDAT (RFC 3030)",
    }.get(value.upper(), "")


def _auth(value: str) -> str:
    if value == "<>":
        return "the client does not say who submitted the message (RFC 4954 §5)"
    return f"{unxtext(value)} submitted the message (RFC 4954 §5)"


def _ret(value: str) -> str:
    return {
        "FULL": "a report of failure is to return the whole message (RFC 3461 §4.3)",
        "HDRS": "a report of failure is to return the header only (RFC 3461 §4.3)",
    }.get(value.upper(), "")


def _envid(value: str) -> str:
    return f"reports are to name this transaction “{unxtext(value)}” (RFC 3461 §4.4)"


def _notify(value: str) -> str:
    if value.upper() == "NEVER":
        return "no report on this recipient is wanted, whatever happens (RFC 3461 §4.1)"
    wanted = {"SUCCESS": "success", "FAILURE": "failure", "DELAY": "delay"}
    words = [wanted.get(each, "") for each in value.upper().split(",")]
    if "" in words:
        return ""
    *firsts, last = words
    listed = f"{', '.join(firsts)} and {last}" if firsts else last
    return f"a report on {listed} is wanted, on nothing else (RFC 3461 §4.1)"


def _orcpt(value: str) -> str:
    kind, colon, address = value.partition(";")
    address = address if kind.lower() == "utf-8" else unxtext(address)
    return f"the mail was first addressed to {address} (RFC 3461 §4.2)" if colon else ""


def _by(value: str) -> str:
    time, _, mode = value.upper().partition(";")
    late = {
        "R": "it is to be returned",
        "N": "the sender is to be told, and it goes on",
    }.get(mode[:1], "")
    seconds = int(time)
    within = f"within {_span(seconds)}" if seconds > 0 else "by now"
    trace = "; each relay is to report" if mode.endswith("T") else ""
    return f"if not delivered {within}, {late}{trace} (RFC 2852 §4)" if late else ""


def _priority(value: str) -> str:
    rank = {-1: "below", 0: "the", 1: "above"}[(int(value) > 0) - (int(value) < 0)]
    return f"a priority {rank} the usual one, of -9 to 9 (RFC 6710)"


def _hold_for(value: str) -> str:
    return f"the message is to be held back for {_span(int(value))} (RFC 4865)"


def _hold_until(value: str) -> str:
    return f"the message is to be held back until {value.upper()} (RFC 4865)"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 24 * 3600)
    if days and not rest:
        return counted(days, "day")
    return counted(seconds, "second") if seconds < 120 else duration(seconds * 10**6)


_SAY: dict[str, Callable[[str], str]] = {
    "SIZE": _size,
    "BODY": _body,
    "SMTPUTF8": lambda _: "addresses and header may be beyond ASCII (RFC 6531)",
    "AUTH": _auth,
    "RET": _ret,
    "ENVID": _envid,
    "NOTIFY": _notify,
    "ORCPT": _orcpt,
    "BY": _by,
    "MT-PRIORITY": _priority,
    "HOLDFOR": _hold_for,
    "HOLDUNTIL": _hold_until,
    "REQUIRETLS": lambda _: (
        "every server on the way is to speak TLS, or return the message (RFC 8689)"
    ),
}
