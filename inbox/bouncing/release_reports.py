"""The reports about the recipients of a release: failed, delayed, relayed without DSN."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q

from inbox.bouncing import notify, report_drafts, report_tasks
from inbox.bouncing.report_drafts import ReportDraft
from inbox.models import Message, Release, ReleaseRecipient
from mailsink.conf import CONFIG
from mailsink.reporting import delivery_notices
from mailsink.reporting.report_values import RecipientStatus, ReportedAction

LATE_AFTER = timedelta(hours=4)  # from the request to the report of delay
GIVEN_UP = "Given up after the last try:"  # precedes the reply to the last try

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_CONDITIONS: dict[ReportedAction, str] = {
    "failed": "FAILURE", "relayed": "SUCCESS", "delayed": "DELAY",
}  # fmt: skip
# The state of a recipient: the reported action
_ACTIONS: dict[str, ReportedAction] = {
    "failed": "failed", "delivered": "relayed", "queued": "delayed",
}  # fmt: skip
_REASONS = {
    "failed": "The message was released to these recipients {way}, but could not be delivered.",
    "delayed": "The message was released to these recipients {way}, and still waits.",
    "relayed": (
        "The message was released to these recipients {way}, to a server that does not "
        "offer DSN (RFC 3461 section 5.2.2)."
    ),
}


class Superseded(Exception):
    """Another process has reported on a recipient meanwhile."""


def note(release: Release, now: datetime) -> None:
    """Note, in the write turn that ends a try, that there may be a report to make."""
    if CONFIG.bounces == "off" or not release.reverse_path:
        return
    of_release = ReleaseRecipient.objects.filter(release=release)
    if of_release.filter(_due(release, now)).exists():
        report_tasks.add_release(release)


def _due(release: Release, now: datetime) -> Q:
    """Return the condition for recipients that may need a report."""
    final = Q(state="failed") | Q(state="delivered", parameters__icontains="NOTIFY")
    due = final & Q(reported__in=("", "delayed"))
    waits = bool(release.held_for) and release.route_id is None  # for its receiver
    if release.requested_at <= now - LATE_AFTER and not waits:
        due |= Q(state="queued", reported="")
    return due


def drafts(
    message: Message, release: Release
) -> tuple[list[ReportDraft], Callable[[], None]]:
    """Return the reports about a release, and a function to call after them.

    The function marks its recipients as reported. Call it in the commit that stores the
    reports; it raises Superseded.
    """
    now = report_drafts.writer().now
    rows = ReleaseRecipient.objects.filter(_due(release, now), release=release)
    found = list(rows.order_by("seq"))
    made: list[ReportDraft] = []
    if report_drafts.can_be_reported_to(release.reverse_path):
        for action in _CONDITIONS:
            wanted = [each for each in found if _is_wanted(each, action)]
            made += _notices(message, release, wanted, action)
    return made, partial(_mark, found)


def _is_wanted(row: ReleaseRecipient, action: ReportedAction) -> bool:
    parameters = notify.parameters(row.parameters)
    return _ACTIONS[row.state] == action and notify.wanted(
        parameters, _CONDITIONS[action]
    )


def _notices(
    message: Message,
    release: Release,
    rows: Sequence[ReleaseRecipient],
    action: ReportedAction,
) -> Iterator[ReportDraft]:
    if not rows:
        return
    mail = report_drafts.of_message(message, release.reverse_path, release.parameters)
    reason = _REASONS[action].format(way=_way(release))
    statuses = [_status(release, each, action) for each in rows]
    report = delivery_notices.write(report_drafts.writer(), mail, statuses, reason)
    first = rows[0].forward_path
    yield ReportDraft(
        action, "release", first, len(rows), report, release=release.pk
    )  # fmt: skip


def _way(release: Release) -> str:
    if release.route_name:
        return f"through the route {release.route_name}"
    return f"when the server of {release.held_for} asked for mail"


def _status(
    release: Release, row: ReleaseRecipient, action: ReportedAction
) -> RecipientStatus:
    return RecipientStatus(
        final=row.forward_path,
        action=action,
        status=_code(row, action),
        original=notify.original_recipient(notify.parameters(row.parameters)),
        diagnostic=_diagnostic(row),
        remote_mta=release.route.host if release.route and row.code else "",
        will_retry_until=release.expires_at if action == "delayed" else None,
    )


def _code(row: ReleaseRecipient, action: ReportedAction) -> str:
    """Return the status: the server's if its class fits the action, else the nearest one."""
    if action == "relayed":
        return "2.1.9"  # relayed to a non-compliant mailer (RFC 3463 §3.2)
    classes = ("4",) if action == "delayed" else ("4", "5")
    if _ENHANCED.fullmatch(row.enhanced) and row.enhanced.startswith(classes):
        return row.enhanced
    if action == "delayed" or row.text.startswith(GIVEN_UP):
        return "4.4.7"
    return "5.0.0"


def _diagnostic(row: ReleaseRecipient) -> str:
    text = row.text.removeprefix(GIVEN_UP).strip()
    if row.code and text.startswith(str(row.code)):
        return f"smtp; {text}"
    return f"X-Mailsink; {text}" if text else ""


def _mark(rows: Sequence[ReleaseRecipient]) -> None:
    for row in rows:
        same = ReleaseRecipient.objects.filter(
            release=row.release_id, seq=row.seq, reported=row.reported
        )
        if not same.update(reported=_ACTIONS[row.state]):
            raise Superseded
