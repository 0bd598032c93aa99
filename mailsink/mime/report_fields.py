"""The fields of a machine-readable report (RFC 3464 §2.1, RFC 8098 §3.1, RFC 5965 §3).

Takes text with LF as line end, and returns fields in their order. Tolerant of systems'
mistakes: missing or doubled empty lines, and diagnostics whose next lines are not
indented. Never raises; linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

LOOKED_AT = 128 * 1024  # characters of a report
MOST = 10_000  # fields
LONGEST = 2000  # characters of a value that are kept

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,59})[ \t]*+:(.*+)")
_TYPED = re.compile(r"\s*+([A-Za-z0-9_-]{1,40})\s*+;(.*+)", re.DOTALL)
# Names that systems use instead of those in the RFCs
_ALIASES = {
    "recipient": "final-recipient",
    "diagnostic": "diagnostic-code",
    "last-attempt": "last-attempt-date",
    "envelope-id": "original-envelope-id",
}


@dataclass(slots=True)
class ReportField:
    """A field. name: in lower case; begins: it is the first, or after an empty line."""

    name: str
    value: str
    begins: bool


def fields(text: str) -> list[ReportField]:
    """Return the first MOST fields of a report.

    Only LOOKED_AT characters of the text are read.
    """
    found: list[ReportField] = []
    begins = True
    for line in text[:LOOKED_AT].split("\n"):
        if not line.strip():
            begins = True
        elif line[0] in " \t" and found and not begins:
            _continue(found[-1], line)
        elif (match := _FIELD.match(line.lstrip())) and not match[2].startswith("//"):
            name = match[1].lower().replace("_", "-")
            value = match[2].strip()[:LONGEST]
            if len(found) == MOST:
                break
            found.append(ReportField(_ALIASES.get(name, name), value, begins))
            begins = False
        elif found and not begins and found[-1].name == "diagnostic-code":
            # Some systems copy a reply of several lines without indenting it.
            _continue(found[-1], line)
    return found


def _continue(field: ReportField, line: str) -> None:
    """Add a folded line to a field (RFC 5322 §2.2.3)."""
    if len(field.value) < LONGEST:
        field.value = f"{field.value} {line.strip()}".strip()[:LONGEST]


def first_values(found: Sequence[ReportField]) -> dict[str, str]:
    """Return the value of the first field of each name."""
    return {each.name: each.value for each in reversed(found)}


def values(found: Sequence[ReportField], name: str, most: int) -> tuple[str, ...]:
    """Return the values of the first fields of a name, at most `most` of them."""
    return tuple(each.value for each in found if each.name == name)[:most]


def recipient_groups(
    found: Sequence[ReportField], of_message: frozenset[str]
) -> Iterator[dict[str, str]]:
    """Yield the fields of each recipient (RFC 3464 §2.3), the first of each name.

    of_message: names of fields about the message, which belong to no recipient
    """
    group: dict[str, str] = {}
    theirs = [each for each in found if each.name not in of_message]
    for each, after in zip_longest(theirs, theirs[1:]):
        if _starts_another(each, after, group):
            yield group
            group = {}
        group.setdefault(each.name, each.value)
    if group:
        yield group


def _starts_another(
    field: ReportField, after: ReportField | None, group: dict[str, str]
) -> bool:
    """Whether a field is about another recipient than the group before it.

    An empty line is not enough: some systems put one after every field.
    """
    if field.name in ("final-recipient", "action") and field.name in group:
        return True
    if field.name == "original-recipient":
        if field.name in group:
            return True
        named = after is not None and after.name == "final-recipient"
        return named and "final-recipient" in group
    if field.name == "final-recipient":
        return field.begins and "action" in group and "original-recipient" in group
    return False


def typed(value: str) -> tuple[str, str]:
    """Return the type of a value, in lower case, and the value after it.

    "rfc822; ann@example.com" is such a value (RFC 3464 §2.1.2). The type is "" if none
    is named.
    """
    match = _TYPED.match(value)
    return (match[1].lower(), match[2].strip()) if match else ("", value.strip())


def behind_type(value: str) -> str:
    """Return a value without its type."""
    return typed(value)[1]
