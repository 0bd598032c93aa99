"""The codes and links that are a message's purpose, such as links to confirm or sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailsink.mime import codes, links, markup
from mailsink.mime.codes import MessageAction
from mailsink.mime.reading import Reading

_LABELS = {
    "reset": gettext_noop("Reset the password"),
    "confirm": gettext_noop("Confirm"),
    "activate": gettext_noop("Activate"),
    "sign in": gettext_noop("Sign in"),
    "invitation": gettext_noop("Accept the invitation"),
}
_LOOKED_AT = 256 * 1024  # characters of HTML that are read


@dataclass(frozen=True, slots=True)
class Finds:
    codes: Sequence[str]
    actions: Sequence[MessageAction]

    def __bool__(self) -> bool:
        return bool(self.codes or self.actions)


def label(action: MessageAction) -> str:
    """Return the purpose of a link, in a word or two."""
    return _(_LABELS[action.kind])


def found(subject: str, reading: Reading) -> Finds:
    """Return the codes and links of a message; of a large one, only from its beginning."""
    html = reading.html[:_LOOKED_AT]
    text = reading.text[: codes.LOOKED_AT // 2]
    all_text = text
    if html and not reading.is_text_made:
        # A text part may only say "this is HTML", so both are searched.
        all_text = f"{text}\n{markup.to_text(html)}"
    beside = reading.text_beside_html if html else text
    references = links.of_html(html) + links.of_text(beside[: codes.LOOKED_AT // 2])
    return Finds(codes.codes(subject, all_text), codes.actions(references))
