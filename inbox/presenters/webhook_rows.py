"""Webhooks and their deliveries, for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox import pages
from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import EVENTS, TEST_EVENT
from inbox.webhooks import hook_urls, hooks

EVENT_WORDS = {
    "message.created": gettext_noop("A message arrives"),
    "message.bounced": gettext_noop("A bounce arrives"),
    "transaction.rejected": gettext_noop("A transaction is rejected"),
    "session.closed": gettext_noop("A session ends"),
    "release.delivered": gettext_noop("A release is delivered"),
    "release.failed": gettext_noop("A release fails"),
    TEST_EVENT: gettext_noop("Test"),
}
SHAPE_WORDS = {
    "json": gettext_noop("JSON, as in the API"),
    "slack": gettext_noop("Slack"),
    "teams": gettext_noop("Microsoft Teams"),
    "ntfy": gettext_noop("ntfy"),
}
_STATES = {
    "queued": (gettext_noop("Waiting"), ""),
    "delivered": (gettext_noop("Delivered"), "ok"),
    "failed": (gettext_noop("Failed"), "error"),
    "skipped": (gettext_noop("Skipped"), ""),
    "replayed": (gettext_noop("Failed, then replayed"), ""),
}
_PAGES = {"message": "message", "transaction": "transaction", "session": "session"}


@dataclass(frozen=True, slots=True)
class EventChoice:
    """An event in the form."""

    name: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook in the list, and on its page. details: further facts about its state"""

    id: str
    name: str
    host: str
    events: list[str]
    state: str
    tone: str
    details: list[str]
    paused: bool
    off: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery in the history. pending: whether it will be sent soon"""

    id: str
    event: str
    url: str  # of the page of its object; "" if there is none
    at: datetime | None  # of the last try
    state: str
    tone: str
    result: str
    text: str
    next_try_at: datetime | None
    pending: bool
    can_replay: bool


def webhook_row(webhook: Webhook) -> WebhookRow:
    """Return a webhook for its row."""
    waiting = hooks.waiting(webhook)
    state, tone = _state(webhook)
    return WebhookRow(
        id=str(webhook.pk),
        name=webhook.name,
        host=hook_urls.host(webhook.url),
        events=[_(EVENT_WORDS[each]) for each in webhook.events],
        state=state,
        tone=tone,
        details=_details(webhook, waiting),
        paused=webhook.paused,
        off=webhook.off_since is not None,
        waiting=waiting,
    )


def delivery_row(webhook: Webhook, delivery: WebhookDelivery) -> DeliveryRow:
    """Return a delivery for its row."""
    label, tone = _STATES[delivery.state]
    queued = delivery.state == "queued"
    rested = webhook.paused or webhook.off_since or webhook.failing_since
    called = delivery.event == TEST_EVENT or not rested
    rests = delivery.next_try_at is not None and delivery.tries > 0
    return DeliveryRow(
        id=str(delivery.pk),
        event=_(EVENT_WORDS[delivery.event]),
        url=_url(delivery),
        at=delivery.tried_at,
        state=_(label),
        tone=tone,
        result=_result(delivery),
        text=delivery.text,
        next_try_at=delivery.next_try_at if rests else None,
        pending=queued and called and not rests,
        can_replay=not queued and not webhook.off_since,
    )


def event_choices(chosen: list[str]) -> list[EventChoice]:
    """Return the events of the form, in order."""
    return [EventChoice(each, _(EVENT_WORDS[each]), each in chosen) for each in EVENTS]


def _state(webhook: Webhook) -> tuple[str, str]:
    if webhook.off_since:
        return _("Off"), "error"
    if webhook.paused:
        return _("Paused"), "warning"
    if webhook.failing_since:
        return _("Failing"), "warning"
    return _("On"), "ok"


def _details(webhook: Webhook, waiting: int) -> list[str]:
    found = []
    if webhook.off_since:
        found.append(
            _("Turned off at %(at)s: %(reason)s Events since then are not queued.")
            % {"at": _stamp(webhook.off_since), "reason": webhook.off_reason}
        )
    elif webhook.failing_since:
        found.append(
            _(
                "Nothing has been delivered since %(at)s; after a day, the webhook is turned off."
            )
            % {"at": _stamp(webhook.failing_since)}
        )
    if waiting:
        words = ngettext("%(n)s event waits.", "%(n)s events wait.", waiting)
        found.append(words % {"n": f"{waiting:,}"})
    if webhook.left_out:
        words = ngettext(
            "%(n)s event was left out, since too many waited.",
            "%(n)s events were left out, since too many waited.",
            webhook.left_out,
        )
        found.append(words % {"n": f"{webhook.left_out:,}"})
    return found


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _url(delivery: WebhookDelivery) -> str:
    kind = delivery.event.partition(".")[0]
    if delivery.object_id is None or kind not in _PAGES:
        return pages.path("outgoing") if kind == "release" else ""
    return pages.path(_PAGES[kind], delivery.object_id)


def _result(delivery: WebhookDelivery) -> str:
    """Return the result of the last try: its code, its duration, the number of tries."""
    if not delivery.tries:
        return ""
    words = ngettext(
        "%(code)s after %(ms)s ms, %(n)s try",
        "%(code)s after %(ms)s ms, %(n)s tries",
        delivery.tries,
    )
    code = delivery.code or _("No response")
    return words % {"code": code, "ms": delivery.took_ms or 0, "n": delivery.tries}
