"""Inboxes made for a label in a login name: for a branch, or a test run.

"shop+feature-42" logs in as shop, and sends to the inbox shop-feature-42. The first
such login makes the inbox, which goes to the trash some days after its last mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext as _

from inbox.errors import UserError
from inbox.mailbox import inbox_removal, inboxes
from inbox.models import Inbox, Membership, Message
from inbox.storage.write_lock import write_turn

MOST = 100  # of one parent
_LONGEST_SLUG = 50
_USABLE = re.compile(r"[a-z0-9]+(?:[-_]+[a-z0-9]+)*")


class Unmakable(Exception):
    """The inbox of a label cannot be made. The text is a sentence for the transcript."""


def slug_of(parent: str, label: str) -> str:
    """Return the slug of a label's inbox; "" if the label does not fit into one."""
    lower = label.lower()
    slug = f"{parent}-{lower}"
    return slug if _USABLE.fullmatch(lower) and len(slug) <= _LONGEST_SLUG else ""


def make(parent_slug: str, label: str) -> None:
    """Make the inbox of a label, unless it exists. Raises Unmakable."""
    slug = slug_of(parent_slug, label)
    if not slug:
        raise Unmakable(_no_inbox(label, "a label has only letters, digits, - and _"))
    with write_turn():
        rows = Inbox.objects.filter(deleted_at=None)
        locked = rows.select_for_update(no_key=True)
        parent = locked.filter(slug=parent_slug).first()
        if parent is None:
            raise Unmakable(_no_inbox(label, "the inbox of its login no longer exists"))
        if rows.filter(slug=slug, parent=parent).exists():
            return
        if rows.filter(parent=parent).count() >= MOST:
            raise Unmakable(_no_inbox(label, f"there are {MOST} labels already"))
        inbox = _like(parent, slug, label)
        try:
            inboxes.save_new(inbox)
        except UserError:
            raise Unmakable(
                _no_inbox(label, f"the inbox {slug} is another's")
            ) from None
        _copy_members(parent, inbox)


def family(inbox: Inbox) -> list[int]:
    """Return the keys of all inboxes labelled from the same first inbox, and its own, first.

    They share the first inbox's limits, since the manager of one can make hundreds.
    Inboxes in the trash are included: they link others, and can be restored.
    """
    parents = dict(Inbox.objects.values_list("pk", "parent"))

    def first(key: int) -> int:
        while (parent := parents.get(key)) is not None:
            key = parent
        return key

    of_all = first(inbox.pk)
    return [of_all, *(each for each in parents if each != of_all == first(each))]


def take_turns(family: Sequence[int]) -> None:
    """Wait until no other process changes what counts for the family's limits; mail goes on.

    Lasts until the end of this write turn. family: see there; its first inbox may have
    been purged meanwhile
    """
    Inbox.objects.select_for_update(no_key=True).filter(pk=family[0]).first()


def conditions_beside(inbox: Inbox) -> list[dict[str, Any]]:
    """Return the conditions of the rest of the family, except inboxes in the trash."""
    rows = Inbox.objects.filter(pk__in=family(inbox), deleted_at=None)
    return list(rows.exclude(pk=inbox.pk).values_list("conditions", flat=True))


def _like(parent: Inbox, slug: str, label: str) -> Inbox:
    """Return a new inbox with the settings of its parent.

    It has no conditions, so that none leads to it.
    """
    return Inbox(
        slug=slug,
        name=f"{parent.name} {label}"[:200],
        parent=parent,
        retention_count=parent.retention_count,
        retention_days=parent.retention_days,
        retention_octets=parent.retention_octets,
        known_only=parent.known_only,
        quota_octets=parent.quota_octets,
        addresses=parent.addresses,
        address_words=parent.address_words,
        strict=parent.strict,
        strict_ignored=parent.strict_ignored,
        conditions={"header": False},
    )


def _copy_members(parent: Inbox, inbox: Inbox) -> None:
    """Give a new inbox the members of its parent, with the same roles."""
    members = Membership.objects.filter(inbox=parent.pk)
    Membership.objects.bulk_create(
        Membership(
            inbox=inbox, user_id=each.user_id, group_id=each.group_id, role=each.role
        )
        for each in members
    )


def _no_inbox(label: str, reason: str) -> str:
    """Return why a label has no inbox; in ASCII, so that the client's text stays readable."""
    return _("The label %(label)s has no inbox of its own: %(reason)s.") % {
        "label": label[:80],
        "reason": reason,
    }


def expire() -> int:
    """Put an inbox in the trash after its parent's days for labels.

    Return the number: 1 or 0.
    """
    labelled = Inbox.objects.filter(deleted_at=None, parent__label_days__gt=0)
    mail = Message.objects.filter(inbox=OuterRef("pk"), deleted_at=None)
    last = mail.order_by("-pk").values("received_at")[:1]
    now = datetime.now(UTC)
    rows = labelled.annotate(days=F("parent__label_days"), last=Subquery(last))
    for inbox in rows.order_by("pk")[: inboxes.MOST]:
        if max(inbox.last or inbox.created_at, inbox.created_at) < now - timedelta(
            days=inbox.days
        ):
            inbox_removal.delete_row(inbox, "")
            return 1
    return 0
