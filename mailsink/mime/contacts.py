"""Contacts (vCard 2.1, 3: RFC 2426, 4: RFC 6350), for display. Never raises.

This is our own reader, because vobject 0.9 does not read soft line breaks of
quoted-printable, and returns nothing for a file with one bad line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from mailsink.mime.contentlines import ContentLine, lines

MOST = 100  # contacts
_ENTRIES = 50  # of one contact


@dataclass(slots=True)
class Contact:
    """A contact. entries: (name, such as TEL or EMAIL; kinds; value)."""

    name: str = ""
    organization: str = ""
    title: str = ""
    entries: list[tuple[str, str, str]] = field(default_factory=list)


_ENTRY = ("EMAIL", "TEL", "ADR", "URL", "BDAY", "NOTE", "IMPP", "NICKNAME")
# A contact shows one of each; if there are more, such as several languages, one is
# chosen.
_SINGLE = ("FN", "N", "ORG", "TITLE", "BDAY")
_SCHEME = re.compile(r"(?:mailto|tel):", re.IGNORECASE)
_LEAST_PREFERRED = 101  # PREF is 1, the most preferred, to 100 (RFC 6350 §5.3)


def read(octets: bytes, charset: str = "") -> list[Contact]:
    """Return the contacts of a vCard file; an empty list for other files.

    octets: decoded from their transfer encoding; charset: as declared
    """
    found: list[list[ContentLine]] = []
    depth = 0  # a vCard can hold another: its AGENT
    for line in lines(octets, charset):
        if line.name in ("BEGIN", "END") and line.value.strip().upper() == "VCARD":
            depth = max(0, depth + (1 if line.name == "BEGIN" else -1))
            if line.name == "BEGIN" and depth == 1:
                if len(found) == MOST:
                    break
                found.append([])
        elif depth == 1:
            found[-1].append(line)
    return [_contact(each) for each in found]


def _contact(given: list[ContentLine]) -> Contact:
    one = _chosen(given)
    entries = (
        each
        for each in given
        if each.name in _ENTRY and one.get(each.name, each) is each
    )
    return Contact(
        name=_name(one)[:300],
        organization=_joined(one["ORG"])[:300] if "ORG" in one else "",
        title=one["TITLE"].text.strip()[:300] if "TITLE" in one else "",
        entries=[_entry(each) for each in islice(entries, _ENTRIES)],
    )


def _chosen(given: list[ContentLine]) -> dict[str, ContentLine]:
    """Return the single-valued properties, the most preferred non-empty one of each.

    If all of a name are empty, it is the first.
    """
    chosen: dict[str, ContentLine] = {}
    for line in given:
        if line.name not in _SINGLE or not _joined(line):
            continue
        if line.name not in chosen or _rank(line) < _rank(chosen[line.name]):
            chosen[line.name] = line
    return chosen


def _rank(line: ContentLine) -> int:
    """Return the rank of a property, 1 is best: PREF in vCard 4, TYPE=PREF before."""
    rank = line.parameters.get("PREF", "")
    if rank.isascii() and rank.isdigit():
        return min(int(rank[:3]), _LEAST_PREFERRED)
    kinds = line.parameters.get("TYPE", "").lower().split(",")
    return 1 if "pref" in kinds else _LEAST_PREFERRED


def _name(one: dict[str, ContentLine]) -> str:
    """Return the formatted name, or else a name made of the parts of N."""
    if "FN" in one:
        return one["FN"].text.strip()
    if "N" not in one:
        return ""
    family, given, *_ = [*one["N"].fields(), "", ""]
    return f"{given} {family}".strip()


def _joined(line: ContentLine) -> str:
    return ", ".join(filter(None, line.fields()))


def _entry(line: ContentLine) -> tuple[str, str, str]:
    kinds = line.parameters.get("TYPE", "").lower()[:80]
    value = _joined(line) if line.name == "ADR" else line.text.strip()
    if line.name in ("TEL", "EMAIL"):
        value = _SCHEME.sub("", value, count=1)
    return line.name, kinds, value[:1000]
