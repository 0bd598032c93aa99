"""Makes the reports of a task, and stores them in one commit with the end of the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from inbox.bouncing import captured_reports, report_tasks
from inbox.bouncing.report_drafts import ReportDraft
from inbox.mailbox import internal_delivery
from inbox.mailbox.message_rows import MessageRows
from inbox.mailbox.signals import MessageUpdated, announce
from inbox.models import MadeReport, Message, ReportTask
from inbox.storage.write_lock import write_turn


def make(task: ReportTask, server: UUID) -> None:
    """Do a task. server: of this process. Raises OSError and DatabaseError."""
    rows = Message.objects.select_related("transaction__session")
    message = rows.filter(pk=task.message_id, deleted_at=None).first()
    if message is None or message.transaction.session.has_no_client:
        store(task, server, None, "", [])
        return
    drafts = captured_reports.drafts(message)
    store(task, server, message, message.transaction.reverse_path, drafts)


def store(
    task: ReportTask,
    server: UUID,
    message: Message | None,
    sender: str,
    drafts: Sequence[ReportDraft],
    also: Callable[[], None] = lambda: None,
) -> None:
    """Store reports about a message, and end the task; all of it, or nothing.

    sender: to whom they go; also: further writes of the same commit
    """
    prepared = [_rows(message, sender, server, each) for each in drafts]
    with write_turn():
        if not report_tasks.take(task):
            return  # another process has made them
        also()
        if message is None or not drafts:
            return
        made = [each for each in prepared if each is not None]
        ids = iter(internal_delivery.deliver(made))
        now = datetime.now(UTC)
        MadeReport.objects.bulk_create(
            MadeReport(
                about=message.pk, message_id=next(ids) if each.report else None,
                release_id=each.release, kind=each.kind, cause=each.cause, sender=sender,
                recipient=each.recipient, recipients=each.recipients, made_at=now,
                withheld=each.withheld,
            )
            for each in drafts
        )  # fmt: skip
        announce([MessageUpdated(message.pk)])


def _rows(
    message: Message | None, sender: str, server: UUID, draft: ReportDraft
) -> MessageRows | None:
    if message is None or draft.report is None:
        return None
    inbox = message.inbox_id
    return internal_delivery.prepared(inbox, server, sender, draft.report)
