"""The vocabulary of the state table: what a command needs before it may come.

The table (`table.COMMANDS`) lists the needs of each verb in the order of their checks.
The first need that is not met gives the reply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.session import Session


@dataclass(frozen=True, slots=True)
class Need:
    """One condition."""

    words: str  # when the need is met, for HELP and pages; {hello}: EHLO, or LHLO
    refusal: Callable[[Session], Reply | None]  # None where it is met


def _hello(session: Session) -> Reply | None:
    return None if session.helo else session.hello_missing()


def _extended_hello(session: Session) -> Reply | None:
    return None if session.extended else session.hello_missing()


def _transaction(session: Session) -> Reply | None:
    return replies.out_of_order("MAIL") if session.transaction is None else None


def _no_transaction(session: Session) -> Reply | None:
    if session.transaction is None:
        return None
    return replies.in_transaction(session.exchange.verb)


def _recipient(session: Session) -> Reply | None:
    transaction = session.transaction
    if transaction is None or transaction.accepted:
        return None
    if transaction.recipients and session.profile.protocol == "smtp":
        return replies.NO_VALID_RECIPIENTS  # 503 in LMTP (RFC 2033 §4.2)
    return replies.out_of_order("RCPT")


def _not_failed(session: Session) -> Reply | None:
    transaction = session.transaction
    failed = transaction is not None and transaction.failed
    return replies.out_of_order("RSET") if failed else None


def _no_chunk(session: Session) -> Reply | None:
    transaction = session.transaction
    if transaction is None or not transaction.begun:
        return None
    return _not_failed(session) or replies.CHUNKS_BEGUN


def _not_binary(session: Session) -> Reply | None:
    transaction = session.transaction
    binary = transaction is not None and transaction.declared.binary
    return replies.DATA_IS_NOT_BINARY if binary else None


def _login(session: Session) -> Reply | None:
    return replies.AUTH_REQUIRED if session.user is None else None


def _login_for_turn(session: Session) -> Reply | None:
    return _login(session) if session.profile.turn == "authenticated" else None


def _no_login(session: Session) -> Reply | None:
    return None if session.user is None else replies.AUTH_TWICE


def _no_tls(session: Session) -> Reply | None:
    return None if session.tls is None else replies.TLS_TWICE


HELLO = Need("after {hello}", _hello)
EXTENDED_HELLO = Need("after {hello}", _extended_hello)
TRANSACTION = Need("after MAIL", _transaction)
NO_TRANSACTION = Need("outside a transaction", _no_transaction)
RECIPIENT = Need("after a RCPT that was accepted", _recipient)
NO_CHUNK = Need("before BDAT", _no_chunk)  # RFC 3030 §2
NOT_FAILED = Need("until a chunk is refused", _not_failed)  # RFC 3030 §2
NOT_BINARY = Need("unless MAIL said BODY=BINARYMIME", _not_binary)  # RFC 3030 §3
LOGIN = Need("after AUTH", _login)
LOGIN_FOR_TURN = Need("after AUTH, unless your address is trusted", _login_for_turn)
NO_LOGIN = Need("before a login", _no_login)  # RFC 4954 §4
NO_TLS = Need("outside TLS", _no_tls)
