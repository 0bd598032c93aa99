"""How the queue of webhooks says that something changed, and what it wants to know."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError
from django.dispatch import Signal

from inbox.models import Webhook
from inbox.outgoing import switch
from inbox.storage import webhook_outbox

# Sent after a commit, on the thread that wrote: a webhook or its queue changed.
changed = Signal()

# Whether a message bounced is seen in the message.
_NEEDS = {"message.bounced": "message.created"}


def refresh() -> None:
    """Have what webhooks want written down from now on. Raises DatabaseError."""
    events: set[str] = set()
    if switch.is_on():
        rows = Webhook.objects.filter(off_since=None).values_list("events", flat=True)
        events.update(*rows)
    webhook_outbox.want({_NEEDS.get(each, each) for each in events})


def announce() -> None:
    """Say that a webhook or its queue changed."""
    with suppress(DatabaseError):  # whoever calls webhooks asks again, and says so
        refresh()
    changed.send(sender=None)
