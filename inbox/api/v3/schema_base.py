"""The base of the objects of API v3: strict objects, described members, pages of a list."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict, Field

T = TypeVar("T")

NOT_GIVEN: Any = ...


def member(description: str, example: Any = None, default: Any = NOT_GIVEN) -> Any:
    """Return a member of an object, with its description; examples of calls use its example.

    example: not needed if the type is enough, as for an id, a time or a choice
    """
    examples = None if example is None else [example]
    return Field(default, description=description, examples=examples)


class Strict(Schema):
    """An object with these members and no others."""

    model_config = ConfigDict(extra="forbid")


class Page(Schema, Generic[T]):
    items: list[T] = member("The objects of this page.")
    next: str | None = member(
        "The cursor of the next page; null if this is the last one."
    )
