"""Mine: a user's own addresses, as patterns.

They are stored with the user; without accounts, in the browser: in a cookie, not in the
browser's storage, since the list uses them without JavaScript, too.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from inbox.access import current, own_addresses
from inbox.errors import Invalid
from inbox.http import cookies
from inbox.search import language
from inbox.search.language import BadQuery

COOKIE = "mailsink_mine"
MAX_LENGTH = 600  # characters of its query, which leaves room for more terms
_DAYS = 400


def patterns(request: HttpRequest) -> list[str]:
    """Return the caller's patterns; none if a browser's cookie is not as we set it."""
    user = current.user()
    kept = own_addresses.of(user) if user else unquote(request.COOKIES.get(COOKIE, ""))
    try:
        return read(kept)
    except Invalid:
        return []


def read(text: str) -> list[str]:
    """Return typed patterns, separated by spaces, lines or commas. Raises Invalid."""
    found = list(dict.fromkeys(text.replace(",", " ").split()))
    for each in found:
        if not each.isprintable() or '"' in each:
            raise Invalid(
                _(
                    "%(what)s is not an address pattern: it has a quote or a control "
                    "character"
                )
                % {"what": each}
            )
        if "@" not in each and "*" not in each:
            raise Invalid(
                _(
                    "%(what)s is not an address pattern: write an address, or a part "
                    "with *, as in *+ann*@*"
                )
                % {"what": each}
            )
    asked = query(found)
    if len(asked) > MAX_LENGTH:
        raise Invalid(
            _("There are too many patterns, or they are too long: use fewer, with *.")
        )
    try:
        language.parse(asked)
    except BadQuery as error:
        raise Invalid(str(error)) from None
    return found


def query(patterns: list[str]) -> str:
    """Return the search for mail to any of these addresses; "" for none."""
    return " OR ".join(f"rcpt:{each}" for each in patterns)


def keep(response: HttpResponse, request: HttpRequest, patterns: list[str]) -> None:
    """Store the caller's patterns: with the user, or in the browser."""
    if user := current.user():
        own_addresses.keep(user, " ".join(patterns))
        return
    cookies.keep(response, request, COOKIE, quote(" ".join(patterns)), _DAYS)
