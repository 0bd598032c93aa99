"""Releases from the user's side: requests, lists, cancelling, trying again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import (
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    prefetch_related_objects,
)
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox import messages
from inbox.mailbox.paging import Page, as_uuid, fitting, newest
from inbox.mailbox.scope import Scope
from inbox.models import (
    HeldDomain,
    Message,
    Recipient,
    Release,
    ReleaseRecipient,
    Route,
)
from inbox.models.outgoing import HELD, WAITING
from inbox.outgoing import held_state, leaving, routes, switch
from inbox.outgoing.due_signal import waiting
from inbox.storage.write_lock import write_turn

MOST_RECIPIENTS = 100
LIFE = timedelta(days=1)  # in which a release is tried
_SHOWN = 3  # recipients that a refusal names

_OF_RECIPIENT = 100  # octets of one in JSON, apart from its texts
_DETAILS = ("recipients", "try_set")
_OF_TRY = 400  # octets of one in JSON, at most
# The number of characters in a release's texts, and of its tries. Members that all
# releases have are left out.
_OCTETS = F("tries") * _OF_TRY + Subquery(
    ReleaseRecipient.objects.filter(release=OuterRef("pk"))
    .values("release")
    .annotate(all=Sum(Length("text") + Length("forward_path") + _OF_RECIPIENT))
    .values("all")
)

Asked = tuple[str, str]  # a forward-path, and the parameters of its RCPT


def request(
    scope: Scope,
    message_id: str | UUID,
    route_name: str,
    recipients: Sequence[str] | None = None,
    by: str = "",
) -> Release:
    """Put a message into the queue of a route; return its release.

    recipients: addresses; None: those that the message was accepted for. The route must
    allow each of them. Raises NotFound, Invalid, Conflict.
    """
    release, rows = prepared(scope, message_id, route_name, recipients, by)
    with write_turn():
        enqueue(release, rows)
    return release


def prepared(
    scope: Scope,
    message_id: str | UUID,
    route_name: str,
    recipients: Sequence[str] | None = None,
    by: str = "",
) -> tuple[Release, list[ReleaseRecipient]]:
    """Return a release for the queue, without storing it; see request, also for its errors."""
    switch.check()
    message, route = messages.get(scope, message_id), routes.get(route_name)
    asked = _original(message)
    if recipients is not None:
        asked = _given(recipients, dict(asked))
    _check(asked, route, message)
    return made(message, route, asked, by)


def made(
    message: Message, route: Route, asked: Sequence[Asked], by: str, **derived: Any
) -> tuple[Release, list[ReleaseRecipient]]:
    """Return the rows of a release, not stored yet.

    derived: the fields of a release that comes from a rule
    """
    now = datetime.now(UTC)
    release = Release(
        message_id=message.pk,
        subject=message.subject[:200],
        route=route,
        route_name=route.name,
        reverse_path=_reverse_path(message, route),
        parameters=message.transaction.parameters,
        requested_at=now,
        requested_by=by,
        instead_of=_instead_of(message, asked),
        next_try_at=now,
        expires_at=now + LIFE,
        **derived,
    )
    rows = [
        ReleaseRecipient(
            release=release, seq=seq, forward_path=path, parameters=parameters
        )
        for seq, (path, parameters) in enumerate(asked, 1)
    ]
    return release, rows


def enqueue(release: Release, rows: Sequence[ReleaseRecipient]) -> None:
    """Put a prepared release into the queue, within a write turn."""
    release.save(force_insert=True)
    ReleaseRecipient.objects.bulk_create(rows, batch_size=100)
    transaction.on_commit(partial(_announce, at_once=False))


def _instead_of(message: Message, asked: Sequence[Asked]) -> str:
    """Return the original recipients if the message goes to others; else ""."""
    before = original(message)
    if {path for path, _ in asked} <= set(before):
        return ""
    more = len(before) - _SHOWN
    return ", ".join(before[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _reverse_path(message: Message, route: Route) -> str:
    """Return the reverse-path for an outgoing message; a report keeps the null one.

    Any other might cause reports about reports (RFC 5321 §4.5.5).
    """
    original = message.transaction.reverse_path
    return (route.reverse_path or original) if original else ""


def find(
    scope: Scope,
    cursor: str | None,
    limit: int,
    message_id: UUID | None = None,
    held_by: HeldDomain | None = None,
) -> Page[Release]:
    """Return releases, newest first. Raises BadRequest.

    message_id: only those of one message. held_by: those that wait, or waited, for a
    domain; without it, waiting releases are left out. A page has fewer than `limit`
    releases if servers' replies were long.
    """
    rows = _seen(scope).annotate(octets=_OCTETS)
    if message_id is not None:
        rows = rows.filter(message_id=message_id)
    if held_by is not None:
        rows = rows.filter(held_by=held_by)
    elif message_id is None:
        rows = rows.exclude(state=HELD)
    page = newest(rows, cursor, limit)
    found: Sequence[Any] = page.items  # annotated with their octets
    items = page.items[: fitting(each.octets or 0 for each in found)]
    prefetch_related_objects(items, *_DETAILS)
    more = len(items) < len(page.items)
    return Page(items, str(items[-1].pk) if more else page.next)


def get(scope: Scope, id: str | UUID) -> Release:
    """Return one release. Raises NotFound."""
    key = as_uuid(id)
    rows = _seen(scope).prefetch_related(*_DETAILS)
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(_('there is no release "%(id)s"') % {"id": str(id)[:40]})
    return found


def cancel(scope: Scope, id: str | UUID) -> Release:
    """Take a release out of the queue. Raises NotFound, Conflict."""
    release = get(scope, id)
    now = datetime.now(UTC)
    with write_turn():
        queued = Release.objects.filter(pk=release.pk, state__in=("queued", HELD))
        if not queued.update(state="cancelled", ended_at=now, next_try_at=None):
            raise Conflict(
                _("it is %(state)s; only a queued or held release can be cancelled")
                % {"state": get(scope, id).state}
            )
        pending = ReleaseRecipient.objects.filter(release=release, state__in=WAITING)
        pending.update(state="cancelled")
    return get(scope, id)


def retry(scope: Scope, id: str | UUID) -> Release:
    """Try a release now: a waiting one, or the failed recipients of one.

    Raises NotFound, Conflict.
    """
    switch.check()
    release = get(scope, id)
    now = datetime.now(UTC)
    with write_turn():
        rows = Release.objects.filter(pk=release.pk, state__in=("queued", "failed"))
        rows = rows.exclude(route=None, held_by__isnull=False)
        found = rows.update(
            state="queued", next_try_at=now, ended_at=None, expires_at=now + LIFE
        )
        if not found:
            raise Conflict(
                _("it is %(state)s; only a queued or failed release can be tried again")
                % {"state": get(scope, id).state}
            )
        if release.state == "failed":
            failed = ReleaseRecipient.objects.filter(release=release, state="failed")
            failed.update(state="queued")
        transaction.on_commit(partial(_announce, at_once=True))
    return get(scope, id)


def hold(scope: Scope, id: str | UUID) -> Release:
    """Let a release wait for its receiver again, whatever its outcome.

    It can then arrive twice. Raises NotFound, Conflict.
    """
    release = get(scope, id)
    with write_turn():
        rows = Release.objects.filter(pk=release.pk, held_by__isnull=False)
        found = rows.exclude(state__in=(HELD, "trying")).update(
            **held_state.fields(release.message_id)
        )
        if not found:
            raise Conflict(
                _("only a release that was held, and is not being sent, can be held")
            )
        recipients = ReleaseRecipient.objects.filter(release=release)
        recipients.update(state="queued", code=None, enhanced="", text="")
    return get(scope, id)


def _seen(scope: Scope) -> QuerySet[Release]:
    """Return the releases of messages within a scope."""
    rows = Release.objects.all()
    if scope.inboxes is None:
        return rows
    return rows.filter(message_id__in=Message.objects.filter(scope.q()).values("pk"))


def _announce(at_once: bool) -> None:
    waiting.send(sender=None, at_once=at_once)


def _original(message: Message) -> list[Asked]:
    rows = Recipient.objects.filter(
        transaction=message.transaction_id, rcpt_code__lt=300
    )
    return [(each.forward_path, each.parameters) for each in rows.order_by("seq")]


def _given(addresses: Sequence[str], known: Mapping[str, str]) -> list[Asked]:
    """Return a user's addresses, without duplicates. Raises Invalid.

    known: the parameters of the addresses that the message was accepted for
    """
    paths = dict.fromkeys(map(routes.mailbox, addresses))
    return [(path, known.get(path, "")) for path in paths]


def _check(asked: Sequence[Asked], route: Route, message: Message) -> None:
    """Raise Invalid unless mail may go to all of these recipients."""
    if not asked:
        raise Invalid(_("a release needs a recipient"))
    if len(asked) > MOST_RECIPIENTS:
        raise Invalid(
            _("a release has at most %(most)s recipients") % {"most": MOST_RECIPIENTS}
        )
    refusal = leaving.refusal(route, message.inbox_id)
    refused: list[str] = []
    for path, _parameters in asked:
        if reason := refusal(path):
            refused.append(f"{path[:100]}: {reason}")
    if refused:
        more = len(refused) - _SHOWN
        named = " ".join(refused[:_SHOWN]) + (f" And {more} more." if more > 0 else "")
        raise Invalid(
            _("the route %(route)s does not allow this: %(reasons)s")
            % {"route": route.name, "reasons": named}
        )


def original(message: Message) -> list[str]:
    """Return the addresses that a message was accepted for, in order."""
    return [path for path, _parameters in _original(message)]


def details(release: Release) -> dict[str, Any]:
    """Return the rows of a release, in order."""
    return {
        "recipients": sorted(release.recipients.all(), key=lambda each: each.seq),
        "tries": sorted(release.try_set.all(), key=lambda each: each.pk),
    }
