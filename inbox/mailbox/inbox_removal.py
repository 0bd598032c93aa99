"""Deleting an inbox: it goes to the trash with its mail, and is removed for good later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox import inboxes, trash
from inbox.mailbox.purge import remove_sessions
from inbox.mailbox.scope import Scope
from inbox.models import Inbox, Message, Rule, RuleCount, Session, Transaction
from inbox.models.inbox import DEFAULT_SLUG
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn


def delete(scope: Scope, slug: str, by: str = "") -> Inbox:
    """Put an inbox in the trash, with its mail and the inboxes of its labels.

    by: the deleting user, for the trash. Raises NotFound, Invalid.
    """
    inbox = inboxes.by_slug(scope, slug)
    if inbox.slug == DEFAULT_SLUG:
        raise Invalid(_("The default inbox cannot be deleted: empty it instead."))
    at = delete_row(inbox, by)
    for each in Inbox.objects.filter(parent=inbox.pk, deleted_at=None):
        delete_row(each, by, at)
    inbox.deleted_at = at
    return inbox


def delete_row(inbox: Inbox, by: str, at: datetime | None = None) -> datetime:
    """Put one inbox in the trash, with its mail.

    Return the time, which identifies the deletion.
    """
    at = at or datetime.now(UTC)
    with write_turn():
        inbox.deleted_at = at
        inbox.save(update_fields=["deleted_at"])
    inboxes.announce(inbox.pk)  # it gets no more mail
    trash.delete_inbox(inbox.pk, at, by)
    return at


def deleted(scope: Scope) -> list[Inbox]:
    """Return the inboxes in the trash that can be restored, the latest first."""
    rows = Inbox.objects.filter(scope.q("pk"), deleted_at__isnull=False)
    return list(rows.order_by("-deleted_at", "-pk")[: inboxes.MOST])


def restore(scope: Scope, key: int) -> Inbox:
    """Take an inbox out of the trash, by its key, with everything that was deleted with it."""
    inbox = Inbox.objects.filter(
        scope.q("pk"), pk=key, deleted_at__isnull=False
    ).first()
    if inbox is None or inbox.deleted_at is None:
        raise NotFound(_("There is no such inbox in the trash."))
    at = inbox.deleted_at
    _restore_row(inbox, at)
    for each in Inbox.objects.filter(parent=inbox.pk, deleted_at=at):
        _restore_row(each, at)
    return inbox


def restore_slug(scope: Scope, slug: str) -> Inbox:
    """Restore the latest deleted inbox with this slug. Raises NotFound, Conflict."""
    for each in deleted(scope):
        if each.slug == slug:
            return restore(scope, each.pk)
    raise NotFound(_("There is no such inbox in the trash."))


def _restore_row(inbox: Inbox, at: datetime) -> None:
    inbox.deleted_at = None
    try:
        with write_turn():
            inbox.save(update_fields=["deleted_at"])
    except IntegrityError:
        raise Conflict(
            _('There is now another inbox "%(slug)s": delete that first.')
            % {"slug": inbox.slug}
        ) from None
    inboxes.announce(inbox.pk)
    trash.restore_inbox(inbox.pk, at)


def purge(hours: int) -> int:
    """Remove a turn's worth of the inboxes that have been in the trash long enough.

    Their mail is purged beforehand, with the rest of the trash. hours: 0 keeps inboxes.
    Return the number of removed rows.
    """
    if not hours:
        return 0
    before = datetime.now(UTC) - timedelta(hours=hours)
    for inbox in Inbox.objects.filter(deleted_at__lt=before).order_by("pk"):
        if gone := _purge(inbox):
            return gone
    return 0


def _purge(inbox: Inbox) -> int:
    """Remove a turn's worth of an inbox.

    Its sessions go first, then rules and transactions, then the inbox itself.
    """
    late = Message.objects.filter(inbox=inbox.pk)
    if late.filter(deleted_at=None).exists():  # it arrived during the deletion
        return trash.delete_inbox(inbox.pk, datetime.now(UTC))
    if late.exists() or Session.objects.filter(inbox=inbox.pk, ending=None).exists():
        return 0
    message = Message.objects.filter(transaction__session=OuterRef("id"))
    own = Session.objects.filter(~Exists(message), inbox=inbox.pk).order_by("id")
    if gone := remove_sessions(own.values_list("id", "exchanges", "transactions")):
        return gone
    if gone := _remove_rules(inbox):
        return gone
    with write_turn():
        # The rest is in sessions that sent to other inboxes, too.
        rest = Transaction.objects.filter(inbox=inbox.pk).values_list("pk", flat=True)
        ids = list(rest[:ROWS_IN_A_TURN])
        Transaction.objects.filter(pk__in=ids).update(inbox=None)
        if ids:
            return len(ids)
        if inbox.labelled.exists():
            # it must stay: the inboxes labelled from it share limits through it
            return 0
        inbox.delete()
    return 1


def _remove_rules(inbox: Inbox) -> int:
    """Remove a turn's worth of an inbox's rules, their counts first. Return the number.

    If the inbox stays as a link between others, nobody could remove its rules, and they
    would count towards the limits of the others.
    """
    rules = Rule.objects.filter(inbox=inbox)
    if not rules.exists():
        return 0
    counts = RuleCount.objects.filter(rule__inbox=inbox)
    with write_turn():
        if (counted := counts.values_list("rule_id", flat=True).first()) is not None:
            of_one = RuleCount.objects.filter(rule_id=counted)
            keys = list(of_one.values_list("key", flat=True)[:ROWS_IN_A_TURN])
            of_one.filter(key__in=keys).delete()
            return len(keys)
        ids = list(rules.values_list("pk", flat=True)[:ROWS_IN_A_TURN])
        Rule.objects.filter(pk__in=ids).delete()
    return len(ids)
