"""API tokens: makes, finds and revokes them, and finds the identity behind a presented one.

A token never has more rights than its user has now. Only its SHA-256 is stored: it has
256 random bits, so neither salt nor slow hashing would add anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inbox.access import memberships, wrong_tokens
from inbox.access.identity import STRANGER, THROTTLED, Identity
from inbox.access.token_scopes import SCOPES
from inbox.errors import Invalid, InvalidMember, NotFound
from inbox.given_names import clean_name
from inbox.mailbox.paging import as_uuid
from inbox.models import ApiToken, Inbox, User
from inbox.storage.write_lock import write_turn

PREFIX = "msk_"
MOST = 100  # of a user, neither revoked nor expired
LONGEST_NAME = 64
MOST_DAYS = 3650
_LENGTH = len(PREFIX) + 43  # 256 bits in base64url
_SHOWN = 8  # characters of a token that are stored for display
_KEPT = timedelta(days=90)  # for which a dead token is listed
_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its text, which is shown only once."""

    token: ApiToken
    text: str


def presented(authorization: str) -> str | None:
    """Return the token of an Authorization field, "" for an empty one; None for none.

    Bearer (RFC 6750 §2.1) always has one; Basic (RFC 7617) has one if its password
    looks like a token, with any user name.
    """
    scheme, _space, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    password = pair.partition(":")[2]
    return password if password.startswith(PREFIX) else None


def identity(text: str, address: str) -> Identity:
    """Return the identity behind a token. address: of the client

    STRANGER: the token is wrong; THROTTLED: many others from there were wrong, too.
    """
    digest = digest_of(text)
    if wrong_tokens.is_blocked(address, digest):
        return THROTTLED
    token = _live().select_related("user").filter(digest=digest).first()
    is_right = token is not None and len(text) == _LENGTH and token.user.is_active
    wrong_tokens.came(address, digest, is_right)
    if token is None or not is_right:
        return STRANGER
    _note_use(token)
    return of_token(token)


def add(
    user: User,
    name: str,
    scopes: Collection[str],
    inboxes: Sequence[Inbox] | None = None,
    days: int | None = None,
) -> NewToken:
    """Make a token. inboxes: None for all of the user's; days: until it expires

    Raises Invalid.
    """
    name, scopes = clean_name(name, LONGEST_NAME), _scopes(scopes)
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidMember("days", _("1 to %(most)s days") % {"most": MOST_DAYS})
    now, text = datetime.now(UTC), f"{PREFIX}{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=user,
        name=name,
        digest=digest_of(text),
        beginning=text[:_SHOWN],
        scopes=scopes,
        every_inbox=inboxes is None,
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    with write_turn():
        if _live().filter(user=user).count() >= MOST:
            raise Invalid(_("at most %(most)s tokens are kept") % {"most": MOST})
        _dead(now - _KEPT).filter(user=user).delete()
        token.save(force_insert=True)
        if inboxes is not None:
            token.inboxes.set(inboxes)
    return NewToken(token, text)


def find(caller: Identity) -> list[ApiToken]:
    """Return the caller's tokens, newest first; for an administrator, all."""
    rows = _of_caller(caller).select_related("user").prefetch_related("inboxes")
    return list(rows.order_by("-pk")[:5000])


def get(caller: Identity, id: str | UUID) -> ApiToken:
    """Return a token of the caller; for an administrator, any. Raises NotFound."""
    rows = _of_caller(caller).select_related("user")
    if (key := as_uuid(id)) and (found := rows.filter(pk=key).first()):
        return found
    raise NotFound(_('there is no token "%(id)s"') % {"id": str(id)[:40]})


def revoke(caller: Identity, id: str | UUID) -> None:
    """End a token at once, for good. Raises NotFound."""
    token = get(caller, id)
    with write_turn():
        rows = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
        rows.update(revoked_at=datetime.now(UTC))


def is_live(token: ApiToken) -> bool:
    """Whether a token is neither revoked nor expired."""
    ended = token.expires_at is not None and token.expires_at <= datetime.now(UTC)
    return token.revoked_at is None and not ended


def slugs(token: ApiToken) -> list[str] | None:
    """Return the slugs of the inboxes that a token is for; None for all of its user's."""
    if token.every_inbox:
        return None
    return sorted(each.slug for each in token.inboxes.all())


def of_token(token: ApiToken) -> Identity:
    """Return the identity of a token: its user's rights, in its inboxes, within its scopes."""
    user = memberships.of_user(token.user)
    made = replace(user, kind="token", token=token.pk, scopes=frozenset(token.scopes))
    if token.every_inbox:
        return made
    only = token.inboxes.values_list("pk", flat=True)
    most = {each: user.role_in(each) for each in only}
    roles = {each: role for each, role in most.items() if role is not None}
    return replace(made, is_administrator=False, roles=roles)


def digest_of(text: str) -> str:
    """Return the stored form of a secret of 256 random bits: its SHA-256, in hex."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _of_caller(caller: Identity) -> QuerySet[ApiToken]:
    rows = ApiToken.objects.all()
    return rows if caller.is_administrator else rows.filter(user=caller.user)


def _live() -> QuerySet[ApiToken]:
    now = datetime.now(UTC)
    lasts = Q(expires_at=None) | Q(expires_at__gt=now)
    return ApiToken.objects.filter(lasts, revoked_at=None)


def _dead(since: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(Q(revoked_at__lt=since) | Q(expires_at__lt=since))


def _note_use(token: ApiToken) -> None:
    """Store that a token was used, at most once a minute; a full disk may prevent it."""
    now = datetime.now(UTC)
    if token.used_at is not None and token.used_at > now - _USED_EVERY:
        return
    earlier = Q(used_at=None) | Q(used_at__lte=now - _USED_EVERY)
    try:
        with write_turn():
            ApiToken.objects.filter(earlier, pk=token.pk).update(used_at=now)
    except DatabaseError:
        return


def _scopes(given: Collection[str]) -> list[str]:
    found = [each for each in SCOPES if each in given]
    if found and len(found) == len(set(given)):
        return found
    words = _("scopes must be one or more of %(scopes)s")
    raise InvalidMember("scopes", words % {"scopes": ", ".join(SCOPES)})
