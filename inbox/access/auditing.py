"""Logs requests in the audit log: what each changes, or has read."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import ResolverMatch

from inbox.access import accounts, audit_kinds, audit_log
from inbox.access.identity import STRANGER, Identity
from inbox.access.memberships import of_user
from inbox.models import AuditEntry, User
from inbox.storage import acts
from inbox.storage.acts import Act

_READING = ("GET", "HEAD", "OPTIONS")
_MEANS = "_mailsink_means"  # an attribute of a request


def begin(request: HttpRequest, match: ResolverMatch, caller: Identity) -> None:
    """Make the writes of a request store its act, under the caller's name."""
    act = Act(None)
    if request.method not in _READING:
        kind = audit_kinds.of_change(match.route, request.method or "")
        given = partial(_given, request, match)
        if kind:
            act = audit_log.change(kind, caller, _address(request), given)
    acts.begin(act)


def end(request: HttpRequest, match: ResolverMatch, caller: Identity) -> None:
    """Log what a request has read, once it is answered."""
    act = acts.current()
    kind = audit_kinds.of_reading(match.route, bool(request.GET.get("include")))
    if not kind or act is None:
        return
    made = audit_log.entry(
        kind,
        caller,
        _address(request),
        inbox_id=act.inbox_id,
        object=act.object or _object(match),
        details=audit_log.details(request.GET.dict()),
    )
    audit_log.read(made)


def note_means(request: HttpRequest, by: str) -> None:
    """Let the entry of a login name the means of it."""
    setattr(request, _MEANS, by)


def is_reading(request: HttpRequest, status: int) -> bool:
    """Whether a request has read something, judging by its method and the answer's status."""
    return request.method in ("GET", "HEAD") and status in (200, 206)


def _given(request: HttpRequest, match: ResolverMatch) -> dict[str, str]:
    """Return the parameters of a request; of a form, only if a view has read it."""
    given = request.GET.dict()
    if hasattr(request, "_post"):
        form = request.POST
        given |= {each: ",".join(form.getlist(each)) for each in form}
    slug = {"slug": str(match.kwargs["slug"])} if "slug" in match.kwargs else {}
    return {**given, **slug, "object": _object(match)}


def _object(match: ResolverMatch) -> str:
    return str(next(iter(match.kwargs.values()), ""))


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


def _store(made: AuditEntry) -> None:
    """Store an entry, within the current write turn if there is one."""
    if connection.in_atomic_block:
        made.save(force_insert=True)
    else:
        audit_log.store(made)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    if accounts.are_on() and request is not None:
        caller, by = of_user(user), getattr(request, _MEANS, "")
        details = f"by {by}" if by else ""
        _store(audit_log.entry("signed in", caller, _address(request), details=details))


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if accounts.are_on() and user is not None:
        made = audit_log.entry("signed out", of_user(user), _address(request))
        _store(made)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    if accounts.are_on():
        name = str(credentials.get("username") or "")
        made = audit_log.entry("sign-in failed", STRANGER, _address(request))
        made.user_name = audit_log.one_line(name[:150])
        _store(made)
