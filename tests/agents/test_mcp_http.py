"""/mcp: off until it is switched on, and guarded as every other address."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests import behind
from tests.agents.asked import ask
from tests.running import Mailsink


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    started = Mailsink(tmp_path_factory.mktemp("mcp"), MCP="yes")
    yield started
    started.stop()
    assert not started.stderr


def status(server: Mailsink, method: str = "POST", **headers: str) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    fields = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **headers,
    }
    request = urllib.request.Request(
        f"{server.url}/mcp", json.dumps(body).encode(), fields, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def send(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp) as client:
        body = "Subject: Hello\n\nYour code is 482913"
        client.sendmail("a@example.com", ["ann@example.com"], body)


async def test_the_official_client(server: Mailsink) -> None:
    send(server)
    async with Client(f"{server.url}/mcp") as agent:
        found = await ask(agent, "wait_for_email", to="ann@example.com")
        assert found["mail"]["codes"] == ["482913"]
        assert found["url"] == f"{server.url}/messages/{found['id']}"
        made = await ask(agent, "set_rule", code=550, to="nobody@*")
        assert (await ask(agent, "set_rule", remove=made["rule"]))["removed"]


@pytest.mark.parametrize("how", behind.HOW)
async def test_the_official_client_below_a_path(tmp_path: Path, how: str) -> None:
    """Behind a real nginx with TLS, which passes the path on or takes it away."""
    server = Mailsink(tmp_path, behind=how, MCP="yes")
    try:
        send(server)
        async with (
            httpx2.AsyncClient(verify=False) as http,
            Client(
                streamable_http_client(f"{server.url}/mcp", http_client=http)
            ) as agent,
        ):
            found = await ask(agent, "wait_for_email", to="ann@example.com")
    finally:
        server.stop()
    assert found["mail"]["codes"] == ["482913"]
    assert found["url"].startswith(f"{server.url}/messages/")
    assert not server.stderr


def test_pages_of_others_do_not_reach_it(server: Mailsink) -> None:
    assert status(server) == 200
    assert status(server, Origin="http://evil.example") == 403
    assert status(server, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert status(server, Host="evil.example") == 400


def test_no_stream_is_held_open(server: Mailsink) -> None:
    """A client that opens one gets nothing by it, and would take the place of others."""
    assert [status(server, each) for each in ("GET", "DELETE")] == [405, 405]


def test_it_is_off_at_first(mailsink: Mailsink) -> None:
    assert status(mailsink) in (403, 404, 405)


def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of mcp is found where the path has an empty folder of that name first."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'mcp' else found(name, *rest)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from tests.running import manage

    done = manage("serve", data=tmp_path / "data", MCP="yes")
    assert (done.returncode, "django-mailsink[mcp]" in done.stderr) == (1, True)
