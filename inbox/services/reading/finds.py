"""What a letter is opened for, found in it: codes, and links to confirm or sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailsink.mime import bodies, codes, links
from mailsink.mime.codes import Action
from mailsink.mime.structure import Structure

_LABELS = {
    "reset": gettext_noop("Reset the password"),
    "confirm": gettext_noop("Confirm"),
    "activate": gettext_noop("Activate"),
    "sign in": gettext_noop("Sign in"),
    "invitation": gettext_noop("Accept the invitation"),
}
_LOOKED_AT = 256 * 1024  # characters of HTML


@dataclass(frozen=True, slots=True)
class Finds:
    codes: Sequence[str]
    actions: Sequence[Action]

    def __bool__(self) -> bool:
        return bool(self.codes or self.actions)


def label(action: Action) -> str:
    """Return what a link is for, in a word or two."""
    return _(_LABELS[action.kind])


def found(subject: str, octets: bytes, parsed: Structure) -> Finds:
    """Return the codes and links of a message; of a large one, of its beginning."""
    html = (bodies.html(octets, parsed) or "")[:_LOOKED_AT]
    text = (bodies.text(octets, parsed) or "")[: codes.LOOKED_AT // 2]
    references = links.of_html(html) if html else links.of_text(text)
    # A text part may be a mere "this is HTML": both are looked at.
    told = f"{text}\n{bodies.html_to_text(html)}"
    return Finds(codes.codes(subject, told), codes.actions(references))
