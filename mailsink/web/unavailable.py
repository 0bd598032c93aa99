"""The answer to a request that must be repeated later: 503 (RFC 9110 §15.6.4)."""

from __future__ import annotations

import json

from mailsink.web.guard import RETRY_AFTER, Send


async def unavailable(send: Send, detail: str) -> None:
    """Answer with a problem (RFC 9457), and the time to try again."""
    members = {
        "type": "about:blank", "title": "Service Unavailable", "status": 503,
        "detail": detail,
    }  # fmt: skip
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"retry-after", RETRY_AFTER),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(members).encode()})
