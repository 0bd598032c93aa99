"""Webhooks are added, changed, given new secrets, and removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from inbox.errors import Conflict, Invalid, NotFound, UserError
from inbox.mailbox.scope import ALL
from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import EVENTS
from inbox.outgoing import switch
from inbox.storage import webhook_outbox
from inbox.webhooks import delivery_queue, hooks, webhook_signals
from mailsink.ids import uuid7
from tests.webhooks.conftest import AddHook

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://hooks.example.com/x"


def test_added_and_removed(add_hook: AddHook) -> None:
    assert webhook_outbox.wanted() == frozenset()
    made = add_hook(url=URL, events=["session.closed", "message.bounced"])
    assert made.name == "hooks.example.com"
    assert made.events == ["message.bounced", "session.closed"]
    # That a message bounced is seen in the message.
    assert webhook_outbox.wanted() == {"message.created", "session.closed"}
    WebhookDelivery.objects.create(webhook=made, event_id=uuid7(), event=EVENTS[0])
    hooks.delete(ALL, made.pk)
    assert webhook_outbox.wanted() == frozenset()
    assert not WebhookDelivery.objects.exists()
    with pytest.raises(NotFound):
        hooks.get(ALL, made.pk)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": ""}, "1 to 2000 characters"),
        ({"url": "ftp://example.com/"}, "begins with https://"),
        ({"url": "javascript:alert(1)"}, "this is not a URL"),
        ({"url": "https://"}, "this is not a URL"),
        ({"url": "https://a:99999/"}, "this is not a URL"),
        ({"url": "https://[::1"}, "this is not a URL"),
        ({"url": "https://user:secret@example.com/"}, "user name or a password"),
        ({"url": "https://@example.com/"}, "user name or a password"),
        ({"url": "https://example.com/#a"}, "must not contain a #"),
        ({"url": "https://exämple.com/"}, "%XX"),
        ({"url": "https://example.com/a b"}, "%XX"),
        ({"url": "https://example.com/\r\nx: y"}, "%XX"),
        ({"url": "https://good.example\\@127.0.0.1/"}, "%XX"),
        ({"url": "http://10.0.0.1/"}, "is a private address. MAILSINK_WEBHOOKS_PRIVATE"),
        ({"url": "http://[::1]/"}, "is a loopback address"),
        ({"url": "http://169.254.169.254/latest"}, "is a link-local address"),
        ({"events": []}, "needs an event"),
        ({"events": ["message.eaten"]}, "there is no event"),
        ({"shape": "fax"}, "shape is one of"),
        ({"name": "a\x00b"}, "no control characters"),
        ({"name": "a" * 65}, "1 to 64 characters"),
        ({"inbox": "nobody"}, "there is no inbox"),
        ({"query": "larger:nothing"}, "Not a size"),
        ({"shape": "ntfy", "url": "https://ntfy.sh"}, "ends in a topic"),
        ({"shape": "ntfy", "url": "https://ntfy.sh/"}, "ends in a topic"),
    ],
)  # fmt: skip
def test_what_cannot_be_stored(
    add_hook: AddHook, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError) as refused:
        add_hook(**{"url": URL} | fields)
    assert words in str(refused.value)
    assert not Webhook.objects.exists()


def test_changes_leave_the_rest_as_it_was(add_hook: AddHook) -> None:
    made = add_hook(url=URL, query="from:shop.test", inbox="default")
    changed = hooks.change(ALL, made.pk, {"name": " Tickets  now ", "inbox": None})
    assert (changed.name, changed.inbox, changed.url, changed.query) == (
        "Tickets now", None, URL, "from:shop.test",
    )  # fmt: skip
    assert hooks.secrets_of(changed, datetime.now(UTC)) == hooks.secrets_of(
        made, datetime.now(UTC)
    )


def test_there_are_only_so_many(
    add_hook: AddHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "MOST", 1)
    add_hook()
    with pytest.raises(Invalid, match="at most 1 webhooks"):
        add_hook()


def test_a_secret_is_sealed_and_replaced(add_hook: AddHook) -> None:
    first = hooks.add(ALL, {"url": URL, "events": EVENTS})
    stored = Webhook.objects.get()
    assert first.secret.removeprefix("whsec_") not in stored.secret
    second = hooks.rotate(ALL, first.webhook.pk)
    now = datetime.now(UTC)
    assert hooks.secrets_of(second.webhook, now) == [second.secret, first.secret]
    later = now + timedelta(days=1, seconds=1)
    assert hooks.secrets_of(second.webhook, later) == [second.secret]


def test_a_change_turns_it_on_again(add_hook: AddHook) -> None:
    made = add_hook()
    delivery_queue.turn_off(made, "why", datetime.now(UTC))
    assert webhook_outbox.wanted() == frozenset()
    assert hooks.get(ALL, made.pk).off_reason == "why"
    changed = hooks.change(ALL, made.pk, {"paused": False})
    assert (changed.off_since, changed.off_reason) == (None, "")
    assert webhook_outbox.wanted()


def test_nothing_where_nothing_may_leave(add_hook: AddHook) -> None:
    made = add_hook()
    switch.use(False)
    try:
        webhook_signals.refresh()
        assert webhook_outbox.wanted() == frozenset()
        for act in (
            lambda: add_hook(),
            lambda: hooks.change(ALL, made.pk, {}),
            lambda: hooks.rotate(ALL, made.pk),
        ):
            with pytest.raises(Conflict, match="MAILSINK_OUTGOING=yes"):
                act()
        hooks.delete(ALL, made.pk)
    finally:
        switch.use(True)


def test_allowed_by_the_setting(add_hook: AddHook) -> None:
    assert settings.CONFIG.webhooks_private
    assert add_hook(url="http://127.0.0.1:8000/").url == "http://127.0.0.1:8000/"
    assert add_hook(url="http://localhost:8000/")
