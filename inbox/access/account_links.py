"""Links for making an account (invitations), or for choosing a new password.

A link can be used once, expires, and can be revoked. Only the SHA-256 of a key is
stored, since the key has 256 random bits. A link is valid only as long as its maker may
still invite there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from inbox.access import accounts, audit_log, memberships, users, wrong_tokens
from inbox.access.identity import Identity
from inbox.access.roles import Role
from inbox.errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidMember,
    NotFound,
    TriedTooOften,
)
from inbox.mailbox import inboxes as known
from inbox.mailbox.paging import as_uuid
from inbox.models import AccountLink, Inbox, Membership, User
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

DAYS = 7
MOST_DAYS = 30
MOST = 200  # valid at a time, whoever made them
MOST_INBOXES = 100
LONGEST_NAME = 150
_KEPT = timedelta(days=90)  # for which an ended link is listed

LinkState = Literal["open", "used", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link with its key, which is shown only once."""

    link: AccountLink
    key: str


def invite(
    caller: Identity,
    slugs: Sequence[str] = (),
    role: str = "viewer",
    *,
    as_administrator: bool = False,
    name: str = "",
    days: int = DAYS,
) -> NewLink:
    """Invite somebody into inboxes, which the caller must manage, or as administrator.

    name: the suggested user name; days: until the link expires. Raises Conflict without
    accounts, Forbidden, Invalid, NotFound.
    """
    if as_administrator:
        if not caller.is_administrator:
            raise Forbidden(_("Only an administrator can make administrators."))
        slugs = ()
    elif not 1 <= len(slugs) <= MOST_INBOXES:
        words = _("an invitation is for 1 to %(most)s inboxes")
        raise InvalidMember("inboxes", words % {"most": MOST_INBOXES})
    managed = caller.within(Role.MANAGER)
    chosen = [known.by_slug(managed, each) for each in dict.fromkeys(slugs)]
    if name.strip():
        name = users.new(name).username
    made = AccountLink(
        name=name.strip(),
        is_administrator=as_administrator,
        role=memberships.known_role(role),
    )
    return _store(caller, made, days, chosen)


def for_password(caller: Identity, user: User) -> NewLink:
    """Make a link for a user's new password; previous ones are revoked.

    Raises Conflict for a disabled user, Forbidden.
    """
    if not caller.is_administrator:
        raise Forbidden(_("Only an administrator can make a link for a password."))
    if not user.is_active:
        raise Conflict(_("The user is disabled: enable them first."))
    return _store(caller, AccountLink(user=user, name=user.username), DAYS, [])


def find(
    caller: Identity, slug: str = "", *, only_open: bool = False
) -> list[AccountLink]:
    """Return the links that a caller may revoke, the newest first.

    slug: of an inbox that the links open; "" for all. Raises NotFound.
    """
    rows = _of_caller(caller)
    if only_open:
        rows = rows.filter(pk__in=_live().values("pk"))
    if slug:
        inbox = known.by_slug(caller.within(Role.MANAGER), slug)
        rows = rows.filter(inboxes=inbox)
    rows = rows.select_related("created_by").prefetch_related("inboxes")
    return list(rows.order_by("-pk")[:1000])


def get(caller: Identity, id: str | UUID) -> AccountLink:
    """Return an invitation that the caller may revoke. Raises NotFound."""
    if (key := as_uuid(id)) and (found := _of_caller(caller).filter(pk=key).first()):
        return found
    raise NotFound(_('there is no invitation "%(id)s"') % {"id": str(id)[:40]})


def revoke(caller: Identity, id: str | UUID) -> None:
    """End a link at once, for good. Raises NotFound."""
    link = get(caller, id)
    with write_turn():
        rows = AccountLink.objects.filter(pk=link.pk, revoked_at=None, used_at=None)
        rows.update(revoked_at=datetime.now(UTC))
        _note(link, list(link.inboxes.all()))


def state(link: AccountLink) -> LinkState:
    """Return whether a link can still be used, or why not."""
    if link.used_at is not None:
        return "used"
    if link.revoked_at is not None:
        return "revoked"
    return "open" if link.expires_at > datetime.now(UTC) else "expired"


def presented(key: str, address: str) -> AccountLink:
    """Return the link of a key. address: of the client

    Raises NotFound for any fault of the key; TriedTooOften after many wrong keys from
    there.
    """
    digest = _digest(key)
    if wrong_tokens.is_blocked(address, digest):
        words = _("Too many wrong links came from your address. Wait for a minute.")
        raise TriedTooOften(words)
    rows = _live().select_related("user", "created_by")
    link = rows.filter(digest=digest).first()
    is_right = link is not None and _may_be_used(link, link.created_by)
    wrong_tokens.came(address, digest, is_right)
    if link is None or not is_right:
        raise _not_good()
    return link


def accept(key: str, address: str, name: str, password: str | None) -> User:
    """Make the account of a link, or set its user's password; this uses up the link.

    address: of the client; password: None for a user of the identity provider, whose
    password stays unchanged. Raises Conflict, Invalid, NotFound, TriedTooOften.
    """
    link = presented(key, address)
    user = link.user
    if user is None:
        user = users.new(name, password)
        user.is_superuser = link.is_administrator
    elif password is not None:
        users.give_password(user, password)
    with write_turn():
        now, once = datetime.now(UTC), _live().filter(pk=link.pk)
        host = User.objects.filter(pk=link.created_by_id).first()
        is_used = once.update(used_at=now, used_by=user.username)
        if not is_used or host is None or not _may_be_used(link, host):
            raise _not_good()
        if link.user is None:
            _join(user, link)
        else:
            user.save(update_fields=["password"])
        _log_use(link, user, address, by_provider=password is None)
    return user


def _join(user: User, link: AccountLink) -> None:
    users.store_new(user)
    Membership.objects.bulk_create(
        Membership(inbox=each, user=user, role=link.role) for each in link.inboxes.all()
    )


def _log_use(link: AccountLink, user: User, address: str, *, by_provider: bool) -> None:
    """Store that a link was used: the gate notes no acts of strangers."""
    of_user = "user.provider added" if by_provider else "user.password replaced"
    kind = of_user if link.user else "invitation.accepted"
    keys: list[int | None] = [each.pk for each in link.inboxes.all()]
    caller = memberships.of_user(user)
    for inbox_id in keys or [None]:
        made = audit_log.entry(
            kind, caller, address, inbox_id=inbox_id, object=str(link.pk)
        )
        made.save(force_insert=True)


def _store(
    caller: Identity, made: AccountLink, days: int, inboxes: list[Inbox]
) -> NewLink:
    if not accounts.look_if_due():
        raise Conflict(_("There are no accounts: begin with `mailsink setup`."))
    if caller.kind != "user" or caller.user is None:
        raise Forbidden(_("This needs a signed-in user; a token is not enough."))
    if not 1 <= days <= MOST_DAYS:
        raise InvalidMember("days", _("1 to %(most)s days") % {"most": MOST_DAYS})
    key, now = secrets.token_urlsafe(32), datetime.now(UTC)
    made.digest, made.created_by_id = _digest(key), caller.user
    made.created_at, made.expires_at = now, now + timedelta(days=days)
    with write_turn():
        ours = AccountLink.objects.filter(created_by=caller.user)
        if made.user is not None:
            _live().filter(user=made.user).update(revoked_at=now)
        if _live().filter(created_by=caller.user).count() >= MOST:
            words = _("at most %(most)s invitations are open at a time")
            raise Invalid(words % {"most": MOST})
        ours.filter(expires_at__lt=now - _KEPT).delete()
        made.save(force_insert=True)
        made.inboxes.set(inboxes)
        _note(made, inboxes)
    return NewLink(made, key)


def _note(link: AccountLink, inboxes: list[Inbox]) -> None:
    """Name the link in the audit log, with the inboxes that it opens."""
    role = "administrator" if link.is_administrator else link.role
    slugs = ",".join(each.slug for each in inboxes)
    details = f"user={link.name}" if link.user_id else f"role={role} inboxes={slugs}"
    only = inboxes[0].pk if len(inboxes) == 1 else None
    acts.touch(only, link.name if link.user_id else link.pk, details)


def _of_caller(caller: Identity) -> QuerySet[AccountLink]:
    """Return the links that a caller may manage.

    These are all links for an administrator; for others, those into inboxes that they
    all manage.
    """
    rows = AccountLink.objects.all()
    if caller.is_administrator:
        return rows
    managed = caller.within(Role.MANAGER).inboxes or frozenset()
    beyond = AccountLink.inboxes.through.objects.exclude(inbox__in=managed)
    rows = rows.filter(user=None, is_administrator=False, inboxes__in=managed)
    return rows.exclude(pk__in=beyond.values("accountlink")).distinct()


def _live() -> QuerySet[AccountLink]:
    rows = AccountLink.objects.filter(used_at=None, revoked_at=None)
    return rows.filter(expires_at__gt=datetime.now(UTC))


def _may_be_used(link: AccountLink, host: User) -> bool:
    """Whether the maker of a link may still invite there, and its inboxes exist."""
    now = memberships.of_user(host)
    if not host.is_active:
        return False
    if link.user is not None:
        return now.is_administrator and link.user.is_active
    if link.is_administrator:
        return now.is_administrator
    keys = [each.pk for each in link.inboxes.all()]
    return bool(keys) and all(now.may(Role.MANAGER, each) for each in keys)


def _not_good() -> NotFound:
    words = _("This link is not valid: it was used or revoked, or it has expired.")
    return NotFound(words)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
