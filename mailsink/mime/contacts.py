"""Contacts (vCard 2.1, 3: RFC 2426, 4: RFC 6350): as people read them. Never raises.

By hand: vobject 0.9 does not read soft line breaks of quoted-printable, and gives
nothing for a file with one bad line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailsink.mime.contentlines import Line, lines

MOST = 100  # contacts
_ENTRIES = 50  # of one contact


@dataclass(slots=True)
class Contact:
    """A contact. entries: (what it is, as TEL or EMAIL; its kinds; the value)."""

    name: str = ""
    organization: str = ""
    title: str = ""
    entries: list[tuple[str, str, str]] = field(default_factory=list)


_ENTRY = ("EMAIL", "TEL", "ADR", "URL", "BDAY", "NOTE", "IMPP", "NICKNAME")
_SCHEME = re.compile(r"(?:mailto|tel):", re.IGNORECASE)


def read(octets: bytes, charset: str = "") -> list[Contact]:
    """Return the contacts of a vCard file; none where it is none.

    octets: decoded from their transfer encoding; charset: as declared
    """
    found: list[Contact] = []
    depth = 0  # a vCard may hold another: of its AGENT
    for line in lines(octets, charset):
        if line.name in ("BEGIN", "END") and line.value.strip().upper() == "VCARD":
            depth = max(0, depth + (1 if line.name == "BEGIN" else -1))
            if line.name == "BEGIN" and depth == 1:
                if len(found) == MOST:
                    break
                found.append(Contact())
        elif depth == 1:
            _take(found[-1], line)
    return found


def _take(contact: Contact, line: Line) -> None:
    if line.name == "FN":
        contact.name = line.text.strip()[:300] or contact.name
    elif line.name == "N" and not contact.name:
        family, given, *_ = [*line.fields(), "", ""]
        contact.name = f"{given} {family}".strip()[:300]
    elif line.name == "ORG":
        contact.organization = ", ".join(filter(None, line.fields()))[:300]
    elif line.name == "TITLE":
        contact.title = line.text[:300]
    elif line.name in _ENTRY and len(contact.entries) < _ENTRIES:
        value = ", ".join(filter(None, line.fields())) if line.name == "ADR" else line.text  # fmt: skip
        kinds = line.parameters.get("TYPE", "").lower()[:80]
        plain = _SCHEME.sub("", value.strip(), count=1) if line.name in ("TEL", "EMAIL") else value.strip()  # fmt: skip
        contact.entries.append((line.name, kinds, plain[:1000]))
