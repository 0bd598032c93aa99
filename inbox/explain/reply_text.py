"""The text of a reply for pages: without the link at its end."""

from __future__ import annotations

import re

_LINK = re.compile(r" \(why: \S+\)$")


def without_link(reply: str) -> str:
    """Return a stored reply without the link to its page that the client got."""
    return _LINK.sub("", reply)


def first_line(reply: str) -> str:
    """Return the first line of a stored reply, without the link."""
    return without_link(reply).partition("\n")[0]
