"""The command line signs in by a token, which it keeps to itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailsink.cli import bearer_token
from mailsink.cli.app import app

_LIST = json.dumps({"items": [], "next": None}).encode()


class _Noting(BaseHTTPRequestHandler):
    """Answers with an empty list, and notes what signed in; /elsewhere is another host."""

    def do_GET(self) -> None:
        self.server.came.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        if "moved" in self.path:
            self.send_response(302)
            self.send_header("Location", "/api/v3/elsewhere")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(_LIST)))
        self.end_headers()
        self.wfile.write(_LIST)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    for name in ("MAILSINK_TOKEN", "MAILSINK_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bearer_token._Given, "token", "")
    with HTTPServer(("127.0.0.1", 0), _Noting) as made:
        made.came = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def came(server: HTTPServer, *arguments: str, **given: str) -> list[str | None]:
    """What signed in while a command ran."""
    url = f"http://127.0.0.1:{server.server_port}"
    ran = CliRunner().invoke(app, [*arguments, "--url", url], env=given)
    assert ran.exit_code == 0, ran.output
    found: list[str | None] = server.came  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("command", [("messages",), ("rules", "list")])
def test_commands_send_the_token_of_the_variable(
    server: HTTPServer, command: tuple[str, ...]
) -> None:
    assert came(server, *command, MAILSINK_TOKEN=" msk_x\n") == ["Bearer msk_x"]


def test_a_file_has_the_token(server: HTTPServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("msk_y\n")
    assert came(server, "messages", "--token-file", str(file)) == ["Bearer msk_y"]


def test_without_a_token_none_is_sent(server: HTTPServer) -> None:
    assert came(server, "messages") == [None]


def test_a_redirect_does_not_take_the_token_along(server: HTTPServer) -> None:
    sent = came(server, "messages", "moved", "--token", "msk_z")
    assert sent == ["Bearer msk_z", None]


def test_tail_sends_the_token_with_its_websocket(server: HTTPServer) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    CliRunner().invoke(app, ["tail", "--url", url, "--token", "msk_t"])
    assert server.came == ["Bearer msk_t"] * 2  # type: ignore[attr-defined]


def test_what_cannot_be_a_token_is_refused(server: HTTPServer, tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    for given in (["--token", "a b"], ["--token", "a\nb"], ["--token-file", missing]):
        ran = CliRunner().invoke(app, ["messages", *given])
        assert ran.exit_code == 2, given
