"""Objects without a message: put before a commit that never came.

A crash between the two leaves them, and so does a store that failed to delete. The list
of objects is read a page at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from inbox.models import Raw
from inbox.storage import body_store
from inbox.storage.leader import Leadership
from inbox.storage.store_gate import StoreDown
from inbox.upkeep.background import Background

if TYPE_CHECKING:  # the import with boto3 takes half a second
    from inbox.storage.object_storage import ObjectStorage

log = logging.getLogger(__name__)

_SAFE_AGE = timedelta(hours=1)  # a commit follows its put within minutes, or never
_LOOK_EVERY = 60.0  # seconds between checks whether the store answers
_SWEEP_EVERY = 3600.0
_BETWEEN_PAGES = 0.5
_ROWS = 500  # in one query
_LOCK = 0x6D616F62  # PostgreSQL's advisory lock of the process that sweeps


def orphan_sweep(store: ObjectStorage) -> Background:
    """Return the work of sweeping, which also notices when the store works again."""
    after, rested = "", _SWEEP_EVERY
    leadership = Leadership(_LOCK)

    def step() -> float:
        nonlocal after, rested
        with suppress(StoreDown):
            # the gate has logged it, and the health page shows it
            if rested < _SWEEP_EVERY or not leadership.is_ours():
                store.page(most=1)
                rested += _LOOK_EVERY
                return _LOOK_EVERY
            after = sweep_page(store, after)
            if after:
                return _BETWEEN_PAGES
            rested = 0.0
        return _LOOK_EVERY

    return Background("objects", step, end=leadership.end)


def sweep_page(
    store: ObjectStorage, after: str = "", safe_age: timedelta = _SAFE_AGE
) -> str:
    """Remove the orphans of a page of objects; return where the next begins, "" at the end.

    safe_age: younger objects stay, by the store's own clock. Raises StoreDown.
    """
    page = store.page(after)
    old = [name for name, at in page.changed.items() if at <= page.now - safe_age]
    orphans = [name for name in _without_row(old) if _is_ours(store, name)]
    if orphans:
        store.discard(orphans)
        log.warning("Removed %d objects that no message has", len(orphans))
    return page.next


def _without_row(names: Iterable[str]) -> list[str]:
    """Return the names of bodies without a row."""
    by_id = {id: name for name in names if (id := _transaction(name))}
    ids, known = list(by_id), set[str]()
    for start in range(0, len(ids), _ROWS):
        rows = Raw.objects.filter(pk__in=ids[start : start + _ROWS])
        known.update(rows.values_list("key", flat=True))
    return [
        each for each in by_id.values() if body_store.key_of_object(each) not in known
    ]


def _transaction(name: str) -> UUID | None:
    """Return the id in the name of a body; None for any other name."""
    folder, _, id = name.partition("/")
    with suppress(ValueError):
        found = UUID(id)
        if found.hex == id and id.endswith(folder) and len(folder) == 2:
            return found
    return None


def _is_ours(store: ObjectStorage, name: str) -> bool:
    with suppress(FileNotFoundError):
        return store.is_ours(name)
    return False
