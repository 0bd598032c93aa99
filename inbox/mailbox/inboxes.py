"""Finds and changes inboxes, and knows their slugs without a query for each message.

The slugs are kept in memory, since they hardly ever change: saving or deleting an inbox
in this process updates them, and an unknown key is looked up again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Min, QuerySet, Sum
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal, receiver
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, InvalidMember, NotFound
from inbox.given_names import clean_name
from inbox.mailbox import known_addresses as book
from inbox.mailbox.known_addresses import AddressInput
from inbox.mailbox.scope import Scope
from inbox.models import Inbox, Message, Rule
from inbox.models.inbox import DEFAULT_SLUG
from inbox.models.message import ALIVE
from inbox.storage.write_lock import write_turn
from mailsink.conf import CONFIG

MAX_QUOTA = 2**63 - 1  # octets
MOST = 1000  # inboxes

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?")
_LONGEST_NAME = 200
_LISTED = 100  # in a list next to other things

# Sent with inbox_id= after the change is committed, on the thread that made it.
changed = Signal()

Changes = dict[str, Any]

_slugs: dict[int, str | None] = {}  # None: looked up, and not found
_keys: dict[str, int] = {}  # of the inboxes that accept mail, as read last


def slug(inbox_id: int | None) -> str | None:
    """Return an inbox's slug, after a look-up if it is unknown; None for no inbox."""
    if inbox_id is None:
        return None
    if inbox_id not in _slugs:
        look_up([inbox_id])
    return _slugs[inbox_id]


def key_of(slug: str) -> int | None:
    """Return the remembered key of an inbox that accepts mail, or None."""
    return _keys.get(slug)


def remember(rows: Iterable[Inbox]) -> None:
    """Remember these inboxes as all that accept mail."""
    global _keys  # the event loop reads it, and must see all changes or none
    _keys = {each.slug: each.pk for each in rows}
    _slugs.update({key: slug for slug, key in _keys.items()})


def known(inbox_ids: Iterable[int | None]) -> bool:
    """Whether `slug` knows all of these without a query."""
    return all(each is None or each in _slugs for each in inbox_ids)


def look_up(inbox_ids: Iterable[int | None]) -> None:
    """Make `slug` know these without a query."""
    found = dict(Inbox.objects.values_list("pk", "slug"))
    _slugs.update(found)
    for each in inbox_ids:
        if each is not None:
            _slugs.setdefault(each, None)


def find(scope: Scope) -> list[Inbox]:
    """Return the inboxes within the scope, by name."""
    return list(_existing(scope).order_by("name", "pk"))


def names(scope: Scope) -> list[tuple[str, str]]:
    """Return (slug, name) of the inboxes within the scope, by name; at most a hundred."""
    rows = _existing(scope).order_by("name", "pk").values_list("slug", "name")
    return list(rows[:_LISTED])


def _existing(scope: Scope) -> QuerySet[Inbox]:
    """Return the inboxes within the scope, except those in the trash."""
    return Inbox.objects.filter(scope.q("pk"), deleted_at=None)


def features(scope: Scope) -> frozenset[str]:
    """Return the fields of the search language that make sense here: of "inbox" and "rule"."""
    rows = _existing(scope)
    rows = rows.annotate(ruled=Exists(Rule.objects.filter(scope.q("inbox"))))
    names = ("known_only", "paused", "quota_octets", "ruled")
    settings = list(rows.values_list("strict", *names))
    strict = {"error", "server"} if CONFIG.strict == "error" else {"error"}
    several = len(settings) > 1
    ruled = any(mode in strict or any(rest) for mode, *rest in settings)
    return frozenset([*["inbox"] * several, *["rule"] * ruled])


def by_slug(scope: Scope, slug: str) -> Inbox:
    """Return the inbox of this slug. Raises NotFound."""
    found = None
    if "\x00" not in slug:
        found = _existing(scope).filter(slug=slug).first()
    if found is None:
        raise NotFound(_('there is no inbox "%(slug)s"') % {"slug": slug})
    return found


def usual(scope: Scope) -> Inbox:
    """Return the default inbox, or the first by name if that is not within the scope.

    Raises NotFound.
    """
    by_name = _existing(scope).order_by("name", "pk")
    found = by_name.filter(slug=DEFAULT_SLUG).first() or by_name.first()
    if found is None:
        raise NotFound(_("You are not a member of an inbox in which you may do this."))
    return found


def resume(scope: Scope) -> None:
    """End the pause of each inbox of the scope."""
    for each in _existing(scope).filter(paused_at__isnull=False):
        update(scope, each.slug, paused=False)


def paused_since(scope: Scope) -> datetime | None:
    """Return the time since which an inbox of the scope is paused (the earliest), or None."""
    paused = _existing(scope).filter(paused_at__isnull=False)
    since: datetime | None = paused.aggregate(since=Min("paused_at"))["since"]
    return since


def update(
    scope: Scope,
    slug: str,
    known_only: bool | None = None,
    quota_octets: int | None = None,
    paused: bool | None = None,
    addresses: Sequence[AddressInput] | None = None,
    address_words: bool | None = None,
    rules_on: bool | None = None,
    strict: str | None = None,
    strict_ignored: Sequence[str] | None = None,
    name: str | None = None,
    conditions: Callable[[Inbox], Mapping[str, Any]] | None = None,
    label_days: int | None = None,
    retention: Mapping[str, int | None] | None = None,
) -> Inbox:
    """Change the given settings, and return the changed inbox; 0 octets: no quota.

    conditions: makes the conditions within the turn, like
    sorting_conditions.replacement; retention: by column, 0 for no limit, None for the
    server's.

    The change applies to clients of this process at once, to those of others within
    about a second. Raises NotFound, Invalid.
    """
    changes: Changes = {
        "known_only": known_only,
        "quota_octets": quota_octets,
        "paused": paused,
        "addresses": None if addresses is None else book.clean(addresses),
        "address_words": address_words,
        "rules_on": rules_on,
        "strict": strict,
        "strict_ignored": None if strict_ignored is None else list(strict_ignored),
        "name": None if name is None else clean_name(name, _LONGEST_NAME),
        "label_days": label_days,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    given |= retention or {}

    def change(inbox: Inbox) -> Changes:
        new = {} if conditions is None else {"conditions": conditions(inbox)}
        return given | new | _pause(inbox, paused)

    return _change(scope, slug, change)


def _pause(inbox: Inbox, paused: bool | None) -> Changes:
    """Return the change to the pause that begins or ends."""
    if paused is None or paused == inbox.paused:
        return {}
    return {"paused_at": datetime.now(UTC) if paused else None}


def add(scope: Scope, slug: str, name: str = "") -> Inbox:
    """Create an inbox. name: for people; default: the slug. Raises Invalid, Conflict."""
    if not _SLUG.fullmatch(slug):
        raise InvalidMember(
            "slug",
            _(
                "a slug has 1 to 50 lower-case letters, digits, - and _, and begins "
                "and ends with a letter or a digit"
            ),
        )
    inbox = Inbox(slug=slug, name=clean_name(name or slug, _LONGEST_NAME))
    with write_turn():
        if Inbox.objects.filter(deleted_at=None).count() >= MOST:
            raise Invalid(_("at most %(most)s inboxes are kept") % {"most": MOST})
        save_new(inbox)
    return inbox


def save_new(inbox: Inbox) -> None:
    """Save a new inbox, within a turn at writing; announce it. Raises Conflict."""
    try:
        with transaction.atomic():
            inbox.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            _('there is already an inbox "%(slug)s"') % {"slug": inbox.slug}
        ) from None
    transaction.on_commit(partial(announce, inbox.pk))


def announce(inbox_id: int) -> None:
    """Announce that an inbox changed. Do not call within a write turn."""
    changed.send_robust(sender=Inbox, inbox_id=inbox_id)


def put_address(
    scope: Scope, slug: str, given: AddressInput, instead_of: str | None = None
) -> Inbox:
    """Add a known address, or replace one. Raises NotFound, Invalid."""
    new = book.clean_one(given)

    def put(inbox: Inbox) -> Changes:
        known: list[AddressInput] = inbox.addresses
        at = len(known) if instead_of is None else _place(known, instead_of)
        return {"addresses": book.clean([*known[:at], new, *known[at + 1 :]])}

    return _change(scope, slug, put)


def remove_address(scope: Scope, slug: str, address: str) -> Inbox:
    """Remove a known address. Raises NotFound."""

    def remove(inbox: Inbox) -> Changes:
        known: list[AddressInput] = inbox.addresses
        at = _place(known, address)
        return {"addresses": [*known[:at], *known[at + 1 :]]}

    return _change(scope, slug, remove)


def used_octets(inbox_id: int) -> int:
    """Return the octets of an inbox, without its trash. Reads the row of each message."""
    kept = Message.objects.filter(ALIVE, inbox=inbox_id)
    return int(kept.aggregate(octets=Sum("size"))["octets"] or 0)


def _change(scope: Scope, slug: str, change: Callable[[Inbox], Changes]) -> Inbox:
    """Change an inbox, without losing another change made meanwhile, and announce it."""
    with write_turn():
        key = by_slug(scope, slug).pk
        # no_key: mail to the inbox, and its rules, refer to its key, and must not wait.
        inbox = Inbox.objects.select_for_update(no_key=True).get(pk=key)
        changes = change(inbox)
        for name, value in changes.items():
            setattr(inbox, name, value)
        if changes:
            inbox.save(update_fields=changes)
    announce(inbox.pk)
    return inbox


def _place(known: Sequence[AddressInput], address: str) -> int:
    for at, each in enumerate(known):
        if each["address"] == address:
            return at
    raise NotFound(
        _('the address "%(address)s" is not a known address') % {"address": address}
    )


@receiver(post_save, sender=Inbox)
def _saved(instance: Inbox, **_: Any) -> None:
    transaction.on_commit(partial(_slugs.__setitem__, instance.pk, instance.slug))


@receiver(post_delete, sender=Inbox)
def _deleted(instance: Inbox, **_: Any) -> None:
    transaction.on_commit(partial(_slugs.pop, instance.pk, None))
