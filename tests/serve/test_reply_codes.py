"""Each reply code of RFC 5321 §4.2.3, met by a client in the situation it is for.

What is told without settings a server sends as it comes out of the box; the others
need a setting of the inbox, as a person makes it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

from tests.e2e.wire import Wire
from tests.running import Mailsink

ALL = {
    211, 214, 220, 221, 250, 251, 252, 354, 421, 450, 451, 452, 455,
    500, 501, 502, 503, 504, 550, 551, 552, 553, 554, 555,
}  # fmt: skip


class Situation(NamedTuple):
    """What a client says, and how the last line of it is answered."""

    why: str
    lines: tuple[str, ...]
    reply: str  # how it begins, the enhanced code included
    settings: Mapping[str, Any] = MappingProxyType({})  # of the inbox

    @property
    def code(self) -> int:
        return int(self.reply[:3])


HELLO = ("EHLO client.test",)
SENDER = (*HELLO, "MAIL FROM:<a@example.com>")
TO_ANN = (*SENDER, "RCPT TO:<ann@example.com>")


def known(kind: str, *target: str) -> dict[str, Any]:
    one = {"address": "ann@example.com", "kind": kind, "target": list(target)}
    return {"addresses": [one]}


SITUATIONS = (
    Situation("the status is asked for", ("HELP STATUS",), "211 2.0.0"),
    Situation("help is asked for", ("HELP",), "214 2.0.0"),
    Situation("the client has connected", (), "220 "),
    Situation("the client leaves", ("QUIT",), "221 2.0.0"),
    Situation("all is well", ("NOOP",), "250 2.0.0"),
    Situation(
        "the recipient has moved, and mail is taken",
        TO_ANN,
        "251 2.1.5",
        known("forwarded", "new@example.net"),
    ),
    Situation("any address is taken, so none can be verified", ("VRFY x",), "252 2.1.5"),
    Situation("the body may come", (*TO_ANN, "DATA"), "354 "),
    Situation("the inbox is paused", TO_ANN, "450 4.2.1", {"paused": True}),
    Situation(
        "there are more recipients than may be",
        (*SENDER, *(f"RCPT TO:<{n}@example.com>" for n in range(1001))),
        "452 4.5.3",
    ),
    Situation(
        "the message does not fit into the inbox now",
        (*TO_ANN, "DATA", "x" * 60 + "\r\n.", "RSET", f"{SENDER[-1]} SIZE=50"),
        "452 4.2.2",
        {"quota_octets": 100},
    ),
    Situation(
        "the inbox is paused, and delivery is asked for by a time",
        (*HELLO, f"{SENDER[-1]} BY=120;R"),
        "455 4.3.2",
        {"paused": True},
    ),
    Situation("there is no such command", ("FOO",), "500 5.5.2"),
    Situation("an argument is wrong", (*HELLO, "MAIL FROM:<a b@c>"), "501 5.1.7"),
    Situation("the command is not offered", ("SEND FROM:<a@b>",), "502 5.5.1"),
    Situation("the order is wrong", (*HELLO, "DATA"), "503 5.5.1"),
    Situation("there is no such mechanism", (*HELLO, "AUTH NTLM"), "504 5.5.4"),
    Situation("there is no help on that", ("HELP FOO",), "504 5.5.4"),
    Situation("there is no such list", ("EXPN staff",), "550 5.1.1"),
    Situation("the user is not known", TO_ANN, "550 5.1.1", {"known_only": True}),
    Situation(
        "the recipient has moved, and mail is not taken",
        TO_ANN,
        "551 5.1.6",
        known("moved", "new@example.net"),
    ),
    Situation(
        "the message is over the limit",
        (*HELLO, f"{SENDER[-1]} SIZE={2**30}"),
        "552 5.3.4",
    ),
    Situation(
        "the inbox is full",
        (*TO_ANN, "DATA", "x" * 98 + "\r\n.", *TO_ANN[1:]),
        "552 5.2.2",
        {"quota_octets": 100},
    ),
    Situation("a mailbox needs SMTPUTF8", (*SENDER, "RCPT TO:<ä@b>"), "553 5.6.7"),
    Situation(
        "the recipient may be several people",
        TO_ANN,
        "553 5.1.4",
        known("ambiguous", "ann.a@example.com", "ann.b@example.com"),
    ),
    Situation("no recipient was taken", (*SENDER, "RCPT TO:<>", "DATA"), "554 5.5.1"),
    Situation(
        "a parameter is not known", (*HELLO, f"{SENDER[-1]} FOO=1"), "555 5.5.4"
    ),
)  # fmt: skip


def ask(server: Mailsink, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{server.url}/api/v3/{path}", method=method, data=data)
    request.add_header("Content-Type", "application/json")
    with urlopen(request, timeout=120) as response:
        return json.loads(response.read() or "null")


@pytest.fixture
def inbox(mailsink: Mailsink) -> Iterator[None]:
    """The inbox as it is at first."""
    yield
    ask(mailsink, "DELETE", "messages?all=true")
    nothing = {"known_only": False, "quota_octets": 0, "paused": False, "addresses": []}
    ask(mailsink, "PATCH", "inboxes/default", nothing)


@pytest.mark.parametrize(
    "situation", SITUATIONS, ids=lambda each: f"{each.code} {each.why}"
)
def test_reply_code(mailsink: Mailsink, inbox: None, situation: Situation) -> None:
    if situation.settings:
        ask(mailsink, "PATCH", "inboxes/default", situation.settings)
    with Wire(mailsink.smtp) as client:
        reply = client.greeting
        for line in situation.lines:
            reply = client.say(line)
        last = reply.splitlines()[-1]
        assert last.startswith(situation.reply)
        assert (" (why: " in last) == (situation.code >= 400)


def test_451_where_a_body_cannot_be_written(mailsink: Mailsink) -> None:
    """The folder that large bodies are spooled to is none."""
    spool = mailsink.data / "spool"
    shutil.rmtree(spool)
    spool.touch()
    with Wire(mailsink.smtp) as client:
        assert send_much(client).startswith("451 4.3.0")
        spool.unlink()
        spool.mkdir()
        assert send_much(client).startswith("250 2.0.0")


def send_much(client: Wire) -> str:
    """Send a message larger than is held in memory; return the last reply."""
    for line in (*TO_ANN, "DATA"):
        client.say(line)
    client.send((b"x" * 70 + b"\r\n") * 30_000)
    return client.say(".")


def test_421_where_the_server_stops(start_mailsink: Any) -> None:
    server = start_mailsink()
    with Wire(server.smtp) as client:
        server.process.terminate()
        assert client.reply().startswith("421 4.3.2")


def test_421_where_a_client_is_silent(start_mailsink: Any) -> None:
    server = start_mailsink(SMTP_IDLE_TIMEOUT="1")
    with Wire(server.smtp) as client:
        assert client.reply().startswith("421 4.4.2")


def test_421_where_there_are_too_many(start_mailsink: Any) -> None:
    server = start_mailsink(SMTP_MAX_CONNECTIONS="1")
    with Wire(server.smtp), Wire(server.smtp) as second:
        assert second.greeting.startswith("421 4.3.2")


def test_every_code_is_met() -> None:
    assert {each.code for each in SITUATIONS} | {421, 451} == ALL


def test_most_codes_are_met_out_of_the_box() -> None:
    plain = {each.code for each in SITUATIONS if not each.settings} | {421, 451}
    assert ALL - plain == {251, 450, 455, 551}
