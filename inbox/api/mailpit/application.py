"""Mailpit's routes about the server: its description, and the settings of its pages."""

from __future__ import annotations

import resource
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from inbox.api.plain_answers import go_json
from inbox.api.v3.common import scope
from inbox.mailbox import messages, offsets
from inbox.outgoing import routes, switch
from inbox.serializers import Shape
from inbox.storage import database_size
from inbox.upkeep import servers
from mailsink import __version__

VERSION = f"v{__version__}"


def info(request: HttpRequest) -> HttpResponse:
    """Describe the server, with its counts since its start."""
    counts = messages.counts(scope())
    return go_json(
        {
            "Version": VERSION,
            "LatestVersion": "disabled",
            "Database": database_size.place(),
            "DatabaseSize": database_size.octets(),
            "Messages": counts["messages"],
            "Unread": counts["unread"],
            "Tags": dict(sorted(messages.tags(scope()).items())),
            "RuntimeStats": _since_start(),
        }
    )


def _since_start() -> Shape:
    now = datetime.now(UTC)
    began = min((each.started_at for each in servers.alive()), default=now)
    tally = offsets.since(scope(), began)
    return {
        "Uptime": int((now - began).total_seconds()),
        "Memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "MessagesDeleted": tally.deleted,
        "SMTPAccepted": tally.accepted,
        "SMTPAcceptedSize": tally.octets,
        "SMTPRejected": tally.rejected,
        "SMTPIgnored": 0,
    }


def webui(request: HttpRequest) -> HttpResponse:
    """Describe the features of Mailpit's pages; the relay is the first route."""
    relay = next(iter(routes.find()), None) if switch.is_on() else None
    return go_json(
        {
            "Label": "",
            "MessageRelay": {
                "Enabled": relay is not None,
                "SMTPServer": f"{relay.host}:{relay.port}" if relay else "",
                "ReturnPath": relay.reverse_path if relay else "",
                "AllowedRecipients": ", ".join(relay.allow) if relay else "",
                "BlockedRecipients": ", ".join(relay.deny) if relay else "",
                "OverrideFrom": "",
                "PreserveMessageIDs": True,
                "RecipientAllowlist": ", ".join(relay.allow) if relay else "",
            },
            "SpamAssassin": False,
            "ChaosEnabled": True,
            "DuplicatesIgnored": False,
            "HideDeleteAllButton": False,
        }
    )
