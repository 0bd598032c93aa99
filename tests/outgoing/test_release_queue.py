"""The queue of releases: what is claimed, what a result leads to, what a crash leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import Conflict, Invalid
from inbox.mailbox.scope import ALL
from inbox.models import Message, Raw, Recipient, Release, ReleaseTry, Route, Server
from inbox.outgoing import release_queue, releases, routes, switch, trace_field
from inbox.outgoing.release_queue import Claim
from mailsink.ids import uuid7
from mailsink.smtp.client.hop_values import RecipientResult
from tests import factories

pytestmark = pytest.mark.django_db

TO = ["b@example.com", "c@example.com"]
DELIVERED = RecipientResult("delivered", 250, "2.0.0", "250 2.0.0 Ok")
DEFERRED = RecipientResult("deferred", 451, "4.3.0", "451 4.3.0 Later")
FAILED = RecipientResult("failed", 550, "5.1.1", "550 5.1.1 No")


@pytest.fixture
def server() -> Server:
    return factories.server()


def route(**fields: Any) -> Route:
    given = {"name": "hop", "host": "smtp.test", "allow": ["example.com"]}
    return routes.add(given | fields)


def message(body: bytes = b"Subject: Hello\r\n\r\nx\r\n", **fields: Any) -> Message:
    return factories.message(body=body, recipients=TO, **fields)


def claimed(server: Server, by: Route) -> Claim:
    claim = release_queue.claim(by, server.pk, uuid7())
    assert claim is not None
    return claim


def after(results: Sequence[RecipientResult], server: Server) -> Release:
    """A release of a message to two recipients, once these results came."""
    by = route()
    asked = releases.request(ALL, message().pk, "hop")
    release_queue.report(claimed(server, by), results)
    return releases.get(ALL, asked.pk)


def states(release: Release) -> list[str]:
    return [each.state for each in releases.details(release)["recipients"]]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads its plans")
def test_a_claim_does_not_sort_the_queue(server: Server) -> None:
    """A claim that did would take the longer the more waits, for each release."""
    by = route()
    with CaptureQueriesContext(connection) as queries:
        release_queue.claim(by, server.pk, uuid7())
    [sql] = [each["sql"] for each in queries if "inbox_release" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        [plan] = [row[3] for row in cursor.fetchall()]
    assert "USING INDEX release_due (route_id=? AND next_try_at<?)" in plan


def test_a_claim_has_the_message_as_it_came(server: Server) -> None:
    by, body = route(), b"Subject: Hello\r\n\r\n\xff.\r\n" + b"x" * 200_000
    releases.request(ALL, message(body).pk, "hop")
    mail = claimed(server, by).mail
    assert b"".join(mail.pieces()) == body
    assert mail.size == len(body)
    assert mail.needs == (True, False, False)
    assert [each.forward_path for each in mail.recipients] == TO


def test_a_received_field_goes_in_front(server: Server) -> None:
    by, body = route(add_received=True), b"Subject: Hello\r\n\r\nx\r\n"
    one = message(body)
    releases.request(ALL, one.pk, "hop")
    mail = claimed(server, by).mail
    whole = b"".join(mail.pieces())
    assert whole == trace_field.of(one) + body
    assert mail.size == len(whole)
    assert b"".join(mail.pieces()) == whole  # at another try, too


def test_it_is_claimed_once(server: Server) -> None:
    by = route()
    releases.request(ALL, message().pk, "hop")
    assert release_queue.due([]) == ([by.pk], None)
    claimed(server, by)
    assert release_queue.claim(by, server.pk, uuid7()) is None
    assert release_queue.due([]) == ([], None)


def test_the_first_that_was_asked_for_goes_first(server: Server) -> None:
    by = route()
    asked = [releases.request(ALL, message().pk, "hop").pk for _ in range(3)]
    assert [claimed(server, by).release.pk for _ in asked] == asked


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ((DELIVERED, DELIVERED), "delivered"),
        ((DELIVERED, FAILED), "failed"),
        ((FAILED, FAILED), "failed"),
    ],
)
def test_final(results: Sequence[RecipientResult], state: str, server: Server) -> None:
    release = after(results, server)
    assert release.state == state
    assert release.next_try_at is None
    assert release.ended_at is not None
    assert states(release) == [each.state for each in results]


def test_only_the_deferred_are_tried_again(server: Server) -> None:
    release = after((DELIVERED, DEFERRED), server)
    assert (release.state, states(release)) == ("queued", ["delivered", "queued"])
    assert release.next_try_at is not None
    wait = release.next_try_at - datetime.now(UTC)
    assert timedelta(seconds=20) < wait <= timedelta(seconds=30)
    assert release_queue.claim(release.route, server.pk, uuid7()) is None
    releases.retry(ALL, release.pk)
    assert release.route is not None
    again = claimed(server, release.route)
    assert [each.forward_path for each in again.mail.recipients] == TO[1:]
    release_queue.report(again, (DELIVERED,))
    assert releases.get(ALL, release.pk).state == "delivered"
    outcomes = [
        each.outcome
        for each in releases.details(releases.get(ALL, release.pk))["tries"]
    ]
    assert outcomes == ["1 delivered, 1 deferred", "1 delivered"]


def test_rests_grow(server: Server) -> None:
    by = route()
    asked = releases.request(ALL, message().pk, "hop")
    waits = []
    for _ in range(8):
        Release.objects.update(next_try_at=datetime.now(UTC))
        release_queue.report(claimed(server, by), (DEFERRED, DEFERRED))
        at = releases.get(ALL, asked.pk).next_try_at
        assert at is not None
        waits.append(round((at - datetime.now(UTC)).total_seconds(), -1))
    assert waits == [30, 120, 600, 1800, 3600, 7200, 7200, 7200]


def test_it_is_given_up_in_the_end(server: Server) -> None:
    by = route()
    asked = releases.request(ALL, message().pk, "hop")
    Release.objects.update(expires_at=datetime.now(UTC))
    release_queue.report(claimed(server, by), (DEFERRED, DELIVERED))
    release = releases.get(ALL, asked.pk)
    assert (release.state, states(release)) == ("failed", ["failed", "delivered"])
    text = releases.details(release)["recipients"][0].text
    assert text == "Given up after the last try: 451 4.3.0 Later"


def test_what_waits_behind_a_dead_host_is_given_up_too(server: Server) -> None:
    by = route()
    asked = [releases.request(ALL, message().pk, "hop") for _ in range(3)]
    release_queue.report(claimed(server, by), (DEFERRED, DEFERRED))
    Release.objects.update(expires_at=datetime.now(UTC), tries=1)
    release_queue.expire()
    assert {releases.get(ALL, each.pk).state for each in asked} == {"failed"}


def test_a_retry_leaves_alone_what_was_refused(server: Server) -> None:
    release = after((FAILED, DEFERRED), server)
    releases.retry(ALL, release.pk)
    assert states(releases.get(ALL, release.pk)) == ["failed", "queued"]


class TestLastLook:
    """What changed since the release was asked for holds."""

    @pytest.mark.parametrize("changes", [{"allow": []}, {"deny": ["*"]}])
    def test_the_lists(self, changes: dict[str, Any], server: Server) -> None:
        by = route()
        asked = releases.request(ALL, message().pk, "hop")
        routes.change("hop", changes)  # of which the session does not know
        assert release_queue.claim(by, server.pk, uuid7()) is None
        release = releases.get(ALL, asked.pk)
        assert (release.state, states(release)) == ("failed", ["failed", "failed"])

    @pytest.mark.parametrize("broken", ["*", [1], {"a": 1}])
    def test_lists_that_cannot_be_read(self, broken: Any, server: Server) -> None:
        by = route()
        releases.request(ALL, message().pk, "hop")
        Route.objects.update(deny=broken)
        assert release_queue.claim(by, server.pk, uuid7()) is None

    def test_one_of_two(self, server: Server) -> None:
        by = route()
        asked = releases.request(ALL, message().pk, "hop")
        Route.objects.update(deny=[TO[0]])
        mail = claimed(server, by).mail
        assert [each.forward_path for each in mail.recipients] == TO[1:]
        assert states(releases.get(ALL, asked.pk)) == ["failed", "trying"]

    def test_a_deleted_message(self, server: Server) -> None:
        by, one = route(), message()
        asked = releases.request(ALL, one.pk, "hop")
        Message.objects.update(deleted_at=datetime.now(UTC))
        assert release_queue.claim(by, server.pk, uuid7()) is None
        text = releases.details(releases.get(ALL, asked.pk))["recipients"][0].text
        assert text == "The message was deleted."

    def test_a_body_that_is_gone(self, server: Server) -> None:
        by, one = route(), message()
        asked = releases.request(ALL, one.pk, "hop")
        Raw.objects.update(key="no/where", content=None)
        assert release_queue.claim(by, server.pk, uuid7()) is None
        release = releases.get(ALL, asked.pk)
        assert release.state == "failed"
        text = releases.details(release)["recipients"][0].text
        assert text == "The message could not be read: No such file or directory."

    def test_a_removed_route(self, server: Server) -> None:
        route()
        asked = releases.request(ALL, message().pk, "hop")
        routes.delete("hop")
        assert release_queue.due([]) == ([None], None)
        assert release_queue.claim(None, server.pk, None) is None
        release = releases.get(ALL, asked.pk)
        assert (release.state, release.route_name) == ("failed", "hop")


def test_old_releases_are_removed(server: Server) -> None:
    release = after((DELIVERED, FAILED), server)
    assert release_queue.remove_old() == 0
    Release.objects.update(ended_at=datetime.now(UTC) - timedelta(days=31))
    assert release_queue.remove_old() == 1
    assert not Release.objects.filter(pk=release.pk).exists()
    assert not ReleaseTry.objects.exists()


def test_a_long_reply_is_cut(server: Server) -> None:
    long = FAILED._replace(text="550 " + "x" * 5000)
    release = after((long, DELIVERED), server)
    assert len(releases.details(release)["recipients"][0].text) == 1000


class TestCrash:
    @pytest.mark.parametrize("message_ended", [True, False])
    def test_a_dead_server_leaves_it_to_the_next(
        self, message_ended: bool, server: Server
    ) -> None:
        by = route()
        asked = releases.request(ALL, message().pk, "hop")
        claim = claimed(server, by)
        if message_ended:
            release_queue.message_ends(claim)
        Server.objects.update(stopped_at=datetime.now(UTC))
        release_queue.recover(factories.server().pk, datetime.now(UTC))
        release = releases.get(ALL, asked.pk)
        assert (release.state, states(release)) == ("queued", ["queued", "queued"])
        [release_try] = releases.details(release)["tries"]
        assert ("may arrive again" in release_try.outcome) == message_ended
        assert release_try.ended_at is not None

    def test_a_server_without_a_heartbeat_is_dead(self, server: Server) -> None:
        by = route()
        asked = releases.request(ALL, message().pk, "hop")
        claimed(server, by)
        Server.objects.update(heartbeat=datetime.now(UTC) - timedelta(seconds=61))
        release_queue.recover(factories.server().pk, datetime.now(UTC))
        assert releases.get(ALL, asked.pk).state == "queued"

    def test_a_server_that_runs_keeps_it(self, server: Server) -> None:
        by = route()
        releases.request(ALL, message().pk, "hop")
        claim = claimed(server, by)
        release_queue.recover(factories.server().pk, datetime.now(UTC))
        assert claim.release_try.session_id is not None
        release_queue.recover(
            server.pk, datetime.now(UTC), [claim.release_try.session_id]
        )
        assert ReleaseTry.objects.get().ended_at is None
        release_queue.recover(server.pk, claim.release_try.began_at)  # it began later
        assert ReleaseTry.objects.get().ended_at is None
        release_queue.recover(server.pk, datetime.now(UTC))  # it is not known any more
        assert ReleaseTry.objects.get().ended_at is not None


class TestRequest:
    @pytest.mark.parametrize(
        ("recipients", "words"),
        [
            ([], "needs a recipient"),
            (["nobody"], "is not an address"),
            (["a@example.com> x"], "is not an address"),
            (["x@evil.test"], "does not allow"),
            (["a@example.com", "x@evil.test"], "x@evil.test"),
            ([f"a{n}@example.com" for n in range(101)], "at most 100"),
        ],
    )
    def test_refused(self, recipients: list[str], words: str) -> None:
        route()
        with pytest.raises(Invalid, match=words):
            releases.request(ALL, message().pk, "hop", recipients)
        assert not Release.objects.exists()

    def test_parameters_of_dsn_stay_with_their_recipient(self, server: Server) -> None:
        by, one = route(), message()
        Recipient.objects.update(parameters="NOTIFY=SUCCESS")
        releases.request(ALL, one.pk, "hop", [TO[1], "new@example.com"])
        recipients = claimed(server, by).mail.recipients
        assert [each.notify for each in recipients] == ["SUCCESS", ""]

    def test_each_recipient_once(self) -> None:
        route()
        given = ["a@example.com", " a@example.com", "b@example.com"]
        asked = releases.request(ALL, message().pk, "hop", given)
        assert len(states(asked)) == 2

    def test_another_reverse_path(self, server: Server) -> None:
        by = route(reverse_path="bounces@example.net")
        releases.request(ALL, message().pk, "hop")
        assert claimed(server, by).mail.reverse_path == "bounces@example.net"

    def test_off(self) -> None:
        route()
        one = message()
        switch.use(False)
        try:
            with pytest.raises(Conflict, match="MAILSINK_OUTGOING"):
                releases.request(ALL, one.pk, "hop")
            with pytest.raises(Conflict):
                route(name="other")
        finally:
            switch.use(True)

    def test_cancel(self, server: Server) -> None:
        by = route()
        asked = releases.request(ALL, message().pk, "hop")
        assert states(releases.cancel(ALL, asked.pk)) == ["cancelled", "cancelled"]
        assert release_queue.claim(by, server.pk, uuid7()) is None
        with pytest.raises(Conflict, match="it is cancelled"):
            releases.cancel(ALL, asked.pk)
        with pytest.raises(Conflict):
            releases.retry(ALL, asked.pk)


class TestRoute:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"name": "A b"}, "the name of a route"),
            ({"name": ""}, "the name of a route"),
            ({"host": "a b"}, "is not a host name"),
            ({"host": ""}, "is not a host name"),
            ({"host": "a\u3002\u3002b"}, "is not a host name"),
            ({"host": "x" * 64}, "is not a host name"),
            ({"port": 0}, "a port"),
            ({"port": 65536}, "a port"),
            ({"tls": "maybe"}, "tls is one of"),
            ({"username": "u"}, "a login has"),
            ({"password": "p"}, "a login has"),
            ({"allow": ["a b"]}, "has a space"),
            ({"deny": ["x"] * 501}, "at most 500"),
            ({"reverse_path": "nobody"}, "is not an address"),
        ],
    )
    def test_faults(self, fields: dict[str, Any], words: str) -> None:
        with pytest.raises(Invalid, match=words):
            route(**fields)
        assert not Route.objects.exists()

    @pytest.mark.parametrize(
        "change",
        [{"host": "other.test"}, {"port": 26}, {"tls": "off"}, {"verify": False}],
    )
    def test_a_password_is_not_sent_elsewhere(self, change: dict[str, Any]) -> None:
        route(username="user", password="secret")
        with pytest.raises(Invalid, match="Enter the password again"):
            routes.change("hop", change)
        assert routes.get("hop").host == "smtp.test"
        routes.change("hop", {**change, "password": "other"})
        routes.change("hop", {"username": "", **change})
        assert routes.get("hop").password == ""

    def test_a_name_twice(self) -> None:
        route()
        with pytest.raises(Invalid, match="already"):
            route()

    def test_the_password_is_sealed(self, settings: Any) -> None:
        one = route(username="user", password="secret", tls="required")
        assert "secret" not in repr(vars(one))
        login = routes.hop(one).profile.login
        assert login is not None
        assert (login.username, login.password) == ("user", "secret")
        settings.SECRET_KEY = "another"
        with pytest.raises(routes.sealing.Unreadable):
            routes.hop(one)

    @pytest.mark.parametrize(
        "host", ["192.0.2.1", "[192.0.2.1]", "[2001:db8::1]", "2001:db8::1", "mx.test."]
    )
    def test_hosts(self, host: str) -> None:
        assert route(host=host).host == host.strip("[].").removesuffix(".")
