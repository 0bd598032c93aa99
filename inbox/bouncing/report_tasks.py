"""The queue of reports to make: a task is stored in the commit of its cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal

from inbox.bouncing import notify
from inbox.content import report_addresses
from inbox.models import Message, Release, ReportTask
from inbox.storage.write_lock import write_turn
from mailsink.conf import CONFIG

# Sent after the commit, on the writing thread: there is a report to make.
asked = Signal()

MOST_TRIES = 5

Path = tuple[str, str]  # a forward-path, and the parameters of its RCPT


def may_ask(message: Message, paths: Iterable[Path]) -> bool:
    """Whether a newly stored message, with its transaction loaded, requests a report."""
    if CONFIG.bounces == "off" or not message.transaction.reverse_path:
        return False
    return any(
        report_addresses.asked(path)
        or ("NOTIFY" in text.upper() and notify.wanted(notify.parameters(text), "SUCCESS"))
        for path, text in paths
    )  # fmt: skip


def add_captured(messages: Sequence[Message]) -> None:
    """Note, in a write turn, messages that request reports."""
    _add([ReportTask(occasion="captured", message_id=each.pk) for each in messages])


def add_release(release: Release) -> None:
    """Note, in a write turn, a release that may have recipients to report on."""
    task = ReportTask(
        occasion="release", message_id=release.message_id, release_id=release.pk
    )
    _add([task])


def add_relays(ids: Iterable[UUID]) -> None:
    """Note, in a write turn, reports that must be sent."""
    _add([ReportTask(occasion="relay", message_id=each) for each in ids])


def _add(tasks: Sequence[ReportTask]) -> None:
    if tasks:
        ReportTask.objects.bulk_create(tasks)
        transaction.on_commit(partial(asked.send, sender=None))


def first() -> ReportTask | None:
    """Return the next task."""
    return ReportTask.objects.order_by("tries", "pk").first()


def take(task: ReportTask) -> bool:
    """Remove a task, in the write turn that does it; return whether it was still there."""
    deleted, _ = ReportTask.objects.filter(pk=task.pk).delete()
    return bool(deleted)


def put_back(task: ReportTask) -> bool:
    """Count a failed try; return whether the task stays."""
    with write_turn():
        if task.tries + 1 >= MOST_TRIES:
            ReportTask.objects.filter(pk=task.pk).delete()
            return False
        ReportTask.objects.filter(pk=task.pk).update(tries=F("tries") + 1)
    return True
