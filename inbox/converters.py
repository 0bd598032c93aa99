"""Path converters for ids: UUIDs in any case, "latest" for a message, and short ids."""

from __future__ import annotations

from uuid import UUID

from django.urls import register_converter

_ANY_CASE = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Id:
    """A UUID; Django's own converter rejects capital letters."""

    regex = _ANY_CASE

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: UUID | str) -> str:
        return str(value)


class MessageId:
    """A message's UUID, or "latest"."""

    regex = f"latest|{_ANY_CASE}"

    def to_python(self, value: str) -> UUID | str:
        return value if value == "latest" else UUID(value)

    def to_url(self, value: UUID | str) -> str:
        return str(value)


class ShortId:
    """A short id: 12 letters and digits, a hyphen, a number (mailsink.ids)."""

    regex = "[0-9a-zA-Z]{12}-[0-9]{1,9}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def register() -> None:
    """Register the converters under their names for path()."""
    register_converter(Id, "id")
    register_converter(MessageId, "message")
    register_converter(ShortId, "short")
