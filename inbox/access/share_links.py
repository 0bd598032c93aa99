"""Share links: makes, finds and revokes them, and opens presented ones.

A link shows one message or session, as long as its maker may see it. As with tokens,
only the SHA-256 of its 256 random bits is stored.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inbox.access import accounts, api_tokens, audit_log, memberships, wrong_tokens
from inbox.access.identity import EVERYBODY, Identity
from inbox.access.roles import Role
from inbox.errors import Forbidden, Invalid, InvalidMember, NotFound, TriedTooOften
from inbox.mailbox import messages, sessions
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Message, Session, ShareLink
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

PREFIX = "msl_"
DAYS = 7  # until a link expires, by default
MOST_DAYS = 90
MOST = 1000  # of a user, neither revoked nor expired
_LENGTH = len(PREFIX) + 43  # 256 bits in base64url
_KEPT = timedelta(days=90)  # for which a dead link is listed
_LISTED = 1000

SharedKind = Literal["message", "session"]


@dataclass(frozen=True, slots=True)
class NewShareLink:
    """A link with its secret, which is shown only once."""

    link: ShareLink
    text: str


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A valid link. scope: the inbox of its object; address: of the client"""

    link: ShareLink
    text: str
    scope: Scope
    address: str


def add(
    caller: Identity, kind: SharedKind, id: str | UUID, days: int = DAYS
) -> NewShareLink:
    """Make a link to an object that the caller may see. days: until it expires

    Raises Forbidden, Invalid, NotFound.
    """
    if not caller.has("read"):  # else the link would show what the token cannot
        raise Forbidden(_("This token may not read, so it cannot share anything."))
    found = _found(caller.scope, kind, id)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidMember("days", _("1 to %(most)s days") % {"most": MOST_DAYS})
    now, text = datetime.now(UTC), f"{PREFIX}{secrets.token_urlsafe(32)}"
    link = ShareLink(
        user_id=caller.user,
        token_id=caller.token,
        digest=api_tokens.digest_of(text),
        kind=kind,
        object_id=found.pk,
        inbox_id=found.inbox_id,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    with write_turn():
        own = ShareLink.objects.filter(user=caller.user)
        if own.filter(_live()).count() >= MOST:
            raise Invalid(_("at most %(most)s links are kept") % {"most": MOST})
        ended = Q(revoked_at__lt=now - _KEPT) | Q(expires_at__lt=now - _KEPT)
        own.filter(ended).delete()
        link.save(force_insert=True)
    return NewShareLink(link, text)


def find(caller: Identity) -> list[ShareLink]:
    """Return the caller's links and all links of inboxes that they manage, newest first."""
    return list(_of_caller(caller).order_by("-pk")[:_LISTED])


def get(caller: Identity, id: str | UUID) -> ShareLink:
    """Return a link that find() lists. Raises NotFound."""
    if (key := as_uuid(id)) and (found := _of_caller(caller).filter(pk=key).first()):
        acts.touch(found.inbox_id, found.object_id)
        return found
    raise NotFound(_('there is no share link "%(id)s"') % {"id": str(id)[:40]})


def revoke(caller: Identity, id: str | UUID) -> None:
    """End a link at once, for good. Raises NotFound."""
    link = get(caller, id)
    with write_turn():
        rows = ShareLink.objects.filter(pk=link.pk, revoked_at=None)
        rows.update(revoked_at=datetime.now(UTC))


def is_live(link: ShareLink) -> bool:
    """Whether a link is neither revoked nor expired, nor its maker disabled."""
    has_ended = link.revoked_at is not None or link.expires_at <= datetime.now(UTC)
    return not has_ended and (link.user is None or link.user.is_active)


def opened(text: str, address: str) -> OpenedLink:
    """Return the link of a secret, opened. address: of the client

    Raises NotFound, with the same words for any fault; TriedTooOften after many wrong
    secrets or tokens from there.
    """
    digest = api_tokens.digest_of(text)
    if wrong_tokens.is_blocked(address, digest):
        words = _("Too many wrong links came from your address. Wait for a minute.")
        raise TriedTooOften(words)
    link = ShareLink.objects.filter(_live(), digest=digest).first()
    within = _scope_of(link) if link and len(text) == _LENGTH else None
    wrong_tokens.came(address, digest, within is not None)
    if link is None or within is None:
        raise gone()
    return OpenedLink(link, text, within, address)


def gone() -> NotFound:
    """Return the error of a link that shows nothing, the same for every reason."""
    return NotFound(_("It is wrong or has expired, or its message or session is gone."))


def note(opened: OpenedLink, kind: str) -> None:
    """Log the use of a link in the audit log. kind: the same as for other readers"""
    if not accounts.are_on():
        return
    caller = Identity("share link", token=opened.link.pk)
    made = audit_log.entry(
        kind,
        caller,
        opened.address,
        inbox_id=opened.link.inbox_id,
        object=str(opened.link.object_id),
    )
    audit_log.read(made)


def _found(scope: Scope, kind: SharedKind, id: str | UUID) -> Message | Session:
    return messages.get(scope, id) if kind == "message" else sessions.get(scope, id)


def _scope_of(link: ShareLink) -> Scope | None:
    """Return the inbox of a link's object; None if its maker can no longer see it."""
    maker = _maker(link)
    if maker is None:
        return None
    kind: SharedKind = "message" if link.kind == "message" else "session"
    try:
        found = _found(maker.scope, kind, link.object_id)
    except NotFound:
        return None
    return ALL if found.inbox_id is None else Scope(frozenset({found.inbox_id}))


def _maker(link: ShareLink) -> Identity | None:
    """Return the maker of a link, with their current rights; None if they are gone.

    A link from before there were accounts ends with the first account.
    """
    if not accounts.look_if_due():
        return EVERYBODY
    if link.user is None or not link.user.is_active:
        return None
    if link.token is None:
        return memberships.of_user(link.user)
    made_by = api_tokens.of_token(link.token)
    return made_by if api_tokens.is_live(link.token) else None


def _of_caller(caller: Identity) -> QuerySet[ShareLink]:
    rows = ShareLink.objects.filter(caller.scope.q())
    if not caller.is_administrator:
        rows = rows.filter(Q(user=caller.user) | caller.within(Role.MANAGER).q())
    return rows.select_related("user")


def _live() -> Q:
    return Q(revoked_at=None, expires_at__gt=datetime.now(UTC))
