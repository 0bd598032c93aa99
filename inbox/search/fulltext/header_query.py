"""Searching the index of header fields: a condition on messages."""

from __future__ import annotations

from django.db.models import Q

from inbox.search.fulltext.header_fields import KEY, field_key
from inbox.search.fulltext.query import Matches
from inbox.search.fulltext.tokens import is_beginning, tokens

_LONGEST_PHRASE = 50  # tokens


def in_field(name: str, text: str) -> Q | None:
    """Return: a field of this name has the text in it, as other words; or is there, for "".

    None where the text has no letters and no digits.
    """
    key = field_key(name)
    words = [key + word for word in tokens(text, _LONGEST_PHRASE)]
    if text.strip() and not words:
        return None
    return Q(_InHeader(words or [key]))


class _InHeader(Matches):
    """Whether a message is among those whose header has a phrase."""

    table = "inbox_headerindex"
    vector = "header"

    def goes_on(self) -> bool:
        """Whether the last word may be the beginning of one; the key alone may not."""
        word = self.phrase[-1][KEY:]
        return bool(word) and is_beginning(word)
