"""The tables that are moved, and fingerprints of their rows that agree on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Field, Model

from inbox.models import Raw, SearchText

# Rebuilt from the messages: the index behind it is specific to the database.
REBUILT: frozenset[type[Model]] = frozenset({SearchText})
# Rows of these are read few at a time: each may have a mebibyte.
_LARGE: frozenset[type[Model]] = frozenset({Raw})
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table that is moved, row by row."""

    model: type[Model]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def fields(self) -> list[Field[Any, Any]]:
        return list(self.model._meta.concrete_fields)

    def count(self, database: str) -> int:
        """Return the number of its rows."""
        return self.model._base_manager.using(database).count()

    def rows(self, database: str) -> Iterator[tuple[Any, ...]]:
        """Yield all rows, as values of the fields; only few are in memory at a time."""
        names = [field.attname for field in self.fields]
        rows = self.model._base_manager.using(database).values_list(*names)
        size = 16 if self.model in _LARGE else 200
        yield from rows.order_by().iterator(chunk_size=size)


def tables() -> list[MovedTable]:
    """Return all tables of all models, each after those to which its rows refer."""
    models = [
        each
        for each in apps.get_models(include_auto_created=True)
        if each._meta.managed and not each._meta.proxy and each not in REBUILT
    ]
    placed: list[type[Model]] = []
    while models:
        ready = [each for each in models if not _refers_to(each) & set(models) - {each}]
        if not ready:
            names = ", ".join(sorted(each.__name__ for each in models))
            raise RuntimeError(f"these tables refer to each other in a circle: {names}")
        placed += ready
        models = [each for each in models if each not in ready]
    return [MovedTable(each) for each in placed]


def _refers_to(model: type[Model]) -> set[type[Model]]:
    return {
        field.remote_field.model
        for field in model._meta.concrete_fields
        if field.remote_field
    }


class Sum:
    """The number of a table's rows, and a hash over them that ignores their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = 0

    def add(self, row: Sequence[Any]) -> None:
        """Count a row in."""
        text = b"\x1f".join(map(_octets, row))
        digest = hashlib.sha256(text).digest()
        self._hash = (self._hash + int.from_bytes(digest)) % _MODULUS
        self.rows += 1

    @property
    def hash(self) -> str:
        return f"{self._hash:064x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and (self.rows, self.hash) == (
            other.rows,
            other.hash,
        )


def _octets(value: Any) -> bytes:
    """Return octets for a value that are equal for both databases, and differ between types.

    A value that can contain the separator octet begins with its length.
    """
    match value:
        case str():
            return _counted(b"s", value.encode())
        case None:
            return b"-"
        case bool() | int() | float():
            return b"n" + str(_number(value)).encode()
        case UUID():
            return b"u" + value.hex.encode()
        case datetime():
            return b"t" + value.astimezone(UTC).isoformat().encode()
        case bytes() | memoryview():
            return _counted(b"x", bytes(value))
        case dict() | list():
            plain = json.dumps(_plain(value), sort_keys=True)
            return _counted(b"j", plain.encode())
    return _counted(b"s", str(value).encode())


def _counted(kind: bytes, octets: bytes) -> bytes:
    return b"%b%d:%b" % (kind, len(octets), octets)


def _number(value: float) -> float:
    """Return a number in the form of PostgreSQL's JSON: whole ones without a fraction."""
    return int(value) if value == int(value) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
