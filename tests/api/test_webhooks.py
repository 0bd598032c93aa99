"""API v3: webhooks, and what was sent to them."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.models import WebhookDelivery
from mailsink.ids import uuid7
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

URL = "https://hooks.example.com/x"


def added(api: Api, **fields: Any) -> Any:
    given = {"url": URL, "events": ["message.created"]}
    return api("POST", "webhooks", given | fields, 201)


def test_a_webhook(api: Api) -> None:
    made = added(api, name="Tickets", q="from:shop.test", inbox="default")
    assert made["secret"].startswith("whsec_")
    shown = {name: each for name, each in made.items() if name != "secret"}
    path = f"webhooks/{made['id']}"
    assert api("GET", "webhooks")["items"] == [shown] == [api("GET", path)]
    assert (shown["shape"], shown["paused"], shown["waiting"]) == ("json", False, 0)
    changed = api("PATCH", path, {"paused": True, "inbox": None, "q": ""})
    assert changed == shown | {"paused": True, "inbox": None, "q": ""}
    assert api("PATCH", path, {"name": "Other"})["inbox"] is None
    renewed = api("POST", f"{path}/secret")
    assert renewed["secret"] != made["secret"]
    api("DELETE", path, status=204)
    assert made["id"] in api("GET", path, status=404)["detail"]


def test_a_fault_is_said(api: Api) -> None:
    wrong = api(
        "POST", "webhooks", {"url": "ftp://x", "events": ["message.created"]}, 422
    )
    assert wrong["detail"] == "the URL of a webhook begins with https:// or http://"
    wrong = api(
        "POST",
        "webhooks",
        {"url": "http://10.0.0.1/", "events": ["message.created"]},
        422,
    )
    assert "MAILSINK_WEBHOOKS_PRIVATE" in wrong["detail"]
    api("POST", "webhooks", {"url": URL, "events": ["message.eaten"]}, 422)
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/deliveries"),
    ):
        api(method, f"webhooks/nothing{path}", status=404)


def test_deliveries(api: Api) -> None:
    path = f"webhooks/{added(api)['id']}"
    ids = [
        WebhookDelivery.objects.create(
            webhook_id=path.partition("/")[2], event_id=uuid7(), event="message.created",
            object_id=uuid7(), state=state, tries=1, code=503, text="no",
        ).pk
        for state in ("delivered", "failed", "queued")
    ]  # fmt: skip
    found = api("GET", f"{path}/deliveries?limit=2")
    assert [each["id"] for each in found["items"]] == [str(ids[2]), str(ids[1])]
    rest = api("GET", f"{path}/deliveries?cursor={found['next']}")
    assert [each["id"] for each in rest["items"]] == [str(ids[0])]
    (failed,) = api("GET", f"{path}/deliveries?state=failed")["items"]
    assert failed == api("GET", f"{path}/deliveries/{ids[1]}")
    assert (failed["code"], failed["text"], failed["tries"]) == (503, "no", 1)
    assert api("GET", path)["waiting"] == 1
    api("POST", f"{path}/deliveries/{ids[2]}/replay", status=409)
    again = api("POST", f"{path}/deliveries/{ids[0]}/replay", status=202)
    assert (again["state"], again["tries"], again["code"]) == ("queued", 0, None)
    assert api("POST", f"{path}/replay", status=202) == {"count": 1}
    assert api("GET", f"{path}/deliveries/{ids[1]}")["state"] == "replayed"


def test_a_test(api: Api) -> None:
    path = f"webhooks/{added(api, paused=True)['id']}"
    made = api("POST", f"{path}/test", status=202)
    assert (made["event"], made["object"], made["state"]) == (
        "webhook.test",
        None,
        "queued",
    )
    assert api("GET", f"{path}/deliveries")["items"] == [made]
