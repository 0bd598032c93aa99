"""Deleting an inbox: it goes to the trash with its mail, and later for good."""

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

    by: who deletes, as the trash shows it. Raises NotFound, Invalid.
    """
    inbox = inboxes.by_slug(scope, slug)
    if inbox.slug == DEFAULT_SLUG:
        raise Invalid(_("The default inbox stays: empty it instead."))
    at = delete_row(inbox, by)
    for each in Inbox.objects.filter(parent=inbox.pk, deleted_at=None):
        delete_row(each, by, at)
    inbox.deleted_at = at
    return inbox


def delete_row(inbox: Inbox, by: str, at: datetime | None = None) -> datetime:
    """Put one inbox in the trash, with its mail; return when, which names the deletion."""
    at = at or datetime.now(UTC)
    with write_turn():
        inbox.deleted_at = at
        inbox.save(update_fields=["deleted_at"])
    inboxes.announce(inbox.pk)  # no more mail comes to it
    trash.delete_inbox(inbox.pk, at, by)
    return at


def deleted(scope: Scope) -> list[Inbox]:
    """Return the inboxes in the trash that can be restored, the latest first."""
    rows = Inbox.objects.filter(scope.q("pk"), deleted_at__isnull=False)
    return list(rows.order_by("-deleted_at", "-pk")[: inboxes.MOST])


def restore(scope: Scope, key: int) -> Inbox:
    """Take an inbox out of the trash, by its key, with what went there with it.

    Raises NotFound, Conflict.
    """
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
    """Do so with the latest of this slug. Raises NotFound, Conflict."""
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
            _('There is another inbox "%(slug)s" by now: delete that first.')
            % {"slug": inbox.slug}
        ) from None
    inboxes.announce(inbox.pk)
    trash.restore_inbox(inbox.pk, at)


def purge(hours: int) -> int:
    """Remove a turn's worth of inboxes that are long enough in the trash.

    Their mail is purged before, as all in the trash is. hours: 0 keeps them. Returns how
    many rows went.
    """
    if not hours:
        return 0
    before = datetime.now(UTC) - timedelta(hours=hours)
    for inbox in Inbox.objects.filter(deleted_at__lt=before).order_by("pk"):
        if gone := _purge(inbox):
            return gone
    return 0


def _purge(inbox: Inbox) -> int:
    """Remove a turn's worth of an inbox: sessions, rules, transactions, then itself."""
    late = Message.objects.filter(inbox=inbox.pk)
    if late.filter(deleted_at=None).exists():  # it came as the inbox was deleted
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
        # What is left is in sessions that sent to other inboxes too.
        rest = Transaction.objects.filter(inbox=inbox.pk).values_list("pk", flat=True)
        ids = list(rest[:ROWS_IN_A_TURN])
        Transaction.objects.filter(pk__in=ids).update(inbox=None)
        if ids:
            return len(ids)
        if inbox.labelled.exists():
            return 0  # without it, those that came of it would share no limits
        inbox.delete()
    return 1


def _remove_rules(inbox: Inbox) -> int:
    """Remove a turn's worth of the rules of an inbox, their counts first; return how many.

    Where it stays as a link between others, nobody could remove them, and they would count
    for the others' limits.
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
