"""Makes, lists, rotates and revokes the logins of inboxes.

A password is made here, and shown once. Only its SCRAM-SHA-256 verifier is stored; the
password itself is stored, sealed, only for CRAM-MD5, which needs it.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from scramp import ScramMechanism

from inbox.errors import Conflict, Invalid, InvalidMember, NotFound
from inbox.mailbox import inboxes
from inbox.mailbox.scope import Scope
from inbox.models import Inbox, SmtpCredential
from inbox.storage import sealing
from inbox.storage.write_lock import write_turn
from mailsink.conf import CONFIG
from mailsink.ports import Verifier

MOST = 50  # of an inbox
LONGEST_OVERLAP = 30 * 24 * 3600  # seconds for which a rotated password stays valid
_SHA_256 = ScramMechanism("SCRAM-SHA-256")
_ITERATIONS = 4096  # RFC 7677 §4 requires at least this number
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9.-]+)?")
_LONGEST_NAME = 64
_STORED = re.compile(r"SCRAM-SHA-256\$(\d{1,9}):([^$:]+)\$([^$:]+):([^$:]+)")


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A credential with its password, which is shown only once."""

    credential: SmtpCredential
    password: str


def find(scope: Scope, slug: str) -> list[SmtpCredential]:
    """Return the credentials of an inbox, by name. Raises NotFound."""
    inbox = inboxes.by_slug(scope, slug)
    return list(SmtpCredential.objects.filter(inbox=inbox.pk).order_by("username"))


def add(
    scope: Scope, slug: str, username: str, with_cram_md5: bool = False
) -> NewPassword:
    """Make a credential. Raises NotFound, Invalid, Conflict."""
    inbox = inboxes.by_slug(scope, slug)
    name = username.strip()
    if len(name) > _LONGEST_NAME or not _USERNAME.fullmatch(name):
        words = _(
            "a user name has 1 to %(most)s letters, digits, dots, - and _, optionally "
            "followed by an @ and a domain"
        )
        raise InvalidMember("username", words % {"most": _LONGEST_NAME})
    if any(name == login for login, _password in CONFIG.smtp_auth):
        raise _is_taken(name)
    password = _new_password()
    made = SmtpCredential(
        inbox=inbox,
        username=name,
        verifier=_verifier(password, secrets.token_bytes(16)),
        password=sealing.seal(password) if with_cram_md5 else "",
    )
    with write_turn():
        # A login of an inbox in the trash does not reserve its name.
        known = SmtpCredential.objects.filter(username=name)
        known.filter(inbox__deleted_at__isnull=False).delete()
        if SmtpCredential.objects.filter(inbox=inbox.pk).count() >= MOST:
            raise Invalid(
                _("an inbox has at most %(most)s credentials") % {"most": MOST}
            )
        _save_new(made)
    inboxes.announce(inbox.pk)
    return NewPassword(made, password)


def _save_new(made: SmtpCredential) -> None:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise _is_taken(made.username) from None


def _is_taken(name: str) -> Conflict:
    return Conflict(_('there is already a login "%(name)s"') % {"name": name})


def rotate(scope: Scope, slug: str, username: str, overlap: int = 0) -> NewPassword:
    """Make a new password; the old one stays valid for some seconds.

    overlap: 0 ends it at once. Raises NotFound, Invalid.
    """
    if not 0 <= overlap <= LONGEST_OVERLAP:
        words = _("the old password stays valid for 0 to %(most)s seconds")
        raise InvalidMember("overlap", words % {"most": LONGEST_OVERLAP})
    inbox = inboxes.by_slug(scope, slug)
    password = _new_password()
    with write_turn():
        row = _one(inbox, username)
        now = datetime.now(UTC)
        row.old_verifier = row.verifier if overlap else ""
        row.old_password = row.password if overlap else ""
        row.old_until = now + timedelta(seconds=overlap) if overlap else None
        # The same salt: SCRAM sends the salt before it knows which password a client
        # has.
        row.verifier = _verifier(password, read(row.verifier).salt)
        row.password = sealing.seal(password) if row.password else ""
        row.changed_at = now
        row.save()
    inboxes.announce(inbox.pk)
    return NewPassword(row, password)


def revoke(scope: Scope, slug: str, username: str) -> None:
    """Revoke a credential: logins with it fail from now on. Raises NotFound."""
    inbox = inboxes.by_slug(scope, slug)
    with write_turn():
        _one(inbox, username).delete()
    inboxes.announce(inbox.pk)


def _one(inbox: Inbox, username: str) -> SmtpCredential:
    rows = SmtpCredential.objects.filter(inbox=inbox.pk).select_for_update()
    found = rows.filter(username=username).first() if "\x00" not in username else None
    if found is None:
        raise NotFound(
            _('this inbox has no login "%(name)s"') % {"name": username[:80]}
        )
    return found


def _new_password() -> str:
    """Return a password of 128 bits, of characters that no client has to escape."""
    return secrets.token_hex(16)


def _verifier(password: str, salt: bytes) -> str:
    """Return the stored form of a password for SCRAM-SHA-256 (RFC 5803 §3)."""
    salt, stored, server, count = _SHA_256.make_auth_info(password, _ITERATIONS, salt)
    shown = [b64encode(each).decode() for each in (salt, stored, server)]
    return f"SCRAM-SHA-256${count}:{shown[0]}${shown[1]}:{shown[2]}"


def read(stored: str) -> Verifier:
    """Return a stored verifier in the engine's form. Raises ValueError."""
    match = _STORED.fullmatch(stored)
    if match is None:
        raise ValueError("no SCRAM-SHA-256 verifier")
    salt, key, server = (b64decode(each) for each in match.groups()[1:])
    return Verifier(salt, int(match[1]), key, server)
