"""A part of a message: its place in the octets, and the facts from its header."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsink.mime import headers


@dataclass(slots=True, eq=False)
class Part:
    """One entity: the message itself, a part of a multipart, or an enclosed message.

    The offsets count octets of the whole message, or of `source` if there is one.
    All text is storable.
    """

    index: int  # in Structure.parts
    number: str  # its place in the tree: "1" is the message, "1.2" its second part
    depth: int  # 0 is the message
    fields: tuple[headers.Field, ...]
    header_start: int
    body_start: int
    body_end: int
    parent: Part | None = field(default=None, repr=False)
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    content_id: str = ""
    encoding: str = ""
    children: list[Part] = field(default_factory=list, repr=False)
    # The decoded octets of the enclosed message around it, if that was encoded
    source: bytes | None = field(default=None, repr=False)

    def body(self, octets: bytes, limit: int | None = None) -> bytes:
        """Return the body as sent, or the first `limit` octets of it.

        octets: the whole message
        """
        end = self.body_end if limit is None else self.body_start + limit
        source = octets if self.source is None else self.source
        return source[self.body_start : min(end, self.body_end)]

    @property
    def encloses(self) -> bool:
        """Whether the body is a message, which is the only child of this part."""
        return bool(self.children) and not self.content_type.startswith("multipart/")

    @property
    def charset(self) -> str:
        """The declared charset, in lower case; "" if there is none."""
        return self.parameters.get("charset", "").lower()

    @property
    def size(self) -> int:
        """The number of octets of the body, as sent."""
        return self.body_end - self.body_start

    def get(self, name: str) -> headers.Field | None:
        """Return the first field of a name, ignoring case; None if there is none."""
        name = name.lower()
        return next((each for each in self.fields if each.name.lower() == name), None)
