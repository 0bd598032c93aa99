"""The retries that a reply asks for: according to its provider, or else its first digit."""

from __future__ import annotations

import re

from inbox.explain.retry_verdicts import DAY, HOUR, Asked
from inbox.providers.provider_replies import ProviderReply, Retry, documented_in

_CODES = re.compile(r"(\d{3})[- ]?(?:(\d\.\d{1,3}\.\d{1,3})(?= |$))?")
# Seconds until the next try (minimum), and for which to go on. If a provider has no
# figures, these are ours: RFC 5321 §4.5.4.1 asks for 30 minutes, and for four days.
_ASKED: dict[Retry, tuple[float, float]] = {
    "again": (30, 4 * HOUR),
    "slower": (120, 4 * HOUR),
    "later": (1800, DAY),
    "fix": (0, 0),
    "never": (0, 0),
}
LOST = Asked(wait=0)  # the connection was lost: reconnecting at once is usual


def asked_by(reply: str) -> Asked:
    """Return the retries that a stored reply asks for; "" is a lost connection."""
    match = _CODES.match(reply)
    if match is None:
        return LOST
    code, enhanced = int(match[1]), match[2] or ""
    codes = " ".join(filter(None, (match[1], enhanced)))
    for each in documented_in(code, enhanced, reply):
        return _documented(each, codes)
    return Asked(codes, passes=code < 500)


def _documented(entry: ProviderReply, codes: str) -> Asked:
    wait, patience = _ASKED[entry.retry]
    return Asked(
        reply=codes,
        who=entry.provider,
        passes=entry.retry not in ("fix", "never"),
        wait=wait if entry.wait is None else entry.wait,
        patience=patience if entry.patience is None else entry.patience,
        misleads=entry.misleads,
        meaning=entry.meaning,
    )
