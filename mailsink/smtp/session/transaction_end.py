"""The end of a transaction whose message is not stored, with its body so far."""

from __future__ import annotations

from mailsink.smtp.body.spool import Spool
from mailsink.smtp.protocol.events import Body, Outcome, TransactionEnded
from mailsink.smtp.session.effects import RunInThread, Steps
from mailsink.smtp.session.session import Session


def close_body(spool: Spool, ended: bool) -> Steps[Body | None]:
    """Return the body, synced if it is in a file; None after a write error."""
    if spool.on_disk:
        yield RunInThread(spool.sync)
    return None if spool.error is not None else spool.body(ended)


def end_transaction(
    session: Session,
    outcome: Outcome,
    code: int | None = None,
    body: Body | None = None,
) -> None:
    """Close the open transaction and emit its end, with the body received so far.

    code: of the reply that ended it. A transaction that had failed emits nothing.
    """
    transaction, session.transaction = session.transaction, None
    if transaction is None or transaction.failed:
        return
    session.emit(
        TransactionEnded(
            session.id,
            transaction.id,
            outcome,
            session.now_us(),
            code,
            body,
            # If no recipient was accepted, the last RCPT has already set the inbox.
            transaction.placement.inbox if transaction.accepted else "",
        )
    )


def give_up_transaction(
    session: Session, outcome: Outcome, code: int | None = None
) -> Steps[None]:
    """End an open transaction as end_transaction does; its body: the chunks so far."""
    if session.transaction is None:
        return
    chunks, session.transaction.chunks = session.transaction.chunks, None
    body = None
    if chunks is not None and chunks.spool.size:
        body = yield from close_body(chunks.spool, ended=False)
    end_transaction(session, outcome, code, body)
