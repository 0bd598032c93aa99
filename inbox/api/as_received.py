"""A stored message with the header fields that Mailpit and MailHog would have added.

Mailsink stores a message unchanged, and adds these fields only in the answers of a
dialect: Return-Path, Received, a Message-ID if there is none, and Bcc for the
recipients that the header does not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property

from inbox.mailbox.offsets import StoredMail
from mailsink.conf import CONFIG
from mailsink.mime import headers
from mailsink.mime.addresses import Address, addresses

_UNSAFE = re.compile(r"[^\x20-\x7e]")
_ADDRESSES = ("to", "cc", "bcc", "reply-to")


@dataclass(frozen=True)
class AsReceived:
    """A message in the form that such a server would have received."""

    mail: StoredMail

    @cached_property
    def sent(self) -> list[headers.Field]:
        """The header fields that the client sent."""
        return headers.split(self.mail.head)[0]

    @cached_property
    def people(self) -> dict[str, list[Address]]:
        """The addresses in each of the fields To, Cc, Bcc and Reply-To."""
        found: dict[str, list[Address]] = {name: [] for name in _ADDRESSES}
        for each in self.sent:
            if each.name.lower() in found:
                found[each.name.lower()] += addresses(each.encoded)
        return found

    @cached_property
    def bcc(self) -> list[Address]:
        """The recipients that To and Cc do not name."""
        named = {
            each.address.lower()
            for field in _ADDRESSES[:3]
            for each in self.people[field]
        }
        hidden = dict.fromkeys(
            path for path in self.mail.recipients if path.lower() not in named
        )
        return [*self.people["bcc"], *(Address("", path) for path in hidden)]

    @property
    def message_id(self) -> str:
        """The Message-ID without its brackets, or the added one."""
        message = self.mail.message
        return message.message_id or f"{message.pk}@{CONFIG.hostname}"

    @cached_property
    def added(self) -> list[tuple[str, str]]:
        """The added fields, which precede those of the client; folded with CRLF."""
        return [
            (name, value)
            for name, value in self._added()
            if name.lower() not in self._names
        ]

    @property
    def _names(self) -> set[str]:
        return {each.name.lower() for each in self.sent} - {"received"}

    def _added(self) -> Iterator[tuple[str, str]]:
        mail = self.mail
        yield "Return-Path", f"<{_plain(mail.reverse_path)}>"
        if mail.is_sent:
            at = format_datetime(mail.message.received_at)
            first = _plain(next(iter(mail.recipients), ""))
            yield (
                "Received",
                f"from {_plain(mail.session.helo)} (unknown [{mail.session.client_address}])"
                f"\r\n        by {CONFIG.hostname} (Mailsink) with SMTP"
                f"\r\n        for <{first}>; {at}",
            )
        yield "Message-ID", f"<{_plain(self.message_id)}>"
        if self.bcc:
            yield "Bcc", ",\r\n ".join(f"<{_plain(each.address)}>" for each in self.bcc)

    @cached_property
    def prefix(self) -> bytes:
        """The added fields as octets, to precede those of the message."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.added).encode()

    @property
    def size(self) -> int:
        return self.mail.message.size + len(self.prefix)

    def fields(self, without: str = "") -> Iterator[tuple[str, str]]:
        """Yield each field with its unfolded value; encoded words stay unchanged.

        without: the name of a field to leave out of the added ones
        """
        for name, value in self.added:
            if name == without:
                continue
            yield name, re.sub(r"\r\n\s+", " ", value)
        for each in self.sent:
            yield each.name, each.encoded


def _plain(value: str) -> str:
    """Return a client's text without line ends, so that it can be in a header."""
    return _UNSAFE.sub("?", value)
