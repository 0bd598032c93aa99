"""Messages that come as files: stored with their octets as they are.

An import is a session of a kind of its own, which has no lines and is in no list. Its
envelope is made of the header, since a file has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.errors import Invalid, NoRoom
from inbox.explain.quantities import compact
from inbox.mailbox.signals import MessageImported, announce
from inbox.models import Inbox, Message, Raw, Recipient, Session, Transaction
from inbox.models.session import IMPORT
from inbox.storage import body_store
from inbox.storage.full_disk import is_full
from inbox.storage.write_lock import write_turn
from mailsink.conf import CONFIG
from mailsink.ids import uuid7
from mailsink.mime import headers, mbox
from mailsink.smtp.body.spool import Spool

_AT_ONCE = 40  # messages in a turn: each has several rows
_OCTETS_AT_ONCE = 8 * 1024 * 1024
_IN_MEMORY = 1024 * 1024  # octets; a larger body is a file
_MOST_RECIPIENTS = 100
_LINE = 64 * 1024  # octets of a line that are read at once


@dataclass(slots=True)
class Imported:
    """The result of an import. failed: what was wrong, and how often"""

    ids: list[UUID] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)

    def fail(self, why: str) -> None:
        self.failed[why] = self.failed.get(why, 0) + 1

    @property
    def sentence(self) -> str:
        """The result in words: "12 messages imported, 1 failed: larger than 50 MB"."""
        count, failed = len(self.ids), sum(self.failed.values())
        if not failed:
            words = ngettext("%(n)s message imported", "%(n)s messages imported", count)
            return words % {"n": f"{count:,}"}
        words = ngettext(
            "%(n)s message imported, %(failed)s failed: %(why)s",
            "%(n)s messages imported, %(failed)s failed: %(why)s",
            count,
        )
        why = ", ".join(self.failed)
        return words % {"n": f"{count:,}", "failed": f"{failed:,}", "why": why}


def _no_room(count: int) -> str:
    words = ngettext(
        "The disk is full: %(n)s message was imported, the rest was not. Make room, then "
        "import the rest.",
        "The disk is full: %(n)s messages were imported, the rest was not. Make room, "
        "then import the rest.",
        count,
    )
    return words % {"n": f"{count:,}"}


class Importer:
    """Stores messages of one file or more, several in a commit.

    Reading a file raises NoRoom if the disk is full.
    """

    def __init__(self, inbox: Inbox, server: UUID, client: str) -> None:
        """server: of this process; client: the address of whoever imports"""
        self.done = Imported()
        self._inbox = inbox
        self._most = CONFIG.max_message_size
        self._waiting: list[tuple[bytes, str]] = []
        self._octets = 0
        now = datetime.now(UTC)
        self._session = Session(
            server_id=server, inbox=inbox, listener=IMPORT, listener_kind=IMPORT,
            client_address=client, client_port=0, protocol=IMPORT,
            opened_at=now, closed_at=now, ending="quit",
        )  # fmt: skip
        self._is_stored = False

    def read_file(self, readline: Callable[[int], bytes]) -> Imported:
        """Store the messages of a file: an mbox if it begins as one, else one message."""
        first = readline(_LINE)
        rest = _after(first, readline)
        return (
            self.read_mbox(rest)
            if first.startswith(b"From ")
            else self.read_message(rest)
        )

    def read_mbox(self, readline: Callable[[int], bytes]) -> Imported:
        """Store the messages of an mbox, and return the result. Raises Invalid."""
        try:
            for each in mbox.split(readline, self._most):
                self._add(each.octets, each.sender)
        except mbox.NotMbox as error:
            raise Invalid(_("this is no mbox: %(why)s") % {"why": error}) from None
        return self._ended()

    def read_message(self, readline: Callable[[int], bytes]) -> Imported:
        """Store one message, and return the result."""
        pieces: list[bytes] = []
        size = 0
        while piece := readline(_LINE):
            size += len(piece)
            if self._most and size > self._most:
                pieces = []  # the rest is read, and dropped
            else:
                pieces.append(piece)
        too_large = self._most and size > self._most
        self._add(None if too_large else b"".join(pieces), "")
        return self._ended()

    def _add(self, octets: bytes | None, sender: str) -> None:
        if octets is None:
            size = compact(self._most)
            self.done.fail(_("larger than %(size)s") % {"size": size})
        elif not octets.strip():
            self.done.fail(_("empty"))
        else:
            self._waiting.append((octets, sender))
            self._octets += len(octets)
        if len(self._waiting) >= _AT_ONCE or self._octets >= _OCTETS_AT_ONCE:
            self._store()

    def _ended(self) -> Imported:
        self._store()
        return self.done

    def _store(self) -> None:
        """Write what waits, in one commit. Raises NoRoom."""
        waiting, self._waiting, self._octets = self._waiting, [], 0
        if not waiting:
            return
        try:
            self._write(waiting)
        except (DatabaseError, OSError) as error:
            if not is_full(error):
                raise
            raise NoRoom(_no_room(len(self.done.ids)), len(self.done.ids)) from None

    def _write(self, waiting: list[tuple[bytes, str]]) -> None:
        """Write messages, in one commit; ids are in the order of commits."""
        bodies = [_Body(self._session, octets, sender) for octets, sender in waiting]
        with write_turn():
            self._session.messages += len(bodies)
            self._session.transactions += len(bodies)
            self._session.octets += sum(each.message.size for each in bodies)
            self._session.save(force_insert=not self._is_stored)
            self._is_stored = True
            now = datetime.now(UTC)
            for seq, each in enumerate(
                bodies, self._session.messages - len(bodies) + 1
            ):
                each.transaction.seq = seq
                each.message.id, each.message.received_at = uuid7(), now
            Transaction.objects.bulk_create(each.transaction for each in bodies)
            Recipient.objects.bulk_create(
                recipient for each in bodies for recipient in each.recipients
            )
            Raw.objects.bulk_create(each.raw for each in bodies)
            Message.objects.bulk_create(each.message for each in bodies)
            ids = [each.message.id for each in bodies]
            announce([MessageImported(id) for id in ids])
        self.done.ids += ids


def _after(first: bytes, readline: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Return a readline that begins with a line that was read already."""
    waiting = [first]
    return lambda most: waiting.pop() if waiting else readline(most)


class _Body:
    """The rows of one message."""

    def __init__(self, session: Session, octets: bytes, sender: str) -> None:
        summary = headers.summary(octets)
        paths = [
            each["address"] for each in (*summary.to, *summary.cc) if each["address"]
        ]
        paths = list(dict.fromkeys(paths))[:_MOST_RECIPIENTS]
        self.transaction = Transaction(
            session=session, inbox=session.inbox, seq=0, reverse_path=sender,
            first_recipient=paths[0] if paths else "", outcome="accepted", code=250,
            recipients_accepted=len(paths), started_us=0, ended_us=0,
        )  # fmt: skip
        self.recipients = [
            Recipient(
                transaction=self.transaction, seq=seq, forward_path=path, rcpt_code=250
            )
            for seq, path in enumerate(paths, 1)
        ]
        self.raw = _raw(self.transaction, octets)
        self.message = Message(
            transaction=self.transaction, inbox=session.inbox, size=len(octets),
            from_name=summary.from_name, from_address=summary.from_address, to=summary.to,
            cc=summary.cc, subject=summary.subject, message_id=summary.message_id, date=summary.date,
        )  # fmt: skip


def _raw(transaction: Transaction, octets: bytes) -> Raw:
    """Return the row of a body; a large one is a synced file by then. Raises OSError."""
    spool = Spool(0, _IN_MEMORY, CONFIG.data / "spool")
    spool.add(octets)
    if spool.full:
        spool.sync()
    if spool.error:
        raise spool.error
    body = spool.body(ended=True)
    key = body_store.adopt(body.path, transaction.pk) if body.path else ""
    return Raw(
        transaction=transaction, sha256=body.sha256, size=body.size, complete=True,
        key=key, content=body.content,
    )  # fmt: skip
