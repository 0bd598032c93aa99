"""Signals that a webhook or its queue changed, and the events that webhooks want."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError
from django.dispatch import Signal

from inbox.models import Webhook
from inbox.outgoing import switch
from inbox.storage import webhook_outbox

# Sent after a commit, on the writing thread: a webhook or its queue changed.
changed = Signal()

# Only the message itself shows that it is a bounce.
_NEEDS = {"message.bounced": "message.created"}


def refresh() -> None:
    """Set the events to store from now on to those that webhooks want. Raises DatabaseError."""
    events: set[str] = set()
    if switch.is_on():
        rows = Webhook.objects.filter(off_since=None).values_list("events", flat=True)
        events.update(*rows)
    webhook_outbox.want({_NEEDS.get(each, each) for each in events})


def announce() -> None:
    """Announce that a webhook or its queue changed."""
    # the caller of webhooks refreshes again, and logs failures
    with suppress(DatabaseError):
        refresh()
    changed.send(sender=None)
