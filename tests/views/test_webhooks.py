"""The pages of webhooks: list, form, history, and the buttons."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from inbox.mailbox.scope import ALL
from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import TEST_EVENT
from inbox.outgoing import switch
from inbox.webhooks import delivery_queue, hooks
from mailsink.ids import uuid7
from tests import factories

pytestmark = pytest.mark.django_db

FORM = {
    "url": "https://hooks.example.com/T0/s3cret", "name": "Tickets", "shape": "json",
    "events": ["message.created", "session.closed"], "query": "from:shop.test",
}  # fmt: skip


def page(client: Client, path: str = "/webhooks") -> str:
    return client.get(path).content.decode()


@pytest.fixture
def hook() -> Webhook:
    return hooks.add(ALL, FORM).webhook


def delivery(hook: Webhook, **fields: object) -> WebhookDelivery:
    given = {"event_id": uuid7(), "event": "message.created", "object_id": uuid7()}
    return WebhookDelivery.objects.create(webhook=hook, **given | fields)


def test_the_empty_list(client: Client) -> None:
    assert "There is no webhook, so Mailsink calls no address." in page(client)


def test_one_is_added_and_its_secret_shown_once(client: Client) -> None:
    answer = client.post("/webhooks/add", FORM)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    hook = Webhook.objects.get()
    (secret,) = hooks.secrets_of(hook, datetime.now(UTC))
    assert secret in answer.content.decode()
    for path in ("/webhooks", f"/webhooks/{hook.pk}", f"/webhooks/{hook.pk}/change"):
        assert secret not in page(client, path)
    assert (hook.events, hook.query) == (FORM["events"], FORM["query"])
    for path in ("/webhooks", f"/webhooks/{hook.pk}"):
        shown = page(client, path)
        assert "hooks.example.com" in shown
        assert "s3cret" not in shown


def test_a_wrong_form_says_so_and_keeps_the_input(client: Client) -> None:
    for changes, words in (
        ({"url": "http://127.0.0.1/"}, "MAILSINK_WEBHOOKS_PRIVATE"),
        ({"events": []}, "a webhook needs an event"),
        ({"query": "larger:x"}, "Not a size"),
    ):
        answer = client.post("/webhooks/add", FORM | changes)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert 'value="Tickets"' in answer.content.decode()
    assert not Webhook.objects.exists()


def test_it_is_changed_paused_resumed_and_removed(
    client: Client, hook: Webhook
) -> None:
    path = f"/webhooks/{hook.pk}"
    assert "s3cret" in page(client, f"{path}/change")
    client.post(
        f"{path}/change", FORM | {"name": "Other", "events": ["release.failed"]}
    )
    hook.refresh_from_db()
    assert (hook.name, hook.events) == ("Other", ["release.failed"])
    client.post(f"{path}/pause")
    assert "Paused" in page(client, path)
    client.post(f"{path}/resume")
    assert "Paused" not in page(client, path)
    answer = client.post(f"{path}/secret")
    assert "whsec_" in answer.content.decode()
    client.post(f"{path}/remove")
    assert client.get(path).status_code == 404


def test_the_history(client: Client, hook: Webhook) -> None:
    path = f"/webhooks/{hook.pk}"
    assert "Nothing has been sent yet." in page(client, path)
    message = factories.message()
    tried = {"tries": 2, "took_ms": 42, "tried_at": datetime.now(UTC)}
    delivery(
        hook, state="delivered", code=200, text="ok", object_id=message.pk, **tried
    )
    failed = delivery(hook, state="failed", code=503, text="<b>no</b>", **tried)
    delivery(hook)
    shown = page(client, path)
    assert f"/messages/{message.pk}" in shown
    assert "200 after 42 ms, 2 tries" in shown
    assert "&lt;b&gt;no&lt;/b&gt;" in shown
    assert "1 event waits." in shown
    assert shown.count("data-pending") == 1
    only = page(client, f"{path}?state=failed")
    assert "503 after" in only
    assert "200 after" not in only
    client.post(f"{path}/deliveries/{failed.pk}/replay")
    assert "Failed, then replayed" in page(client, path)
    assert "Nothing has failed." in page(client, f"{path}?state=failed")
    delivery(hook, state="failed")
    client.post(f"{path}/replay")
    assert WebhookDelivery.objects.filter(state="queued").count() == 3


def test_a_test_waits_in_the_history(client: Client, hook: Webhook) -> None:
    assert client.post(f"/webhooks/{hook.pk}/test").status_code == 302
    assert WebhookDelivery.objects.get().event == TEST_EVENT
    assert "data-pending" in page(client, f"/webhooks/{hook.pk}")


def test_one_that_is_off_says_why(client: Client, hook: Webhook) -> None:
    hook.failing_since = datetime.now(UTC)
    hook.save()
    assert "Nothing has been delivered since" in page(client)
    delivery(hook)
    delivery_queue.turn_off(
        hook, "nothing could be delivered for a day.", datetime.now(UTC)
    )
    shown = page(client, f"/webhooks/{hook.pk}")
    assert "nothing could be delivered for a day." in shown
    assert "Turn on" in shown


def test_where_nothing_may_leave(client: Client, hook: Webhook) -> None:
    switch.use(False)
    try:
        for path in ("/webhooks", f"/webhooks/{hook.pk}"):
            assert "MAILSINK_OUTGOING=yes" in page(client, path)
        assert client.post("/webhooks/add", FORM).status_code == 409
        assert client.post(f"/webhooks/{hook.pk}/test").status_code == 409
    finally:
        switch.use(True)
