"""The trash: deleted messages, who deleted them, and how long they can be restored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inbox.access.current import scope
from inbox.errors import BadRequest, Invalid
from inbox.explain.quantities import counted
from inbox.mailbox import trash as services
from inbox.mailbox.selection import Selection
from inbox.models import Message
from inbox.presenters import message_page
from inbox.views.chosen import back, chosen_by
from inbox.views.errors import wants_json
from mailsink.conf import CONFIG

COUNTED = 10_000  # a count stops here
_READABLE = 256 * 1024  # characters of a text


@dataclass(frozen=True, slots=True)
class TrashRow:
    """A deleted message, and the remaining time in words."""

    message: Message
    left: str


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The deleted messages that match `q`, newest first."""
    query = request.GET.get("q", "")
    context: dict[str, object] = {
        "section": "trash",
        "query": query,
        "hours": CONFIG.trash_hours,
    }
    try:
        page = services.find(scope(), query, request.GET.get("cursor"))
        count = services.count(scope(), query, COUNTED)
    except BadRequest as error:
        return render(
            request, "inbox/trash.html", context | {"wrong": str(error)}, status=400
        )
    now = datetime.now(UTC)
    context["rows"] = [TrashRow(each, _left(each, now)) for each in page.items]
    context["count"] = f"{count:,}" if count < COUNTED else _("10,000 or more")
    return render(request, "inbox/trash.html", context | {"next": page.next})


@require_GET
def message(request: HttpRequest, id: UUID) -> HttpResponse:
    """A message in the trash, to read before restoring it."""
    mail = message_page.of_deleted(scope(), id)
    text = "" if mail.has_html else mail.text
    context = {
        "section": "trash",
        "mail": mail,
        "text": text[:_READABLE],
        "shown": _READABLE,
        "total": len(text),
    }
    return render(request, "inbox/trashed.html", context)


@require_POST
def restore(request: HttpRequest) -> HttpResponseBase:
    """Take messages out of the trash: the chosen ones, or all of the deletion `at`."""
    when = _when(request)
    what = Selection() if when else chosen_by(request)
    count = services.restore_many(scope(), what, when)
    if wants_json(request):
        return JsonResponse({"count": count})
    return back(request, "trash")


@require_POST
def empty(request: HttpRequest) -> HttpResponseBase:
    """Remove messages in the trash for good: all, or those that match `q`."""
    services.empty(scope(), request.POST.get("q", ""))
    return redirect("trash")


def _when(request: HttpRequest) -> datetime | None:
    """Return the time of the deletion that a form names. Raises Invalid."""
    at = request.POST.get("at")
    try:
        return datetime.fromisoformat(at).astimezone(UTC) if at else None
    except (ValueError, OverflowError):  # in UTC, it may be before the year 1
        raise Invalid(_('"at" takes a time, as 2026-01-31T12:00:00Z')) from None


def _left(message: Message, now: datetime) -> str:
    """Return how long a message stays, in words; "" if messages are never removed."""
    if not CONFIG.trash_hours or not message.deleted_at:
        return ""
    left = message.deleted_at + timedelta(hours=CONFIG.trash_hours) - now
    minutes = max(0, int(left.total_seconds() // 60))
    if minutes >= 90:
        return _("%(hours)s left") % {"hours": counted(round(minutes / 60), "hour")}
    return _("%(minutes)s left") % {"minutes": counted(minutes, "minute")}
