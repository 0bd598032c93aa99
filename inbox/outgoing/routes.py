"""Routes: named next hops. Each changing function returns the stored result."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, NotFound
from inbox.models import Inbox, OutgoingGuard, ReleaseRule, Route
from inbox.models.outgoing import TLS_POLICIES
from inbox.outgoing import allowing, switch
from inbox.storage import sealing
from inbox.storage.write_lock import write_turn
from mailsink.smtp.client.hop_values import ClientProfile, Login
from mailsink.smtp.protocol import grammar

MOST = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST_SECRET = 1000  # characters
_WAY = ("host", "port", "tls", "verify")  # a password is stored for these values


@dataclass(frozen=True, slots=True)
class NextHop:
    """The server of a session, and the way to it."""

    host: str
    port: int
    profile: ClientProfile


def find() -> list[Route]:
    """Return the routes, by name."""
    return list(Route.objects.order_by("name"))


def get(name: str) -> Route:
    """Return one route. Raises NotFound."""
    # PostgreSQL rejects NUL.
    found = Route.objects.filter(name=name).first() if "\x00" not in name else None
    if found is not None:
        return found
    raise NotFound(_('there is no route "%(name)s"') % {"name": name[:64]})


def fresh() -> Route:
    """Return a new route, not stored yet."""
    return Route(tls="required", port=25, created_at=datetime.now(UTC))


def add(fields: Mapping[str, Any]) -> Route:
    """Add a route. fields: those of the model; the password in plain text.

    Raises Invalid, Conflict.
    """
    switch.check()
    if Route.objects.count() >= MOST:
        raise Invalid(_("at most %(most)s routes are kept") % {"most": MOST})
    route, checked = fresh(), stored_form(fields)
    apply(route, checked)
    try:
        with write_turn():
            route.save(force_insert=True)
    except IntegrityError:
        raise _taken(checked) from None
    return route


def change(name: str, fields: Mapping[str, Any]) -> Route:
    """Change a route; the fields that are not given stay.

    Raises NotFound, Invalid, Conflict.
    """
    switch.check()
    checked = stored_form(fields)
    try:
        with write_turn():
            route = Route.objects.select_for_update().filter(name=name).first()
            if route is None:
                raise NotFound(_('there is no route "%(name)s"') % {"name": name[:64]})
            _check_own(route)
            _check_password(route, checked)
            apply(route, checked)
            route.save(update_fields=list(checked))
    except IntegrityError:
        raise _taken(checked) from None
    return route


def delete(name: str) -> None:
    """Remove a route. Its queued releases fail when they are due; held mail waits again.

    Raises NotFound, Conflict.
    """
    found = get(name)
    _check_own(found)
    with write_turn():
        if rule := ReleaseRule.objects.filter(route=found).first():
            raise Conflict(_('the rule "%(rule)s" uses it') % {"rule": rule.name})
        if OutgoingGuard.objects.filter(route=found).exists():
            raise Conflict(_("the guard uses it"))
        found.delete()


def same_way(one: Route, other: Route) -> bool:
    """Whether two versions of a route lead to the same server, with the same login."""
    way = (*_WAY, "username", "password")
    return all(getattr(one, name) == getattr(other, name) for name in way)


def hop(route: Route) -> NextHop:
    """Return how to reach a route's server. Raises sealing.Unreadable."""
    login = None
    if route.username:
        login = Login(route.username, sealing.unseal(route.password))
    context = None if route.tls == "off" else _context(route.verify)
    tls: Any = route.tls
    profile = ClientProfile(settings.CONFIG.hostname, tls, context, route.host, login)
    return NextHop(route.host, route.port, profile)


def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def stored_form(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in their stored form. Raises Invalid."""
    if fields.get("username") == "":
        fields = {**fields, "password": ""}  # no login
    return {name: _CHECKS[name](value) for name, value in fields.items()}


def _check_password(route: Route, changes: Mapping[str, Any]) -> None:
    """Require the password again if it would go to another server. Raises Invalid."""
    moved = any(
        getattr(route, name) != changes.get(name, getattr(route, name)) for name in _WAY
    )
    if route.password and moved and "password" not in changes:
        raise Invalid(
            _(
                "Enter the password again: it was stored for another server, or for "
                "another kind of TLS."
            )
        )


def _check_own(route: Route) -> None:
    """Raise Conflict if a setting defines the route."""
    if route.from_settings:
        raise Conflict(_("the route comes from MAILSINK_ROUTES: change it there"))


def apply(route: Route, checked: Mapping[str, Any]) -> None:
    """Change a route. Raises Invalid if its fields contradict each other."""
    for name, value in checked.items():
        setattr(route, name, value)
    for needed in ("name", "host"):
        if not getattr(route, needed):
            raise Invalid(_("a route needs a %(field)s") % {"field": needed})
    if bool(route.username) != bool(route.password):
        raise Invalid(_("a login has a user name and a password"))


def _taken(checked: Mapping[str, Any]) -> Invalid:
    name = checked.get("name", "")
    return Invalid(_('there is already a route "%(name)s"') % {"name": name})


def _name(text: str) -> str:
    if _NAME.fullmatch(text):
        return text
    raise Invalid(
        _(
            "the name of a route has up to 64 lower-case letters, digits, dots, hyphens "
            "and underscores"
        )
    )


def _host(text: str) -> str:
    host = text.strip().removesuffix(".").lower().removeprefix("[").removesuffix("]")
    try:
        grammar.check_domain(f"[IPv6:{host}]" if ":" in host else host)
        host.encode("idna")  # as the look-up will do
    except (grammar.BadSyntax, UnicodeError) as error:
        raise Invalid(
            _('"%(host)s" is not a host name or an address: %(reason)s')
            % {"host": text[:100], "reason": str(error)}
        ) from None
    return host


def _port(number: int) -> int:
    if 0 < number < 65536:
        return number
    raise Invalid(_("a port is a number from 1 to 65535"))


def _tls(policy: str) -> str:
    if policy in TLS_POLICIES:
        return policy
    raise Invalid(
        _("tls is one of %(policies)s") % {"policies": ", ".join(TLS_POLICIES)}
    )


def _username(text: str) -> str:
    if len(text) <= _LONGEST_SECRET and "\0" not in text:
        return text
    raise Invalid(_("a user name or a password is too long, or contains a NUL"))


def _password(text: str) -> str:
    return sealing.seal(_username(text))


def patterns(given: Sequence[str]) -> list[str]:
    """Return a list of patterns in its stored form. Raises Invalid."""
    found = [each.strip() for each in given if each.strip()]
    if len(found) > allowing.MOST_PATTERNS:
        most = allowing.MOST_PATTERNS
        raise Invalid(_("a list has at most %(most)s patterns") % {"most": most})
    for each in found:
        if reason := allowing.fault(each):
            raise Invalid(
                _('the pattern "%(pattern)s" %(reason)s')
                % {"pattern": each[:100], "reason": reason}
            )
    return found


def mailbox(text: str) -> str:
    """Return a user's address, without surrounding spaces. Raises Invalid."""
    try:
        path, rest = grammar.parse_path(f"<{text.strip()}>")
        if rest or "@" not in path.mailbox:
            raise grammar.BadSyntax("it is not of the form name@example.com")
    except grammar.BadSyntax as error:
        raise Invalid(
            _('"%(address)s" is not an address: %(reason)s')
            % {"address": text[:100], "reason": str(error)}
        ) from None
    return path.mailbox


def _reverse_path(text: str) -> str:
    return mailbox(text) if text.strip() else ""


def _inboxes(slugs: Sequence[str]) -> list[str]:
    known = set(Inbox.objects.values_list("slug", flat=True))
    if unknown := [each for each in slugs if each not in known]:
        raise Invalid(_('there is no inbox "%(slug)s"') % {"slug": unknown[0][:100]})
    return list(dict.fromkeys(slugs))


_CHECKS: dict[str, Any] = {
    "name": _name,
    "host": _host,
    "port": _port,
    "tls": _tls,
    "verify": bool,
    "username": _username,
    "password": _password,
    "allow": patterns,
    "deny": patterns,
    "reverse_path": _reverse_path,
    "add_received": bool,
    "bounces": bool,
    "inboxes": _inboxes,
}
