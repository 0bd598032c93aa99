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

_SPACE = re.compile(r"\s*+")
_IN_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
_TOKEN = re.compile(r'[^\s;,()"/=]*+')
_SUBTYPE = re.compile(r'(?:[^\s;,()"=]++(?!\s*+=))?+')
# A well-known parameter may follow without its semicolon.
_NEXT = r"(?:charset|boundary|name|filename|format|delsp|type|start|protocol|micalg)\b[*\d]*+\s*+="
# Separators also match without a parameter: tried again from each separator, a run of
# them would take quadratic time.
_PARAMETER = re.compile(
    r"[;,\s](?:[;,\s]|\((?:[^()\\]|\\.)*+\))*+(?:(?P<name>[^\s=;,\"*()]++)"
    r"(?P<section>\*\d{1,3}(?!\d))?+(?P<extended>\*)?+\s*+=\s*+"
    r'(?:"(?P<quoted>(?:[^"\\]++|\\.?)*+)"?|'
    rf"(?P<token>(?:[^;\s]++|\s++(?!{_NEXT}))*+)))?",
    re.DOTALL | re.IGNORECASE,
)
_QUOTED_PAIR = re.compile(r"\\(.?)", re.DOTALL)
_COMMENT = re.compile(r"\s\([^()]*+\)?+\s*+\Z")


def parse(encoded: str) -> tuple[str, dict[str, str]]:
    """Return (value, parameters) of a field's body, all of it storable.

    The value and the names are in lower case. The first of two parameters with the same
    name counts; sections (`name*0*=`) are joined in their order.
    """
    value, at = _value(encoded)
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in islice(_PARAMETER.finditer(encoded, at), _MAX_PARAMETERS):
        if match["name"] is None:
            continue
        name, text = match["name"].lower(), _text(match)
        if match["section"] or match["extended"]:
            number = int((match["section"] or "*0")[1:])
            known = sections.setdefault(name, {})
            known.setdefault(number, (bool(match["extended"]), text))
        else:
            plain.setdefault(name, text)
    joined = {name: _join(known) for name, known in sections.items()}
    parameters = {
        charsets.line(name): charsets.line(_decoded(name, text)[:_MAX_LENGTH])
        for name, text in {**plain, **joined}.items()
    }
    return charsets.line(value.lower()), parameters


def _value(encoded: str) -> tuple[str, int]:
    """Return the token or type that a body begins with, and the offset after it.

    RFC 822 §3.1.4 allows white space and comments around the slash of a type. Quotes
    around a token are wrong, but common.
    """
    at = _skip(encoded, 0)
    first = _match(_TOKEN, encoded, at + encoded.startswith('"', at))
    slash = _skip(encoded, first.end())
    if not encoded.startswith("/", slash):
        return first[0], first.end()
    second = _match(_SUBTYPE, encoded, _skip(encoded, slash + 1))
    return f"{first[0]}/{second[0]}", second.end()


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    """Return the match at an offset, of a pattern that also matches the empty text."""
    found = pattern.match(text, at)
    assert found is not None
    return found


def _skip(text: str, at: int) -> int:
    """Return where the white space and the comments at an offset end."""
    at = _match(_SPACE, text, at).end()
    while text.startswith("(", at):
        end = _comment_end(text, at)
        if end is None:
            return at + 1
        at = _match(_SPACE, text, end).end()
    return at


def _comment_end(text: str, at: int) -> int | None:
    """Return the end of the comment at an offset; None if it is not closed."""
    depth = 0
    for mark in _IN_COMMENT.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return None


def _text(match: re.Match[str]) -> str:
    """Return a parameter's value as written, without its quotes."""
    if match["quoted"] is not None:
        return _QUOTED_PAIR.sub(r"\1", match["quoted"])
    return _COMMENT.sub("", match["token"]).strip()


def _decoded(name: str, text: str) -> str:
    """Return a file's name without encoded words: RFC 2047 §5 forbids them.

    If a name is in sections, the words of the whole name are decoded.
    """
    return words.decode(text) if name in ("name", "filename") else text


def _join(sections: dict[int, tuple[bool, str]]) -> str:
    """Return the value of a parameter in sections (RFC 2231 §3, §4).

    A character, and even its "%XX", may continue in the next section.
    """
    result: list[str] = []
    encoded, charset = "", ""
    for number, (extended, text) in sorted(sections.items()):
        if extended and number == min(sections):
            head, quote, rest = text.partition("'")
            if quote and "'" in rest:
                charset, text = head, rest.partition("'")[2]
        if extended:
            encoded += text
        else:
            result += _unquoted(encoded, charset), text
            encoded = ""
    return "".join([*result, _unquoted(encoded, charset)])


def _unquoted(encoded: str, charset: str) -> str:
    octets = unquote_to_bytes(encoded.encode("utf-8", "replace"))
    return charsets.decode(octets, charset)
