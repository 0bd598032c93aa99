"""Asks the policy for a decision, and notes it in the exchange."""

from __future__ import annotations

from mailsink.ports import Consult, Decision, Stage
from mailsink.smtp.protocol.events import Body, ExchangeOpened, Handling
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session


def consult(
    session: Session,
    stage: Stage,
    asked: bool = False,
    body: Body | None = None,
    **facts: str | int,
) -> Steps[Reply | None]:
    """Return the policy's reply to send instead of success, or None.

    asked: a name or an address of the client may ask for a reply. facts: added to those
    of the session; see mailsink.ports.Consult. Raises Refusal if the policy refuses.
    """
    stages = session.host.stages()
    if not asked and (not stages or (stage not in stages and "any" not in stages)):
        return None
    transaction = session.transaction
    recipients = () if transaction is None else transaction.recipient_paths
    decision: Decision = yield Consult(
        stage,
        session.id,
        _facts(session) | facts,
        session.exchange.seq,
        recipients,
        body,
        session.placement if transaction is None else transaction.placement,
        asked,
    )
    exchange = session.exchange
    exchange.placement = decision.placement
    exchange.ruled = True
    # One chunk can be consulted several times: as BDAT, as DATA, and at the body's end.
    exchange.delay += decision.delay
    if decision.shapes or decision.without or decision.size or decision.tls_failure:
        exchange.shaped = decision
    exchange.rule = decision.rule or exchange.rule
    if decision.handles:
        _handle(session, decision)
    if decision.notice:
        _notice(session, decision.notice)
    if decision.reply is not None and decision.reply.code >= 400:
        raise Refusal(decision.reply)
    return decision.reply


def _handle(session: Session, decision: Decision) -> None:
    """Note how to handle the message; the inbox of the last decision holds.

    Each tag is noted once: a client can make a rule act without end.
    """
    begun = session.transaction or session.exchange  # MAIL copies it from the exchange
    known = begun.handling
    discards = (decision.rule or "a rule") if decision.discarded else ""
    begun.handling = Handling(
        tuple(dict.fromkeys(known.tags + decision.tags)),
        known.pinned or decision.pinned,
        decision.inbox or known.inbox,
        known.discarded_by or discards,
    )


def _notice(session: Session, text: str) -> None:
    """Emit a notice after the exchange, which stays the current one."""
    transaction = session.transaction
    session.emit(
        ExchangeOpened(
            session.id,
            session.next_seq(),
            "notice",
            "",
            text,
            0,
            session.now_us(),
            None if transaction is None else transaction.id,
        )
    )


def _facts(session: Session) -> dict[str, str | int]:
    facts: dict[str, str | int] = {
        "client_address": session.peer.client_address,
        "listener": session.peer.listener,
    }
    if session.helo:
        facts["helo"] = session.helo
    if session.user is not None:
        facts["user"] = session.user
    if session.tls is not None and session.tls.done:
        facts["tls"] = session.tls.version
    if session.transaction is not None:
        facts["transaction"] = session.transaction_count
        facts["reverse_path"] = session.transaction.reverse_path
        if session.transaction.declared.smtputf8:
            facts["smtputf8"] = 1
        if session.transaction.handling.inbox:
            facts["inbox"] = session.transaction.handling.inbox
        if session.transaction.flags:
            facts["flags"] = " ".join(sorted(session.transaction.flags))
    if session.exchange.verb:
        facts["verb"] = session.exchange.verb
    return facts
