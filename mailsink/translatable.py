"""English texts for users, marked so that tools find them for translation."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Return a text unchanged; by this function's name, makemessages finds the text."""
    return text


class TranslatableText(str):
    """A text with values in it; before it is shown, the template is translated.

    template: with %(name)s for each of the values
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> TranslatableText:
        self = super().__new__(cls, template % values if values else template)
        self.template = template
        self.values = values
        return self
