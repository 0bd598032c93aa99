"""/mcp: off until it is switched on, and guarded as every other address."""

from __future__ import annotations

import json
import smtplib
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests import behind
from tests.agents.asked import ask
from tests.running import ROOT, Mailsink, environment, manage


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    started = Mailsink(tmp_path_factory.mktemp("mcp"), MCP="yes")
    yield started
    started.stop()
    assert not started.stderr


def status(
    server: Mailsink, method: str = "POST", params: object = None, **headers: str
) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params or {}}
    fields = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **headers,
    }
    request = urllib.request.Request(
        f"{server.url}/mcp", json.dumps(body).encode(), fields, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
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
            httpx2.AsyncClient(verify=False, timeout=120) as http,
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


def test_a_large_call_is_refused_before_it_is_read(server: Mailsink) -> None:
    """It would be parsed on the loop that receives mail."""
    words = "x" * 64 * 1024
    assert status(server, params={"cursor": words}) == 413
    assert status(server, params={"cursor": words[:60_000]}) == 200


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


def test_an_agent_sees_the_inboxes_of_its_token(tmp_path: Path) -> None:
    server = Mailsink(tmp_path / "data", MCP="yes")
    for slug in "ab":
        server.post("inboxes", slug=slug)
        with smtplib.SMTP(*server.smtp) as client:
            body = f"From: a@x.test\nX-Mailsink-Inbox: {slug}\nSubject: of-{slug}\n\nx"
            client.sendmail("a@example.com", [f"{slug}@example.com"], body)
    (theirs, ours) = server.get("messages")["items"]
    made = subprocess.run(
        [sys.executable, "manage.py", "make_administrator", "root"], cwd=ROOT, timeout=120,
        env=environment(tmp_path / "data"), input="correct horse 42", text=True,
    )  # fmt: skip
    assert made.returncode == 0
    arguments = ("--user=root", "--name=agent", "--scope=read", "--inbox=a")
    token = manage("add_token", *arguments, data=tmp_path / "data").stdout.strip()
    while status(server) != 401:  # it knows of accounts within a second
        pass
    try:
        for tool, given, shown in (
            ("search", {}, True), ("get_message", {}, True), ("get_message", {"id": ours["id"]}, True),
            ("wait_for_email", {"timeout": 0}, True), ("explain_session", {}, False),
            ("wait_for_email", {"timeout": 0, "subject": "of-b"}, True),
            ("get_message", {"id": theirs["id"]}, False), ("why_refused", {"address": "b@example.com"}, False),
            ("findings", {"message": theirs["id"]}, False), ("replay", {"session": theirs["session"]}, False),
            ("explain_session", {"session": theirs["session"]}, False), ("set_rule", {"code": 550}, False),
        ):  # fmt: skip
            told = _told(server, token, tool, given)
            assert ("of-a" in told) == shown, (tool, told)
            assert "Subject: of-b" not in told.replace('"of-b"', ""), (tool, told)
            assert theirs["id"] not in told or theirs["id"] in given.values(), tool
        assert "of-a" in _told(server, token, "get_message", {}, source="127.0.0.2")
        with closing(sqlite3.connect(server.data / "mailsink.sqlite3")) as database:
            query = "SELECT 1 FROM inbox_auditentry WHERE address = '127.0.0.2'"
            while not database.execute(
                query
            ).fetchone():  # it is written a moment later
                pass
    finally:
        server.stop()
    assert not server.stderr


def _told(
    server: Mailsink, token: str, tool: str, given: object, source: str = "127.0.0.1"
) -> str:
    """Return what a tool answers an agent with a token, or why it does not.

    source: the address that the agent asks from
    """
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": given}}  # fmt: skip
    fields = {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }  # fmt: skip
    netloc = urlsplit(server.url).netloc
    with closing(HTTPConnection(netloc, timeout=120, source_address=(source, 0))) as agent:  # fmt: skip
        agent.request("POST", "/mcp", json.dumps(asked).encode(), fields)
        return str(json.load(agent.getresponse())["result"]["content"][0]["text"])
