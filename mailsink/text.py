"""Octets as text that is safe to store and to show, losing nothing."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# A control is shown as its picture (U+2400), so that nothing in a source hides.
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_PICTURES = {code: at for code, at in _PICTURES.items() if chr(code) not in "\t\n"}


def readable(octets: bytes) -> str:
    r"""Return octets as UTF-8 text; each undecodable or control octet as \xNN.

    A backslash becomes two, so that the octets can be told again from the text.
    """
    if octets.isascii() and (text := octets.decode("ascii")).isprintable():
        return text.replace("\\", "\\\\")
    text = octets.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"\\x{octet:02x}" for octet in match[0].encode())


def pictured(octets: bytes) -> str:
    r"""Return octets as text that can be read: controls as pictures, bad UTF-8 as \xNN.

    Lines end in LF.
    """
    text = octets.decode("utf-8", "backslashreplace")
    return text.replace("\r\n", "\n").translate(_PICTURES)
