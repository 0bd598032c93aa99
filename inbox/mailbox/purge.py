"""Removes messages and sessions for good, with everything that belongs to them.

Each call takes one write turn and removes at most ROWS_IN_A_TURN rows, so that others
can write in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from inbox.explain.evidence import Cause
from inbox.mailbox import tombstones
from inbox.mailbox.discussion import COMMENTS
from inbox.models import (
    Assignment,
    BodyFinding,
    Comment,
    Exchange,
    Fingerprint,
    MadeReport,
    Message,
    MessageRead,
    Raw,
    Recipient,
    Session,
    Transaction,
    Unsubscription,
)
from inbox.search import fulltext
from inbox.storage import body_store
from inbox.storage.removals import KeyField, remove_rows
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn


def purge(messages: QuerySet[Message], cause: Cause) -> int:
    """Remove a turn's worth of messages with their bodies, for good.

    Each leaves its tombstones. Return the number of removed messages.
    """
    batch = _turn(messages)
    if not batch:
        return 0
    stones = tombstones.of([id for id, _transaction in batch], cause)
    # of one message, which had very many recipients
    while len(stones) > ROWS_IN_A_TURN // 2:
        with write_turn():
            tombstones.lay(stones[:ROWS_IN_A_TURN])
        del stones[:ROWS_IN_A_TURN]
    with write_turn():
        # Some may have been restored since the batch was read.
        still = messages.filter(id__in=[id for id, _transaction in batch])
        going = dict(
            still.select_for_update(of=("self",)).values_list("id", "transaction_id")
        )
        ids, transactions = list(going), list(going.values())
        stored = _keys(transactions)
        tombstones.lay([each for each in stones if each.message in going])
        fulltext.forget(ids)
        remove_rows(_OF_MESSAGES, ids)
        remove_rows(_OF_BODIES, transactions)
    # After the commit: a file without its row is swept, a row without its file is a
    # loss.
    body_store.discard(stored)
    return len(ids) or purge(messages, cause)


# The fields that refer to a message; its own row goes last.
_OF_MESSAGES: tuple[KeyField, ...] = (
    (MessageRead, "message"),
    (Assignment, "message"),
    (Comment, "message"),
    (MadeReport, "about"),
    (MadeReport, "message_id"),
    (Unsubscription, "about"),
    (Message, "id"),
)
# The fields that refer to a transaction: those that go with its message, and all
_OF_BODIES: tuple[KeyField, ...] = (
    (BodyFinding, "transaction"),
    (Raw, "transaction"),
)
_OF_TRANSACTIONS: tuple[KeyField, ...] = (
    *_OF_BODIES,
    (Recipient, "transaction"),
    (Fingerprint, "transaction"),
    (Transaction, "id"),
)
# A purged message has a row in each of three tables, and a tombstone for each
# recipient.
ROWS_OF_MESSAGE = 3


def _turn(messages: QuerySet[Message]) -> list[tuple[UUID, UUID]]:
    """Return the first messages, as (id, transaction): a turn's worth, at least one."""
    accepted = "transaction__recipients_accepted"
    rows = messages.values_list("id", "transaction_id", accepted, COMMENTS)
    batch: list[tuple[UUID, UUID]] = []
    total = 0
    for id, transaction, recipients, comments in rows[
        : ROWS_IN_A_TURN // ROWS_OF_MESSAGE
    ]:
        total += ROWS_OF_MESSAGE + recipients + (comments or 0)
        if batch and total > ROWS_IN_A_TURN:
            break
        batch.append((id, transaction))
    return batch


def remove_sessions(sessions: QuerySet[Session, tuple[UUID, int, int]]) -> int:
    """Remove a turn's worth of sessions, with everything in them, for good.

    sessions: as (id, exchanges, transactions). Return the number of removed rows. Of a
    session with more than a turn's worth, only the first part is removed.
    """
    ids: list[UUID] = []
    total = 0
    for id, exchanges, transactions in sessions[:ROWS_IN_A_TURN]:
        rows = 1 + exchanges + ROWS_OF_TRANSACTION * transactions
        if total + rows > ROWS_IN_A_TURN:
            if not ids:
                return _shorten(id)
            break
        ids.append(id)
        total += rows
    if not ids:
        return 0
    of_sessions = Transaction.objects.filter(session__in=ids)
    with write_turn():
        inner = list(of_sessions.values_list("id", flat=True))
        stored = _keys(inner)
        remove_rows(_OF_TRANSACTIONS, inner)
        remove_rows([(Exchange, "session"), (Session, "id")], ids)
    body_store.discard(stored)
    return total


def _shorten(session: UUID) -> int:
    """Remove a turn's worth of a long session that will be removed."""
    exchanges = Exchange.objects.filter(session=session).order_by("seq")
    if seqs := list(exchanges.values_list("seq", flat=True)[:ROWS_IN_A_TURN]):
        with write_turn():
            first = Exchange.objects.filter(session=session, seq__lte=seqs[-1])
            first._raw_delete(first.db)  # no other rows refer to them
            Session.objects.filter(id=session).update(
                exchanges=Greatest(F("exchanges") - len(seqs), 0)
            )
        return len(seqs)
    some = Transaction.objects.filter(session=session).values_list("id", flat=True)
    ids = list(some[: ROWS_IN_A_TURN // ROWS_OF_TRANSACTION])
    stored = _keys(ids)
    with write_turn():
        remove_rows(_OF_TRANSACTIONS, ids)
        Session.objects.filter(id=session).update(
            exchanges=0, transactions=Greatest(F("transactions") - len(ids), 0)
        )
    body_store.discard(stored)
    return max(1, len(ids))


# A transaction with its body, its fingerprint and, usually, one recipient.
ROWS_OF_TRANSACTION = 4


def _keys(transactions: Sequence[UUID]) -> list[str]:
    """Return the keys of the bodies that are files or objects."""
    raws = Raw.objects.filter(transaction__in=transactions).exclude(key="")
    return list(raws.values_list("key", flat=True))
