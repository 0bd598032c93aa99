"""Comments on messages, and assignments. inbox.access says who can make them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from inbox.errors import Invalid, NotFound
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.signals import MessageUpdated, announce
from inbox.models import Assignment, Comment, Message
from inbox.storage.write_lock import write_turn

MOST = 200  # comments on a message
LONGEST = 2000  # characters
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_AT_ONCE = 400  # rows of a turn

# Of a message: the name of its assignee, and its number of comments.
ASSIGNEE = Subquery(
    Assignment.objects.filter(pk=OuterRef("pk")).values("user__username")[:1]
)
COMMENTS = Subquery(
    Comment.objects.filter(message=OuterRef("pk"))
    .order_by()
    .values("message")
    .annotate(count=Count("pk"))
    .values("count")
)


def comments(message: Message) -> list[Comment]:
    """Return the comments on a message, the oldest first."""
    return list(Comment.objects.filter(message=message.pk).order_by("pk"))


def comment(message: Message, id: str | UUID) -> Comment:
    """Return a comment on a message. Raises NotFound."""
    key = as_uuid(id)
    rows = Comment.objects.filter(message=message.pk)
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(_('there is no comment "%(id)s"') % {"id": str(id)[:40]})
    return found


def add(message: Message, user: int, author: str, text: str) -> Comment:
    """Store a comment of a user on a message. Raises Invalid."""
    text = text.replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST or _NO_TEXT.search(text):
        words = _("A comment has 1 to %(most)s characters, and no control characters.")
        raise Invalid(words % {"most": f"{LONGEST:,}"})
    with write_turn():
        if Comment.objects.filter(message=message.pk).count() >= MOST:
            words = _("A message has at most %(most)s comments.")
            raise Invalid(words % {"most": MOST})
        made = Comment.objects.create(
            message=message,
            user_id=user,
            author=author,
            text=text,
            created_at=datetime.now(UTC),
        )
        announce([MessageUpdated(message.pk)])
    return made


def remove(comment: Comment) -> None:
    """Remove a comment, for good."""
    with write_turn():
        comment.delete()
        announce([MessageUpdated(comment.message_id)])


def assign(ids: Sequence[UUID], user: int | None) -> None:
    """Assign messages to a user, or to nobody, within a write turn."""
    Assignment.objects.filter(message__in=ids).delete()
    if user is not None:
        made = [Assignment(message_id=id, user_id=user) for id in ids]
        Assignment.objects.bulk_create(made, ignore_conflicts=True)


def forget(user: int) -> None:
    """Detach a user before deletion: their comments stay, under their name."""
    own = Assignment.objects.filter(user=user)
    while ids := _first(own):
        with write_turn():
            assign(ids, None)
            announce([MessageUpdated(id) for id in ids])
    said = Comment.objects.filter(user=user)
    while ids := _first(said):
        with write_turn():
            Comment.objects.filter(pk__in=ids).update(user=None)


def _first(rows: QuerySet[Assignment] | QuerySet[Comment]) -> list[UUID]:
    return list(rows.values_list("pk", flat=True)[:_AT_ONCE])
