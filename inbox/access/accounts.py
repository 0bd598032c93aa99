"""Whether there are accounts: from the first administrator on, for good.

The answer is in memory, so that a request needs no query. While there are no accounts,
a request checks for those that other processes made, with at most one query a second.
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils.translation import gettext as _

from inbox.errors import Conflict
from inbox.models import User

EVERY = 1.0  # seconds between two checks


class _Known:
    """The knowledge of this process."""

    are_on = False
    looked = False
    due_at = 0.0  # in monotonic seconds


def are_on() -> bool:
    """Whether there are accounts, as far as known; without a query."""
    return _Known.are_on


def is_due() -> bool:
    """Whether the database must be checked before a request is answered."""
    return not _Known.are_on and time.monotonic() >= _Known.due_at


def look() -> bool:
    """Check whether there are accounts now. Raises DatabaseError if no check ever succeeded."""
    try:
        # An inactive administrator counts, too: access that was once closed stays
        # closed.
        found = User.objects.filter(is_superuser=True).exists()
    except DatabaseError:
        if not _Known.looked:
            raise
        found = False
    else:
        _Known.looked = True
    _Known.are_on = _Known.are_on or found
    _Known.due_at = time.monotonic() + EVERY
    return _Known.are_on


def look_if_due() -> bool:
    """Return whether there are accounts, with at most one query a second."""
    return look() if is_due() else _Known.are_on


def forget(due_in: float = 0.0) -> None:
    """Forget the answer, as in a new process.

    For tests. due_in: seconds until the first check
    """
    _Known.are_on, _Known.looked = False, due_in > 0
    _Known.due_at = time.monotonic() + due_in if due_in < math.inf else math.inf


@receiver(post_save, sender=User)
def _saved(instance: User, **_: Any) -> None:
    if instance.is_superuser:
        transaction.on_commit(partial(setattr, _Known, "due_at", 0.0))


def refuse_last(user: User) -> None:
    """Raise Conflict if this is the last active administrator."""
    others = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    keys = set(others.values_list("pk", flat=True))
    if keys == {user.pk}:
        words = _("The last administrator must stay: make another administrator first.")
        raise Conflict(words)


@receiver(pre_delete, sender=User)
def _deleted(instance: User, **_: Any) -> None:
    with transaction.atomic():
        refuse_last(instance)


@receiver(pre_save, sender=User)
def _demoted(
    instance: User, raw: bool = False, update_fields: Any = None, **_: Any
) -> None:
    stays = instance.is_superuser and instance.is_active
    concerned = update_fields is None or {"is_superuser", "is_active"} & {
        *update_fields
    }
    if instance.pk and not raw and concerned and not stays:
        with transaction.atomic():
            refuse_last(instance)
