"""Cuts HTML into tokens with patterns, as a browser does (WHATWG HTML §13.2.5).

No tree is built: parsers need quadratic time for deep nesting (Lexbor takes 40 s for
60,000 open <div>). All functions here take linear time, and never raise.
"""

from __future__ import annotations

import html
import re

from mailsink.mime import charsets

MAX_LENGTH = 5 * 1024 * 1024  # characters of HTML that are shown

_ATTRIBUTES = (
    r"(?=[\s/>]|\Z)"
    r"""(?:[^>=]++|=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?+)*+>?"""
)
_COMMENT = r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(?:[!?]|/(?![a-zA-Z]))[^>]*+>?"
_RAW = r"script|style|xmp|iframe|noembed|noframes|textarea|title"

_FLAGS = re.DOTALL | re.IGNORECASE

# comment; element of raw text up to its end tag; any other tag
TOKEN = re.compile(
    rf"(?P<comment>{_COMMENT})"
    rf"|(?P<start><(?P<raw>{_RAW}){_ATTRIBUTES})(?P<text>.*?)(?=</(?P=raw)[\s/>]|\Z)"
    rf"|<(?P<name>/?[a-z][^\s/>]*+){_ATTRIBUTES}",
    _FLAGS,
)
# Text that may precede the first element of the head
PROLOGUE = re.compile(rf"(?:\s++|{_COMMENT}|<(?:html|head){_ATTRIBUTES})*+", _FLAGS)
ATTRIBUTE = re.compile(
    r"""([^\s/>=][^\s/>=]*+)(?:(\s*+=\s*+)("[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?+)?+"""
)

_UNSEEN = re.compile(
    rf"{_COMMENT}|<(script|style|title|iframe|noembed|noframes){_ATTRIBUTES}"
    r".*?(?=</\1[\s/>]|\Z)",
    _FLAGS,
)
_WHITE_SPACE = re.compile(r"\s+")
_BREAK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|center|dd|div|dl|dt|fieldset|footer"
    r"|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tr|ul)"
    rf"{_ATTRIBUTES}",
    _FLAGS,
)
_CELL = re.compile(rf"</t[dh]{_ATTRIBUTES}", _FLAGS)
_TAG = re.compile(rf"</?[a-z][^\s/>]*+{_ATTRIBUTES}", _FLAGS)
_HUGE_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")
_SPACES = re.compile("[ \xa0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def unescape(text: str) -> str:
    """Return text with its character references resolved, storable."""
    # int() refuses more than 4,300 digits, and html.unescape asks it for any number
    return charsets.storable(html.unescape(_HUGE_NUMBER.sub("\ufffd", text)))


def to_text(markup: str) -> str:
    """Return the text that HTML shows, with each block on a separate line.

    Characters after the first MAX_LENGTH are left out.
    """
    text = _WHITE_SPACE.sub(" ", _UNSEEN.sub("", markup[:MAX_LENGTH]))
    text = _TAG.sub("", _CELL.sub(" ", _BREAK.sub("\n", text)))
    text = _SPACES.sub(" ", unescape(text)).replace(" \n", "\n").replace("\n ", "\n")
    return _EMPTY_LINES.sub("\n\n", text).strip()
