"""The data of Can I email: the features that each email client supports.

See docs/checks.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Answer = Literal["y", "a", "n", "u"]  # yes, almost, no, unknown: the values of the data

_FILE = Path(__file__).with_name("caniemail.json")


@dataclass(frozen=True, slots=True)
class SupportResult:
    """The answer for the newest tested version of a client, with its notes."""

    client: str
    version: str
    answer: Answer
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of HTML or CSS."""

    slug: str
    title: str
    results: tuple[SupportResult, ...]

    @property
    def url(self) -> str:
        return f"https://www.caniemail.com/features/{self.slug}/"


def _feature(slug: str, data: dict[str, object], clients: list[str]) -> Feature:
    notes, results = data["notes"], data["clients"]
    assert isinstance(notes, dict)
    assert isinstance(results, list)
    entry = zip(clients, results, strict=True)
    return Feature(
        slug,
        str(data["title"]),
        tuple(_result(client, each, notes) for client, each in entry if each),
    )


def _result(client: str, entry: str, notes: dict[str, str]) -> SupportResult:
    """Return a result from its form in the file: "2019 a #1 #2"."""
    version, answer, *numbers = entry.split()
    said = tuple(notes[n[1:]] for n in numbers if n[1:] in notes)
    kinds: dict[str, Answer] = {"y": "y", "a": "a", "n": "n"}
    return SupportResult(client, version, kinds.get(answer, "u"), said)


_DATA = json.loads(_FILE.read_text(encoding="utf-8"))
SOURCE: str = _DATA["source"]
DATE: str = _DATA["date"]
CLIENTS: list[str] = _DATA["clients"]
FEATURES: dict[str, Feature] = {
    slug: _feature(slug, data, CLIENTS) for slug, data in _DATA["features"].items()
}
