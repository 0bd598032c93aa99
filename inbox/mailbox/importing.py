"""Messages from files: stored with unchanged octets.

An import is a special kind of session, which has no lines and is in no list. The
envelope comes from the header, since a file has none; an mbox names the sender.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.errors import Invalid, NoRoom
from inbox.explain.quantities import compact
from inbox.mailbox import message_rows
from inbox.mailbox.message_rows import OF_MESSAGE, OF_SESSION, MessageRows
from inbox.models import Inbox, Session
from inbox.models.session import IMPORT
from inbox.storage.full_disk import is_full
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from mailsink.conf import CONFIG
from mailsink.mime import headers, mbox
from mailsink.mime.headers import Summary

MOST = 10_000  # messages of an import
_OCTETS_AT_ONCE = 1024 * 1024
_MOST_RECIPIENTS = 100
_PIECE = 64 * 1024  # octets that are read at once
_FROM = b"From "  # an mbox begins with it
# An mbox's words for the empty reverse-path, and for an unknown one.
_EMPTY, _UNKNOWN = ("MAILER-DAEMON", "<>"), ("", "-", "???@???")


class File(Protocol):
    """A file, as far as an import reads it."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> object: ...


@dataclass(slots=True)
class Imported:
    """The result of an import. failed: the errors, and how often each occurred"""

    ids: list[UUID] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)

    def fail(self, why: str) -> None:
        self.failed[why] = self.failed.get(why, 0) + 1

    @property
    def failures(self) -> int:
        return sum(self.failed.values())

    @property
    def sentence(self) -> str:
        """The result in words: "12 messages imported, 1 failed: larger than 50 MB"."""
        count, failed = len(self.ids), self.failures
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
        "The disk is full: %(n)s message was imported, the rest was not. Free some "
        "space, then import the rest.",
        "The disk is full: %(n)s messages were imported, the rest was not. Free some "
        "space, then import the rest.",
        count,
    )
    return words % {"n": f"{count:,}"}


class Importer:
    """Stores the messages of one import, which may be several files; several in a commit."""

    def __init__(
        self, inbox: Inbox, server: UUID, client: str, username: str = ""
    ) -> None:
        """server: of this process; client: the importing user's address

        username: the name that the client gave, unchecked
        """
        self.done = Imported()
        self._inbox = inbox
        self._most = CONFIG.max_message_size
        self._waiting: list[_Waiting] = []
        self._rows = self._octets = 0  # of the waiting messages
        now = datetime.now(UTC)
        self._session = Session(
            server_id=server, inbox=inbox, listener=IMPORT, listener_kind=IMPORT,
            client_address=client, client_port=0, protocol=IMPORT,
            opened_at=now, closed_at=now, ending="quit", auth_username=username,
        )  # fmt: skip
        self._is_stored = False

    def read_file(self, file: File) -> Imported:
        """Store the messages of a file: an mbox if it begins like one, else one message."""
        is_mbox = file.read(len(_FROM)) == _FROM
        file.seek(0)
        if is_mbox:
            return self.read_mbox(file.read)
        return self.read_message(file.read)

    def read_mbox(self, read: Callable[[int], bytes]) -> Imported:
        """Store the messages of an mbox, and return the result so far. Raises Invalid."""
        try:
            for each in mbox.split(read, self._most):
                self._add(each.octets, each.sender)
                if self.done.failures > MOST:
                    # a file can consist of "From " lines only
                    self.done.fail(_("the rest was not read after so many failures"))
                    break
        except mbox.NotMbox as error:
            raise Invalid(_("this is not an mbox: %(why)s") % {"why": error}) from None
        return self._ended()

    def read_message(self, read: Callable[[int], bytes]) -> Imported:
        """Store one message, and return the result so far."""
        octets = bytearray()
        too_large = False
        while piece := read(_PIECE):
            octets += piece
            if self._most and len(octets) > self._most:
                too_large = True
                octets.clear()  # the rest is read, and dropped
        self._add(None if too_large else bytes(octets), "")
        return self._ended()

    def store(
        self,
        octets: bytes,
        reverse_path: str,
        recipients: Sequence[str],
        tags: Sequence[str] = (),
    ) -> Imported:
        """Store one message with an envelope and tags, and return the result so far."""
        if self._most and len(octets) > self._most:
            self._add(None, "")
        else:
            summary = headers.summary(octets)
            self._wait(_Waiting(octets, reverse_path, summary, [*recipients], [*tags]))
        return self._ended()

    def _add(self, octets: bytes | None, sender: str) -> None:
        if octets is None:
            size = compact(self._most)
            self.done.fail(_("larger than %(size)s") % {"size": size})
        elif not octets.strip():
            self.done.fail(_("empty"))
        elif len(self.done.ids) + len(self._waiting) >= MOST:
            words = _("more than %(most)s in one import (split the file)")
            self.done.fail(words % {"most": f"{MOST:,}"})
        else:
            self._wait(_Waiting.of(octets, sender))

    def _wait(self, one: _Waiting) -> None:
        """Queue a message for a turn; store the queue first if it would get too large."""
        rows, size = self._rows + one.rows, self._octets + len(one.octets)
        if rows > ROWS_IN_A_TURN - OF_SESSION or size > _OCTETS_AT_ONCE:
            self._store()
        self._waiting.append(one)
        self._rows += one.rows
        self._octets += len(one.octets)

    def _ended(self) -> Imported:
        self._store()
        return self.done

    def _store(self) -> None:
        """Write the waiting messages, in one commit. Raises NoRoom."""
        waiting, self._waiting = self._waiting, []
        self._rows = self._octets = 0
        if not waiting:
            return
        try:
            self._write(waiting)
        except (DatabaseError, OSError) as error:
            if not is_full(error):
                raise
            raise NoRoom(_no_room(len(self.done.ids)), len(self.done.ids)) from None

    def _write(self, waiting: list[_Waiting]) -> None:
        """Write messages, in one commit. Ids follow the order of commits."""
        rows = [each.as_rows(self._session) for each in waiting]
        with write_turn():
            ids = message_rows.insert(self._session, rows, not self._is_stored)
            self._is_stored = True
        self.done.ids += ids


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message to store. recipients: those that its header names"""

    octets: bytes
    sender: str
    summary: Summary
    recipients: list[str]
    tags: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, octets: bytes, sender: str) -> _Waiting:
        """sender: from the line "From " of an mbox, if there is one"""
        summary = headers.summary(octets)
        named = (each["address"] for each in (*summary.to, *summary.cc))
        recipients = list(dict.fromkeys(filter(None, named)))[:_MOST_RECIPIENTS]
        return cls(octets, sender, summary, recipients)

    @property
    def rows(self) -> int:
        return OF_MESSAGE + len(self.recipients)

    def as_rows(self, session: Session) -> MessageRows:
        """Return the message's rows. Raises OSError if a large body cannot be stored."""
        rows = MessageRows(
            session, self.octets, self.summary, self.reverse_path, self.recipients
        )
        rows.message.tags = self.tags
        return rows

    @property
    def reverse_path(self) -> str:
        """The sender from the file, else from the header."""
        if self.sender.upper() in _EMPTY:
            return ""
        return self.summary.from_address if self.sender in _UNKNOWN else self.sender
