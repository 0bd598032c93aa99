"""Inboxes, for their pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from inbox import pages
from inbox.mailbox import inboxes
from inbox.models import Inbox, SmtpCredential
from inbox.policy import sorting_conditions


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An inbox in the list. conditions: their number; mail: the URL of its list"""

    slug: str
    name: str
    parent: str
    conditions: int
    mail: str


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A login in the list. old_until: the end of the previous password, if it is still valid"""

    username: str
    cram_md5: bool
    created_at: datetime
    old_until: datetime | None


@dataclass(frozen=True, slots=True)
class ConditionKind:
    """The field for one kind of condition."""

    name: str
    label: str
    example: str
    text: str


def row(inbox: Inbox) -> InboxRow:
    """Return an inbox for the list."""
    stored: Mapping[str, Any] = sorting_conditions.complete(inbox.conditions)
    number = sum(len(stored[name]) for name in sorting_conditions.LISTS)
    return InboxRow(
        inbox.slug,
        inbox.name,
        inboxes.slug(inbox.parent_id) or "",
        number,
        pages.path("inbox", q=f"inbox:{inbox.slug}"),
    )


def credential(stored: SmtpCredential) -> CredentialRow:
    """Return a login for the list."""
    until = stored.old_until
    good = until if until is not None and until > datetime.now(UTC) else None
    return CredentialRow(
        stored.username, bool(stored.password), stored.created_at, good
    )


def given(inbox: Inbox) -> dict[str, Any]:
    """Return the values for an inbox's forms, as people type them."""
    stored = sorting_conditions.complete(inbox.conditions)
    lists = {name: "\n".join(stored[name]) for name in sorting_conditions.LISTS}  # type: ignore[literal-required]
    return lists | {
        "header": stored["header"],
        "name": inbox.name,
        "quota": as_typed(inbox.quota_octets) if inbox.quota_octets else "",
        "messages": _typed(inbox.retention_count),
        "days": _typed(inbox.retention_days),
        "octets": "" if inbox.retention_octets is None else as_typed(inbox.retention_octets),
        "label_days": inbox.label_days,
        "username": "",
    }  # fmt: skip


def kinds(values: Mapping[str, Any]) -> list[ConditionKind]:
    """Return the fields for conditions, in the order in which they are checked."""
    words = {
        "users": (_("Users who log in"), _("legacy-*")),
        "recipients": (_("Recipients"), _("*@shop.example.com")),
        "helo": (_("EHLO names"), _("ci-*")),
        "networks": (_("Networks of clients"), "10.1.0.0/16"),
        "listeners": (_("Listeners"), "*:2525"),
    }
    return [
        ConditionKind(name, label, example, str(values[name]))
        for name, (label, example) in words.items()
    ]


def _typed(number: int | None) -> str:
    return "" if number is None else str(number)


def as_typed(octets: int) -> str:
    """Return a size in the form of MAILSINK_MAX_MESSAGE_SIZE: "50M"."""
    for shift, unit in ((30, "G"), (20, "M"), (10, "K")):
        if octets and octets % (1 << shift) == 0:
            return f"{octets >> shift}{unit}"
    return str(octets)
