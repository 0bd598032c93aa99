"""The pages of release rules and of the guard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from inbox.models import OutgoingGuard, ReleaseRule
from inbox.outgoing import guarding, release_rules, routes
from tests import factories

pytestmark = pytest.mark.django_db

RULE = {
    "name": "team", "action": "release", "inbox": "", "route": "hop", "copy_to": "",
    "recipients": "ann@example.com\n*.test", "senders": "", "enabled": "on",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _hop() -> None:
    routes.add({"name": "hop", "host": "smtp.test", "allow": ["*"]})


def page(client: Client, path: str = "/outgoing") -> str:
    return client.get(path).content.decode()


class TestRules:
    def test_one_is_added_changed_and_removed(self, client: Client) -> None:
        assert client.post("/outgoing/rules", RULE).status_code == 302
        [rule] = release_rules.find()
        assert rule.recipients == ["ann@example.com", "*.test"]
        assert "to ann@example.com, *.test, through hop" in page(client)
        path = f"/outgoing/rules/{rule.pk}"
        assert "ann@example.com\n*.test" in page(client, path)
        changed = {k: v for k, v in RULE.items() if k != "enabled"}
        assert client.post(path, changed).status_code == 302
        assert not release_rules.get(rule.pk).enabled
        assert "stay in the" in page(client)  # it asks first
        client.post(f"{path}/remove")
        assert not ReleaseRule.objects.exists()

    def test_the_order(self, client: Client) -> None:
        for name in ("one", "two", "three"):
            client.post("/outgoing/rules", RULE | {"name": name})
        last = release_rules.find()[-1]
        client.post(f"/outgoing/rules/{last.pk}/up")
        assert [each.name for each in release_rules.find()] == ["one", "three", "two"]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"recipients": "a b"}, "has a space"),
            ({"route": "none"}, "there is no route"),
            ({"action": "copy"}, "the address that it goes to"),
        ],
    )
    def test_a_wrong_form_keeps_the_input(
        self, client: Client, changes: dict[str, str], words: str
    ) -> None:
        answer = client.post("/outgoing/rules", RULE | changes)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert 'value="team"' in answer.content.decode()

    def test_a_broken_one_is_said(self, client: Client) -> None:
        client.post("/outgoing/rules", RULE)
        assert "cannot be read" not in page(client)
        ReleaseRule.objects.update(recipients="*")
        assert "cannot be read" in page(client)
        [key] = ReleaseRule.objects.values_list("pk", flat=True)
        client.post(f"/outgoing/rules/{key}", RULE)
        assert "cannot be read" not in page(client)


class TestGuard:
    def test_it_is_switched(self, client: Client) -> None:
        given = {"on": "on", "allow": "*.test", "route": "hop"}
        assert client.post("/outgoing/guard", given).status_code == 302
        state = guarding.state()
        assert (state.is_on, state.allow, str(state.route)) == (True, ["*.test"], "hop")
        assert (
            "The guard is on: mail leaves only to the recipients on its list."
            in page(client)
        )
        assert client.post("/outgoing/guard", {}).status_code == 302
        assert not guarding.state().is_on

    def test_a_wrong_list_keeps_the_input(self, client: Client) -> None:
        answer = client.post("/outgoing/guard", {"on": "on", "allow": "a b"})
        assert answer.status_code == 422
        assert "a b</textarea>" in answer.content.decode()

    def test_what_would_have_gone_out(self, client: Client) -> None:
        factories.message(recipients=["ann@real.example", "<b>@evil"])
        shown = page(client, "/outgoing/guard")
        assert "1 message to 2 domains" in shown
        assert "rcpt%3A%22%2A%40real.example%22" in shown
        assert "<b>@" not in shown

    def test_a_broken_one_is_said(self, client: Client) -> None:
        OutgoingGuard.objects.update(switch="banana")
        for path in ("/outgoing", "/outgoing/guard"):
            assert "cannot be read" in page(client, path)

    @pytest.fixture
    def _always(self) -> Iterator[None]:
        guarding.use(True)
        yield
        guarding.use(False)

    @pytest.mark.usefixtures("_always")
    def test_a_setting_keeps_it_on(self, client: Client) -> None:
        assert "<code>MAILSINK_GUARD</code> keeps it on" in page(
            client, "/outgoing/guard"
        )
        client.post("/outgoing/guard", {"allow": "*.test"})
        assert guarding.state().allow == ["*.test"]
