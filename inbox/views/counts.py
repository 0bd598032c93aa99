"""Counts that every page shows, and whether receiving is paused."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.http import mine
from inbox.mailbox import inboxes, messages

MOST_MINE = 1000  # the count of Mine stops here


@require_GET
def counts(request: HttpRequest) -> JsonResponse:
    """Answer with the numbers of messages: all, unread, failed; and of unread mail in Mine."""
    asked = mine.query(mine.patterns(request))
    own = messages.count(scope(), f"is:unread {asked}", MOST_MINE) if asked else None
    known = messages.counts(scope())
    paused = inboxes.paused_since(scope())
    return JsonResponse(
        {
            "messages": known["messages"],
            "unread": known["unread"],
            "failed": known["not_accepted"],
            "mine": own,
            "paused": paused.isoformat() if paused else None,
        }
    )
