"""How much mail is unread, in all and of one's own addresses."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from inbox.http import mine
from inbox.mailbox import messages
from inbox.mailbox.scope import ALL

COUNTED = 1000  # a count goes no further


@require_GET
def unread(request: HttpRequest) -> JsonResponse:
    """How many messages are unread: all of them, and those that are mine, up to COUNTED."""
    asked = mine.query(mine.patterns(request))
    own = messages.count(ALL, f"is:unread {asked}", COUNTED) if asked else None
    return JsonResponse({"all": messages.counts(ALL)["unread"], "mine": own})
