"""List-Unsubscribe with Mailpit's checks: at most one mailto: and one http(s): URL."""

from __future__ import annotations

import re

from inbox.serializers import Shape

_COMMENT = re.compile(r"\([^()]*\)")
_MAIL = re.compile(r"mailto:[a-zA-Z0-9][^\s<>]*")
_WEB = re.compile(r"https?://[a-zA-Z0-9\[][^\s<>]*", re.IGNORECASE)
_LOOKED_AT = 10_000  # characters that are read


def shape(header: str, post: str) -> Shape:
    """Return the content of the two fields, and the fault of the first; "" if there is none."""
    links, wrong = _links(header[:_LOOKED_AT]) if header else ([], "")
    return {"Header": header, "Links": links, "Errors": wrong, "HeaderPost": post}


def _links(header: str) -> tuple[list[str], str]:
    entries = [each.strip() for each in _COMMENT.sub("", header).split(",")]
    links: list[str] = []
    for entry in entries:
        if not (entry.startswith("<") and entry.endswith(">")):
            return links, f"{entry[:100]!r} is not between < and >"
        link = entry[1:-1]
        if not (_MAIL.fullmatch(link) or _WEB.fullmatch(link)):
            return links, f"{link[:100]!r} is neither a mailto: nor an http(s): address"
        if any(_is_mail(each) == _is_mail(link) for each in links):
            return links, "there are two addresses of a kind"
        links.append(link)
    return links, ""


def _is_mail(link: str) -> bool:
    return link.startswith("mailto:")
