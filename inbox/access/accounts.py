"""Whether there are accounts: from the first administrator on, and for good.

Known in memory, so that a request costs no query. While there are none, other processes
are asked about by one query in a second at most, by whichever request comes then.
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

EVERY = 1.0  # seconds between two looks


class _Known:
    """The knowledge of this process."""

    are_on = False
    looked = False
    due_at = 0.0  # in monotonic seconds


def are_on() -> bool:
    """Whether there are accounts, as far as is known; no query."""
    return _Known.are_on


def is_due() -> bool:
    """Whether it has to be looked up before a request is answered."""
    return not _Known.are_on and time.monotonic() >= _Known.due_at


def look() -> bool:
    """Look whether there are accounts by now. Raises DatabaseError if it was never known."""
    try:
        # One who is no longer active counts: nothing opens what was closed once.
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
    """Return whether there are accounts, with at most one query in a second."""
    return look() if is_due() else _Known.are_on


def forget(due_in: float = 0.0) -> None:
    """Forget it, as a new process would. For tests; due_in: seconds until the first look."""
    _Known.are_on, _Known.looked = False, due_in > 0
    _Known.due_at = time.monotonic() + due_in if due_in < math.inf else math.inf


@receiver(post_save, sender=User)
def _saved(instance: User, **_: Any) -> None:
    if instance.is_superuser:
        transaction.on_commit(partial(setattr, _Known, "due_at", 0.0))


def refuse_last(user: User) -> None:
    """Raise Conflict if no active administrator would be left without this one."""
    others = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    keys = set(others.values_list("pk", flat=True))
    if keys == {user.pk}:
        words = _("The last administrator stays: make somebody else one first.")
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
