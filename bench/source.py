"""The load: Postfix's smtp-source, and the octets that it sends."""

from __future__ import annotations

import re
import subprocess

from bench.shapes import Shape
from tests.programs import environment, program

SENDER, RECIPIENT = "orders@shop.test", "ann@example.com"
_SUBJECT = "Your order is confirmed"
_LONGEST = 180.0  # seconds that a round may take
_LINE = 80  # octets of a line of its text, with CRLF
# Its Message-ID has its process, a descriptor and the number of the message, in hex.
_HEADER = re.compile(
    rb"From: <%s>\r\nTo: <%s>\r\nDate: [\w ,:+()-]{25,45}\r\n"
    rb"Message-Id: <(?P<id>[0-9a-f.]+@bench\.test)>\r\nSubject: %s\r\n\r\n"
    % tuple(re.escape(each.encode()) for each in (SENDER, RECIPIENT, _SUBJECT))
)


class LoadError(Exception):
    """The load could not be sent."""


def send(address: tuple[str, int], shape: Shape, messages: int) -> None:
    """Send messages of a shape, on the caller's core; wait for every reply.

    Raises LoadError if a reply is not the expected one, or the load takes too long.
    """
    smtp_source = program("smtp-source", "postfix")
    flags = [
        *("-4", "-M", "bench.test", "-f", SENDER, "-t", RECIPIENT, "-S", _SUBJECT),
        *("-s", str(min(shape.connections, messages)), "-m", str(messages)),
        *("-l", str(shape.size), *(["-d"] if shape.kept else [])),
    ]
    try:
        done = subprocess.run(
            [smtp_source, *flags, "{}:{}".format(*address)],
            env=environment(smtp_source),
            stderr=subprocess.PIPE,
            text=True,
            timeout=_LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"not done after {_LONGEST:.0f} s") from None
    if done.returncode:
        raise LoadError(
            done.stderr.strip().rpartition("fatal: ")[2] or "no reason given"
        )


def difference(octets: bytes, message_id: str, shape: Shape) -> str:
    """Return the difference of a message from the load that was sent; "": none."""
    header = _HEADER.match(octets)
    if not header or header["id"].decode() != message_id:
        return f"another header than sent: {octets[:300]!r}"
    if octets[header.end() :] != _text(shape.size):
        return "another text than sent"
    return ""


def _text(size: int) -> bytes:
    """Return its text of a size: lines of X, all but the last with a digit first."""
    whole = (size - 1) // _LINE
    lines = [
        b"%d" % ((n + 1) % 10) + b"X" * (_LINE - 3) + b"\r\n" for n in range(whole)
    ]
    return b"".join(lines) + b"X" * (size - whole * _LINE) + b"\r\n"
