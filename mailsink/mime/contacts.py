"""Contacts (vCard: RFC 6350, RFC 2426): as people read them. Never raises."""

from __future__ import annotations

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


def read(text: str) -> list[Contact]:
    """Return the contacts of a vCard file; none where it is none."""
    found: list[Contact] = []
    contact: Contact | None = None
    for line in lines(text):
        if line.name == "BEGIN" and line.value.upper() == "VCARD":
            contact = Contact()
        elif line.name == "END" and contact is not None:
            found.append(contact)
            contact = None
            if len(found) == MOST:
                break
        elif contact is not None:
            _take(contact, line)
    return found


def _take(contact: Contact, line: Line) -> None:
    if line.name == "FN":
        contact.name = line.text.strip()[:300]
    elif line.name == "N" and not contact.name:
        family, given, *_ = [*line.fields(), "", ""]
        contact.name = f"{given} {family}".strip()[:300]
    elif line.name == "ORG":
        contact.organization = ", ".join(filter(None, line.fields()))[:300]
    elif line.name == "TITLE":
        contact.title = line.text[:300]
    elif line.name in _ENTRY and len(contact.entries) < _ENTRIES:
        value = (
            ", ".join(filter(None, line.fields())) if line.name == "ADR" else line.text
        )
        kinds = line.parameters.get("TYPE", "").lower()[:80]
        contact.entries.append((line.name, kinds, value.strip()[:1000]))
