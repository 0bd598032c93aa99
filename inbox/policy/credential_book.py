"""The logins of all inboxes in memory, reloaded after changes: a login needs no query."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Max

from inbox.mailbox import inboxes
from inbox.models import SmtpCredential
from inbox.policy import smtp_credentials
from inbox.storage import sealing
from mailsink.ports import Credentials, KeyedDigest, Password, Verifier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """A login with its current password, and the previous one while that is valid.

    passwords: in plain octets, if CRAM-MD5 is on
    """

    current: Verifier
    old: Verifier | None = None
    passwords: tuple[bytes, ...] = ()
    old_until: datetime | None = None

    @property
    def verifier(self) -> Verifier:
        """The verifier for a SCRAM proof now."""
        old = self.old if self._old_is_good() else None
        return self.current if old is None else replace(self.current, previous=old)

    def _old_is_good(self) -> bool:
        return self.old_until is not None and datetime.now(UTC) < self.old_until

    def proved_by(self, offered: Credentials) -> bool:
        """Whether credentials are valid.

        Takes the same time for any password. Blocks for about 1 ms.
        """
        if isinstance(offered, KeyedDigest):
            good = self.passwords[: 2 if self._old_is_good() else 1] or (b"",)
            proofs = [offered.proves(each) for each in good]
            return bool(self.passwords) and any(proofs)
        return _fits(offered, self.verifier)


def _fits(offered: Password, verifier: Verifier) -> bool:
    """Whether a password fits a verifier (RFC 5802 §3)."""
    salt, count = verifier.salt, verifier.iterations
    salted = hashlib.pbkdf2_hmac("sha256", offered.secret, salt, count)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    previous = verifier.previous or verifier
    fits = hmac.compare_digest(stored, verifier.stored_key)
    return fits | hmac.compare_digest(stored, previous.stored_key)


class CredentialBook:
    """The logins by name."""

    def __init__(self) -> None:
        """Start without logins, until the first refresh."""
        self.logins: Mapping[bytes, SmtpLogin] = {}
        self.takes_cram_md5 = False
        self._version: object = None
        inboxes.changed.connect(self._changed)

    def refresh(self) -> None:
        """Reload the logins if they changed. Blocks."""
        rows = SmtpCredential.objects.filter(inbox__deleted_at=None)
        version = rows.aggregate(Count("pk"), Max("pk"), Max("changed_at"))
        if version == self._version:
            return
        found = {}
        for each in rows:
            try:
                found[each.username.encode()] = _login(each)
            except (ValueError, sealing.Unreadable) as error:
                log.error("the login %s cannot be read: %s", each.username, error)
        self.takes_cram_md5 = any(each.passwords for each in found.values())
        self.logins, self._version = found, version

    def _changed(self, **_: Any) -> None:
        self.refresh()


def _login(row: SmtpCredential) -> SmtpLogin:
    """Return a login. Raises ValueError, Unreadable."""
    sealed = [each for each in (row.password, row.old_password) if each]
    return SmtpLogin(
        smtp_credentials.read(row.verifier),
        smtp_credentials.read(row.old_verifier) if row.old_verifier else None,
        tuple(sealing.unseal(each).encode() for each in sealed),
        row.old_until,
    )
