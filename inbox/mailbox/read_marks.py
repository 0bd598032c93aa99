"""The messages that were read: each user has their own marks.

The reader of a scope is the user; without accounts there is none, and the marks are
everybody's. For each inbox, a user has a message up to which all are read, and a row
for each message that differs from that. A new user has neither, so all messages are
unread.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from inbox.mailbox.scope import Scope
from inbox.mailbox.signals import announce_marked
from inbox.models import Inbox, Message, MessageRead, ReadUpTo
from inbox.models.message import ALIVE
from inbox.search.read_state import is_read
from inbox.storage.write_lock import write_turn

_AT_ONCE = 400  # rows of a turn


def mark(reader: int | None, ids: Sequence[UUID], read: bool) -> None:
    """Mark messages, within a write turn."""
    own = MessageRead.objects.filter(message__in=ids, user=reader)
    if reader is None and read:
        marks = [MessageRead(message_id=pk, user=None) for pk in ids]
        MessageRead.objects.bulk_create(marks, ignore_conflicts=True)
        return
    own.delete()
    if reader is None:
        return
    before = _before(reader, Message.objects.filter(pk__in=ids))
    known = frozenset(before.values_list("pk", flat=True))
    marks = [
        MessageRead(message_id=pk, user_id=reader, is_read=read)
        for pk in ids
        if (pk in known) != read
    ]
    MessageRead.objects.bulk_create(marks, ignore_conflicts=True)


def mark_inboxes(scope: Scope, slug: str | None, read: bool) -> int:
    """Mark all messages of inboxes for the reader of a scope; return their number.

    slug: of the only inbox; None: all of the scope. Messages that arrive meanwhile are
    left alone. It writes one row for each inbox, whatever the number of messages.
    """
    reader = scope.reader
    assert reader is not None
    rows = Inbox.objects.filter(scope.q("pk"))
    rows = rows.filter(slug=slug) if slug else rows
    count = 0
    for inbox in rows.values_list("pk", flat=True):
        count += Message.objects.filter(ALIVE, inbox=inbox).count()
        _mark_inbox(reader, inbox, read)
    announce_marked(reader)
    return count


def _mark_inbox(reader: int, inbox: int, read: bool) -> None:
    own = MessageRead.objects.filter(user=reader, message__inbox=inbox)
    # Marks that are made meanwhile are later, and stay.
    last = own.order_by("-pk").values_list("pk", flat=True).first()
    newest = Message.objects.filter(ALIVE, inbox=inbox).order_by("-pk")
    up_to = newest.values_list("pk", flat=True).first()
    known = ReadUpTo.objects.filter(user=reader, inbox=inbox)
    with write_turn():
        if not read:
            known.delete()
        elif up_to and not known.filter(message__gte=up_to).exists():
            ReadUpTo.objects.update_or_create(
                user_id=reader, inbox_id=inbox, defaults={"message": up_to}
            )
    own = own.filter(pk__lte=last or 0)
    if not read:
        _forget(own)
    elif up_to:  # a newer message is in the trash, and keeps its own mark
        _forget(own.filter(message__lte=up_to))


def _forget(rows: QuerySet[MessageRead]) -> None:
    while some := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        with write_turn():
            MessageRead.objects.filter(pk__in=some).delete()


def forget(user: int) -> None:
    """Remove the marks of a user before the user is deleted."""
    _forget(MessageRead.objects.filter(user=user))


def count_read(scope: Scope) -> int:
    """Return the number of messages that the reader of a scope has read, from the marks.

    Looking up the mark of each message would take too long. Without accounts, few marks
    belong to messages in the trash.
    """
    if scope.reader is None:
        marks = MessageRead.objects.filter(scope.q("message__inbox_id"), user=None)
        hidden = Message.objects.filter(
            scope.q(), is_read(None), deleted_at__isnull=False
        )
        return marks.count() - hidden.count()
    whole = _before(scope.reader, Message.objects.filter(scope.q(), ALIVE)).count()
    before = Exists(
        ReadUpTo.objects.filter(
            user=scope.reader,
            inbox=OuterRef("message__inbox_id"),
            message__gte=OuterRef("message_id"),
        )
    )
    # A subquery, since a join may begin with all messages of the inboxes.
    seen = Message.objects.filter(scope.q(), ALIVE, pk=OuterRef("message_id"))
    own = MessageRead.objects.filter(Exists(seen), user=scope.reader).aggregate(
        later=Count("pk", filter=Q(~before, is_read=True)),
        unread=Count("pk", filter=Q(before, is_read=False)),
    )
    return int(whole + own["later"] - own["unread"])


def readers(found: Collection[Message]) -> dict[UUID, frozenset[int]]:
    """Return the users who have read messages, by message; unread messages are left out."""
    ids = [each.pk for each in found]
    if not ids:
        return {}
    read: dict[UUID, set[int]] = {}
    known = ReadUpTo.objects.filter(
        inbox__in={each.inbox_id for each in found}, message__gte=min(ids)
    )
    of_inbox: dict[int, list[UUID]] = {}
    for each in found:
        of_inbox.setdefault(each.inbox_id, []).append(each.pk)
    for user, inbox, up_to in known.values_list("user_id", "inbox_id", "message"):
        for id in of_inbox[inbox]:
            if id <= up_to:
                read.setdefault(id, set()).add(user)
    own = MessageRead.objects.filter(message__in=ids, user__isnull=False)
    for id, user, is_own in own.values_list("message_id", "user_id", "is_read"):
        users = read.setdefault(id, set())
        users.add(user) if is_own else users.discard(user)
    return {id: frozenset(users) for id, users in read.items() if users}


def _before(reader: int, rows: QuerySet[Message]) -> QuerySet[Message]:
    """Return the messages that the reader's mark of the inbox covers as read."""
    return rows.filter(
        inbox__read_up_to__user=reader, inbox__read_up_to__message__gte=F("pk")
    )
