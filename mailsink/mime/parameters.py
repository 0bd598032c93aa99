"""Content-Type and Content-Disposition bodies -> value and parameters (RFC 2045, 2231).

Never raises; linear time.
"""

from __future__ import annotations

import re
from itertools import islice
from urllib.parse import unquote_to_bytes

from mailsink.mime import charsets, words

_MAX_PARAMETERS = 100
_MAX_LENGTH = 4096  # characters of a value that are kept

_VALUE = re.compile(r"[\s(]*+([^\s;(]*+)")
# Semicolons match without a parameter too: tried again from each, a run of them
# would take time by its square.
_PARAMETER = re.compile(
    r';[\s;]*+(?:(?P<name>[^\s=;"*]++)'
    r"(?P<section>\*\d{1,3}(?!\d))?+(?P<extended>\*)?+\s*+=\s*+"
    r'(?:"(?P<quoted>(?:[^"\\]++|\\.?)*+)"?|(?P<token>[^;]*+)))?',
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.?)", re.DOTALL)
_COMMENT = re.compile(r"\s\([^()]*+\)?+\s*+\Z")


def parse(encoded: str) -> tuple[str, dict[str, str]]:
    """Return (value, parameters) of a field's body, all of it storable.

    The value and the names are in lower case. Of two parameters of one name the
    first counts; sections (`name*0*=`) are joined in their order.
    """
    value = _VALUE.match(encoded)
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in islice(_PARAMETER.finditer(encoded), _MAX_PARAMETERS):
        if match["name"] is None:
            continue
        name, text = match["name"].lower(), _text(match)
        if match["section"] or match["extended"]:
            number = int((match["section"] or "*0")[1:])
            known = sections.setdefault(name, {})
            known.setdefault(number, (bool(match["extended"]), text))
        else:
            if name in ("name", "filename"):  # against RFC 2047 §5, but common
                text = words.decode(text)
            plain.setdefault(name, text)
    extended = {name: _join(known) for name, known in sections.items()}
    parameters = {
        charsets.line(name): charsets.line(text[:_MAX_LENGTH])
        for name, text in {**plain, **extended}.items()
    }
    return charsets.line(value[1].lower() if value else ""), parameters


def _text(match: re.Match[str]) -> str:
    """Return a parameter's value as written, without its quotes."""
    if match["quoted"] is not None:
        return _QUOTED_PAIR.sub(r"\1", match["quoted"])
    return _COMMENT.sub("", match["token"]).strip()


def _join(sections: dict[int, tuple[bool, str]]) -> str:
    """Return the value of a parameter in sections (RFC 2231 §3, §4)."""
    octets = b""
    charset = ""
    for number, (extended, text) in sorted(sections.items()):
        if extended and number == min(sections):
            head, quote, rest = text.partition("'")
            if quote and "'" in rest:
                charset, text = head, rest.partition("'")[2]
        encoded = text.encode("utf-8", "replace")
        octets += unquote_to_bytes(encoded) if extended else encoded
    return charsets.decode(octets, charset)
