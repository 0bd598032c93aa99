"""The page Outgoing: routes, and releases from it and from a message's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from inbox.mailbox.scope import ALL
from inbox.models import Message, Release, Route
from inbox.outgoing import releases, routes, switch
from mailsink.ids import uuid7
from tests import factories

pytestmark = pytest.mark.django_db

ROUTE = {
    "name": "hop", "host": "smtp.test", "port": "587", "tls": "required",
    "verify": "on", "allow": "example.com\n*.test", "deny": "",
}  # fmt: skip


def page(client: Client, path: str = "/outgoing") -> str:
    return client.get(path).content.decode()


@pytest.fixture
def message() -> Message:
    return factories.message(recipients=["ann@example.com", "bob@example.com"])


def add_route(client: Client, **changes: str) -> int:
    return client.post("/outgoing/routes", ROUTE | changes).status_code


def test_without_a_route_nothing_can_leave(client: Client, message: Message) -> None:
    assert "There is no route, so nothing can leave." in page(client)
    shown = page(client, f"/messages/{message.pk}/release")
    assert "There is no route, so nothing can leave." in shown


def test_a_route_is_added_changed_and_removed(client: Client) -> None:
    assert add_route(client, username="user", password="secret") == 302
    assert routes.get("hop").allow == ["example.com", "*.test"]
    shown = page(client, "/outgoing/routes/hop")
    assert "secret" not in shown
    assert 'value="user"' in shown
    changed = ROUTE | {"username": "user", "password": "", "allow": "other.test"}
    assert client.post("/outgoing/routes/hop", changed).status_code == 302
    assert routes.get("hop").allow == ["other.test"]
    login = routes.hop(routes.get("hop")).profile.login
    assert login is not None
    assert login.password == "secret"
    form = client.get("/outgoing").content.decode()
    assert "Releases that wait for it" in form  # it asks first
    client.post("/outgoing/routes/hop/remove")
    assert not Route.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": "x"}, "a port is a number"),
        ({"host": "a b"}, "is not a host name"),
        ({"allow": "a b"}, "has a space"),
        ({"username": "user"}, "a login has a user name and a password"),
    ],
)
def test_a_wrong_form_says_so_and_keeps_the_input(
    client: Client, changes: dict[str, str], words: str
) -> None:
    answer = client.post("/outgoing/routes", ROUTE | changes)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert words in shown
    assert 'value="smtp.test"' in shown or "host" in changes
    assert not Route.objects.exists()


def test_a_message_is_released(client: Client, message: Message) -> None:
    add_route(client)
    assert f"/messages/{message.pk}/release" in page(client, f"/messages/{message.pk}")
    form = page(client, f"/messages/{message.pk}/release")
    assert "ann@example.com\nbob@example.com" in form
    given = {"route": "hop", "recipients": "ann@example.com\ncarol@example.com\n"}
    assert client.post(f"/messages/{message.pk}/release", given).status_code == 302
    release = Release.objects.get()
    paths = [each.forward_path for each in releases.details(release)["recipients"]]
    assert paths == ["ann@example.com", "carol@example.com"]
    assert "carol@example.com" in page(client)
    client.post(f"/outgoing/{release.pk}/cancel")
    assert "Cancelled" in page(client)


def test_a_recipient_that_is_not_allowed(client: Client, message: Message) -> None:
    add_route(client)
    given = {"route": "hop", "recipients": "x@evil.example"}
    answer = client.post(f"/messages/{message.pk}/release", given)
    assert answer.status_code == 422
    assert "x@evil.example" in answer.content.decode()
    assert not Release.objects.exists()


def test_a_failed_one_is_tried_again(client: Client, message: Message) -> None:
    add_route(client)
    release = releases.request(ALL, message.pk, "hop")
    Release.objects.update(state="failed", next_try_at=None)
    client.post(f"/outgoing/{release.pk}/retry")
    assert releases.get(ALL, release.pk).state == "queued"


def test_hostile_names_stay_text(client: Client, message: Message) -> None:
    add_route(client)
    Message.objects.update(subject="<script>alert(1)</script>")
    releases.request(ALL, message.pk, "hop")
    for path in ("/outgoing", f"/messages/{message.pk}/release"):
        assert "<script>alert" not in page(client, path)


def test_a_release_that_is_refused_keeps_the_input(
    client: Client, message: Message
) -> None:
    add_route(client)
    switch.use(False)
    try:
        given = {"route": "hop", "recipients": "carol@example.com"}
        answer = client.post(f"/messages/{message.pk}/release", given)
    finally:
        switch.use(True)
    assert answer.status_code == 409
    assert "carol@example.com" in answer.content.decode()


def test_a_received_field_is_a_choice(client: Client) -> None:
    add_route(client, add_received="on")
    assert routes.get("hop").add_received
    assert (
        "checked" in page(client, "/outgoing/routes/hop").partition("add_received")[2]
    )
    client.post("/outgoing/routes/hop", ROUTE)
    assert not routes.get("hop").add_received


class TestTrial:
    """What the page says of the latest trial of a route."""

    def test_none_here(self, client: Client) -> None:
        add_route(client)
        answer = client.post("/outgoing/routes/hop/try")
        assert answer.status_code == 409
        assert "does not send mail" in answer.content.decode()

    @pytest.mark.parametrize(
        ("worked", "outcome", "age", "words"),
        [
            (True, "It works: yes.", 0, "It works: yes."),
            (False, "<b>No</b>", 0, "&lt;b&gt;No&lt;/b&gt;"),
            (None, "", 0, "It is being tried."),
            (None, "", 3600, "Mailsink stopped before the trial ended."),
        ],
    )
    def test_words(
        self, client: Client, worked: bool | None, outcome: str, age: int, words: str
    ) -> None:
        add_route(client)
        session = uuid7()
        Route.objects.update(
            tried_at=datetime.now(UTC) - timedelta(seconds=age), trial_worked=worked,
            trial_outcome=outcome, trial_session=session,
        )  # fmt: skip
        shown = page(client)
        assert words in shown
        assert f"/sessions/{session}" in shown
        under_way = words == "It is being tried."
        assert ("/outgoing/routes/hop/try" in shown) == (not under_way)


def test_off(client: Client) -> None:
    switch.use(False)
    try:
        assert "MAILSINK_OUTGOING=yes" in page(client)
        answer = client.post("/outgoing/routes", ROUTE)
        assert answer.status_code == 409
        assert 'value="smtp.test"' in answer.content.decode()
    finally:
        switch.use(True)
