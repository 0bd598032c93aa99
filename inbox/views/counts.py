"""Counts that stand on every page, and whether receiving is paused."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.http import mine
from inbox.mailbox import inboxes, messages

MOST_MINE = 1000  # what is mine is counted no further


@require_GET
def counts(request: HttpRequest) -> JsonResponse:
    """Answer how many messages there are, unread and failed; and unread mail that is mine."""
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
