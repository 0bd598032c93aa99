"""Asks the policy what is to be done, and notes in the exchange what it decided."""

from __future__ import annotations

from mailsink.ports import Consult, Decision, Stage
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session


def consult(session: Session, stage: Stage, **facts: str | int) -> Steps[Reply | None]:
    """Return the policy's reply to send instead of success, or None.

    facts: beside those of the session; see mailsink.ports.Consult. Raises Refusal
    where the policy refuses.
    """
    stages = session.host.stages()
    if not stages or (stage not in stages and "any" not in stages):
        return None
    decision: Decision = yield Consult(stage, session.id, _facts(session) | facts)
    exchange = session.exchange
    exchange.ruled = True
    # A chunk may be asked about twice: as DATA is, and as the body's end.
    exchange.delay += decision.delay
    exchange.close = decision.close or exchange.close
    exchange.rule = decision.rule or exchange.rule
    if session.transaction is not None:
        session.transaction.tags += decision.tags
    if decision.reply is not None and decision.reply.code >= 400:
        raise Refusal(decision.reply)
    return decision.reply


def _facts(session: Session) -> dict[str, str | int]:
    facts: dict[str, str | int] = {
        "client_address": session.peer.client_address,
        "listener": session.peer.listener,
    }
    if session.helo:
        facts["helo"] = session.helo
    if session.user is not None:
        facts["user"] = session.user
    if session.transaction is not None:
        facts["reverse_path"] = session.transaction.reverse_path
        if session.transaction.declared.smtputf8:
            facts["smtputf8"] = 1
    if session.exchange.verb:
        facts["verb"] = session.exchange.verb
    return facts
