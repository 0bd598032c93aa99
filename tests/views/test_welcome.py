"""Getting started: the checklist's page and what the test message says if it fails."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.template.loader import render_to_string
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.models import Inbox, Server, Session
from inbox.onboarding import testmail
from inbox.onboarding.endpoints import reach
from tests import factories
from tests.private import free_port


def now() -> datetime:
    return datetime.now(UTC)


def a_server(*smtp: str) -> Server:
    started = now() - timedelta(minutes=5)
    return factories.server(started_at=started, smtp=list(smtp))


def a_session(server: Server, helo: str, opened_at: datetime) -> Session:
    return factories.session(
        server=server, client_address="172.17.0.3", helo=helo, opened_at=opened_at
    )


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_checklist_gives_lines_for_the_bound_address(client: Client) -> None:
    a_server("127.0.0.1:2525", "[::1]:2525")
    page = text(client, "/nothing-arriving?word=probe-7f3k9x")
    assert "(&quot;127.0.0.1&quot;, 2525)" in page
    assert "EHLO probe-7f3k9x.mailsink.test" in page
    assert "No client has connected since the start" in page
    assert "MAILSINK_SMTP=0.0.0.0:2525" in page
    assert page.index("EMAIL_PORT = 2525") < page.index("<h2>Nothing arriving?")
    (here,) = Html(page).css("nav.side a[aria-current]")
    assert here.text(strip=True) == "Connect an app"


@pytest.mark.django_db
def test_checklist_bound_to_all_has_no_word_of_loopback(client: Client) -> None:
    a_server("0.0.0.0:2525")
    page = text(client, "/nothing-arriving")
    assert "(&quot;127.0.0.1&quot;, 2525)" in page
    assert "loopback only" not in page


@pytest.mark.django_db
def test_checklist_smtp_off(client: Client) -> None:
    a_server()
    page = text(client, "/nothing-arriving")
    assert "SMTP is off" in page
    assert "EMAIL_PORT" not in page
    assert "python3 -c" not in page


@pytest.mark.django_db
def test_steps_tell_connections_of_now_from_earlier_ones(client: Client) -> None:
    server = a_server("127.0.0.1:2525")
    a_session(server, "old.test", now() - timedelta(hours=1))
    assert "The last one before that" in text(client, "/nothing-arriving/steps")
    a_session(server, "new.test", now())
    assert "The last connection came" in text(client, "/nothing-arriving/steps")


@pytest.mark.django_db
def test_foot_shows_the_last_connection(client: Client) -> None:
    server = a_server("127.0.0.1:2525")
    assert "No SMTP connection yet" in text(client, "/sessions")
    a_session(server, "old.test", now() - timedelta(hours=1))
    assert "No SMTP connection since Mailsink started" in text(client, "/sessions")
    a_session(server, "new.test", now())
    foot = Html(text(client, "/sessions")).css_first("[data-last-connection]")
    assert foot.text(strip=True).startswith("Last connection")


@pytest.mark.django_db
def test_steps_tick_off_the_word_that_arrived(client: Client) -> None:
    server = a_server("127.0.0.1:2525")
    a_session(server, "Probe-7F3K9X.mailsink.test", now())
    url = "/nothing-arriving/steps?word="
    assert "Your line arrived" in text(client, f"{url}probe-7f3k9x")
    assert "Your line arrived" not in text(client, f"{url}probe-7f3k9y")


@pytest.mark.django_db
def test_empty_inbox_teaches(client: Client) -> None:
    a_server("127.0.0.1:2525")
    page = render_to_string("welcome/_empty.html")
    assert "swaks --server 127.0.0.1:2525" in page
    assert "&quot;port&quot;: 2525}" in page
    assert "EMAIL_PORT = 2525" in page
    assert "spring.mail.port=2525" in page
    Server.objects.update(smtp=[])
    assert "SMTP is off" in render_to_string("welcome/_empty.html")


@pytest.mark.django_db
def test_test_message_needs_a_post(client: Client) -> None:
    assert client.get("/test-message").status_code == 405


@pytest.mark.django_db
def test_test_message_smtp_off(client: Client) -> None:
    page = client.post("/test-message", headers={"HX-Request": "true"}).content.decode()
    assert "Not sent: SMTP is off" in page
    assert "<html" not in page
    assert "<html" in client.post("/test-message").content.decode()


@pytest.fixture
def refusing() -> Iterator[tuple[str, int]]:
    """A server that greets every client with 554."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            try:
                peer, _ = listener.accept()
            except OSError:
                return  # nobody came: the test failed before
            with peer:
                peer.sendall(b"554 No mail <here>\r\n")
                peer.recv(999)

        thread = threading.Thread(target=greet)
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.django_db
def test_test_message_refused_says_by_whom_and_why(
    client: Client, refusing: tuple[str, int]
) -> None:
    a_server("{}:{}".format(*refusing))
    page = client.post("/test-message").content.decode()
    assert f"127.0.0.1:{refusing[1]} answered: 554 No mail &lt;here&gt;" in page


def test_test_message_nobody_listens() -> None:
    port = free_port()
    with pytest.raises(testmail.NotSent, match=f"127.0.0.1:{port} did not accept it"):
        testmail.send(reach([f"127.0.0.1:{port}"]))


@pytest.fixture
def taking() -> Iterator[tuple[tuple[str, int], list[bytes]]]:
    """A server that takes one message, and its body's octets."""
    body: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            peer, _ = listener.accept()
            with peer, peer.makefile("rwb", buffering=0) as file:
                file.write(b"220 here\r\n")
                while line := file.readline():
                    if line.lower().startswith(b"data"):
                        file.write(b"354 go\r\n")
                        while (line := file.readline()) != b".\r\n":
                            body.append(line)
                    file.write(
                        b"221 Bye\r\n" if line.lower() == b"quit\r\n" else b"250 Ok\r\n"
                    )

        thread = threading.Thread(target=take)
        thread.start()
        yield listener.getsockname(), body
        thread.join()


def test_test_message_ends_every_line_with_crlf(
    taking: tuple[tuple[str, int], list[bytes]],
) -> None:
    (host, port), body = taking
    assert testmail.send(reach([f"{host}:{port}"])) is None
    assert len(body) > 20
    assert all(line.endswith(b"\r\n") for line in body)


def test_test_message_has_text_html_and_the_picture_in_it() -> None:
    message = message_from_bytes(
        testmail.compose().as_bytes(), _class=EmailMessage, policy=policy.default
    )
    assert isinstance(message, EmailMessage)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert "It works." in plain.get_content()
    assert html is not None
    (picture,) = [part for part in message.walk() if part["Content-ID"]]
    assert f"cid:{picture['Content-ID'][1:-1]}" in html.get_content()
    assert picture.get_content().startswith(b"\x89PNG")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"paused": True, "known_only": True}, "The inbox is paused"),
        ({"known_only": True}, "rejects unknown recipients"),
        ({"quota_octets": 10}, "has a quota"),
    ],
)
def test_checklist_names_a_setting_that_keeps_mail_away(
    client: Client, setting: dict[str, object], words: str
) -> None:
    assert 'href="/settings#' not in text(client, "/nothing-arriving/steps")
    Inbox.objects.update(**setting)
    assert words in text(client, "/nothing-arriving/steps")
