"""A reply that a user pastes from a log or an exception: its meaning, and its sender."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inbox.explain.reply_codes import meaning
from inbox.providers.provider_replies import (
    ProviderReply,
    documented,
    provider_replies,
)

_LONGEST = 4096  # characters that are read
_MOST = 6  # entries with the same codes
# "550 5.1.1 …", "421-4.7.28 …", and Python's "(550, b'5.1.1 …')"
_REPLY = re.compile(
    r"(?<![\d.])([245]\d\d)(?:[ -]|, ?b?['\"]|$)(?:([245]\.\d{1,3}\.\d{1,3})\b)?"
)
# The beginning of each further line: its code and enhanced code
_NEXT_LINE = re.compile(r"(?:\\n|\n)(?:\d{3}[ -])?(?:\d\.\d{1,3}\.\d{1,3} )?")
_FORMATTING = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class PastedReply:
    """An interpreted reply.

    meaning: sentences about its codes, the most specific first; entries: the matching
    replies of providers; if exact is false, those with the same codes only
    """

    code: int
    enhanced: str
    text: str
    meaning: list[str]
    entries: list[ProviderReply]
    exact: bool


def read(pasted: str) -> PastedReply | None:
    """Return the reply in a text; None if the text has no code."""
    pasted = pasted[:_LONGEST]
    found = _REPLY.search(pasted)
    if found is None:
        return None
    code, enhanced = int(found[1]), found[2] or ""
    rest = _NEXT_LINE.sub(" ", pasted[found.end() :])
    text = _FORMATTING.sub(" ", rest).strip(" '\")}")
    entries = documented(code, enhanced, text)
    return PastedReply(
        code=code,
        enhanced=enhanced,
        text=text,
        meaning=meaning(code, enhanced),
        entries=entries or _similar(code, enhanced),
        exact=bool(entries),
    )


def _similar(code: int, enhanced: str) -> list[ProviderReply]:
    """Return entries with the same codes.

    None without an enhanced code, as there are too many.
    """
    same = (
        each
        for each in provider_replies()
        if enhanced and (each.code, each.enhanced) == (code, enhanced)
    )
    return list(same)[:_MOST]
