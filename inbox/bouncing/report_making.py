"""Makes the reports of a task, and stores them in one commit with the end of the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from inbox.bouncing import captured_reports, release_reports, report_tasks
from inbox.bouncing.report_drafts import ReportDraft
from inbox.mailbox import internal_delivery
from inbox.mailbox.message_rows import MessageRows
from inbox.mailbox.signals import MessageUpdated, announce
from inbox.models import MadeReport, Message, Release, ReportTask, Route
from inbox.storage.write_lock import write_turn
from mailsink.conf import CONFIG


def make(task: ReportTask, server: UUID) -> None:
    """Do a task. server: of this process. Raises OSError and DatabaseError."""
    rows = Message.objects.select_related("transaction__session")
    message = rows.filter(pk=task.message_id, deleted_at=None).first()
    if message is None or message.transaction.session.is_internal:
        store(task, server, None, "", [])
    elif task.occasion == "release":
        _on_release(task, server, message)
    elif message.transaction.session.has_no_client:  # a file requests no reports
        store(task, server, None, "", [])
    else:
        drafts = captured_reports.drafts(message)
        store(task, server, message, message.transaction.reverse_path, drafts)


def _on_release(task: ReportTask, server: UUID, message: Message) -> None:
    rows = Release.objects.select_related("route")
    release = rows.filter(pk=task.release_id).first() if task.release_id else None
    if release is None or not message.transaction.reverse_path:
        store(task, server, None, "", [])
        return
    drafts, mark = release_reports.drafts(message, release)
    with suppress(release_reports.Superseded):  # the task stays, and is tried again
        store(task, server, message, release.reverse_path, drafts, mark)


def store(
    task: ReportTask,
    server: UUID,
    message: Message | None,
    sender: str,
    drafts: Sequence[ReportDraft],
    also: Callable[[], None] = lambda: None,
) -> None:
    """Store reports about a message, and end the task; all of it, or nothing.

    sender: the address that they go to; also: further writes of the same commit
    """
    prepared = [_rows(message, sender, server, each) for each in drafts]
    with write_turn():
        if not report_tasks.take(task):
            return  # another process has made them
        also()
        if message is None or not drafts:
            return
        made = [each for each in prepared if each is not None]
        stored = internal_delivery.deliver(made)
        if CONFIG.bounces == "relay" and Route.objects.filter(bounces=True).exists():
            report_tasks.add_relays(stored)
        ids = iter(stored)
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
