"""The documented replies of mail providers, read from the .toml files next to this module.

Each entry has its source, and the date on which the source was read. Pure.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Retry = Literal["again", "slower", "later", "fix", "never"]
RETRIES: tuple[Retry, ...] = ("again", "slower", "later", "fix", "never")
OLD_AFTER_DAYS = 730

# After the first line of a reply: its code, and its enhanced code.
_NEXT_LINE = re.compile(r"\n\d{3}[- ](?:\d\.\d{1,3}\.\d{1,3} )?")
_GAP = re.compile(r"\.\.\.|\[ip\]|<address>|\(ip\)")
_CLIENT = "192.0.2.1"  # for an address of a client
_MOST_WORDS = 10  # of a search
_LEAST = 12  # characters of a text that identify a reply


@dataclass(frozen=True, slots=True)
class ProviderReply:
    """A documented reply of a provider."""

    id: str
    provider: str
    stage: str
    code: int
    enhanced: str
    text: str  # cut; [ip] stands for an address
    meaning: str
    retry: Retry
    source: str
    read: date
    # whether the code is inferred: the source has only the enhanced code
    inferred: bool = False
    wait: float | None = None  # seconds until a retry, if the source has them
    patience: float | None = None  # seconds for which to retry, likewise

    @property
    def line(self) -> str:
        """The reply in wire form."""
        return " ".join(filter(None, [str(self.code), self.enhanced, self.text]))

    @property
    def said(self) -> str:
        """Its text for a rule: with an address in place of the placeholder."""
        return self.text.replace("[ip]", _CLIENT)

    @property
    def misleads(self) -> bool:
        """Whether its first digit contradicts the provider's meaning."""
        passes = self.retry in ("again", "slower", "later")
        return self.code >= 400 and passes is not (self.code < 500)

    @property
    def words(self) -> str:
        """The text that searches read, in lower case."""
        parts = (
            self.id,
            self.provider,
            self.stage,
            self.line,
            self.meaning,
            self.retry,
            self.source,
        )
        return " ".join(parts).lower()

    def is_old(self, today: date) -> bool:
        """Whether the source was read so long ago that it may have changed."""
        return (today - self.read).days > OLD_AFTER_DAYS

    def fits(self, code: int, enhanced: str, text: str) -> bool:
        """Whether a reply fits: the same codes, and all parts of the text in order."""
        if code != self.code or (self.enhanced and enhanced != self.enhanced):
            return False
        at, found = 0, 0
        for part in _parts(self.text):
            at = text.lower().find(part, at)
            if at < 0:
                return False
            at += len(part)
            found += len(part)
        return found >= _LEAST


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[str, ...]:
    parts = (each.strip(" .:;,").lower() for each in _GAP.split(text))
    return tuple(each for each in parts if each)


@lru_cache(maxsize=1)
def provider_replies() -> tuple[ProviderReply, ...]:
    """Return all entries."""
    return tuple(
        ProviderReply(**each)
        for file in sorted(Path(__file__).parent.glob("*.toml"))
        for each in _entries(file)
    )


@lru_cache(maxsize=1)
def _by_line() -> dict[tuple[int, str, str], str]:
    return {
        (each.code, each.enhanced, each.said): each.id
        for each in reversed(provider_replies())
    }


def entry_ids(code: int, enhanced: str | None, texts: tuple[str, ...]) -> list[str]:
    """Return the id of the entry that equals a rule's reply exactly; [] for none."""
    if len(texts) != 1:
        return []
    found = _by_line().get((code, enhanced or "", texts[0]))
    return [found] if found else []


def entry(id: str) -> ProviderReply | None:
    """Return one entry by its id."""
    return next((each for each in provider_replies() if each.id == id), None)


def search(text: str) -> list[ProviderReply]:
    """Return the entries that contain all words of a text; "" for all."""
    words = text.lower().split()[:_MOST_WORDS]
    return [
        each for each in provider_replies() if all(word in each.words for word in words)
    ]


def _entries(file: Path) -> list[dict[str, Any]]:
    with file.open("rb") as octets:
        found: list[dict[str, Any]] = tomllib.load(octets)["reply"]
    return found


def documented(code: int, enhanced: str, text: str) -> list[ProviderReply]:
    """Return the entries that match a reply, at most one for each provider."""
    fitting = {
        each.provider: each
        for each in reversed(provider_replies())
        if each.fits(code, enhanced, text)
    }
    return list(reversed(fitting.values()))


def documented_in(code: int, enhanced: str, reply: str) -> list[ProviderReply]:
    """Return the entries that match a stored reply. reply: its whole lines, joined by LF"""
    return documented(code, enhanced, _NEXT_LINE.sub(" ", reply))
