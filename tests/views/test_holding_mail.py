"""Pages of held mail: a domain is held, what waits is shown, sent, put back."""

from __future__ import annotations

import pytest
from django.test import Client

from inbox.mailbox.scope import ALL
from inbox.models import HeldDomain, Message, Release
from inbox.outgoing import held_domains, held_intake, routes, switch
from tests import factories

pytestmark = pytest.mark.django_db

HELD = "/outgoing/held/example.com"


@pytest.fixture(autouse=True)
def message() -> Message:
    return factories.message(subject="Your order", recipients=["ann@example.com"])


def page(client: Client, path: str = HELD) -> str:
    return client.get(path).content.decode()


def hold(client: Client, **changes: str) -> int:
    given = {"domain": "example.com", "users": "ann\nbob", "route": "", "earlier": "on"}
    return client.post("/outgoing/held", given | changes).status_code


def route() -> None:
    routes.add({"name": "hop", "host": "smtp.test", "allow": ["example.com"]})


def test_mail_is_held_for_a_domain(client: Client) -> None:
    assert hold(client) == 302
    assert held_domains.get(ALL, "example.com").users == ["ann", "bob"]
    assert "1 message waits" in page(client, "/outgoing")
    shown = page(client)
    assert "1 message waits" in shown
    assert "for the server of example.com" in shown
    assert "Your order" in shown
    assert "Send all" not in shown  # there is no route


def test_who_may_take_it_is_changed(client: Client) -> None:
    route()
    hold(client)
    answer = client.post(HELD, {"users": "*", "route": "hop"})
    assert answer.status_code == 302
    held = held_domains.get(ALL, "example.com")
    assert (held.users, held.route and held.route.name) == (["*"], "hop")
    assert "Send all through hop" in page(client)


def test_what_waits_is_sent_and_held_again(client: Client) -> None:
    route()
    hold(client, route="hop")
    client.post(f"{HELD}/send")
    assert Release.objects.get().state == "queued"
    assert "through hop, requested by 127.0.0.1" in page(client, "/outgoing")
    assert "Nothing waits" in page(client)
    answer = client.post(f"/outgoing/{Release.objects.get().pk}/hold")
    assert answer["Location"] == HELD
    assert "1 message waits" in page(client)


def test_what_waits_is_cancelled(client: Client) -> None:
    hold(client)
    held_intake.catch_up()
    client.post(f"/outgoing/{Release.objects.get().pk}/cancel")
    assert "Nothing waits" in page(client)
    assert "Hold again" in page(client)


def test_no_more_mail_is_held(client: Client) -> None:
    hold(client)
    assert "The messages stay" in page(client)  # it asks first
    client.post(f"{HELD}/remove")
    assert not HeldDomain.objects.exists()
    assert client.get(HELD).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"domain": "com"}, 422, "write the whole name, as in example.com"),
        ({"users": "a\tb\n" + "x" * 300}, 422, "is not a user name"),
        ({"route": "none"}, 422, "there is no route"),
    ],
)
def test_a_fault_is_said_and_what_was_typed_stays(
    client: Client, changes: dict[str, str], status: int, says: str
) -> None:
    given = {"domain": "held.test", "users": "ann", "route": ""} | changes
    answer = client.post("/outgoing/held", given)
    shown = answer.content.decode()
    assert answer.status_code == status
    assert says in shown
    assert f'value="{given["domain"]}"' in shown


def test_a_fault_of_a_change_is_said(client: Client) -> None:
    hold(client)
    answer = client.post(HELD, {"users": "y" * 300, "route": ""})
    assert answer.status_code == 422
    assert "is not a user name" in answer.content.decode()
    assert "y" * 300 in answer.content.decode()


def test_when_outgoing_mail_is_off(client: Client) -> None:
    hold(client)
    switch.use(False)
    try:
        assert "Hold mail for a domain" not in page(client, "/outgoing")
        assert hold(client, domain="other.test") == 409
    finally:
        switch.use(True)
