"""Users of the OpenID Connect provider: which of them are admitted, and as which user."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from inbox.access import (
    account_links,
    audit_log,
    identity_provider,
    second_factors,
    users,
)
from inbox.access.identity_provider import ProviderUser
from inbox.access.memberships import of_user
from inbox.errors import Conflict, Forbidden
from inbox.models import ProviderIdentity, User
from inbox.storage.write_lock import several_turns, write_turn


def sign_in(known: ProviderUser, address: str) -> User:
    """Return the Mailsink user of a provider's user; find or make one at the first login.

    address: of the client. Raises Conflict, Forbidden, Invalid.
    """
    with write_turn():
        user = _linked(known)
        if user is None:
            user = _waiting(known) or _new(known, address)
            _link(user, known)
        if not user.is_active:
            raise Forbidden(_("The user is disabled."))
        _join_groups(user, known)
    return user


def accept(known: ProviderUser, key: str, address: str) -> User:
    """Use an account link for a provider's user, in place of a password.

    An invitation makes a user; the link of an existing user lets them sign in through
    the provider. address: of the client. Raises Conflict, Invalid, NotFound,
    TriedTooOften.
    """
    with several_turns(), transaction.atomic():
        if (user := _linked(known)) is not None:
            words = _("You already have an account here as %(name)s: sign in.")
            raise Conflict(words % {"name": user.get_username()})
        name = known.address or known.name
        user = account_links.accept(key, address, name, None)
        _link(user, known)
        _join_groups(user, known)
    return user


def _linked(known: ProviderUser) -> User | None:
    rows = ProviderIdentity.objects.select_related("user")
    found = rows.filter(issuer=known.issuer, subject=known.subject).first()
    return found.user if found else None


def _waiting(known: ProviderUser) -> User | None:
    """Return the user whom an administrator made for an address, and who cannot sign in yet.

    A name alone proves nothing: invited guests choose their own.
    """
    if not known.address:
        return None
    user = User.objects.filter(username__iexact=known.address).first()
    if user is None or user.has_usable_password() or second_factors.has_any(user):
        return None
    return None if user.provider_identities.exists() else user


def _new(known: ProviderUser, address: str) -> User:
    """Make a user for somebody with an address in one of our domains."""
    ours = identity_provider.configured()
    domains = ours.domains if ours else ()
    local, _at, domain = known.address.rpartition("@")
    if not local or domain not in domains:
        raise Forbidden(_refusal(known))
    user = users.new(known.address)
    users.store_new(user)
    made = audit_log.entry(
        "user.added",
        of_user(user),
        address,
        object=user.username,
        details="by provider",
    )
    made.save(force_insert=True)
    return user


def _refusal(known: ProviderUser) -> str:
    if not known.address:
        return _("The identity provider gave no verified email address of yours.")
    words = _(
        "There is no user for %(address)s. Ask an administrator for an invitation, and "
        "open it in this browser."
    )
    return words % {"address": known.address[:254]}


def _link(user: User, known: ProviderUser) -> None:
    ProviderIdentity.objects.create(
        user=user,
        issuer=known.issuer,
        subject=known.subject,
        created_at=datetime.now(UTC),
    )


def _join_groups(user: User, known: ProviderUser) -> None:
    """Set a user's groups to exactly those of ours that the provider names, if it names any."""
    if known.groups is not None:
        user.groups.set(Group.objects.filter(name__in=known.groups))
