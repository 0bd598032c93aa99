"""Whether a client's line names an address as a whole, not as a part of another one.

By one plain search in linear time: what people ask for and what clients send never
becomes a regular expression. The case does not count.
"""

from __future__ import annotations

from mailsink.wildcards import fold

# What may stand before an address, after it, or on either side.
_BEFORE, _AFTER, _AROUND = "<:(", ">)", ",;"
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
# Surrogates, which no stored text has: they stand where an address may begin and end.
_BEGIN, _END = "\ud800", "\ud801"

_MARKED = str.maketrans(
    {each: f"{each}{_BEGIN}" for each in _BEFORE}
    | {each: f"{_END}{each}" for each in _AFTER}
    | {each: f"{_END}{each}{_BEGIN}" for each in f"{_AROUND}{_SPACES}"}
)


def names(line: str, address: str) -> bool:
    """Whether the address stands in the line, with nothing beside it that belongs to it."""
    return _marked(address) in _marked(line)


def _marked(text: str) -> str:
    """Return the text with marks around it, and wherever an address may begin or end.

    The same text has the same marks wherever it stands, so that one search sees what
    is before and after it.
    """
    return f"{_BEGIN}{fold(text).translate(_MARKED)}{_END}"
