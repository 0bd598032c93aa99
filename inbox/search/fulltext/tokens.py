"""Text -> tokens: letters and digits, without case, marks and width.

Each Chinese, Japanese or Korean character is a token, since there are no spaces between
words; adjacent ones make a phrase.
"""

from __future__ import annotations

import re
import unicodedata

from mailsink.text import normalized

MOST = 20_000  # tokens of one text
LONGEST = 64  # characters of a token
_GROWTH = 4  # times the length of a text that its normal form can have
# characters: a short text may consist of characters that stand for phrases
_PHRASES = 1000
_WORD = re.compile(r"[^\W_]+")
_ALONE = re.compile("([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff])")


def tokens(text: str, most: int = MOST) -> list[str]:
    """Return the first tokens of a text, in their order."""
    # A few characters stand for a whole phrase: a long text of those is not read to its
    # end.
    plain = normalized("NFKC", text)[: _GROWTH * len(text) + _PHRASES].casefold()
    if not plain.isascii():
        plain = _without_marks(plain)
    return [word[:LONGEST] for word in _WORD.findall(plain)[:most]]


def _without_marks(text: str) -> str:
    # Decomposed, an accent is a character of its own (Unicode, UAX #15); Hangul stays.
    apart = _ALONE.sub(r" \1 ", text)
    apart = normalized("NFD", apart)
    kept = "".join(
        each for each in apart if not unicodedata.category(each).startswith("M")
    )
    return normalized("NFC", kept)


def is_beginning(token: str) -> bool:
    """Whether a token of a query can be the beginning of a longer one.

    A single letter cannot: it begins too many words to be of use.
    """
    return len(token) > 1
