"""Puts Mailsink's own reports into the queue of the route for reports."""

from __future__ import annotations

from inbox.bouncing import report_tasks
from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox.scope import ALL
from inbox.models import (
    MadeReport,
    Message,
    Release,
    ReleaseRecipient,
    ReportTask,
    Route,
)
from inbox.outgoing import leaving, releases
from inbox.storage.write_lock import write_turn

REQUESTED_BY = "Mailsink (a report)"

Prepared = tuple[Release, list[ReleaseRecipient]] | None


def relay(task: ReportTask) -> None:
    """Do a task: queue its report, or store the reason against it."""
    prepared, reason = _prepared(task)
    with write_turn():
        if not report_tasks.take(task):
            return  # another process has done it
        if prepared is not None:
            releases.enqueue(*prepared)
        made = MadeReport.objects.filter(message_id=task.message_id)
        made.update(not_sent=reason)


def _prepared(task: ReportTask) -> tuple[Prepared, str]:
    """Return the release of a report; or None and the reason, "" without a route."""
    message = Message.objects.filter(pk=task.message_id, deleted_at=None).first()
    route = _route(message.inbox_id) if message else None
    if route is None:
        return None, ""
    try:
        found = releases.prepared(ALL, task.message_id, route.name, by=REQUESTED_BY)
    except (Conflict, Invalid, NotFound) as error:
        return None, str(error)
    return found, ""


def _route(inbox_id: int) -> Route | None:
    """Return the first route, by name, for the reports of an inbox."""
    routes = Route.objects.filter(bounces=True).order_by("name")
    return next((each for each in routes if leaving.serves(each, inbox_id)), None)
