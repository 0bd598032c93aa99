"""Inboxes, and their slugs by primary key without a query for each message.

The slugs are kept in memory, since they hardly ever change: saving or deleting an
inbox in this process mends them, an unknown key is looked up once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from inbox.models import Inbox
from inbox.services.paging import NotFound
from inbox.services.scope import Scope

_slugs: dict[int, str | None] = {}  # None: looked for, and not there


def slug(inbox_id: int | None) -> str | None:
    """Return an inbox's slug; None for no inbox. Looks an unknown one up."""
    if inbox_id is None:
        return None
    if inbox_id not in _slugs:
        look_up([inbox_id])
    return _slugs[inbox_id]


def known(inbox_ids: Iterable[int | None]) -> bool:
    """Whether slug answers for all of these without a query."""
    return all(each is None or each in _slugs for each in inbox_ids)


def look_up(inbox_ids: Iterable[int | None]) -> None:
    """See to it that slug answers for these without a query."""
    found = dict(Inbox.objects.values_list("pk", "slug"))
    _slugs.update(found)
    for each in inbox_ids:
        if each is not None:
            _slugs.setdefault(each, None)


def find(scope: Scope) -> list[Inbox]:
    """Return the inboxes within the scope, by name."""
    return list(Inbox.objects.filter(scope.q("pk")).order_by("name", "pk"))


def by_slug(scope: Scope, slug: str) -> Inbox:
    """Return the inbox of this slug. Raises NotFound."""
    found = None
    if "\x00" not in slug:
        found = Inbox.objects.filter(scope.q("pk"), slug=slug).first()
    if found is None:
        raise NotFound(f'there is no inbox "{slug}"')
    return found


@receiver(post_save, sender=Inbox)
def _saved(instance: Inbox, **_: Any) -> None:
    transaction.on_commit(partial(_slugs.__setitem__, instance.pk, instance.slug))


@receiver(post_delete, sender=Inbox)
def _deleted(instance: Inbox, **_: Any) -> None:
    transaction.on_commit(partial(_slugs.pop, instance.pk, None))
