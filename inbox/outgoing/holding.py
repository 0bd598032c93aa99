"""The queue of held mail: releases in the state held, one for each message and domain.

A message in the trash does not wait.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from inbox.errors import Conflict
from inbox.models import HeldDomain, Message, Release, ReleaseTry
from inbox.models.message import ALIVE
from inbox.models.outgoing import HELD
from inbox.outgoing import held_state, leaving, releases, switch
from inbox.outgoing.due_signal import waiting
from inbox.outgoing.held_intake import catch_up
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

_REMOVED_AT_ONCE = 50  # releases, most with few recipients
_REST = timedelta(seconds=30)  # between the tries that ETRN requests

Domains = Collection[str] | None  # None: all


def remove_gone() -> int:
    """Remove a batch of waiting releases whose message was removed; return their number."""
    there = Message.objects.filter(pk=OuterRef("message_id"))
    rows = Release.objects.filter(~Exists(there), state=HELD)
    ids = list(rows.values_list("pk", flat=True)[:_REMOVED_AT_ONCE])
    if ids:
        with write_turn():
            Release.objects.filter(pk__in=ids, state=HELD).delete()
    return len(ids)


def held(by: Iterable[HeldDomain], domains: Domains = None) -> QuerySet[Release]:
    """Return the waiting releases, oldest first.

    by: the entries that hold them. domains: "example.com", or "@example.com" with its
    subdomains
    """
    kept = Message.objects.filter(ALIVE, pk=OuterRef("message_id"))
    rows = Release.objects.filter(Exists(kept), state=HELD, held_by__in=list(by))
    if domains is not None:
        rows = rows.filter(_any_of(domains))
    return rows.order_by("pk")


def try_again(by: Iterable[HeldDomain], domains: Domains = None) -> bool:
    """Let held mail for a route be tried now; return whether there is any.

    The mail is already on its way through the route. A release still rests between its
    tries, since anybody who reaches the port can ask.
    """
    rows = Release.objects.filter(state__in=("queued", "trying"), held_by__in=list(by))
    if domains is not None:
        rows = rows.filter(_any_of(domains))
    if not rows.exists():
        return False
    now = datetime.now(UTC)
    lately = ReleaseTry.objects.filter(release=OuterRef("pk"), began_at__gt=now - _REST)
    resting = rows.filter(~Exists(lately), state="queued", next_try_at__gt=now)
    with write_turn():
        if resting.update(next_try_at=now):
            transaction.on_commit(partial(waiting.send, sender=None, at_once=False))
    return True


def waiting_by_domain() -> dict[int, int]:
    """Return the number of waiting messages, by the key of the held domain."""
    rows = held(HeldDomain.objects.all()).order_by().values("held_by")
    return dict(rows.annotate(n=Count("pk")).values_list("held_by", "n"))


def send(
    by: Iterable[HeldDomain], domains: Domains, who: str, by_hand: bool = False
) -> int:
    """Queue a batch of waiting releases for the routes of their domains; return their number.

    ROWS_IN_A_TURN means that more may wait. who: the requester; by_hand: a route that
    did not answer is tried at once
    """
    now = datetime.now(UTC)
    started = 0
    for each in by:
        route = each.route
        ids = _sendable(each, domains, ROWS_IN_A_TURN)
        if route is None or not ids:
            continue
        with write_turn():
            rows = Release.objects.filter(pk__in=ids, state=HELD)
            started += rows.update(
                state="queued",
                route=route,
                route_name=route.name,
                requested_by=who,
                next_try_at=now,
                expires_at=now + releases.LIFE,
            )
            if route.reverse_path:
                rows = Release.objects.filter(pk__in=ids, state="queued")
                # The reverse-path of a report stays null (RFC 5321 §4.5.5).
                rows.exclude(reverse_path="").update(reverse_path=route.reverse_path)
            transaction.on_commit(partial(waiting.send, sender=None, at_once=by_hand))
        if len(ids) == ROWS_IN_A_TURN:
            return ROWS_IN_A_TURN
    return started


def may_be_sent(by: Iterable[HeldDomain], domains: Domains) -> bool:
    """Whether some waiting releases may leave now through the route of their domain."""
    return any(_sendable(each, domains, 1) for each in by)


def _sendable(by: HeldDomain, domains: Domains, most: int) -> list[UUID]:
    """Return the oldest waiting releases that may leave through the route of their domain."""
    if by.route is None:
        return []
    refusal = leaving.refusal(by.route, by.inbox_id)
    return held_state.may_leave(held([by], domains), refusal, most)


def send_by_hand(held_domain: HeldDomain, who: str) -> int:
    """Queue the waiting releases of a domain that may leave through its route.

    Return their number.

    Raises Conflict, also if releases wait but none may leave.
    """
    switch.check()
    if held_domain.route is None:
        raise Conflict(
            _("no route is set for %(domain)s") % {"domain": held_domain.domain}
        )
    catch_up()
    started = 0
    while number := send([held_domain], None, who, by_hand=True):
        started += number
    if not started and held([held_domain]).exists():
        raise Conflict(
            _("the route %(route)s or the guard allows none of the recipients")
            % {"route": held_domain.route.name}
        )
    return started


def _any_of(domains: Collection[str]) -> Q:
    condition = Q(pk__in=[])
    for each in domains:
        name = each.removeprefix("@")
        condition |= Q(held_for=name)
        if each.startswith("@"):
            condition |= Q(held_for__endswith=f".{name}")
    return condition
