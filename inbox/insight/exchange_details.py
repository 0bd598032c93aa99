"""One exchange of a session, and all that is said of it."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.explain import following
from inbox.explain.lines import details
from inbox.mailbox import sessions
from inbox.mailbox.scope import Scope
from inbox.models import Exchange

Said = list[tuple[str, list[str]]]


def exchange(scope: Scope, id: str | UUID, seq: int) -> tuple[Exchange, Said]:
    """Return the exchange, and terms with their descriptions. Raises NotFound."""
    session = sessions.get(scope, id)
    lines = sessions.exchanges(scope, session.pk, after=seq - 1, limit=2)
    if not lines or lines[0].seq != seq:
        raise NotFound(_("the session has no exchange %(seq)s") % {"seq": seq})
    one, then = lines[0], lines[1] if len(lines) > 1 else None
    return one, details(one, following(one, then, session))
