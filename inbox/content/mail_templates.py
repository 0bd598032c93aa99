"""A key for messages that one sender makes from one template, judging by subjects."""

from __future__ import annotations

import hashlib
import re

_LONGEST = 500  # characters of a subject that are read
# Words with a digit or an @ vary between messages: numbers, dates, addresses.
_VARYING = re.compile(r"[\d@]")
_REPLY = re.compile(r"(?:(?:re|fwd?|aw|wg)\s*:\s*)+")
_KEY = 16  # characters


def template_of(sender: str, subject: str) -> str:
    """Return the key of a message's template, from its From address and its subject."""
    words = " ".join(
        "#" if _VARYING.search(each) else each
        for each in subject[:_LONGEST].casefold().split()
    )
    words = " ".join(_REPLY.sub("", words).split())
    octets = f"{sender.casefold()}\n{words}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(octets).hexdigest()[:_KEY]
