"""The queue of held mail: releases in the state held, one for each message and domain.

It is derived from what was captured: `catch_up` looks at the messages that came since it
last did. A message that is in the trash does not wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from inbox.errors import Conflict
from inbox.models import HeldDomain, Message, Recipient, Release, ReleaseRecipient
from inbox.models.message import ALIVE
from inbox.models.outgoing import HELD, NEVER
from inbox.outgoing import domain_forms, held_domains, releases, switch
from inbox.outgoing.due_signal import waiting
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

_MESSAGES_AT_ONCE = 100
_REMOVED_AT_ONCE = 50  # releases, most with few recipients
_LOOK_EVERY = 30.0  # seconds
_LONGEST_DOMAIN = 255  # characters, as of DNS

Domains = Collection[str] | None  # None: all


def catch_up() -> None:
    """Put the messages that came since the last time into the queue."""
    while _step():
        pass


def look() -> float:
    """Do a step of catching up, so that nobody who asks has to wait for it; return the rest."""
    return 0.0 if _step() else _LOOK_EVERY


def remove_gone() -> int:
    """Remove a batch of what waits although its message was removed; return how many."""
    there = Message.objects.filter(pk=OuterRef("message_id"))
    rows = Release.objects.filter(~Exists(there), state=HELD)
    ids = list(rows.values_list("pk", flat=True)[:_REMOVED_AT_ONCE])
    if ids:
        with write_turn():
            Release.objects.filter(pk__in=ids, state=HELD).delete()
    return len(ids)


def held(by: Iterable[HeldDomain], domains: Domains = None) -> QuerySet[Release]:
    """Return what waits, oldest first.

    by: the entries that hold it
    domains: "example.com", or "@example.com" with what is below it
    """
    kept = Message.objects.filter(ALIVE, pk=OuterRef("message_id"))
    rows = Release.objects.filter(Exists(kept), state=HELD, held_by__in=list(by))
    if domains is not None:
        rows = rows.filter(_any_of(domains))
    return rows.order_by("pk")


def try_again(by: Iterable[HeldDomain], domains: Domains = None) -> bool:
    """Let what was held, and is on its way by a route, be tried now; whether there is some."""
    rows = Release.objects.filter(state__in=("queued", "trying"), held_by__in=list(by))
    if domains is not None:
        rows = rows.filter(_any_of(domains))
    if not rows.exists():
        return False
    with write_turn():
        rows.filter(state="queued").update(next_try_at=datetime.now(UTC))
        transaction.on_commit(partial(waiting.send, sender=None, at_once=True))
    return True


def waiting_by_domain() -> dict[int, int]:
    """Return how many messages wait, by the key of the held domain."""
    rows = held(HeldDomain.objects.all()).order_by().values("held_by")
    return dict(rows.annotate(n=Count("pk")).values_list("held_by", "n"))


def send(by: Iterable[HeldDomain], domains: Domains, who: str) -> int:
    """Queue a batch of what waits for the routes of its domains; return how many.

    It is ROWS_IN_A_TURN where more may wait. who: asked for it
    """
    now = datetime.now(UTC)
    started = 0
    for each in by:
        route = each.route
        if route is None:
            continue
        ids = list(held([each], domains).values_list("pk", flat=True)[:ROWS_IN_A_TURN])
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
                rows.update(reverse_path=route.reverse_path)
            transaction.on_commit(partial(waiting.send, sender=None, at_once=True))
        if len(ids) == ROWS_IN_A_TURN:
            return ROWS_IN_A_TURN
    return started


def send_by_hand(held_domain: HeldDomain, who: str) -> int:
    """Queue all that waits for a domain for its route; return how many. Raises Conflict."""
    switch.check()
    if held_domain.route is None:
        raise Conflict(
            _("no route is set for %(domain)s") % {"domain": held_domain.domain}
        )
    catch_up()
    started = 0
    while number := send([held_domain], None, who):
        started += number
    return started


def _step() -> bool:
    """Look at the next messages; return whether there may be more."""
    if not HeldDomain.objects.exists():
        return False
    with write_turn():
        entries = list(HeldDomain.objects.select_for_update().order_by("pk"))
        if not entries:
            return False
        after = min(each.seen for each in entries)
        rows = Message.objects.filter(pk__gt=after).select_related("transaction")
        messages = list(rows.order_by("pk")[:_MESSAGES_AT_ONCE])
        if messages:
            _hold(messages, entries)
            newest = messages[-1].pk
            HeldDomain.objects.filter(seen__lt=newest).update(seen=newest)
    return len(messages) == _MESSAGES_AT_ONCE


def _hold(messages: list[Message], entries: list[HeldDomain]) -> None:
    recipients: dict[UUID, list[Recipient]] = defaultdict(list)
    accepted = Recipient.objects.filter(
        Q(final_code=None) | Q(final_code__lt=300),
        transaction__in=[each.transaction_id for each in messages],
        rcpt_code__lt=300,
    )
    for one in accepted.order_by("transaction", "seq"):
        recipients[one.transaction_id].append(one)
    known = Release.objects.filter(message_id__in=[each.pk for each in messages])
    held_already = set(known.values_list("message_id", "held_for"))
    made: list[Release] = []
    rows: list[ReleaseRecipient] = []
    for message in messages:
        here = {
            each.domain: each
            for each in entries
            if each.inbox_id == message.inbox_id and each.seen < message.pk
        }
        for domain, those in _by_domain(recipients[message.transaction_id]).items():
            entry = held_domains.most_specific(here, domain)
            if entry and (message.pk, domain) not in held_already:
                release = _release(message, domain, entry)
                made.append(release)
                rows += (_row(release, seq, one) for seq, one in enumerate(those, 1))
    Release.objects.bulk_create(made, batch_size=100)
    ReleaseRecipient.objects.bulk_create(rows, batch_size=100)


def _by_domain(recipients: Iterable[Recipient]) -> dict[str, list[Recipient]]:
    found: dict[str, list[Recipient]] = defaultdict(list)
    for each in recipients:
        found[domain_of(each.forward_path)].append(each)
    return found


def domain_of(address: str) -> str:
    """Return the domain of an address as DNS has it, in lower case; "" if it has none."""
    domain = domain_forms.ascii_domain(address.rpartition("@")[2])
    return domain if len(domain) <= _LONGEST_DOMAIN else ""


def _release(message: Message, domain: str, entry: HeldDomain) -> Release:
    return Release(
        message_id=message.pk,
        subject=message.subject[:200],
        reverse_path=message.transaction.reverse_path,
        parameters=message.transaction.parameters,
        requested_at=message.received_at,
        state=HELD,
        expires_at=NEVER,
        held_for=domain,
        held_by=entry,
    )


def _row(release: Release, seq: int, one: Recipient) -> ReleaseRecipient:
    return ReleaseRecipient(
        release=release,
        seq=seq,
        forward_path=one.forward_path,
        parameters=one.parameters,
    )


def _any_of(domains: Collection[str]) -> Q:
    condition = Q(pk__in=[])
    for each in domains:
        name = each.removeprefix("@")
        condition |= Q(held_for=name)
        if each.startswith("@"):
            condition |= Q(held_for__endswith=f".{name}")
    return condition
