"""The cluster of Compose, without its containers: its own nginx file and variables, really run.

A real nginx balances mail (PROXY protocol) and pages between two processes each, on a real
PostgreSQL and Redis. Only names and ports of containers are others.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import smtplib
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect, sync_playwright

from tests import private
from tests.programs import environment, part, program
from tests.running import ROOT, Mailsink
from tests.watching import MessageWatcher

_PACKAGING = ROOT / "packaging"
_COMPOSE = yaml.safe_load((_PACKAGING / "compose.cluster.yaml").read_text())
_SERVICES = _COMPOSE["services"]
_NGINX = (_PACKAGING / "nginx" / "cluster.conf").read_text()
_SMTP, _WEB = ("smtp-1", "smtp-2"), ("web-1", "web-2")
_MAILS = 20
_PATIENCE = 120_000  # ms: a busy machine is no failure
expect.set_options(timeout=_PATIENCE)
# What a container has of its own: where files go, and that nothing is in the background.
_MAIN = """
{modules}
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
"""
_HTTP = """http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""


class Cluster:
    """Four processes of Mailsink and an nginx.

    members: by the name of their service. smtp, url: where nginx listens
    """

    def __init__(self, folder: Path, database: str, redis: str) -> None:
        self._folder = folder
        self._outside = {
            "MAILSINK_DATABASE_URL": database,
            "MAILSINK_REDIS_URL": redis,
            "MAILSINK_SECRET_KEY": "long and random",
        }
        self._stack = ExitStack()
        self.members = {each: self._member(each) for each in (*_SMTP, *_WEB)}
        self.smtp = ("127.0.0.1", private.free_port())
        self.web = ("127.0.0.1", private.free_port())
        self.url = "http://{}:{}".format(*self.web)
        self._nginx = self._start_nginx()

    def _member(self, name: str) -> Mailsink:
        """Start a process with the variables of its service."""
        nginx = _SERVICES["nginx"]["networks"]["inside"]["ipv4_address"]
        given = {
            key: str(self._outside.get(key, value)).replace(nginx, "127.0.0.1")
            for key, value in _SERVICES[name]["environment"].items()
        }
        flag = "--smtp" if name in _SMTP else "--http"
        variables = {key.removeprefix("MAILSINK_"): each for key, each in given.items()}
        shared = str(self._folder / "data")  # the volume
        made = Mailsink(
            self._folder / name, flag, "127.0.0.1:0", DATA=shared, **variables
        )
        self._stack.callback(made.stop)
        return made

    def _start_nginx(self) -> subprocess.Popen[bytes]:
        config = self._folder / "nginx.conf"
        config.write_text(self._config())
        path = program("nginx", "nginx")
        process = subprocess.Popen(
            [path, "-p", self._folder, "-e", self._folder / "error.log", "-c", config],
            env=environment(path),
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        for at in (self.smtp, self.web):
            private.wait_until_open(at)
        return process

    def _config(self) -> str:
        text = _NGINX
        places = {each: self.members[each].address("SMTP") for each in _SMTP}
        places |= {each: self.members[each].address("Web") for each in _WEB}
        for name, (host, port) in places.items():
            text, count = re.subn(rf"\b{name}:\d+", f"{host}:{port}", text)
            assert count == 1, name
        for usual, at in ((1025, self.smtp), (8025, self.web)):
            listen = f"listen {usual};"
            assert text.count(listen) == 1
            text = text.replace(listen, "listen {}:{};".format(*at))
        # Debian's nginx has the module as a file, the image of nginx has it built in.
        module = part("nginx/modules/ngx_stream_module.so", "libnginx-mod-stream")
        main = _MAIN.format(
            folder=self._folder,
            modules=f"load_module {module};",
            user="user root;" if os.geteuid() == 0 else "",
        )
        return main + text.replace("http {\n", _HTTP.format(folder=self._folder), 1)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v3/{path}") as answer:
            return json.load(answer)

    def stop(self) -> None:
        self._stack.close()
        said = {name: each.stderr for name, each in self.members.items()}
        assert not any("Traceback" in each for each in said.values()), said


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, postgresql_url: str, redis_url: str
) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"), postgresql_url, redis_url)
    yield made
    made.stop()


def send(cluster: Cluster, subject: str) -> int:
    """Send a mail by nginx; return the port of the client."""
    with smtplib.SMTP(*cluster.smtp) as client:
        assert client.sock is not None
        port: int = client.sock.getsockname()[1]
        mail = f"Subject: {subject}\r\n\r\nHello\r\n"
        client.sendmail("app@shop.test", ["ann@example.com"], mail)
    return port


def test_mail_comes_by_nginx_with_the_addresses_of_its_clients(
    cluster: Cluster,
) -> None:
    ports = {send(cluster, f"Number {number}") for number in range(_MAILS)}
    found = cluster.get(f"messages?limit={_MAILS}")["items"]
    assert len(found) == _MAILS
    sessions = [cluster.get(f"sessions/{each['session']}") for each in found]
    assert {each["client_port"] for each in sessions} == ports, "by the PROXY protocol"
    assert {each["client_address"] for each in sessions} == {"127.0.0.1"}
    listeners = {each["listener"] for each in sessions}
    assert len(listeners) == 2, f"both processes take mail, not {listeners} alone"


def test_both_web_processes_show_it_live(cluster: Cluster) -> None:
    with ExitStack() as stack:
        # nginx gives each connection to the next one.
        watchers = [stack.enter_context(MessageWatcher(cluster.url)) for _ in range(4)]
        send(cluster, "Live")
        newest = cluster.get("messages?limit=1")["items"][0]["id"]
        for each in watchers:
            each.wait_for([newest])
            assert each.created[newest] == 1 or newest in each.loaded


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = program("chromium", "chromium")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        made = browser.new_page()
        made.set_default_timeout(_PATIENCE)
        yield made
        browser.close()


def test_a_page_in_a_browser(cluster: Cluster, page: Page) -> None:
    page.goto(cluster.url)
    expect(page.locator("[data-lamp]")).to_have_attribute("data-lamp", "live")
    expect(page.locator("#wrong-origin")).to_be_hidden()
    send(cluster, "In a browser")
    row = page.locator("#entries li.row", has_text="In a browser")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Bug").click()
    expect(row.get_by_text("found a bug")).to_be_attached()


def ask(cluster: Cluster, method: str, path: str, **fields: str) -> int:
    connection = http.client.HTTPConnection(*cluster.web)
    with closing(connection):
        connection.request(method, path, headers=fields)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def test_origins_are_judged_by_the_address_of_nginx(cluster: Cluster) -> None:
    send(cluster, "To be pinned")
    path = "/settings/resume"
    assert ask(cluster, "POST", path, Origin=cluster.url) == 302
    assert ask(cluster, "POST", path, Origin="http://127.0.0.1:1") == 403


def test_the_metrics_are_kept_inside(cluster: Cluster) -> None:
    assert ask(cluster, "GET", "/metrics") == 404


def test_a_process_that_ends_leaves_its_clients_to_the_other(cluster: Cluster) -> None:
    assert cluster.members["smtp-1"].stop() == 0
    assert cluster.members["web-1"].stop() == 0
    for number in range(6):
        send(cluster, f"Without the first, {number}")
        assert cluster.get("messages?limit=1")["items"]
    found = cluster.get("messages?limit=6")["items"]
    assert all(each["subject"].startswith("Without") for each in found)
