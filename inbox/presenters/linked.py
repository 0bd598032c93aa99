"""The links of a message: the panel with links by host, and the links in its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from inbox.content import references
from inbox.content.references import Counted
from inbox.presenters.message_page import MessagePage
from mailsink.mime import urls

SHOWN = 500  # references on a page


@dataclass(slots=True)
class LinkHost:
    name: str
    rows: list[Counted] = field(default_factory=list)


def view(mail: MessagePage) -> dict[str, object]:
    """Return the context of the panel: the hosts, most used first."""
    found = references.found(mail.reading)
    hosts: dict[str, LinkHost] = {}
    for each in found[:SHOWN]:
        name = each.reference.host
        hosts.setdefault(name, LinkHost(name)).rows.append(each)
    ordered = sorted(hosts.values(), key=lambda host: (not host.name, -len(host.rows)))
    return {
        "hosts": ordered,
        "links": sum(1 for each in found if each.reference.kind == "link"),
        "images": sum(1 for each in found if each.reference.kind == "image"),
        "left_out": max(0, len(found) - SHOWN),
    }


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text; url: the target of a link, "" for plain text"""

    text: str
    url: str = ""


def pieces(text: str) -> Iterator[TextPiece]:
    """Yield a text in pieces, with separate pieces for links."""
    end = 0
    for span in urls.spans(text):
        if span.start > end:
            yield TextPiece(text[end : span.start])
        yield TextPiece(text[span.start : span.end], span.url)
        end = span.end
    if end < len(text):
        yield TextPiece(text[end:])
