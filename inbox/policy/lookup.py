"""Replies to clients about addresses, from the known addresses of an inbox. Pure.

None means no decision: the recipient is accepted, VRFY cannot verify. utf8: whether the
client allows UTF-8 in replies (RFC 6531 §3.7.4.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from inbox.mailbox.known_addresses import Book
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

_CHOICES = 20  # listed in one reply


def recipient(
    book: Book, known_only: bool, mailbox: str, utf8: bool = False
) -> Reply | None:
    """Return the reply to RCPT (RFC 5321 §3.3, §3.4)."""
    known = book.at(mailbox)
    if known is None:
        refused = known_only and not _is_postmaster(mailbox)
        return _unknown(book, mailbox, utf8) if refused else None
    if known.kind == "forwarded":
        reply = replies.forwarded(known.target[0])
        return _in_words(reply, utf8, replies.FORWARDED_NEEDS_UTF8)
    if known.kind == "moved":
        reply = replies.moved(known.target[0])
        return _in_words(reply, utf8, replies.MOVED_NEEDS_UTF8)
    if known.kind == "ambiguous":
        return _ambiguous(book, known.target, utf8)
    return None


def verify(book: Book, known_only: bool, name: str, utf8: bool = False) -> Reply | None:
    """Return the reply to VRFY (RFC 5321 §3.5.1)."""
    found = book.called(name)
    if len(found) > 1:
        return _ambiguous(book, [each.address for each in found], utf8)
    if not found:
        refused = known_only and not _is_postmaster(name)
        return replies.unknown_user() if refused else None
    (known,) = found
    if known.kind == "list":
        return replies.VERIFIES_NO_LIST
    if known.kind in ("mailbox", "alias"):
        mailboxes = _named(book, known.target or (known.address,))
        return _in_words(replies.verified(mailboxes), utf8, replies.VERIFIED_NEEDS_UTF8)
    return recipient(book, known_only, known.address, utf8)


def expand(book: Book, name: str, utf8: bool = False) -> Reply | None:
    """Return the reply to EXPN (RFC 5321 §3.5.2).

    An alias is answered like a list, of one or more.
    """
    found = book.called(name)
    lists = [each for each in found if each.kind in ("list", "alias")]
    if len(lists) == 1:
        mailboxes = _named(book, lists[0].target)
        return _in_words(replies.verified(mailboxes), utf8, replies.VERIFIED_NEEDS_UTF8)
    if lists:
        return _ambiguous(book, [each.address for each in lists], utf8)
    return replies.NOT_A_LIST if found else None


def _named(book: Book, mailboxes: Sequence[str]) -> list[str]:
    return [book.named(each) for each in mailboxes]


def _ambiguous(book: Book, mailboxes: Sequence[str], utf8: bool) -> Reply:
    choices = _named(book, mailboxes[:_CHOICES])
    if len(mailboxes) > _CHOICES:
        choices.append(f"and {len(mailboxes) - _CHOICES} more")
    reply = replies.ambiguous(choices)
    return _in_words(reply, utf8, replies.AMBIGUOUS_NEEDS_UTF8)


def _unknown(book: Book, mailbox: str, utf8: bool) -> Reply:
    nearly = book.nearly(mailbox)
    reply = replies.unknown_user(nearly.address if nearly else "")
    return _in_words(reply, utf8, replies.unknown_user())


def _in_words(reply: Reply, utf8: bool, instead: Reply) -> Reply:
    """Return the reply, or its replacement if it would need UTF-8."""
    return reply if utf8 or all(map(str.isascii, reply.texts)) else instead


def _is_postmaster(mailbox: str) -> bool:
    """Whether it is the postmaster, whose mail is always accepted (RFC 5321 §4.5.1)."""
    return mailbox.partition("@")[0].lower() == "postmaster"
