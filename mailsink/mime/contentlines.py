"""Content lines of calendars and contacts (RFC 5545 §3.1, RFC 6350 §3.2). Never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST = 10_000  # lines that are looked at
_LONGEST = 64 * 1024  # characters of one
_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Za-z0-9.-]{1,80})((?:;[^;:\"]{0,200}(?:\"[^\"]{0,2000}\"[^;:\"]{0,200})*+)*+):(.*)", re.DOTALL)  # fmt: skip
_PARAMETER = re.compile(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^;:]*)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One property: its name in upper case and without a group, its value as written."""

    name: str
    value: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The value without its escapes."""
        return _ESCAPE.sub(
            lambda match: "\n" if match[1] in "nN" else match[1], self.value
        )

    def fields(self) -> list[str]:
        """Return the parts of a value that semicolons keep apart, without escapes."""
        parts = re.split(r"(?<!\\);", self.value[:_LONGEST])
        return [Line("", part).text.strip() for part in parts]


def lines(text: str) -> list[Line]:
    """Return the lines of a calendar or of contacts; what is none is left out."""
    found = []
    for line in _FOLD.sub("", text).splitlines()[:MOST]:
        match = _LINE.fullmatch(line[:_LONGEST])
        if match:
            given = _PARAMETER.findall(match[2])
            parameters = {name.upper(): value.strip('"') for name, value in given}
            name = match[1].rpartition(".")[2].upper()
            found.append(Line(name, match[3], parameters))
    return found
