"""MAIL and RCPT (RFC 5321 §3.3): the envelope of a transaction."""

from __future__ import annotations

from collections.abc import Callable

from mailsink.ids import uuid7
from mailsink.smtp.body.reader import Declared
from mailsink.smtp.commands import parameters
from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.events import RecipientAnswered, TransactionStarted
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.transaction import Transaction
from mailsink.text import readable


def _text(text: str) -> str:
    return readable(text.encode()) if text else ""


def mail(session: Session, argument: str) -> Steps[Reply]:
    """Open a transaction (RFC 5321 §4.1.1.2); raises Refusal."""
    limit = session.profile.max_transactions
    if limit and session.transaction_count >= limit:
        raise Refusal(replies.too_many_transactions(limit))
    if argument[:5].upper() != "FROM:":
        raise Refusal(replies.syntax("MAIL FROM:<address>"))
    try:
        path, rest = grammar.parse_path(argument[5:], session.profile.lenient)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_sender(str(error))) from None
    given = parameters.taken(session, "MAIL", rest)
    if "SMTPUTF8" not in given and _is_international(argument, rest):
        raise Refusal(replies.SENDER_NOT_ASCII)
    _take_leniently(session, path, replies.bad_sender)
    reverse_path, asked = _text(path.mailbox), _text(rest)
    asks = _asks(session, reverse_path)
    decided = yield from consult(
        session,
        "mail",
        asks,
        reverse_path=reverse_path,
        parameters=asked,
        transaction=session.transaction_count + 1,
    )
    transaction = Transaction(uuid7(), reverse_path, _declared(given))
    transaction.asked = asks
    transaction.handling = session.exchange.handling
    transaction.placement = session.placement
    transaction.flags = frozenset(session.exchange.flags)
    session.transaction = transaction
    session.transaction_count += 1
    session.emit(
        TransactionStarted(
            session.id,
            transaction.id,
            session.transaction_count,
            reverse_path,
            asked,
            session.now_us(),
            session.placement.inbox,
        )
    )
    return decided or parameters.sender_ok(session, given)


def _asks(session: Session, reverse_path: str) -> bool:
    """Whether the sender, or a name of the client, may ask for a reply."""
    asks, user = session.host.asks, session.user
    return asks(reverse_path) or asks(session.helo) or (user is not None and asks(user))


def _declared(given: parameters.Given) -> Declared:
    """Return the properties of the body that MAIL declares."""
    smtputf8 = "SMTPUTF8" in given
    encoding = str(given.get("BODY", "")).upper()
    binary = encoding == "BINARYMIME"
    eightbit = smtputf8 or binary or encoding == "8BITMIME"
    return Declared(int(given.get("SIZE") or 0), eightbit, smtputf8, binary)


def rcpt(session: Session, argument: str) -> Steps[Reply]:
    """Add a recipient to the transaction, or refuse it (RFC 5321 §4.1.1.3)."""
    transaction = session.transaction
    assert transaction is not None  # a need
    forward_path, rest = argument, ""
    try:
        if argument[:3].upper() != "TO:":
            raise Refusal(replies.syntax("RCPT TO:<address>"))
        forward_path = argument[3:]
        path, rest = _recipient(session, transaction, forward_path)
        forward_path = path.mailbox
        readable_path = _text(forward_path)
        transaction.asked = transaction.asked or session.host.asks(readable_path)
        decided = yield from consult(
            session, "rcpt", transaction.asked, forward_path=readable_path
        )
        reply = decided or replies.RECIPIENT_OK
        transaction.accepted += 1
        transaction.placement = session.exchange.placement or transaction.placement
        transaction.recipient_paths.append(readable_path)
        if session.exchange.flags:
            transaction.flags |= {*session.exchange.flags}
    except Refusal as refusal:
        reply = refusal.reply
    _emit_recipient(session, transaction, forward_path, rest, reply)
    return reply


def refused_rcpt(session: Session, argument: str, reply: Reply) -> Reply:
    """Record the recipient of a RCPT that was refused before it was parsed."""
    if session.transaction is not None:
        _emit_recipient(session, session.transaction, argument, "", reply)
    return reply


def _emit_recipient(
    session: Session, transaction: Transaction, path: str, rest: str, reply: Reply
) -> None:
    """Emit the reply to a RCPT; each RCPT within a transaction is counted."""
    transaction.recipients += 1
    placement = session.exchange.placement or transaction.placement
    session.emit(
        RecipientAnswered(
            session.id,
            transaction.id,
            transaction.recipients,
            _text(path),
            _text(rest),
            reply.code,
            placement.inbox,
        )
    )


def _recipient(
    session: Session, transaction: Transaction, text: str
) -> tuple[grammar.Path, str]:
    """Return the path and the parameters' text; raises Refusal."""
    try:
        path, rest = grammar.parse_path(text, session.profile.lenient)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_recipient(str(error))) from None
    if not path.mailbox:
        raise Refusal(replies.NULL_RECIPIENT)
    if path.mailbox.lower() == "postmaster":  # the only mailbox without a domain
        flags = tuple(flag for flag in path.flags if flag != "unqualified_address")
        path = grammar.Path(path.mailbox, flags)
    parameters.taken(session, "RCPT", rest)
    if not transaction.declared.smtputf8 and _is_international(text, rest):
        raise Refusal(replies.RECIPIENT_NOT_ASCII)
    _take_leniently(session, path, replies.bad_recipient)
    limit = session.profile.max_recipients
    if limit and transaction.accepted >= limit:
        raise Refusal(replies.too_many_recipients(limit))
    return path, rest


def _is_international(text: str, rest: str) -> bool:
    """Whether the path that begins the text, with its source route, is not ASCII."""
    return not (text.isascii() or text.removesuffix(rest).isascii())


# The deviations that a strict profile refuses, with the way to fix each.
_DEVIATIONS = {
    "lenient_path": "write it as <user@example.com> right behind the colon",
    "underscore_domain": "a domain holds no underscore",
    "unqualified_address": "the domain is missing",
    "unknown_literal": "address literals of that kind are unknown",
    "long_path": "it is longer than 256 octets, or a part of it is longer than 64",
}


def _take_leniently(
    session: Session, path: grammar.Path, refuse: Callable[[str], Reply]
) -> None:
    """Flag an address that deviates a little from the grammar, or refuse it."""
    limit = session.profile.max_path
    if limit and len(path.mailbox.encode()) + 2 > limit:  # its brackets
        raise Refusal(refuse(f"it is longer than the limit of {limit} octets"))
    if not path.flags:
        return
    if not session.profile.lenient:
        for flag in path.flags:
            if flag in _DEVIATIONS:
                raise Refusal(refuse(_DEVIATIONS[flag]))
    session.exchange.flags += path.flags
