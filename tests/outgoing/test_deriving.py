"""What rules and the guard let out by themselves, and that nothing goes twice or too far."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from inbox.errors import Conflict, Invalid
from inbox.mailbox.scope import ALL
from inbox.models import Message, OutgoingGuard, Release, ReleaseRule, Route
from inbox.outgoing import (
    deriving,
    guarding,
    release_queue,
    release_rules,
    releases,
    routes,
    trace_field,
)
from inbox.outgoing.release_rules import BrokenRule
from mailsink.ids import uuid7
from tests import factories

pytestmark = pytest.mark.django_db

TO = ["ann@example.com", "bob@staging.test"]
BODY = b"Subject: Hello\r\n\r\nx\r\n"


def route(name: str = "hop", **fields: Any) -> Route:
    given = {"host": "smtp.test", "allow": ["*"]}
    return routes.add({"name": name, **given, **fields})


def rule(name: str = "all", **fields: Any) -> ReleaseRule:
    given: dict[str, Any] = {"recipients": ["*"], "route": "hop"}
    return release_rules.add({"name": name, **given, **fields})


def message(body: bytes = BODY, **fields: Any) -> Message:
    given: dict[str, Any] = {"recipients": TO, "reverse_path": "shop@example.com"}
    return factories.message(body=body, **given | fields)


def derive(*messages: Message) -> list[tuple[str, list[str]]]:
    """Follow the rules; return what is queued in all: by whom, and to whom."""
    rows = Message.objects.filter(pk__in=[each.pk for each in messages])
    deriving.derive(list(rows.select_related("transaction__session")), deriving.plan())
    return [
        (
            each.requested_by,
            [r.forward_path for r in releases.details(each)["recipients"]],
        )
        for each in Release.objects.order_by("pk")
    ]


class TestRules:
    def test_the_first_that_fits_takes_a_recipient(self) -> None:
        route(), route("other")
        rule("staging", recipients=["*.test"], route="other")
        rule()
        assert derive(message()) == [
            ('rule "staging"', ["bob@staging.test"]),
            ('rule "all"', ["ann@example.com"]),
        ]
        names = Release.objects.order_by("pk").values_list("route_name", flat=True)
        assert list(names) == ["other", "hop"]

    def test_another_order(self) -> None:
        route()
        rule("staging", recipients=["*.test"])
        last = rule()
        release_rules.change(last.pk, {"position": 1})
        assert [each.name for each in release_rules.find()] == ["all", "staging"]
        assert derive(message()) == [('rule "all"', TO)]

    @pytest.mark.parametrize(
        ("fields", "sender", "fit"),
        [
            ({"senders": ["shop@*"]}, "shop@example.com", True),
            ({"senders": ["other.test"]}, "shop@example.com", False),
            ({"senders": ["*"]}, "", False),
            ({"senders": []}, "", True),
            ({"recipients": ["none.test"]}, "shop@example.com", False),
            ({"enabled": False}, "shop@example.com", False),
        ],
    )
    def test_what_fits(self, fields: dict[str, Any], sender: str, fit: bool) -> None:
        route()
        rule(**fields)
        assert bool(derive(message(reverse_path=sender))) == fit

    def test_an_inbox_of_its_own(self) -> None:
        route()
        rule(inbox="default")
        other = factories.Inbox.objects.create(slug="other", name="Other")
        assert derive(message(inbox=other)) == []
        assert derive(message()) == [('rule "all"', TO)]

    def test_only_what_the_route_allows(self) -> None:
        route(allow=["*.test"])
        rule()
        assert derive(message()) == [('rule "all"', ["bob@staging.test"])]

    def test_only_what_came_after_the_last_change(self) -> None:
        route()
        one = message()
        made = rule()
        assert derive(one) == []
        two = message()
        release_rules.change(made.pk, {"recipients": ["*.test"]})
        assert derive(one, two) == []

    def test_many_recipients(self) -> None:
        route()
        rule()
        to = [f"a{n}@example.com" for n in range(250)]
        found = derive(message(recipients=to))
        assert [len(each) for _, each in found] == [100, 100, 50]

    @pytest.mark.parametrize("again", [1, 2])
    def test_nothing_twice(self, again: int) -> None:
        route()
        made = rule()
        one = message()
        once = derive(one)
        for _ in range(again):
            assert derive(one) == once
        rule("second")
        release_rules.delete(made.pk)
        ReleaseRule.objects.update(since=made.since)  # as if it had been there
        assert derive(one) == once

    def test_after_a_crash_between_parts(self) -> None:
        route()
        rule()
        to = [f"a{n}@example.com" for n in range(250)]
        one = message(recipients=to)
        derive(one)
        Release.objects.filter(part=1).delete()
        found = derive(one)
        assert sorted(path for _, each in found for path in each) == sorted(to)

    def test_what_no_client_sent_stays(self) -> None:
        route()
        rule()
        assert derive(factories.imported()) == []

    def test_refused_recipients_stay(self) -> None:
        route()
        rule()
        to = [("ann@example.com", 550), ("bob@staging.test", 250)]
        assert derive(message(recipients=to)) == [('rule "all"', ["bob@staging.test"])]


class TestCopies:
    def test_a_copy(self) -> None:
        route()
        rule("copies", action="copy", copy_to="qa@example.com")
        assert derive(message()) == [('rule "copies"', ["qa@example.com"])]
        made = Release.objects.get()
        assert made.instead_of == ", ".join(TO)
        [recipient] = releases.details(made)["recipients"]
        assert recipient.parameters == "NOTIFY=NEVER"

    def test_beside_a_release(self) -> None:
        route()
        rule("copies", action="copy", copy_to=TO[0])
        rule()
        one = message()
        found = derive(one)
        assert found == [('rule "copies"', [TO[0]]), ('rule "all"', TO)]
        assert derive(one) == found

    @pytest.mark.parametrize(
        "fields",
        [
            {"reverse_path": ""},
            {"body": b"Content-Type: multipart/report; x=y\r\n\r\nx"},
            {"body": b"Auto-Submitted: auto-replied\r\n\r\nx"},
        ],
    )
    def test_none_of_reports(self, fields: dict[str, Any]) -> None:
        route()
        rule("copies", action="copy", copy_to="qa@example.com")
        assert derive(message(**fields)) == []


class TestLoops:
    def test_what_was_here_before_stays(self) -> None:
        route()
        rule()
        field = trace_field.of(message())
        assert derive(message(b"X: y\r\n" + field + BODY)) == []

    def test_what_went_round_elsewhere_stays(self) -> None:
        route()
        rule()
        hops = b"Received: from a by b; x\r\n" * 101
        assert derive(message(hops + BODY)) == []
        assert derive(message(hops[: len(hops) // 2] + BODY))

    def test_what_a_rule_released_has_the_mark(self) -> None:
        by = route()
        rule()
        derive(message())
        claim = release_queue.claim(by, factories.server().pk, uuid7())
        assert claim is not None
        assert trace_field.has_looped(b"".join(claim.mail.pieces()))


class TestGuard:
    def test_only_what_it_names_leaves_by_itself(self) -> None:
        route()
        guarding.change(True, ["*.test"], "hop")
        assert derive(message()) == [("guard", ["bob@staging.test"])]

    def test_rules_come_first_but_cannot_go_beyond(self) -> None:
        route(), route("other")
        guarding.change(True, ["*.test"], "hop")
        rule(route="other")
        rule("copies", action="copy", copy_to="qa@example.com")
        assert derive(message()) == [('rule "all"', ["bob@staging.test"])]
        assert Release.objects.get().route_name == "other"

    def test_nobody_can_release_beyond_it(self) -> None:
        route()
        guarding.change(True, ["*.test"])
        with pytest.raises(Invalid, match="The guard is on"):
            releases.request(ALL, message().pk, "hop")
        releases.request(ALL, message().pk, "hop", ["bob@staging.test"])

    def test_it_is_looked_at_right_before(self) -> None:
        by = route()
        made = releases.request(ALL, message().pk, "hop")
        guarding.change(True, [])
        assert release_queue.claim(by, factories.server().pk, uuid7()) is None
        [one, _] = releases.details(releases.get(ALL, made.pk))["recipients"]
        assert one.text == "The guard is on, and this recipient is not on its list."

    def test_without_a_route_it_releases_nothing_by_itself(self) -> None:
        guarding.change(True, ["*"])
        assert deriving.plan().since is None

    def test_a_setting_keeps_it_on(self) -> None:
        guarding.use(True)
        try:
            assert guarding.state().is_on
            with pytest.raises(Conflict, match="MAILSINK_GUARD"):
                guarding.change(False)
        finally:
            guarding.use(False)
        assert not guarding.state().is_on


def write(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


class TestBroken:
    """What was edited by hand into nonsense lets nothing out, in any way."""

    @pytest.fixture(params=[
        "UPDATE inbox_outgoingguard SET switch = 'banana'",
        "UPDATE inbox_outgoingguard SET allow = '\"*\"'",
        "UPDATE inbox_outgoingguard SET allow = '[1]'",
        "UPDATE inbox_outgoingguard SET since = 'x'",
        "DELETE FROM inbox_outgoingguard",
        "UPDATE inbox_releaserule SET recipients = '[\"a b\"]'",
        "UPDATE inbox_releaserule SET recipients = '[]'",
        "UPDATE inbox_releaserule SET senders = '\"*\"'",
        "UPDATE inbox_releaserule SET action = 'banana'",
        "UPDATE inbox_releaserule SET route_id = NULL",
        "UPDATE inbox_releaserule SET since = 'x'",
        "UPDATE inbox_releaserule SET action = 'copy', copy_to = 'nobody'",
        "UPDATE inbox_route SET inboxes = '\"*\"'",
        "UPDATE inbox_route SET deny = 'null'",
    ])  # fmt: skip
    def broken(self, request: pytest.FixtureRequest) -> str:
        if connection.vendor != "sqlite":
            pytest.skip("PostgreSQL has types, and keeps most of it out")
        return str(request.param)

    def test_nothing_leaves(self, broken: str) -> None:
        by = route()
        rule()
        guarding.change(True, ["*"], "hop")
        one = message()
        waits = releases.request(ALL, one.pk, "hop")
        write(broken)
        assert release_queue.claim(by, factories.server().pk, uuid7()) is None
        assert releases.get(ALL, waits.pk).state == "failed"
        with pytest.raises(Invalid):
            releases.request(ALL, one.pk, "hop")
        try:
            found = derive(one)
        except BrokenRule:
            found = []
        assert len(found) <= 1  # what was asked for before

    def test_a_guard_that_cannot_be_read_is_mended_on_its_page(self) -> None:
        OutgoingGuard.objects.all().delete()
        assert guarding.state().fault
        assert guarding.change(False, [], "").fault == ""


class TestFaults:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"name": " "}, "a name has 1 to 64 characters"),
            ({"name": "x" * 65}, "a name has 1 to 64 characters"),
            ({"recipients": []}, "needs recipients"),
            ({"recipients": ["a b"]}, "has a space"),
            ({"route": ""}, "needs a route"),
            ({"action": "x"}, "action is one of"),
            ({"action": "copy"}, "the address that it goes to"),
            ({"copy_to": "a@b.test"}, "the address that it goes to"),
            ({"action": "copy", "copy_to": "x"}, "is not an address"),
        ],
    )
    def test_a_rule(self, fields: dict[str, Any], words: str) -> None:
        route()
        with pytest.raises(Invalid, match=words):
            rule(**fields)
        assert not ReleaseRule.objects.exists()

    def test_a_route_in_use_stays(self) -> None:
        route()
        made = rule()
        with pytest.raises(Conflict, match='the rule "all" uses it'):
            routes.delete("hop")
        release_rules.delete(made.pk)
        guarding.change(route="hop")
        with pytest.raises(Conflict, match="the guard uses it"):
            routes.delete("hop")
        guarding.change(route="")
        routes.delete("hop")

    def test_a_route_of_another_inbox(self) -> None:
        factories.Inbox.objects.create(slug="other", name="Other")
        route(inboxes=["other"])
        with pytest.raises(Invalid, match="The route is not for this inbox"):
            releases.request(ALL, message().pk, "hop")
        with pytest.raises(Invalid, match="there is no inbox"):
            routes.change("hop", {"inboxes": ["none"]})
