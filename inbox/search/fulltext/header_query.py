"""Searching the index of header fields: a condition on messages."""

from __future__ import annotations

from django.db.models import Q

from inbox.search.fulltext.header_fields import KEY, field_key
from inbox.search.fulltext.query import Matches
from inbox.search.fulltext.tokens import is_beginning, tokens

_LONGEST_PHRASE = 50  # tokens


def in_field(name: str, text: str) -> Q | None:
    """Match a text in a header field of this name; for "", any field of this name.

    Return None if the text has no letters and no digits.
    """
    key = field_key(name)
    words = [key + word for word in tokens(text, _LONGEST_PHRASE)]
    if text.strip() and not words:
        return None
    return Q(_InHeader(words or [key]))


class _InHeader(Matches):
    """Whether a message's header has a phrase."""

    table = "inbox_headerindex"
    vector = "header"

    def goes_on(self) -> bool:
        """Whether the last word can be the beginning of a longer one; the key alone cannot."""
        word = self.phrase[-1][KEY:]
        return bool(word) and is_beginning(word)
