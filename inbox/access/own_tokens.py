"""Tokens that callers make for themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from inbox.access import api_tokens, current
from inbox.access.api_tokens import NewToken
from inbox.errors import Conflict, Forbidden
from inbox.mailbox import inboxes as known
from inbox.models import User


def add(
    name: str,
    scopes: Collection[str],
    inboxes: Sequence[str] | None = None,
    days: int | None = None,
) -> NewToken:
    """Make a token for the caller. inboxes: slugs; None for all of the caller's

    Raises Conflict without accounts, Forbidden, Invalid, NotFound.
    """
    caller = current.identity()
    if caller.kind == "everybody":
        raise Conflict(_("There are no accounts: tokens are not needed."))
    if caller.kind != "user" or caller.user is None:
        raise Forbidden(_("This needs a signed-in user; a token is not enough."))
    chosen = None
    if inboxes is not None:
        chosen = [known.by_slug(caller.scope, each) for each in dict.fromkeys(inboxes)]
    owner = User.objects.get(pk=caller.user)
    return api_tokens.add(owner, name, scopes, chosen, days)
