"""A restart on sockets that somebody else holds, as systemd does: no connection is refused."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

from mailsink import conf
from tests.running import SERVE, Mailsink

from .senders import Acknowledged, Sender, assert_stored

# The sockets become descriptors 3 and 4; the server has the number of its shell.
_SHELL = (
    'exec 10<&"$1" 11<&"$2" 3<&10 4<&11 10<&- 11<&-; shift 2; LISTEN_PID=$$ exec "$@"'
)


class Persistent(Sender):
    """A client that connects again for each message, and whom nobody may refuse."""

    refusal: OSError | None = None

    def run(self) -> None:
        while not self.enough and self.refusal is None:
            try:
                self.deliver()
            except ConnectionError as error:
                if not self.replies:  # 421 was said before
                    self.refusal = error
                self.replies.clear()

    def deliver(self) -> None:
        """Send messages until the server says goodbye."""
        with socket.create_connection(self.address, timeout=120) as connection:
            self.lines = connection.makefile("rb")
            self.talk(connection)


class OnHeldSockets(Mailsink):
    """A server whose sockets are there before it, and stay after it."""

    held: Sequence[socket.socket] = ()

    def _run(
        self,
        flags: Sequence[str],
        variables: dict[str, str],
        stderr: IO[str],
        descriptors: int,
    ) -> subprocess.Popen[str]:
        numbers = [str(each.fileno()) for each in self.held]
        return subprocess.Popen(
            ["bash", "-c", _SHELL, "bash", *numbers, *SERVE, *flags],
            cwd=self.folder,
            env={**self.environment(variables), "LISTEN_FDS": "2"},
            pass_fds=[each.fileno() for each in self.held],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )


@pytest.fixture
def held() -> Iterator[list[socket.socket]]:
    """Sockets for mail and for the pages, as systemd would listen on them."""
    sockets = [socket.create_server(("127.0.0.1", 0), backlog=512) for _ in range(2)]
    OnHeldSockets.held = sockets
    yield sockets
    for each in sockets:
        each.close()


def flags(held: Sequence[socket.socket]) -> list[str]:
    smtp, http = ("{}:{}".format(*each.getsockname()) for each in held)
    return ["--smtp", smtp, "--http", http]


def test_a_restart_refuses_and_loses_nothing(
    tmp_path: Path, held: list[socket.socket]
) -> None:
    data, acknowledged = tmp_path / "data", Acknowledged()
    server: Mailsink = OnHeldSockets(data, *flags(held))
    senders = [Persistent(server.smtp, acknowledged, number) for number in range(5)]
    for sender in senders:
        sender.start()
    acknowledged.wait_for(20)
    assert server.stop() == 0
    between = len(acknowledged.messages)
    waiting = socket.create_connection(server.smtp, timeout=120)  # nobody takes it yet
    server = OnHeldSockets(data, *flags(held))
    acknowledged.wait_for(between + 20)
    assert waiting.recv(3) == b"220"
    waiting.close()
    for sender in senders:
        sender.enough = True
        sender.join(120)
    assert server.stop() == 0
    assert [each.refusal for each in senders] == [None] * len(senders)
    assert_stored(acknowledged, data)


def test_sockets_that_no_setting_asked_for_stop_the_start(
    tmp_path: Path, held: list[socket.socket]
) -> None:
    with pytest.raises(AssertionError, match="systemd hands over"):
        OnHeldSockets(tmp_path / "data", *flags(held)[:2], "--http", "off")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LISTEN_FDS": "2", "LISTEN_PID": str(os.getpid())}, 2),
        ({"LISTEN_FDS": "2", "LISTEN_PID": str(os.getppid())}, 0),  # of a parent
        ({"LISTEN_FDS": "2"}, 0),
        ({"LISTEN_FDS": "-1", "LISTEN_PID": str(os.getpid())}, 0),
        ({}, 0),
    ],
)
def test_sockets_count_where_they_are_for_this_process(
    tmp_path: Path, variables: dict[str, str], expected: int
) -> None:
    config = conf.load({"MAILSINK_DATA": str(tmp_path), **variables})
    assert config.listen_fds == expected
