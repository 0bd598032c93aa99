"""The command line against what is not a Mailsink: it says so, whatever is answered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from mailsink.cli import api_client
from mailsink.cli.api_client import ApiFailure
from mailsink.cli.app import app
from mailsink.testing.caught_mail import Mail

_OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


class Answering:
    """Sends the same octets to all who connect, whatever they ask."""

    def __init__(self) -> None:
        self.octets = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            client, _ = self._listening.accept()
            with client:
                if b" /api/" not in client.recv(65536):
                    return
                with suppress(OSError):  # the client may close when it has enough
                    client.sendall(self.octets)
                    # A close with an unread body would reset the connection.
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass

    def stop(self) -> None:
        at = self._listening.getsockname()
        socket.create_connection(at).close()
        self._thread.join()
        self._listening.close()


@pytest.fixture
def server() -> Iterator[Answering]:
    made = Answering()
    yield made
    made.stop()


@pytest.mark.parametrize(
    "answer",
    [
        _OK + b"\r\n<html>Welcome to nginx</html>",
        _OK + b"\r\n" + b"[" * 100_000,
        _OK + b'\r\n{"items":"\xff"}',
        _OK + b"\r\n[]",
        _OK + b'\r\n{"items":null}',
        _OK + b"Content-Length: 1000\r\n\r\n{}",
        _OK + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n{}",
        _OK + b"A: b\r\n" * 200 + b"\r\n{}",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n[",
        b"HTTP/1.1 500 Oh\r\n\r\n" + b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("command", ["messages", "tail"])
def test_it_is_said_that_it_is_no_mailsink(
    server: Answering, answer: bytes, command: str
) -> None:
    server.octets = answer
    ran = CliRunner().invoke(app, [command, "--url", server.url])
    assert isinstance(ran.exception, ApiFailure), ran.exception
    said = str(ran.exception)
    assert server.url in said or "answered 500" in said


@pytest.mark.parametrize(
    "command",
    [["messages"], ["inboxes", "list"], ["rules", "list"], ["wait"], ["check"]],
)
@pytest.mark.parametrize("answer", [b"{}", b'{"status":"ok"}', b'{"items":[{}]}'])
def test_an_object_of_another_kind_is_no_mailsinks(
    server: Answering, answer: bytes, command: list[str]
) -> None:
    """Most services answer a path that they do not know by one, many with 200."""
    server.octets = _OK + b"\r\n" + answer
    ran = CliRunner().invoke(app, [*command, "--url", server.url])
    assert str(ran.exception) == f"the server at {server.url} is not a Mailsink"


@pytest.mark.parametrize("answer", [b"{}", b'{"items":[{}]}'])
def test_no_mail_is_asserted_of_a_mailsink_only(
    server: Answering, answer: bytes
) -> None:
    server.octets = _OK + b'\r\n{"items":[],"next":null}'
    mail = Mail(server.url, ("127.0.0.1", 25))
    mail.assert_none(q="to:ann")
    server.octets = _OK + b"\r\n" + answer
    with pytest.raises(AssertionError):
        mail.assert_none(q="to:ann")


@pytest.mark.parametrize("frame", ["welcome", "[]", "{}", '{"type":"batch"}'])
def test_a_live_feed_of_another_kind_is_no_mailsinks(frame: str) -> None:
    with pytest.raises(ApiFailure, match="is not a Mailsink"):
        api_client.ApiClient("http://a.test").shape(frame)["events"]


def test_an_answer_without_end_is_not_read_to_it(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_client, "_MOST", 1024 * 1024, raising=False)
    server.octets = _OK + b'\r\n{"items":[],"next":null' + b" " * 2 * 1024 * 1024 + b"}"
    ran = CliRunner().invoke(app, ["messages", "--url", server.url])
    assert "it sends more than 1 MiB" in str(ran.exception)


def test_a_password_commands_no_terminal(server: Answering) -> None:
    server.octets = _OK + b'\r\n{"password":"x\\u001b[2J"}'
    asked = ["inboxes", "credential", "shop", "app", "--url", server.url]
    ran = CliRunner().invoke(app, asked)
    assert ran.output == "x\N{REPLACEMENT CHARACTER}[2J\n"
