"""Text of format=flowed (RFC 3676) -> paragraphs on one line each. Linear time.

Lines end in LF, in the input and in the output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_LINE = re.compile(r"(>*+) ?(.*)", re.DOTALL)  # quote marks, stuffing (§4.4), the rest
_SIGNATURE = "-- "  # not flowed, although it ends in a space (§4.3)


def joined(text: str, parameters: Mapping[str, str]) -> str:
    """Return a text/plain body without its soft line breaks.

    parameters: of its Content-Type, with names in lower case; a text that is not
    declared as format=flowed is returned unchanged.
    """
    if parameters.get("format", "").strip().lower() != "flowed":
        return text
    delsp = parameters.get("delsp", "").strip().lower() == "yes"
    return "\n".join(_paragraphs(text, delsp))


def _paragraphs(text: str, delsp: bool) -> Iterator[str]:
    """Yield each paragraph with its quote marks (RFC 3676 §4.1, §4.2, §4.5)."""
    marks, pieces, flows = "", list[str](), False
    for line in text.split("\n"):
        found = _LINE.fullmatch(line)
        given, rest = found.groups() if found else ("", line)
        signature = rest == _SIGNATURE
        # Keep an empty line: some programs leave a space at the end of a paragraph.
        apart = given != marks or signature or not rest
        if pieces and (not flows or apart):
            yield _quoted(marks, pieces)
            pieces = []
        marks, flows = given, rest.endswith(" ") and not signature
        pieces.append(rest[:-1] if flows and delsp else rest)
    yield _quoted(marks, pieces)


def _quoted(marks: str, pieces: list[str]) -> str:
    text = "".join(pieces)
    return f"{marks} {text}" if marks and text else marks + text
