"""Messages leave a running Mailsink: to a second one, and to next hops that misbehave."""

from __future__ import annotations

import smtplib
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.next_hop import next_hop
from tests.private import free_port
from tests.releasing import (
    BODY,
    ended,
    post,
    raw,
    route,
    send,
    session_of,
    tried,
    until,
)
from tests.running import Mailsink


@contextmanager
def scripted(*scripts: str) -> Iterator[tuple[tuple[str, int], list[bytes]]]:
    """A next hop that plays one script a connection; gives its address and what it heard.

    A line of a script: `> reply` is sent; `< text` reads lines up to one that begins so;
    `message` reads one to its end.
    At its end the connection is closed; `hang` leaves it open.
    """
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    open_connections: list[socket.socket] = []
    changing, over = threading.Lock(), threading.Event()

    def serve() -> None:
        for script in scripts:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with changing:
                if over.is_set():  # nobody would close it
                    connection.close()
                    return
                open_connections.append(connection)
            with connection.makefile("rb") as lines:
                for line in filter(str.strip, script.splitlines()):
                    kind, _, text = line.strip().partition(" ")
                    if kind == ">":
                        connection.sendall(f"{text}\r\n".encode())
                    elif kind == "<":
                        while line_heard := lines.readline():
                            heard.append(line_heard)
                            if line_heard.startswith(text.encode()):
                                break
                    elif kind == "message":
                        while heard[-1] != b".\r\n":
                            heard.append(lines.readline())
                    else:
                        assert kind == "hang"
                        break
                else:
                    with suppress(OSError):  # the client was faster
                        connection.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[:2], heard
    finally:
        with changing:
            over.set()
            listening.close()
            for each in open_connections:
                each.close()


HELLO = """
    > 220 hop.test ESMTP
    < EHLO
    > 250 hop.test
"""
MAIL = "\n< MAIL\n> 250 Ok"
RCPT = "\n< RCPT\n> 250 Ok"
NO_RCPT = "\n< RCPT\n> 550 5.1.1 No"
MESSAGE = "\n< DATA\n> 354 Go on\nmessage\n> 250 2.0.0 Taken\n< QUIT\n> 221 Bye"
ENVELOPE = HELLO + MAIL + RCPT + RCPT
TAKEN = ENVELOPE + MESSAGE


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path / "other", SMTP_AUTH="user:secret")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr


class TestSecondMailsink:
    @pytest.mark.parametrize("tls", ["off", "required"])
    def test_byte_for_byte(
        self, tls: str, start_mailsink: Callable[..., Mailsink], other: Mailsink
    ) -> None:
        server = start_mailsink()
        login = {"username": "user", "password": "secret"} if tls != "off" else {}
        route(server, other.smtp, tls=tls, verify=False, **login)
        bodies = [BODY, b"Subject: Large\r\n\r\n" + b"\xfc.\r\n" * 500_000]
        for body in bodies:
            send(server, body)
            asked = post(server, "messages/latest/release", route="hop")
            done = ended(server, asked["id"])
            assert [each["state"] for each in done["recipients"]] == ["delivered"] * 2
            assert raw(other) == raw(server) == body
            session = session_of(server, done)
            assert session["direction"] == "out"
            assert session["messages"] == 1
            assert (session["tls"] is not None) == (tls != "off")
            lines = [each["line"] for each in session["exchanges"]]
            assert "MAIL FROM:<a@example.com>" in "\n".join(lines)
            assert "c2VjcmV0" not in str(session)

    def test_what_was_never_allowed_stays(
        self, start_mailsink: Callable[..., Mailsink], other: Mailsink
    ) -> None:
        server = start_mailsink()
        route(server, other.smtp, allow=["b@example.com"])
        send(server)
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(server, "messages/latest/release", route="hop")
        assert refused.value.code == 422
        refused.value.close()
        assert other.get("messages")["items"] == []


def trial(server: Mailsink) -> dict[str, Any]:
    """The trial of the route, once it is over."""
    post(server, "routes/hop/try")

    def look() -> Any:
        found = server.get("routes/hop")["last_trial"]
        return found if found["worked"] is not None else None

    return until(look)  # type: ignore[no-any-return]


class TestTrials:
    def test_it_works(
        self, start_mailsink: Callable[..., Mailsink], other: Mailsink
    ) -> None:
        server = start_mailsink()
        login = {"username": "user", "password": "secret"}
        route(server, other.smtp, tls="required", verify=False, **login)
        found = trial(server)
        words = "It works: the server answered with TLSv1.3, and accepted the login of user."
        assert (found["worked"], found["outcome"]) == (True, words)
        session = until(lambda: ended_session(server, found["session"]))
        assert (session["direction"], session["ending"]) == ("out", "quit")
        verbs = [each["verb"] for each in session["exchanges"]]
        assert verbs == ["", "EHLO", "STARTTLS", "", "EHLO", "AUTH", "QUIT"]
        assert other.get("messages")["items"] == []

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"tls": "required"}, "The certificate of the server is not accepted"),
            ({"username": "user", "password": "x"}, "535 "),
        ],
    )
    def test_it_does_not(
        self,
        fields: dict[str, Any],
        words: str,
        start_mailsink: Callable[..., Mailsink],
        other: Mailsink,
    ) -> None:
        server = start_mailsink()
        route(server, other.smtp, **fields)
        found = trial(server)
        assert found["worked"] is False
        assert found["outcome"].startswith(f"It does not work. {words}")

    def test_one_at_a_time(self, start_mailsink: Callable[..., Mailsink]) -> None:
        server = start_mailsink()
        with scripted("> 220 hop.test ESMTP\nhang") as (address, _):
            route(server, address)
            post(server, "routes/hop/try")
            with pytest.raises(urllib.error.HTTPError) as refused:
                post(server, "routes/hop/try")
            assert refused.value.code == 409
            refused.value.close()


def ended_session(server: Mailsink, id: str) -> Any:
    found = server.get(f"sessions/{id}")
    return found if found["ending"] else None


class TestNextHops:
    @pytest.fixture
    def server(self, start_mailsink: Callable[..., Mailsink]) -> Mailsink:
        server = start_mailsink()
        send(server)
        return server

    def release(self, server: Mailsink) -> str:
        id: str = post(server, "messages/latest/release", route="hop")["id"]
        return id

    def test_later_twice_then_taken(self, server: Mailsink) -> None:
        later = (
            f"{HELLO}\n< MAIL\n> 451 4.3.0 Later\n< RSET\n> 250 Ok\n< QUIT\n> 221 Bye"
        )
        with scripted(later, later, TAKEN) as (address, heard):
            route(server, address)
            id = self.release(server)
            for tries in (1, 2):
                waiting = tried(server, id, tries)
                assert waiting["state"] == "queued"
                assert waiting["recipients"][0]["text"] == "451 4.3.0 Later"
                assert waiting["next_try_at"] is not None
                post(server, f"releases/{id}/retry")
            done = ended(server, id)
        assert done["state"] == "delivered"
        outcomes = [each["outcome"] for each in done["tries"]]
        assert outcomes == ["2 deferred", "2 deferred", "2 delivered"]
        assert b"".join(heard).count(b"..dot\r\n") == 1

    def test_one_of_three_is_refused(
        self, start_mailsink: Callable[..., Mailsink]
    ) -> None:
        """Nobody gets it again, when the one who was refused is tried again."""
        server = start_mailsink()
        three = ["b@example.com", "c@example.com", "d@example.com"]
        with smtplib.SMTP(*server.smtp) as client:
            client.sendmail("a@example.com", three, BODY)
        refusing = HELLO + MAIL + RCPT + NO_RCPT + RCPT + MESSAGE
        with scripted(refusing, HELLO + MAIL + RCPT + MESSAGE) as (address, heard):
            route(server, address)
            id = self.release(server)
            states = [each["state"] for each in ended(server, id)["recipients"]]
            assert states == ["delivered", "failed", "delivered"]
            post(server, f"releases/{id}/retry")
            done = ended(server, id)
        assert done["state"] == "delivered"
        outcomes = [each["outcome"] for each in done["tries"]]
        assert outcomes == ["2 delivered, 1 failed", "1 delivered"]
        recipients = [each for each in heard if each.startswith(b"RCPT")]
        again = b"RCPT TO:<c@example.com>\r\n"
        assert recipients == [f"RCPT TO:<{each}>\r\n".encode() for each in three] + [
            again
        ]

    def test_gone_in_the_middle_of_the_message(self, server: Mailsink) -> None:
        """It cannot have arrived, and nothing says that it may have."""
        gone = f"{ENVELOPE}\n< DATA\n> 354 Go on\n< From:"
        with scripted(gone, TAKEN) as (address, heard):
            route(server, address)
            id = self.release(server)
            waiting = tried(server, id, 1)
            assert waiting["state"] == "queued"
            assert (
                waiting["recipients"][0]["text"] == "The server closed the connection."
            )
            post(server, f"releases/{id}/retry")
            done = ended(server, id)
        assert done["state"] == "delivered"
        assert heard.count(b".\r\n") == 1
        assert "again" not in str(done["tries"])

    def test_gone_after_the_message(self, server: Mailsink) -> None:
        """It may have arrived: it goes out again, and the log says that it may be twice."""
        gone = f"{ENVELOPE}\n< DATA\n> 354 Go on\nmessage"
        with scripted(gone, TAKEN) as (address, heard):
            route(server, address)
            id = self.release(server)
            waiting = tried(server, id, 1)
            assert waiting["tries"][0]["message_sent"]
            for each in waiting["recipients"]:
                assert "it may have arrived, and may arrive again" in each["text"]
            session = session_of(server, waiting)
            assert (session["ending"], session["messages"]) == ("dropped", 0)
            post(server, f"releases/{id}/retry")
            done = ended(server, id)
        assert done["state"] == "delivered"
        outcomes = [each["outcome"] for each in done["tries"]]
        assert outcomes == ["2 deferred", "2 delivered"]
        assert heard.count(b".\r\n") == 2

    def test_the_list_changes_while_the_server_takes_its_time(
        self, server: Mailsink
    ) -> None:
        """What a list says when an address is about to be sent counts, not before."""
        with next_hop("PIPELINING") as hop:
            waits, may_go_on = threading.Event(), threading.Event()
            hop.at = lambda _stage: (waits.set(), may_go_on.wait())
            route(server, hop.address)
            id = self.release(server)
            assert waits.wait(120)
            server.patch("routes/hop", allow=["c@example.com"])
            may_go_on.set()
            done = ended(server, id)
        assert [each["state"] for each in done["recipients"]] == ["failed", "delivered"]
        assert [each.forward_paths for each in hop.mails] == [("c@example.com",)]

    def test_it_hangs_and_mailsink_is_stopped(
        self, server: Mailsink, start_mailsink: Callable[..., Mailsink]
    ) -> None:
        with scripted("> 220 hop.test ESMTP\nhang", TAKEN) as (address, _):
            route(server, address)
            id = self.release(server)
            until(lambda: "out" in str(server.get("sessions?live=true")["items"]))
            with scripted(TAKEN) as (another, _):  # meanwhile others are served
                route(server, another, name="another")
                asked = post(server, "messages/latest/release", route="another")
                assert ended(server, asked["id"])["state"] == "delivered"
            assert server.stop() == 0
            again = start_mailsink()
            post(again, f"releases/{id}/retry")
            assert ended(again, id)["state"] == "delivered"

    def test_nobody_listens(self, server: Mailsink) -> None:
        address = "127.0.0.1", free_port()
        route(server, address)
        waiting = tried(server, self.release(server), 1)
        text = f"No connection to 127.0.0.1 port {address[1]}: connection refused."
        assert waiting["recipients"][0]["text"] == text
        session = session_of(server, waiting)
        assert (session["direction"], session["ending"]) == ("out", "refused")


@pytest.mark.parametrize(
    ("address", "variables"),
    [
        ("0.0.0.0:0", {"INSECURE": "1"}),
        ("127.0.0.1:0", {"PUBLIC_URL": "https://mail.example.com"}),
        ("127.0.0.1:0", {"ALLOWED_HOSTS": "127.0.0.1,mail.example.com"}),
    ],
)
def test_nothing_leaves_a_public_server_by_default(
    start_mailsink: Callable[..., Mailsink], address: str, variables: dict[str, str]
) -> None:
    server = start_mailsink("--smtp", "127.0.0.1:0", "--http", address, **variables)
    with pytest.raises(urllib.error.HTTPError) as refused:
        route(server, ("127.0.0.1", 25))
    assert refused.value.code == 409
    assert "MAILSINK_OUTGOING=yes" in refused.value.read().decode()
    refused.value.close()
