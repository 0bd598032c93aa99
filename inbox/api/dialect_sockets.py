"""The websockets of the dialects, by path; imported with the first request for one."""

from __future__ import annotations

from typing import Any

from inbox.api.mailhog.events import MailHogSocket
from inbox.api.mailpit.events import MailpitSocket

APPLICATIONS: dict[str, Any] = {
    "/api/events": MailpitSocket.as_asgi(),
    "/api/v2/websocket": MailHogSocket.as_asgi(),
}
