"""MailHog's dialect: its lists, searches and messages, and what it shares with Mailpit's."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import pytest
from django.urls import include, path

from inbox.api.mailhog import events
from inbox.api.mailhog import messages as mailhog_messages
from inbox.api.urls import dialects
from inbox.mailbox import large, marking, offsets
from inbox.mailbox.scope import ALL
from inbox.models import Message, Release, Rule
from inbox.outgoing import routes
from inbox.rules import rulebook
from tests import factories
from tests.dialects.conftest import Dialect

pytestmark = pytest.mark.database

MAIL = (
    b"From: Ann <ann@example.com>\r\nTo: Bob <bob@shop.test>\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Two: a\r\nX-Two: b\r\n c\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
    b"--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: text/plain\r\n\r\nPlain\r\n"
    b"--a\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--a--\r\n"
    b"--m\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="a.txt"\r\n\r\naGVsbG8=\r\n--m--\r\n'
)


@pytest.fixture
def mail(dialect: Dialect) -> str:
    session = factories.session(ending="quit", helo="app.example")
    made = factories.message(
        MAIL, session=session, recipients=["bob@shop.test", "hidden@z.test"]
    )
    return str(made.pk)


def read(dialect: Dialect, path: str, kind: str = "text/json") -> Any:
    answer = dialect.ask("GET", path)
    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    return json.loads(answer.content)


def test_an_empty_list(dialect: Dialect) -> None:
    found = read(dialect, "/api/v2/messages")
    assert found == {"total": 0, "count": 0, "start": 0, "items": []}


def test_a_message(dialect: Dialect, mail: str) -> None:
    (one,) = read(dialect, "/api/v2/messages")["items"]
    assert list(one) == "ID From To Content Created MIME Raw".split()
    assert one["ID"] == mail
    sender = {"Relays": None, "Mailbox": "ann", "Domain": "example.com", "Params": ""}
    assert one["From"] == sender
    hidden = {"Relays": None, "Mailbox": "hidden", "Domain": "z.test", "Params": ""}
    assert one["To"][1] == hidden
    content = one["Content"]
    assert list(content) == "Headers Body Size MIME".split()
    assert (content["Size"], content["MIME"]) == (len(MAIL), None)
    assert content["Body"].startswith("--m\r\n")
    headers = content["Headers"]
    assert headers["Subject"] == ["=?utf-8?q?Gr=C3=BC=C3=9Fe?="]
    assert headers["X-Two"] == ["a", "b c"]
    assert headers["Return-Path"] == ["<ann@example.com>"]
    assert headers["Received"][0].startswith("from app.example ")
    assert "Message-ID" in headers
    assert "Bcc" not in headers
    raw = {
        "From": "ann@example.com",
        "To": ["bob@shop.test", "hidden@z.test"],
        "Data": MAIL.decode(),
        "Helo": "app.example",
    }
    assert one["Raw"] == raw
    assert one["Created"].endswith("Z")
    alternative, file = one["MIME"]["Parts"]
    assert list(file) == "Headers Body Size MIME".split()
    assert (file["Body"].strip(), file["MIME"]) == ("aGVsbG8=", None)
    bodies = [each["Body"].strip() for each in alternative["MIME"]["Parts"]]
    assert bodies == ["Plain", "<p>Hi</p>"]
    assert read(dialect, f"/api/v1/messages/{mail}") == one


def test_what_is_no_multipart(dialect: Dialect) -> None:
    factories.message(b"Subject: s\r\n\r\nb\xff\r\n", reverse_path="")
    (one,) = read(dialect, "/api/v2/messages")["items"]
    assert one["MIME"] is None
    assert one["Content"]["Body"] == "b\ufffd\r\n"
    assert (one["From"]["Mailbox"], one["From"]["Domain"]) == ("", "")


def test_deep_multiparts(dialect: Dialect) -> None:
    mail = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(300)
    )
    factories.message(mail)
    assert read(dialect, "/api/v2/messages")["count"] == 1


def test_pages(dialect: Dialect) -> None:
    made = [str(factories.message().pk) for _ in range(3)]
    found = read(dialect, "/api/v2/messages?start=1&limit=1")
    assert [each["ID"] for each in found["items"]] == [made[1]]
    assert [found[name] for name in ("total", "count", "start")] == [3, 1, 1]


def test_a_list_ends_where_its_bodies_are_large(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.api.mailhog.messages._OCTETS", 100)
    for _ in range(3):
        factories.message(b"Subject: s\r\n\r\n" + b"x" * 40)
    found = read(dialect, "/api/v2/messages")
    assert (found["total"], found["count"]) == (3, 1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=from&query=NN@exam", 1),
        ("kind=from&query=bob", 0),
        ("kind=to&query=shop.test", 1),
        ("kind=to&query=hidden", 1),
        ("kind=to&query=ann", 0),
        ("kind=containing&query=gr%C3%BC%C3%9Fe", 1),
        ("kind=containing&query=ann@example.com", 1),
        ("kind=containing&query=nothing", 0),
    ],
)
def test_search(dialect: Dialect, mail: str, query: str, found: int) -> None:
    answer = read(dialect, f"/api/v2/search?{query}", "application/json")
    assert (answer["total"], answer["count"], len(answer["items"])) == (found,) * 3


@pytest.mark.parametrize(
    "query", ["", "kind=from", "kind=subject&query=x", "kind=to&query=%00"]
)
def test_what_cannot_be_searched(dialect: Dialect, query: str) -> None:
    answer = dialect.ask("GET", f"/api/v2/search?{query}")
    assert (answer.status_code, answer.content) == (400, b"")


def test_files(dialect: Dialect, mail: str) -> None:
    answer = dialect.ask("GET", f"/api/v1/messages/{mail}/download")
    assert (answer["Content-Type"], answer.content) == ("message/rfc822", MAIL)
    name = f'attachment; filename="{mail}.eml"'
    assert answer["Content-Disposition"] == name
    part = f"/api/v1/messages/{mail}/mime/part"
    answer = dialect.ask("GET", f"{part}/1/download")
    assert answer.content == b"hello"
    assert answer["Content-Disposition"] == 'attachment; filename="a.txt"'
    assert dialect.ask("GET", f"{part}/2/download").status_code == 404


def test_deleting(dialect: Dialect, mail: str) -> None:
    factories.message()
    answer = dialect.ask("DELETE", f"/api/v1/messages/{mail}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert read(dialect, "/api/v2/messages")["total"] == 1
    for method in ("GET", "DELETE"):
        words = dialect.text(method, f"/api/v1/messages/{mail}", status=404)
        assert words == "null\n"


def test_deleting_everything_as_npm_mailhog_does(dialect: Dialect, mail: str) -> None:
    """It says nothing of itself, and takes JSON or nothing for an answer."""
    bare = {"User-Agent": "", "Connection": "close"}
    answer = dialect.ask("DELETE", "/api/v1/messages", **bare)
    assert (answer.status_code, answer.content) == (200, b"")
    assert read(dialect, "/api/v2/messages")["total"] == 0
    assert dialect.text("DELETE", "/api/v1/messages") == "ok"  # all others


def test_release(dialect: Dialect, mail: str) -> None:
    address = f"/api/v1/messages/{mail}/release"
    asked = {"host": "MX.example", "port": "2525", "email": "x@y.test"}
    assert "no route" in dialect.text("POST", address, asked, status=400)
    routes.add(
        {"name": "a", "host": "mx.example", "port": 2525, "tls": "off", "allow": ["*"]}
    )
    answer = dialect.ask("POST", address, asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (
        dialect.ask("POST", address, {"Name": "a", "Email": "z@y.test"}).content == b""
    )
    assert Release.objects.count() == 2
    assert "is not an address" in dialect.text(
        "POST", address, asked | {"email": "x"}, 400
    )
    assert dialect.text("POST", address, b"", status=400) == "EOF"
    found = read(dialect, "/api/v2/outgoing-smtp", "application/json")
    assert found["a"]["Port"] == "2525"
    assert found["a"]["Password"] == ""


JIM = {
    "DisconnectChance": 0.005,
    "AcceptChance": 0.99,
    "LinkSpeedAffect": 0.1,
    "RejectSenderChance": 0.05,
    "RejectRecipientChance": 0,
    "RejectAuthChance": 1,
    "LinkSpeedMin": 1024,
    "LinkSpeedMax": 10240,
}


def test_jim(dialect: Dialect) -> None:
    address = "/api/v2/jim"
    for method in ("GET", "PUT", "DELETE"):
        assert dialect.ask(method, address, {}).status_code == 404
    assert dialect.ask("POST", address, JIM).status_code == 201
    assert dialect.ask("POST", address, JIM).status_code == 400
    assert dialect.get(address) == JIM
    on = {each.name: each.is_on for each in Rule.objects.all()}
    assert (on["Jim: RejectRecipientChance"], on["Jim: RejectAuthChance"]) == (
        False,
        True,
    )
    assert dialect.ask("PUT", address, b"{").status_code == 400
    assert dialect.ask("PUT", address, {"linkspeedmin": "x"}).status_code == 400
    assert dialect.ask("PUT", address, {**JIM, "AcceptChance": 1}).status_code == 200
    assert dialect.get(address) == {**JIM, "AcceptChance": 1}
    assert dialect.ask("DELETE", address).status_code == 200
    assert not Rule.objects.exists()


def test_jim_whose_rules_were_changed(dialect: Dialect) -> None:
    dialect.ask("POST", "/api/v2/jim", JIM)
    for rule in Rule.objects.filter(is_on=True):
        fields = {"actions": {"close": "before"}, "limits": {}}
        rulebook.change(ALL, rule.pk, fields)
    jim = dialect.get("/api/v2/jim")
    assert (jim["AcceptChance"], jim["RejectSenderChance"]) == (0, 1)
    assert (jim["LinkSpeedMin"], jim["LinkSpeedMax"]) == (0, 0)


def test_jim_as_an_empty_object_accepts_nothing(dialect: Dialect) -> None:
    """As in MailHog: what is left out is 0, and its errors of JSON are not minded."""
    assert dialect.ask("POST", "/api/v2/jim", b"no json").status_code == 201
    assert dialect.get("/api/v2/jim")["AcceptChance"] == 0
    assert [each.stage for each in Rule.objects.filter(is_on=True)] == ["connect"]


@pytest.mark.parametrize("address", ["/api/v2", "/api/v2/", "/api/v2/nothing"])
def test_what_is_not_there(dialect: Dialect, address: str) -> None:
    assert dialect.text("GET", address, status=404) == "404 page not found\n"


def test_pinned_messages_stay(dialect: Dialect, mail: str) -> None:
    marking.update(ALL, mail, pinned=True)
    dialect.ask("DELETE", "/api/v1/messages")
    assert Message.objects.filter(deleted_at=None).count() == 1


def test_each_dialect_alone(
    dialect: Dialect, mail: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Mailpit's, MailHog's answers all of version 1."""

    def use(*names: str) -> None:
        urls = ModuleType(f"urls_of_{'_'.join(names)}")
        urls.urlpatterns = [path("api/", include(dialects(names)))]  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, urls.__name__, urls)
        settings.ROOT_URLCONF = urls.__name__

    use("mailhog")
    (one,) = read(dialect, "/api/v1/messages")
    assert one["ID"] == mail
    assert dialect.ask("DELETE", "/api/v1/messages").content == b""
    assert dialect.text("GET", "/api/v1/info", status=404) == "404 page not found\n"
    use("mailpit")
    assert dialect.get("/api/v1/messages")["total"] == 0
    assert dialect.ask("GET", "/api/v2/messages").status_code == 404
    assert dialects([]) == []


def nested(levels: int, body: bytes) -> bytes:
    """Return a mail of multiparts within one another around a body."""
    head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    heads = b"".join(head % (level, level) for level in range(levels))
    return heads + b"\r\n" + body


def test_nested_multiparts_are_not_written_out_at_each_level(dialect: Dialect) -> None:
    raw = nested(90, b"<" * 20_000)
    factories.message(raw)
    answer = dialect.ask("GET", "/api/v2/messages")
    assert len(answer.content) < 8 * 6 * len(raw)
    (one,) = json.loads(answer.content)["items"]
    part = one["MIME"]["Parts"][0]
    assert part["Body"].endswith("<" * 20_000)
    bodies = []
    while part["MIME"]:
        part = part["MIME"]["Parts"][0]
        bodies.append(part["Body"])
    assert "" in bodies[:-1]
    assert bodies[-1] == "<" * 20_000


def test_a_list_ends_by_what_is_written(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        factories.message(b"\r\n" + b"<" * 1000)
    monkeypatch.setattr(mailhog_messages, "_OCTETS", 30_000)
    found = read(dialect, "/api/v2/messages")
    assert (found["total"], found["count"]) == (5, 2)
    assert len(read(dialect, "/api/v1/messages/" + found["items"][0]["ID"])) == 7


def test_much_json_is_written_elsewhere(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(large, "refuse_here", lambda *given: asked.append(given))
    made = factories.message(b"\r\n" + b"<" * 1000)
    read(dialect, "/api/v2/messages")
    read(dialect, f"/api/v1/messages/{made.pk}")
    assert [octets > 12_000 for octets, _ in asked] == [True, True]


def test_the_feed_leaves_out_what_is_long_once_written(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_LARGEST", 20_000)
    monkeypatch.setattr(events, "_MOST_OCTETS", 24_000)
    short, long = b"\r\n" + b"<" * 1000, b"\r\n" + b"<" * 2000
    made = [factories.message(raw) for raw in (short, long, short, short)]
    texts = map(json.loads, events._texts(offsets.stored(made)))
    sent = [each["Content"]["Body"] != "" for each in texts]
    assert sent == [True, False, False, False]
