"""One exchange of a session, and the client's reaction."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.explain import following
from inbox.mailbox import sessions
from inbox.mailbox.scope import Scope
from inbox.models import Exchange


def exchange(scope: Scope, id: str | UUID, seq: int) -> tuple[Exchange, list[str]]:
    """Return the exchange, and the client's reaction in words. Raises NotFound."""
    session = sessions.get(scope, id)
    lines = sessions.exchanges(scope, session.pk, after=seq - 1, limit=2)
    if not lines or lines[0].seq != seq:
        raise NotFound(_("the session has no exchange %(seq)s") % {"seq": seq})
    one, then = lines[0], lines[1] if len(lines) > 1 else None
    return one, [] if session.direction == "out" else following(one, then, session)
