"""Checks that every message arrived, and that it is unchanged."""

from __future__ import annotations

import smtplib

from bench import source
from bench.contenders import Contender
from bench.shapes import Shape

_MARKED = 3  # messages of our own
_LOOKED_AT = 3  # messages of the load whose octets are compared
# Content that a server might change: leading dots, spaces and tabs at the end, empty
# lines, non-ASCII octets, a field in two lines, the longest line in RFC 5321
# §4.5.3.1.6.
_HARD = (
    b"From: Shop <orders@shop.test>\r\nTo: ann@example.com\r\n"
    b"Subject: The number of this one\r\n is\t%d\r\n"
    b"Message-ID: <marked-%d@bench.test>\r\nX-Odd:no space\r\n\r\n"
    b".\r\n..two\r\n...\r\nspaces  \r\ntab\t\r\n\r\n\r\n\xc3\xa9 \xe9 \xff\x80\r\n"
    + b"l" * 998
    + b"\r\nFrom here on\r\n\r\n"
)


def send_marked(address: tuple[str, int], size: int) -> dict[str, bytes]:
    """Send messages that are easily changed; return them by Message-ID.

    size: the least number of octets
    """
    sent = {}
    with smtplib.SMTP(*address, timeout=60) as client:
        for number in range(_MARKED):
            head = _HARD % (number, number)
            lines = max(0, size - len(head)) // 20
            text = b"".join(
                b"line %04x of %08d\r\n" % (number, n) for n in range(lines)
            )
            sent[f"marked-{number}@bench.test"] = head + text
            client.sendmail(source.SENDER, [source.RECIPIENT], head + text)
    return sent


def wrong(
    contender: Contender, marked: dict[str, bytes], shape: Shape, messages: int
) -> str:
    """Return the error in a server's messages; "" if there is none.

    marked: as returned by send_marked; messages: of the load
    """
    count, sent = contender.count(), messages + len(marked)
    if count != sent:
        return f"{count:,} of {sent:,} arrived"
    held = contender.held()
    if held is None:
        return ""
    if len(held) != sent or not marked.keys() <= held.keys():
        return f"{len(held):,} of {sent:,} Message-IDs arrived"
    for message_id, octets in marked.items():
        if _without(contender.source(held[message_id]), contender.adds) != octets:
            return f"{message_id} is not as it was sent"
    of_load = [each for each in held if each not in marked]
    for message_id in of_load[:: max(1, len(of_load) // _LOOKED_AT)][:_LOOKED_AT]:
        octets = _without(contender.source(held[message_id]), contender.adds)
        if found := source.difference(octets, message_id, shape):
            return found
    return ""


def _without(octets: bytes, added: frozenset[bytes]) -> bytes:
    """Return a message without leading fields that its server may add."""
    while octets.partition(b":")[0] in added:
        octets = octets.partition(b"\r\n")[2]
        while octets[:1] in (b" ", b"\t"):  # the field continues
            octets = octets.partition(b"\r\n")[2]
    return octets
