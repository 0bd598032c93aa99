"""Who may log in at a private Postfix: it asks by Dovecot's protocol of authentication.

Postfix knows no user itself. This stands in for Dovecot, which it would ask on a real
machine: doc.dovecot.org/main/core/config/auth/protocol.html.
"""

from __future__ import annotations

import base64
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GREETING = (
    "VERSION\t1\t2",
    "MECH\tPLAIN\tplaintext",
    f"SPID\t{os.getpid()}",
    "CUID\t1",
    f"COOKIE\t{'0' * 32}",
    "DONE",
)


@contextmanager
def dovecot_auth(folder: Path, username: str, password: str) -> Iterator[Path]:
    """Let a user log in by PLAIN; gives the socket that Postfix is to ask at.

    folder: has a short path, and is open to Postfix's user
    """
    path = folder / "auth"

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say(*_GREETING)
            for line in self.rfile:
                verb, *fields = line.decode().rstrip("\n").split("\t")
                if verb == "AUTH":
                    self._judge(*fields)

        def _judge(self, id: str, mechanism: str, *parameters: str) -> None:
            response = parameters[-1].removeprefix("resp=")
            given = base64.b64decode(response).decode()
            is_good = (mechanism, given) == ("PLAIN", f"\0{username}\0{password}")
            self._say(f"OK\t{id}\tuser={username}" if is_good else f"FAIL\t{id}")

        def _say(self, *lines: str) -> None:
            self.wfile.write("".join(f"{line}\n" for line in lines).encode())

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with Server(str(path), Conversation) as server:
        path.chmod(0o666)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield path
        finally:
            server.shutdown()
