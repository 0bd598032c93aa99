"""The URLs in plain text, and their places in it. Never raises; linear time.

Characters around a URL are left out: brackets, quotes, marks, and punctuation at the
end of a sentence. A URL in angle brackets may span several lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

MOST = 2000  # of one text

# Characters that end a URL: spaces, angle brackets, quotes, and typographic marks.
# Letters of any script belong to a URL (IDN).
_ENDS = '\\s<>"`\\\\\u00ab\u00bb\u2018-\u201f\u2026\u2039\u203a\u3000-\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f'
_WRAPPED = (
    rf"https?://[^{_ENDS}]{{1,8000}}+(?:[ \t]*+\n[ \t]*+[^{_ENDS}]{{1,8000}}+){{0,20}}+"
)
_URL = re.compile(
    rf"<(?:URL:)?+\s?+(?P<wrapped>{_WRAPPED})\s?+>"  # RFC 3986 appendix C
    rf"|(?<![A-Za-z0-9+.-])(?P<bare>(?:https?://|mailto:)[^{_ENDS}]{{1,8000}}+)",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\s+")
_SENTENCE = ".,;:!?"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_AROUND = "*_~'"  # stripped from the end of a URL only if they also precede it


class UrlSpan(NamedTuple):
    """A URL in the form to open, and its place in the text."""

    start: int
    end: int
    url: str


def spans(text: str) -> Iterator[UrlSpan]:
    """Yield the URLs of a text in their order, at most MOST, mailto: included."""
    return islice(_spans(text), MOST)


def _spans(text: str) -> Iterator[UrlSpan]:
    for found in _URL.finditer(text):
        if found["wrapped"]:
            url, (start, end) = _FOLD.sub("", found["wrapped"]), found.span("wrapped")
        else:
            start = found.start()
            url = _whole(found["bare"], text[start - 1 : start])
            end = start + len(url)
        if _leads(url):
            yield UrlSpan(start, end, url)


def _whole(url: str, before: str) -> str:
    """Return a URL without characters that belong to the text around it."""
    counts = Counter(url)
    end = len(url)
    while end and _is_outside(url[end - 1], before, counts):
        counts[url[end - 1]] -= 1
        end -= 1
    return url[:end]


def _is_outside(last: str, before: str, counts: Counter[str]) -> bool:
    if last in _BRACKETS:
        return counts[last] > counts[_BRACKETS[last]]
    return last in _SENTENCE or (last in _AROUND and last == before)


def _leads(url: str) -> bool:
    """Whether a URL names a host or a mail address."""
    if url[:7].lower() == "mailto:":
        return "@" in url
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False
