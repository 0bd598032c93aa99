"""Kinds of findings that do not count in an inbox, each with the reason."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from inbox.errors import Invalid, NotFound
from inbox.insight.findings.finding_kinds import KINDS
from inbox.mailbox import inboxes
from inbox.mailbox.scope import Scope
from inbox.models import Mute
from inbox.storage.write_lock import write_turn

MAX_REASON = 500  # characters


def find(scope: Scope, inbox: str | None = None) -> list[Mute]:
    """Return the mutes, newest first; inbox: the slug of one"""
    rows = Mute.objects.filter(scope.q()).select_related("inbox", "user")
    if inbox is not None:
        rows = rows.filter(inbox__slug=inbox)
    return list(rows.order_by("-at", "-pk"))


def of_inboxes(ids: set[int]) -> dict[tuple[int, str], Mute]:
    """Return the mutes of these inboxes, by inbox and kind."""
    rows = Mute.objects.filter(inbox_id__in=ids).select_related("inbox", "user")
    return {(each.inbox_id, each.kind): each for each in rows}


def mute(scope: Scope, inbox: str, kind: str, reason: str) -> Mute:
    """Mute a kind in an inbox, or give a new reason. Raises Invalid, NotFound."""
    reason = " ".join(reason.split())
    if kind not in KINDS:
        raise Invalid(_('there is no kind of finding "%(kind)s"') % {"kind": kind[:40]})
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise Invalid(
            _("a reason has 1 to %(max_reason)s characters, and no control characters")
            % {"max_reason": MAX_REASON}
        )
    where = inboxes.by_slug(scope, inbox)
    with write_turn():
        made, _made_new = Mute.objects.update_or_create(
            inbox=where, kind=kind, defaults={"reason": reason, "at": datetime.now(UTC)}
        )
    return made


def unmute(scope: Scope, id: int) -> None:
    """Count a kind again. Raises NotFound."""
    with write_turn():
        gone, _by_model = Mute.objects.filter(scope.q(), pk=id).delete()
    if not gone:
        raise NotFound(_('there is no mute "%(id)s"') % {"id": id})
