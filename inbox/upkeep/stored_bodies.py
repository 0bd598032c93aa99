"""Checks that stored bodies are the received ones, by their SHA-256."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from inbox.models import Raw
from inbox.storage import body_store
from mailsink.terminal import plain

_MOST_NAMED = 20  # bodies that are named


@dataclass(slots=True)
class BodyCheck:
    """The result of checking bodies. wrong: transactions, up to the named maximum"""

    right: int = 0
    missing: int = 0
    altered: int = 0
    elsewhere: int = 0  # in object storage, which were not checked
    wrong: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether every body is there, unchanged."""
        return not (self.missing or self.altered)

    def take(self, raw: Raw) -> bytes | None:
        """Check a body; return its octets if they are unchanged."""
        try:
            octets = body_store.read(raw)
        except FileNotFoundError:
            self.missing += 1
        except zlib.error:
            self.altered += 1
        else:
            if hashlib.sha256(octets).hexdigest() == raw.sha256:
                self.right += 1
                return octets
            self.altered += 1
        if len(self.wrong) < _MOST_NAMED:
            self.wrong.append(str(raw.pk))
        return None

    def words(self) -> str:
        """Return the result in a sentence."""
        text = f"{self.right} bodies are as they were received"
        if self.right == 1:
            text = "1 body is as it was received"
        if self.elsewhere:
            text += f"; {self.elsewhere} are in object storage, and stay there"
        if not self.is_well:
            text += (
                f"; {self.missing} are missing and {self.altered} altered, of the "
                f"transactions {plain(', '.join(self.wrong))}"
            )
        return text


def check_bodies(rows: Iterable[Raw], objects: bool = True) -> BodyCheck:
    """Check bodies, with one in memory at a time. Raises StoreDown.

    objects: also check those in object storage
    """
    check = BodyCheck()
    for raw in rows:
        if body_store.object_name(raw.key) and not objects:
            check.elsewhere += 1
        else:
            check.take(raw)
    return check
