"""The names that people give to inboxes, rules, tokens and other things."""

from __future__ import annotations

from django.utils.translation import gettext as _

from inbox.errors import InvalidMember


def clean_name(name: str, most: int, *, optional: bool = False) -> str:
    """Return a name in its stored form, with single spaces. Raises InvalidMember.

    most: the maximum of characters; optional: it can be empty
    """
    clean = " ".join(name.split())
    least = 0 if optional else 1
    if least <= len(clean) <= most and clean.isprintable():
        return clean
    words = _("a name has 1 to %(most)s characters, and no control characters")
    raise InvalidMember("name", words % {"most": most})
