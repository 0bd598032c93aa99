"""The kinds of listener: the one table that settings, servers, pages and the API read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

KindName = Literal["smtp", "smtps", "submission", "lmtp"]


@dataclass(frozen=True, slots=True)
class ListenerKind:
    """The properties that distinguish the listeners of one kind."""

    name: KindName  # as stored, and in the API
    label: str  # for people
    setting: str  # the variable with its addresses, without MAILSINK_
    profile: Mapping[str, Any] = field(default_factory=dict)  # fields that differ


# By name.
LISTENER_KINDS: dict[str, ListenerKind] = {
    kind.name: kind
    for kind in (
        ListenerKind("smtp", "SMTP", "SMTP"),
        ListenerKind("smtps", "SMTPS", "SMTPS", {"implicit_tls": True}),
        ListenerKind("submission", "Submission", "SUBMISSION", {"submission": True}),
        ListenerKind("lmtp", "LMTP", "LMTP", {"protocol": "lmtp"}),
    )
}


def kind_of(profile: object) -> KindName:
    """Return the last kind in the table whose fields match a profile."""
    return next(
        kind.name
        for kind in reversed(LISTENER_KINDS.values())
        if all(getattr(profile, name) == it for name, it in kind.profile.items())
    )
