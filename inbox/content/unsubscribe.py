"""The ways to unsubscribe from a newsletter (RFC 2369, RFC 8058)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailsink.mime import links
from mailsink.mime.structure import Part

_TARGET = re.compile(r"<\s*+((?:https?|mailto):[^<>]{1,2000})>", re.IGNORECASE)
_LOOKED_AT = 10_000  # characters of a field that are read
_FIELDS = ("list-unsubscribe", "list-unsubscribe-post")
_SIGNATURES = 20  # DKIM signatures that are read
ONE_CLICK = "List-Unsubscribe=One-Click"  # the body of the request, RFC 8058 §3.2


@dataclass(frozen=True, slots=True)
class UnsubscribeTargets:
    """The targets for unsubscribing. one_click: a POST to the URL is enough.

    post_url: the URL for this POST, even if a fault keeps others from sending it; ""
    for none
    """

    url: str
    mailto: str
    one_click: bool
    post_url: str = ""
    has_post: bool = False  # whether List-Unsubscribe-Post is correct


def of(root: Part) -> UnsubscribeTargets | None:
    """Return the targets in List-Unsubscribe; None without such a field, or a URL in it."""
    targets = _targets(root)
    url = next((each for each in targets if links.split(each)), "")
    mailto = next((each for each in targets if each[:7].lower() == "mailto:"), "")
    if not url and not mailto:
        return None
    secure = next((each for each in targets if _is_secure(each)), "")
    has_post = _post(root) == ONE_CLICK.lower()
    one_click = has_post and bool(secure)
    return UnsubscribeTargets(url, mailto[7:], one_click, secure or url, has_post)


def faults(root: Part) -> Iterator[str]:
    """Yield, as sentences, what keeps receivers from offering one-click unsubscribing."""
    if not any(_is_secure(each) for each in _targets(root)):
        yield _("List-Unsubscribe has no https: address (RFC 8058, section 3.1).")
    if root.get(_FIELDS[1]) is None:
        yield _("There is no List-Unsubscribe-Post (RFC 8058, section 3.1).")
    elif _post(root) != ONE_CLICK.lower():
        words = _('List-Unsubscribe-Post is not "%(right)s" (RFC 8058, section 3.1).')
        yield words % {"right": ONE_CLICK}
    for name in _FIELDS:
        if len(_values(root, name)) > 1:
            yield _("There is more than one %(field)s.") % {"field": name.title()}
    if not is_signed(root):
        yield _(
            "No DKIM signature names List-Unsubscribe and List-Unsubscribe-Post among the "
            "fields that it signs (RFC 8058, section 4). Mailsink does not verify signatures."
        )


def is_signed(root: Part) -> bool:
    """Whether a DKIM signature claims to cover both fields (RFC 6376 §3.5, h=)."""
    for value in _values(root, "dkim-signature")[:_SIGNATURES]:
        for tag in value[:_LOOKED_AT].split(";"):
            name, _equals, names = tag.partition("=")
            signed = "".join(names.split()).lower().split(":")
            if name.strip() == "h" and set(_FIELDS) <= set(signed):
                return True
    return False


def _targets(root: Part) -> list[str]:
    value = _value(root, _FIELDS[0])[:_LOOKED_AT]
    return ["".join(found.split()) for found in _TARGET.findall(value)]


def _is_secure(url: str) -> bool:
    return url[:6].lower() == "https:" and links.split(url) is not None


def _post(root: Part) -> str:
    return "".join(_value(root, _FIELDS[1]).split()).lower()


def _values(root: Part, name: str) -> list[str]:
    return [each.value for each in root.fields if each.name.lower() == name]


def _value(root: Part, name: str) -> str:
    field = root.get(name)
    return field.value if field else ""
