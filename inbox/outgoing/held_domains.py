"""Held domains: mail for them waits until its receiver requests it; each has a list of users.

Each changing function returns the stored result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox import inboxes
from inbox.mailbox.scope import Scope
from inbox.models import HeldDomain, Message, Release
from inbox.models.outgoing import HELD
from inbox.outgoing import domain_forms, routes, switch
from inbox.storage.write_lock import write_turn
from mailsink.smtp.protocol import grammar

MOST = 100
MOST_USERS = 100
_REMOVED_AT_ONCE = 50  # releases, most with few recipients
ANYBODY = "*"  # among the users: any authenticated user
_LONGEST_USER = 255  # characters
_FIRST = UUID(int=0)  # before all messages


def find(scope: Scope) -> list[HeldDomain]:
    """Return the held domains, by name."""
    rows = HeldDomain.objects.filter(scope.q()).select_related("route", "inbox")
    return list(rows.order_by("domain"))


def get(scope: Scope, domain: str) -> HeldDomain:
    """Return one held domain. Raises NotFound."""
    rows = HeldDomain.objects.filter(scope.q(), domain=domain.lower())
    rows = rows.select_related("route", "inbox")
    found = rows.first() if "\x00" not in domain else None  # PostgreSQL rejects NUL
    if found is not None:
        return found
    raise NotFound(_('no mail is held for "%(domain)s"') % {"domain": domain[:255]})


def add(
    scope: Scope, inbox: str, fields: Mapping[str, Any], earlier: bool = False
) -> HeldDomain:
    """Hold mail for a domain from now on.

    fields: domain; users and route (a name, "" for none) may be left out earlier: also
    hold mail from before Raises NotFound, Invalid, Conflict.
    """
    switch.check()
    if HeldDomain.objects.count() >= MOST:
        raise Invalid(_("at most %(most)s domains are held") % {"most": MOST})
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first()
    held = HeldDomain(
        domain=_domain(fields.get("domain", "")),
        inbox=inboxes.by_slug(scope, inbox),
        seen=_FIRST if earlier or newest is None else newest,
        created_at=datetime.now(UTC),
        **_checked(fields),
    )
    try:
        with write_turn():
            held.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            _('mail for "%(domain)s" is already held') % {"domain": held.domain}
        ) from None
    return held


def change(scope: Scope, domain: str, fields: Mapping[str, Any]) -> HeldDomain:
    """Change the users or the route of a held domain; fields that are not given stay.

    Raises NotFound, Invalid, Conflict.
    """
    switch.check()
    changes = _checked(fields)
    with write_turn():
        held = get(scope, domain)
        for name, value in changes.items():
            setattr(held, name, value)
        held.save(update_fields=changes)
    return held


def delete(scope: Scope, domain: str) -> None:
    """Stop holding mail for a domain, and remove what waits for it. Raises NotFound.

    The messages stay, and so does the log of the mail that was taken.
    """
    held = get(scope, domain)
    rows = Release.objects.filter(held_by=held, state=HELD)
    while batch := list(rows.values_list("pk", flat=True)[:_REMOVED_AT_ONCE]):
        with write_turn():
            Release.objects.filter(pk__in=batch, state=HELD).delete()
    with write_turn():
        held.delete()


def most_specific(held: Mapping[str, HeldDomain], domain: str) -> HeldDomain | None:
    """Return the most specific entry that holds mail for a domain; None for none."""
    if found := held.get(domain):
        return found
    below = domain
    while "." in below:
        below = below.partition(".")[2]
        if found := held.get(f"*.{below}"):
            return found
    return None


def taken_by(held: Iterable[HeldDomain], user: str) -> list[HeldDomain]:
    """Return the held domains whose mail a user may take."""
    return [each for each in held if {user, ANYBODY} & set(each.users)]


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return users and route in their stored form. Raises Invalid, NotFound."""
    checked: dict[str, Any] = {}
    if "users" in fields:
        checked["users"] = _users(fields["users"])
    if "route" in fields:
        name = fields["route"]
        checked["route"] = routes.get(name) if name else None
    return checked


def _domain(text: str) -> str:
    given = text.strip()
    name = domain_forms.ascii_domain(given.removeprefix("*."))
    try:
        if "." not in name or name.startswith("["):
            raise grammar.BadSyntax("write the whole name, as in example.com")
        grammar.check_domain(name)
    except grammar.BadSyntax as error:
        raise Invalid(
            _('"%(domain)s" is not a domain: %(reason)s')
            % {"domain": given[:100], "reason": str(error)}
        ) from None
    return f"*.{name}" if given.startswith("*.") else name


def _users(given: Sequence[str]) -> list[str]:
    users = list(dict.fromkeys(each.strip() for each in given if each.strip()))
    if len(users) > MOST_USERS:
        raise Invalid(_("a domain has at most %(most)s users") % {"most": MOST_USERS})
    for each in users:
        if len(each) > _LONGEST_USER or not each.isprintable():
            raise Invalid(
                _(
                    '"%(user)s" is not a user name: it is too long, or contains a control character'
                )
                % {"user": each[:100]}
            )
    return users
