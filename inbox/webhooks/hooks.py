"""Finds, adds, changes and removes webhooks.

Each changing function returns the stored result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from inbox.errors import Invalid, NotFound
from inbox.given_names import clean_name
from inbox.mailbox import inboxes
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import Scope
from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import EVENTS, SHAPES
from inbox.outgoing import switch
from inbox.search import language
from inbox.storage import sealing
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from inbox.webhooks import hook_urls, webhook_signals
from mailsink.posting import signing

MOST = 20
LONGEST_NAME = 64
OLD_SECRET_FOR = timedelta(days=1)  # for which both secrets sign


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook with its new secret, which is shown only once."""

    webhook: Webhook
    secret: str


def find(scope: Scope) -> list[Webhook]:
    """Return the webhooks, by name."""
    rows = Webhook.objects.filter(scope.q()).select_related("inbox")
    return list(rows.order_by("name", "pk"))


def get(scope: Scope, id: str | UUID) -> Webhook:
    """Return one webhook. Raises NotFound."""
    key = as_uuid(id)
    rows = Webhook.objects.filter(scope.q()).select_related("inbox")
    if key and (found := rows.filter(pk=key).first()):
        return found
    raise NotFound(_('there is no webhook "%(id)s"') % {"id": str(id)[:40]})


def add(scope: Scope, fields: Mapping[str, Any]) -> NewSecret:
    """Add a webhook, with its own secret. fields: with the names of _CHECKS.

    Raises Invalid, Conflict.
    """
    switch.check()
    if Webhook.objects.count() >= MOST:
        raise Invalid(_("at most %(most)s webhooks are kept") % {"most": MOST})
    secret = signing.new_secret()
    webhook = Webhook(secret=sealing.seal(secret), created_at=datetime.now(UTC))
    _apply(webhook, _checked(scope, fields))
    with write_turn():
        webhook.save(force_insert=True)
        transaction.on_commit(webhook_signals.announce)
    return NewSecret(webhook, secret)


def change(scope: Scope, id: str | UUID, fields: Mapping[str, Any]) -> Webhook:
    """Change a webhook; fields that are not given stay. If it is off, it is turned on.

    Raises NotFound, Invalid, Conflict.
    """
    switch.check()
    checked = _checked(scope, fields)
    with write_turn():
        webhook = _locked(scope, id)
        _apply(webhook, checked)
        webhook.off_since, webhook.off_reason = None, ""
        webhook.failing_since = None
        webhook.save(
            update_fields=[*checked, "off_since", "off_reason", "failing_since"]
        )
        transaction.on_commit(webhook_signals.announce)
    return get(scope, webhook.pk)


def rotate(scope: Scope, id: str | UUID) -> NewSecret:
    """Make a new secret; the old one also signs for a day. Raises NotFound, Conflict."""
    switch.check()
    secret = signing.new_secret()
    with write_turn():
        webhook = _locked(scope, id)
        webhook.old_secret = webhook.secret
        webhook.old_secret_until = datetime.now(UTC) + OLD_SECRET_FOR
        webhook.secret = sealing.seal(secret)
        webhook.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return NewSecret(get(scope, webhook.pk), secret)


def delete(scope: Scope, id: str | UUID) -> None:
    """Remove a webhook with its queue and its history. Raises NotFound."""
    found = get(scope, id)
    with write_turn():
        Webhook.objects.filter(pk=found.pk).update(off_since=datetime.now(UTC))
    rows = WebhookDelivery.objects.filter(webhook=found).order_by("pk")
    while ids := list(rows.values_list("pk", flat=True)[:ROWS_IN_A_TURN]):
        with write_turn():
            WebhookDelivery.objects.filter(pk__in=ids).delete()
    with write_turn():
        found.delete()
        transaction.on_commit(webhook_signals.announce)


def waiting(webhook: Webhook) -> int:
    """Return the number of events in the queue of a webhook."""
    return WebhookDelivery.objects.filter(webhook=webhook, state="queued").count()


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """Return the secrets that sign now, newest first. Raises sealing.Unreadable."""
    secrets = [sealing.unseal(webhook.secret)]
    if webhook.old_secret_until and webhook.old_secret_until > now:
        secrets.append(sealing.unseal(webhook.old_secret))
    return secrets


def _locked(scope: Scope, id: str | UUID) -> Webhook:
    return Webhook.objects.select_for_update().get(pk=get(scope, id).pk)


def _checked(scope: Scope, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in their stored form. Raises Invalid, NotFound, BadQuery."""
    checked = {
        name: check(fields[name]) for name, check in _CHECKS.items() if name in fields
    }
    if "inbox" in fields:
        slug = fields["inbox"]
        checked["inbox"] = inboxes.by_slug(scope, slug) if slug else None
    if scope.inboxes is not None and checked.get("inbox", True) is None:
        raise Invalid(
            _(
                "name an inbox: only an administrator's webhook gets the events of all inboxes"
            )
        )
    return checked


def _apply(webhook: Webhook, checked: Mapping[str, Any]) -> None:
    """Change a webhook. Raises Invalid if its fields contradict each other."""
    for name, value in checked.items():
        setattr(webhook, name, value)
    webhook.name = webhook.name or hook_urls.host(webhook.url)[:LONGEST_NAME]
    if not webhook.url:
        raise Invalid(_("a webhook needs a URL"))
    if not webhook.events:
        raise Invalid(_("a webhook needs an event"))
    if webhook.shape == "ntfy":
        hook_urls.topic(webhook.url)


def _shape(name: str) -> str:
    if name in SHAPES:
        return name
    raise Invalid(_("shape is one of %(shapes)s") % {"shapes": ", ".join(SHAPES)})


def _events(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in EVENTS:
            raise Invalid(
                _('there is no event "%(name)s"; there are %(events)s')
                % {"name": name[:40], "events": ", ".join(EVENTS)}
            )
    return [name for name in EVENTS if name in names]


def _query(text: str) -> str:
    language.parse(text)
    return text.strip()


_CHECKS: dict[str, Any] = {
    "name": lambda text: clean_name(text, LONGEST_NAME, optional=True),
    "url": hook_urls.checked,
    "shape": _shape,
    "events": _events,
    "query": _query,
    "paused": bool,
}
