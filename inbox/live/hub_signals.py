"""The signals that cross between the processes of `serve --workers`, and their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.dispatch import Signal

from inbox.bouncing import report_tasks
from inbox.mailbox import inboxes
from inbox.outgoing import due_signal
from inbox.rules import rulebook
from inbox.storage import webhook_outbox
from inbox.webhooks import webhook_signals

# From the web process, where settings are changed
DOWN: dict[str, Signal] = {
    "inbox": inboxes.changed,
    "rules": rulebook.rules_changed,
    "webhooks": webhook_signals.changed,
}
# From an SMTP process: there is work for the web process
UP: dict[str, Signal] = {
    "due": due_signal.waiting,
    "outbox": webhook_outbox.written,
    "report": report_tasks.asked,
}


def facts_of(carried: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a signal's arguments that JSON can hold."""
    return {
        name: value
        for name, value in carried.items()
        if isinstance(value, bool | int | str)
    }
