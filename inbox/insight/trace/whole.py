"""Whether a client's line names a whole address, not a part of another one.

It is one plain search in linear time: input of users and clients never becomes a
regular expression. Case is ignored.
"""

from __future__ import annotations

from mailsink.wildcards import fold

# Characters that may precede an address, follow it, or both.
_BEFORE, _AFTER, _AROUND = "<:(", ">)", ",;"
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
# Surrogates, which no stored text contains: they mark where an address may begin and
# end.
_BEGIN, _END = "\ud800", "\ud801"

_MARKED = str.maketrans(
    {each: f"{each}{_BEGIN}" for each in _BEFORE}
    | {each: f"{_END}{each}" for each in _AFTER}
    | {each: f"{_END}{each}{_BEGIN}" for each in f"{_AROUND}{_SPACES}"}
)


def names(line: str, address: str) -> bool:
    """Whether the line contains the address with nothing next to it that belongs to it."""
    return _marked(address) in _marked(line)


def _marked(text: str) -> str:
    """Return the text with a mark wherever an address may begin or end.

    The same text always gets the same marks, so that one search also checks its
    neighbours.
    """
    return f"{_BEGIN}{fold(text).translate(_MARKED)}{_END}"
