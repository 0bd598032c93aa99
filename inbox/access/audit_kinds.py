"""Kinds of acts, by the route and method of a request. Pure.

Reading is logged if content is shown: a message, its octets, a file, a transcript.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ID = r"<[^>]+>"
_MESSAGE = rf"(api/v3/messages/{_ID}|messages/<message:id>|api/v1/message/{_ID}|api/v1/messages/{_ID}|trash/{_ID})"
_READS = [
    (rf"{_MESSAGE}/(raw|download)$", "message.raw"),
    (rf"{_MESSAGE}/(attachments\.zip|part/.+|parts/.+|mime/.+)$", "message.attachment"),
    (rf"{_MESSAGE}(/(html|text|headers|links|parts|frame|print|case|screenshot|checks|html-check|link-check))?$", "message.read"),
    (rf"view/{_ID}(\.html|\.txt)?$|.*view/\.\+.*", "message.read"),
    (r"api/v3/messages/archive$", "messages.exported"),
    (r"api/v2/(messages|search)$", "messages.read"),
    (rf"(api/v3/)?sessions/{_ID}(/(exchanges|exchanges\.jsonl|exchanges\.txt|case|replay|timeline))?$", "session.read"),
    (rf"s/{_ID}$", "session.read"),
    (rf"(api/v3/)?transactions/{_ID}/raw$", "transaction.raw"),
    (rf"(api/v3/)?transactions/{_ID}(/(frame|print|case))?$", "transaction.read"),
    (r"(api/v3/)?audit(\.csv|\.jsonl)$", "audit.exported"),
]  # fmt: skip
_READING = [(re.compile(pattern), kind) for pattern, kind in _READS]
# Lists that show content only on request
_INCLUDING = frozenset({"api/v3/messages", "api/v3/messages/wait"})

_NOUNS: Mapping[str, str] = {
    "messages": "message", "message": "message", "sessions": "session", "rules": "rule", "inboxes": "inbox",
    "tokens": "token", "account": "account", "webhooks": "webhook", "routes": "route", "releases": "release",
    "release-rules": "release rule", "searches": "search", "saved-searches": "search", "mutes": "mute",
    "findings": "mute", "tags": "tag", "users": "user", "groups": "group", "invitations": "invitation",
    "members": "member", "chaos": "rule", "jim": "rule", "search": "message", "shares": "share link",
}  # fmt: skip
_DEEDS: Mapping[str, str] = {
    "release": "released", "delete": "deleted", "remove": "deleted", "revoke": "revoked", "restore": "restored",
    "empty": "emptied", "send": "sent", "send-again": "sent", "unsubscribe": "unsubscribed", "import": "imported",
    "try": "tried", "test": "tried", "mark": "marked", "replay": "replayed", "secret": "secret replaced",
    "password-link": "password link made", "assign": "assigned",
}  # fmt: skip


def of_reading(route: str, asks_content: bool) -> str:
    """Return the kind of a GET; "" for one that is not logged.

    asks_content: whether the query names content to include
    """
    if route in _INCLUDING:
        return "messages.read" if asks_content else ""
    return next((kind for each, kind in _READING if each.match(route)), "")


def of_change(route: str, method: str) -> str:
    """Return the kind of a changing request; "" for signing in and out.

    The code for these logs them itself.
    """
    words = [each for each in route.split("/") if each and not each.startswith("<")]
    words = words[2:] if words[:1] == ["api"] else words
    if words[:2] == ["account", "tokens"]:
        words = words[1:]
    if not words or words[0] in ("login", "logout") or words[-1] == "confirm":
        return ""
    noun = _NOUNS.get(words[0], words[0])
    if "second-factors" in words:
        noun = "second factor"
    if "members" in words[1:]:
        noun = "member"
    if "comments" in words[1:]:
        noun = "comment"
    if len(words) > 1 and words[-1] in _DEEDS:
        return f"{noun}.{_DEEDS[words[-1]]}"
    if words == ["send"] or (words, method) == (["messages"], "POST"):
        return "message.sent"
    if method == "DELETE":
        revoked = noun in ("token", "invitation", "share link")
        return f"{noun}.revoked" if revoked else f"{noun}.deleted"
    added = method == "POST" and (len(words) == 1 or words[-1] in ("new", "add"))
    if route.endswith(("/members", "/comments")) and method == "POST":
        return f"{noun}.added"
    return f"{noun}.added" if added and "<" not in route else f"{noun}.changed"
