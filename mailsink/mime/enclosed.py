"""The text of the messages enclosed in a message. Never raises; linear time."""

from __future__ import annotations

from collections.abc import Iterator

from mailsink.mime import bodies, markup
from mailsink.mime.structure import Part, Structure


def words_up_to(octets: bytes, structure: Structure, length: int) -> str:
    """Return the subjects, texts and file names of all enclosed messages, in order.

    HTML becomes text. Returns at most `length` characters, and reads little more.
    """
    found: list[str] = []
    for part in _within(structure):
        subject = part.get("subject") if part.parent and part.parent.encloses else None
        text = _text(octets, part, 4 * length) if not part.children else ""
        for each in (subject.value if subject else "", text, part.filename):
            if each and length > 0:
                found.append(each[:length])
                length -= len(found[-1]) + 1
        if length <= 0:
            break
    return " ".join(found)


def _within(structure: Structure) -> Iterator[Part]:
    """Yield the parts that belong to an enclosed message."""
    inside: set[int] = set()
    for part in structure.parts:
        parent = part.parent
        if parent and ((parent.encloses and parent.parent) or parent.index in inside):
            inside.add(part.index)
            yield part


def _text(octets: bytes, leaf: Part, limit: int) -> str:
    if not leaf.content_type.startswith("text/"):
        return ""
    text = bodies.beginning_of(octets, leaf, limit)
    return markup.to_text(text) if leaf.content_type == "text/html" else text
