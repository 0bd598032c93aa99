"""The filter above the list of sessions.

Its choices are in the URL, and are translated to the search language.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_noop

from mailsink.smtp.commands.table import COMMANDS
from mailsink.text import search_value

LONGEST = 200  # characters of a choice; no name or address is longer

# The label of each outcome, and its search term.
OUTCOMES = {
    "accepted": (gettext_noop("Delivered"), "is:accepted"),
    "rejected": (gettext_noop("Has refusals"), "is:rejected"),
    "quit": (gettext_noop("Closed normally (QUIT)"), "ending:quit"),
    "dropped": (gettext_noop("Disconnected"), "ending:dropped"),
    "timeout": (gettext_noop("Timed out"), "ending:timeout"),
    "refused": (gettext_noop("Closed by Mailsink"), "ending:refused"),
    "tls_failed": (gettext_noop("TLS failed"), "ending:tls_failed"),
    "error": (gettext_noop("Internal error"), "ending:error"),
    "shutdown": (gettext_noop("Mailsink was stopped"), "ending:shutdown"),
    "crashed": (gettext_noop("Mailsink crashed"), "ending:crashed"),
    "turned": (gettext_noop("Roles reversed"), "ending:turned"),
}
CODES = ("4xx", "5xx", "421", "450", "451", "452", "500", "501", "503", "535", "550",
         "552", "553", "554")  # fmt: skip
VERBS = tuple(COMMANDS)


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """The choices of the filter; "" is no choice."""

    outcome: str = ""
    code: str = ""
    client: str = ""
    verb: str = ""
    q: str = ""

    @property
    def text(self) -> str:
        """The choices as a text of the search language."""
        _, outcome = OUTCOMES.get(self.outcome, ("", ""))
        terms = (_term("code", self.code), _term("client", self.client),
                 _term("verb", self.verb))  # fmt: skip
        return " ".join(term for term in (outcome, *terms, self.q) if term)

    @property
    def params(self) -> str:
        """The choices as a URL query, without empty ones."""
        chosen = {name: getattr(self, name) for name in self.__slots__}
        return urlencode({name: value for name, value in chosen.items() if value})


NOTHING_CHOSEN = SessionFilter()


def chosen(query: QueryDict) -> SessionFilter:
    """Return the filter in a URL's query."""
    return SessionFilter(
        **{
            name: query.get(name, "").strip()[:LONGEST]
            for name in SessionFilter.__slots__
        }
    )


def _term(field: str, value: str) -> str:
    return f"{field}:{search_value(value)}" if value else ""
