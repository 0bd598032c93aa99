"""A private nginx in front of a Mailsink: TLS, a path, and Host rewritten, as docs/proxies.md has it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

from mailsink.tls import own_context
from tests.programs import environment, program

PATH = "/a/b/"
HOW = ("keep", "strip")  # the path: passed on, or taken away
_DOCS = Path(__file__).resolve().parent.parent / "docs" / "proxies.md"
_BLOCK = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
_AROUND = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    log_format asked '$request_method $request_uri';
    access_log {folder}/access.log asked;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{documented}
}}
"""


def documented(how: str) -> str:
    """Return what the documentation has for nginx. how: one of HOW"""
    (block,) = _BLOCK.findall(_DOCS.read_text())
    (kept,) = re.findall(r"proxy_pass http://127\.0\.0\.1:8025;", block)
    return str(block).replace(kept, f"{kept[:-1]}/;" if how == "strip" else kept)


class Nginx:
    """Listens from the start, and passes on once it runs.

    url: below which Mailsink is served, without a slash at its end
    """

    def __init__(self, folder: Path, how: str) -> None:
        """folder: for its files, made if missing; how: one of HOW"""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._how = how
        self._process: subprocess.Popen[bytes] | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self._address = f"127.0.0.1:{port}"
        # By a name, as passkeys are for no IP address
        self.url = f"https://localhost:{port}{PATH.rstrip('/')}"

    def run(self, upstream: str) -> None:
        """Pass requests on to the address of a Mailsink. Does nothing if it does already."""
        if self._process is not None:
            return
        own_context(self._folder, "localhost")
        (self._folder / "access.log").touch()
        config = self._folder / "nginx.conf"
        config.write_text(self._config(upstream))
        path = program("nginx", "nginx")
        descriptor = self._listening.fileno()
        self._process = subprocess.Popen(
            [
                path,
                "-p",
                str(self._folder),
                "-e",
                f"{self._folder}/error.log",
                "-c",
                str(config),
            ],
            # By it nginx takes over the socket of its predecessor
            env={**environment(path), "NGINX": f"{descriptor};"},
            pass_fds=[descriptor],
        )

    def _config(self, upstream: str) -> str:
        """Return the documented lines, for this address, path and certificate."""
        lines = documented(self._how)
        for said, meant in {
            "listen 443 ssl": f"listen {self._address} ssl",
            "dev.example.com": "localhost",
            "/etc/ssl/localhost.pem": f"{self._folder}/tls-cert.pem",
            "/etc/ssl/localhost.key": f"{self._folder}/tls-key.pem",
            "/mail/": PATH,
            "(/mail)": f"({PATH.rstrip('/')})",
            "127.0.0.1:8025": upstream,
        }.items():
            assert said in lines, said
            lines = lines.replace(said, meant)
        user = "user root;" if os.geteuid() == 0 else ""
        return _AROUND.format(folder=self._folder, user=user, documented=lines)

    @property
    def requests(self) -> list[str]:
        """What was asked for so far, as "GET /path"; a request is here once it is answered."""
        return (self._folder / "access.log").read_text().splitlines()

    @property
    def beside(self) -> list[str]:
        """The paths that were asked for, but are not below ours.

        A browser itself asks for an icon where what it shows is no page.
        """
        paths = (each.partition(" ")[2] for each in self.requests)
        fine = (PATH, "/favicon.ico/")
        return [each for each in paths if not f"{each}/".startswith(fine)]

    def stop(self) -> None:
        """Stop listening."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._listening.close()
