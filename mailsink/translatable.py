"""Words for people, in English, marked so that tools find what to translate."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Return a text as it is: by this name makemessages finds what is to be translated."""
    return text


class TranslatableText(str):
    """A text with values in it; who shows it translates the template first.

    template: with %(name)s for each of the values
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> TranslatableText:
        self = super().__new__(cls, template % values if values else template)
        self.template = template
        self.values = values
        return self
