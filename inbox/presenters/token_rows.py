"""API tokens, for their page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox.access import api_tokens
from inbox.access.identity import Identity
from inbox.models import ApiToken

_SCOPES = {
    "read": gettext_noop("Read mail, sessions and settings"),
    "write": gettext_noop("Delete and tag mail, change settings"),
    "rules": gettext_noop("Change rules"),
    "send": gettext_noop("Send mail into an inbox"),
    "release": gettext_noop("Let mail go out"),
}
_DAYS = ("7", "30", "90", "365")


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope in the form, or a lifetime."""

    name: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token in the list. user: "" for the reader's own"""

    id: str
    name: str
    beginning: str
    user: str
    state: str
    tone: str
    can_revoke: bool
    scopes: str
    inboxes: str
    used_at: datetime | None
    expires_at: datetime | None


def rows(tokens: Iterable[ApiToken], reader: Identity) -> list[TokenRow]:
    """Return tokens for their rows."""
    return [_row(each, reader) for each in tokens]


def scope_choices(chosen: Collection[str]) -> list[ScopeChoice]:
    """Return the scopes of the form, in order."""
    return [
        ScopeChoice(name, _(words), name in chosen) for name, words in _SCOPES.items()
    ]


def lifetimes(chosen: str) -> list[ScopeChoice]:
    """Return the possible lifetimes of a token; 0 for never."""
    found = [ScopeChoice(each, after_days(int(each)), each == chosen) for each in _DAYS]
    return [*found, ScopeChoice("0", _("Never"), chosen == "0")]


def _row(token: ApiToken, reader: Identity) -> TokenRow:
    is_live = api_tokens.is_live(token)
    slugs = api_tokens.slugs(token)
    return TokenRow(
        id=str(token.pk),
        name=token.name,
        beginning=token.beginning,
        user="" if token.user_id == reader.user else token.user.get_username(),
        state=_state(token, is_live),
        tone="ok" if is_live else "",
        can_revoke=is_live,
        scopes=" · ".join(_(_SCOPES[each]) for each in token.scopes),
        inboxes=_("All inboxes") if slugs is None else ", ".join(slugs),
        used_at=token.used_at,
        expires_at=token.expires_at if is_live else None,
    )


def _state(token: ApiToken, is_live: bool) -> str:
    if token.revoked_at:
        return _("Revoked")
    return _("Valid") if is_live else _("Expired")


def after_days(days: int) -> str:
    """Return the time in which something ends, in words."""
    return ngettext("After %(n)s day", "After %(n)s days", days) % {"n": days}
