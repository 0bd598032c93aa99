"""A mail transaction (RFC 5321 §3.3): its envelope, by MAIL and RCPT."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from mailsink.ids import uuid7
from mailsink.smtp import grammar, parameters, replies
from mailsink.smtp.events import (
    Body,
    Outcome,
    RecipientAnswered,
    TransactionEnded,
    TransactionStarted,
)
from mailsink.smtp.reception import closed
from mailsink.smtp.replies import Reply
from mailsink.smtp.wishes import Refusal, Steps
from mailsink.text import readable

if TYPE_CHECKING:
    from mailsink.smtp.chunking import Chunks
    from mailsink.smtp.machine import Machine


class Transaction:
    """What is known of an open transaction."""

    __slots__ = ("accepted", "begun", "binary", "chunks", "declared", "eightbit",
                 "failed", "id", "recipients", "reverse_path", "smtputf8", "tags",
                 "to_answer")  # fmt: skip

    def __init__(self, reverse_path: str, given: parameters.Given) -> None:
        self.id: UUID = uuid7()
        self.reverse_path = reverse_path
        self.smtputf8 = "SMTPUTF8" in given
        encoding = str(given.get("BODY", "")).upper()
        self.binary = encoding == "BINARYMIME"
        self.eightbit = self.smtputf8 or self.binary or encoding == "8BITMIME"
        self.declared = int(given.get("SIZE") or 0)
        self.recipients = 0  # answered
        self.accepted = 0
        self.to_answer: list[str] = []  # LMTP: recipients that await a reply each
        self.tags: tuple[str, ...] = ()
        self.begun = False  # its first chunk came, or was refused
        self.chunks: Chunks | None = None  # those that came
        self.failed = False  # it has ended, and takes nothing until RSET

    def end(
        self,
        machine: Machine,
        outcome: Outcome,
        code: int | None = None,
        body: Body | None = None,
    ) -> None:
        """Close the transaction without its message being kept, and tell it."""
        machine.transaction = None
        if self.failed:
            return
        machine.record(
            TransactionEnded(
                machine.session, self.id, outcome, machine.now_us(), code, body
            )
        )

    def give_up(
        self, machine: Machine, outcome: Outcome, code: int | None = None
    ) -> Steps[None]:
        """Do as `end`; the chunks that came are handed over."""
        chunks, self.chunks = self.chunks, None
        body = None
        if chunks is not None and chunks.store.size:
            body = yield from closed(chunks.store, ended=False)
        self.end(machine, outcome, code, body)


def _text(text: str) -> str:
    return readable(text.encode())


def mail(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.2."""
    if not machine.helo:
        raise Refusal(machine.hello_missing())
    if machine.transaction is not None:
        raise Refusal(replies.NESTED_MAIL)
    limit = machine.profile.max_transactions
    if limit and machine.transactions >= limit:
        raise Refusal(replies.too_many_transactions(limit))
    if argument[:5].upper() != "FROM:":
        raise Refusal(replies.syntax("MAIL FROM:<address>"))
    try:
        path, rest = grammar.parse_path(argument[5:], machine.profile.lenient)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_sender(str(error))) from None
    given = parameters.taken(machine, "MAIL", rest)
    if "SMTPUTF8" not in given and _is_international(argument, rest):
        raise Refusal(replies.SENDER_NOT_ASCII)
    _take_leniently(machine, path, replies.bad_sender)
    reverse_path, asked = _text(path.mailbox), _text(rest)
    decided = yield from machine.consult(
        "mail", reverse_path=reverse_path, parameters=asked
    )
    transaction = Transaction(reverse_path, given)
    machine.transaction = transaction
    machine.transactions += 1
    machine.record(
        TransactionStarted(
            machine.session,
            transaction.id,
            machine.transactions,
            reverse_path,
            asked,
            machine.now_us(),
        )
    )
    return decided or parameters.sender_ok(machine, given)


def rcpt(machine: Machine, argument: str) -> Steps[Reply]:
    """RFC 5321 §4.1.1.3. Every answer within a transaction is told."""
    transaction = machine.transaction
    if transaction is None:
        raise Refusal(replies.out_of_order("MAIL"))
    forward_path, rest = argument, ""
    try:
        if transaction.begun:
            raise within_chunks(transaction)
        if argument[:3].upper() != "TO:":
            raise Refusal(replies.syntax("RCPT TO:<address>"))
        forward_path = argument[3:]
        path, rest = _recipient(machine, transaction, forward_path)
        forward_path = path.mailbox
        decided = yield from machine.consult("rcpt", forward_path=_text(forward_path))
        reply = decided or replies.RECIPIENT_OK
        transaction.accepted += 1
        if machine.profile.protocol == "lmtp":
            transaction.to_answer.append(_text(forward_path))
    except Refusal as refusal:
        reply = refusal.reply
    transaction.recipients += 1
    machine.record(
        RecipientAnswered(
            machine.session,
            transaction.id,
            transaction.recipients,
            _text(forward_path),
            _text(rest),
            reply.code,
        )
    )
    return reply


def _recipient(
    machine: Machine, transaction: Transaction, text: str
) -> tuple[grammar.Path, str]:
    """Return the path and the parameters' text; raises Refusal."""
    try:
        path, rest = grammar.parse_path(text, machine.profile.lenient)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_recipient(str(error))) from None
    if not path.mailbox:
        raise Refusal(replies.NULL_RECIPIENT)
    if path.mailbox.lower() == "postmaster":  # the one without a domain
        flags = tuple(flag for flag in path.flags if flag != "unqualified_address")
        path = grammar.Path(path.mailbox, flags)
    parameters.taken(machine, "RCPT", rest)
    if not transaction.smtputf8 and _is_international(text, rest):
        raise Refusal(replies.RECIPIENT_NOT_ASCII)
    _take_leniently(machine, path, replies.bad_recipient)
    limit = machine.profile.max_recipients
    if limit and transaction.accepted >= limit:
        raise Refusal(replies.too_many_recipients(limit))
    return path, rest


def _is_international(text: str, rest: str) -> bool:
    """Whether the path at the head of a text, its source route too, is beyond ASCII."""
    return not (text.isascii() or text.removesuffix(rest).isascii())


# What a strict profile refuses, in words that cure it.
_DEVIATIONS = {
    "lenient_path": "write it as <user@example.com> right behind the colon",
    "underscore_domain": "a domain holds no underscore",
    "unqualified_address": "the domain is missing",
    "unknown_literal": "address literals of that kind are unknown",
    "long_path": "it is longer than 256 octets, or a part of it is longer than 64",
}


def _take_leniently(
    machine: Machine, path: grammar.Path, refuse: Callable[[str], Reply]
) -> None:
    """Take an address a little off the grammar with its flags, or refuse it."""
    limit = machine.profile.max_path
    if limit and len(path.mailbox.encode()) + 2 > limit:  # its brackets
        raise Refusal(refuse(f"it is longer than the limit of {limit} octets"))
    if not path.flags:
        return
    if not machine.profile.lenient:
        for flag in path.flags:
            if flag in _DEVIATIONS:
                raise Refusal(refuse(_DEVIATIONS[flag]))
    machine.current.flags += path.flags


def within_chunks(transaction: Transaction) -> Refusal:
    """Why a command has no place once there was a chunk (RFC 3030 §2)."""
    if transaction.failed:
        return Refusal(replies.out_of_order("RSET"))
    return Refusal(replies.CHUNKS_BEGUN)
