"""How the reader of a newsletter can leave it (RFC 2369, RFC 8058)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailsink.mime import links
from mailsink.mime.structure import Part

_TARGET = re.compile(r"<\s*+((?:https?|mailto):[^<>]{1,2000})>", re.IGNORECASE)
_LOOKED_AT = 10_000  # characters of a field


@dataclass(frozen=True, slots=True)
class UnsubscribeTargets:
    """Where to unsubscribe. one_click: a POST to the URL is enough."""

    url: str
    mailto: str
    one_click: bool


def of(root: Part) -> UnsubscribeTargets | None:
    """Return what List-Unsubscribe says; None where there is no such field, or no address in it."""
    value = _value(root, "list-unsubscribe")[:_LOOKED_AT]
    targets = ["".join(found.split()) for found in _TARGET.findall(value)]
    url = next((each for each in targets if links.split(each)), "")
    mailto = next((each for each in targets if each[:7].lower() == "mailto:"), "")
    if not url and not mailto:
        return None
    post = "".join(_value(root, "list-unsubscribe-post").split()).lower()
    one_click = post == "list-unsubscribe=one-click" and url[:6].lower() == "https:"
    return UnsubscribeTargets(url, mailto[7:], one_click)


def _value(root: Part, name: str) -> str:
    field = root.get(name)
    return field.value if field else ""
