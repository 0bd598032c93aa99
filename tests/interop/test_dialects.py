"""Clients of Mailpit and MailHog, as they are: each of their functions, with its result."""

from __future__ import annotations

import json
import smtplib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.interop.clients import get, run
from tests.programs import program
from tests.running import Mailsink

_HERE = Path(__file__).parent
_PACKAGES = _HERE.parent.parent / ".cache" / "interop" / "python"
MAIL = (
    b"From: Ann <ann@example.com>\r\nTo: Bob <bob@example.com>\r\n"
    b"Subject: Order 17\r\nMessage-ID: <17@example.com>\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 +0200\r\nDelivered-To: bob@example.com\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
    b"--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello Bob\r\n"
    b"--m\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n"
    b'--m\r\nContent-Type: text/plain; name="a.txt"\r\n'
    b'Content-Disposition: attachment; filename="a.txt"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--m--\r\n"
)

Call = tuple[Any, ...]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    made = Mailsink(tmp_path_factory.mktemp("dialects"))
    yield made
    made.stop()
    assert "Traceback" not in made.stderr, made.stderr


@pytest.fixture
def id(server: Mailsink) -> str:
    """The id of the one message that is there, which is indexed."""
    server.delete("messages?all=true")
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("ann@example.com", ["bob@example.com", "hid@z.test"], MAIL)
    found = get(server, "messages/wait?q=Hello")
    return str(found["items"][0]["id"])


class Client:
    """A client by its script; `called` gathers the functions that were called."""

    def __init__(self, script: str, to: str) -> None:
        self._script, self._to = script, to
        self.names: set[str] = set()
        self.called: set[str] = set()

    def __call__(self, *calls: Call) -> list[dict[str, Any]]:
        command = [program("node", "nodejs"), str(_HERE / "node" / self._script)]
        if self._script.endswith(".py"):
            path = f"PYTHONPATH={_PACKAGES}"
            script = str(_HERE / "python" / self._script)
            command = [program("env", "coreutils"), path, sys.executable, script]
        printed = run(*command, self._to, json.dumps(calls))
        told = json.loads(printed.splitlines()[-1])  # behind its library's warnings
        self.names = set(told["names"])
        self.called |= {call[0] for call in calls}
        results: list[dict[str, Any]] = told["results"]
        return results

    def values(self, *calls: Call) -> list[Any]:
        """Return what the functions returned, none of which may fail."""
        results = self(*calls)
        assert [each for each in results if "error" in each] == []
        return [each["value"] for each in results]


def port(server: Mailsink) -> str:
    return str(urlsplit(server.url).port)


def test_mailpit_api(server: Mailsink, id: str) -> None:
    """npm's mailpit-api."""
    client = Client("mailpit-api.js", server.url)
    sent = {
        "From": {"Email": "x@example.com"},
        "To": [{"Email": "y@example.com", "Name": "Y"}],
        "Subject": "Sent",
        "HTML": '<p><a href="http://127.0.0.1:1/">a</a></p>',
        "Tags": ["one"],
    }
    info, config, summary, headers = client.values(
        ("getInfo",),
        ("getConfiguration",),
        ("getMessageSummary",),
        ("getMessageHeaders", id),
    )
    assert (info["Messages"], config["ChaosEnabled"]) == (1, True)
    assert (summary["ID"], summary["Text"]) == (id, "Hello Bob")
    assert headers["Subject"] == ["Order 17"]
    part = summary["Attachments"][0]["PartID"]
    blob, thumb, source, html, text = client.values(
        ("getMessageAttachment", id, part),
        ("getAttachmentThumbnail", id, part),
        ("getMessageSource",),
        ("renderMessageHTML", id, 1),
        ("renderMessageText",),
    )
    assert blob == {"type": "text/plain", "size": 5}
    assert thumb["type"] == "image/jpeg"
    assert source.endswith(MAIL.decode())
    assert (html.strip(), text) == ("<p>Hello</p>", "Hello Bob")
    made, waited, several, listed, found = client.values(
        ("sendMessage", sent),
        ("waitForMessage", {"query": "subject:Sent"}),
        ("waitForMessages", {"query": "from:x@example.com", "count": 1}),
        ("listMessages", 0, 1),
        ("searchMessages", {"query": "tag:one"}),
    )
    assert waited["ID"] == made["ID"] == listed["messages"][0]["ID"]
    assert several["messages_count"] == found["messages_count"] == 1
    assert found["messages"][0]["Tags"] == found["tags"] == ["one"]
    checked, links = client.values(("htmlCheck",), ("linkCheck", "latest", True))
    assert checked["Total"]["Tests"] > 0
    assert (links["Errors"], links["Links"][0]["StatusCode"]) == (1, 451)
    changed = client.values(
        ("setTags", {"IDs": [id], "Tags": ["two", "three"]}),
        ("renameTag", "two", "new name"),
        ("deleteTag", "three"),
        ("getTags",),
        ("setReadStatus", {"IDs": [id], "Read": False}),
        ("searchMessages", {"query": "is:unread"}),
    )
    assert changed[:3] == ["ok"] * 3
    assert changed[3] == ["new name", "one"]
    assert [each["ID"] for each in changed[5]["messages"]] == [id]
    gone = client.values(
        ("deleteMessagesBySearch", {"query": "subject:Sent"}),
        ("listMessages",),
        ("deleteMessages",),
        ("listMessages",),
    )
    assert [gone[1]["total"], gone[3]["total"]] == [1, 0]
    refused = client(
        ("releaseMessage", id, ["x@example.com"]),
        ("spamAssassinCheck", id),
    )
    assert [each["error"].split(": ")[1][:3] for each in refused] == [
        "404",
        "404",
    ]
    sender = {"ErrorCode": 451, "Probability": 5}
    put, got, off = client.values(
        ("setChaosTriggers", {"Sender": sender}),
        ("getChaosTriggers",),
        ("setChaosTriggers", {}),
    )
    assert put == got
    assert got["Sender"] == sender
    assert off["Sender"]["Probability"] == 0
    assert client.called == client.names - {"constructor", "request"}


def test_releasing(server: Mailsink, id: str) -> None:
    client = Client("mailpit-api.js", server.url)
    (refused,) = client(("releaseMessage", id, ["x@example.com"]))
    assert "has no route" in refused["error"]


def test_cypress_mailpit(server: Mailsink, id: str) -> None:
    """npm's cypress-mailpit: its commands, without the browser."""
    client = Client("cypress-mailpit.js", server.url)
    mail, subject, sender, recipients, files, html, text = client.values(
        ("mailpitGetMail",),
        ("mailpitGetSubject", "$latest"),
        ("mailpitGetFromAddress", "$latest"),
        ("mailpitGetRecipientAddress", "$latest"),
        ("mailpitGetAttachments", "$latest"),
        ("mailpitGetMailHTMlBody", "$latest"),
        ("mailpitGetMailTextBody", "$latest"),
    )
    assert (mail["ID"], subject, sender) == (id, "Order 17", "ann@example.com")
    assert (recipients, files) == (["bob@example.com"], ["a.txt"])
    assert (html.strip(), text) == ("<p>Hello</p>", "Hello Bob")
    marked = client.values(
        ("mailpitSetAllEmailStatusAsUnRead",),
        ("mailpitGetAllMails",),
        ("mailpitSetAllEmailStatusAsRead",),
        ("mailpitGetAllMails",),
        ("mailpitGetMail", id),
        ("mailpitSetStatusAsUnRead", "$latest"),
        ("mailpitGetAllMails", 0, 1),
        ("mailpitSetStatusAsRead", "$latest"),
        ("mailpitGetAllMails", 0, 1),
    )
    assert [marked[n]["unread"] for n in (1, 3, 6, 8)] == [1, 0, 1, 0]
    found = client.values(
        ("mailpitSendMail",),
        ("mailpitGetEmailsBySubject", "Order"),
        ("mailpitGetEmailsByTo", "bob@example.com"),
        ("mailpitSearchEmails", "to:jane@example.com"),
        ("mailpitHasEmailsBySearch", "from:from@example.com"),
        ("mailpitHasEmailsBySubject", "Hello"),
        ("mailpitHasEmailsByTo", "jane@example.com"),
        ("mailpitNotHasEmailsBySearch", "subject:nothing"),
        ("mailpitNotHasEmailsBySubject", "nothing"),
        ("mailpitNotHasEmailsByTo", "nobody@example.com"),
    )
    assert [each["messages_count"] for each in found[1:]] == [1] * 6 + [0] * 3
    assert found[3]["messages"][0]["ID"] == found[0]["ID"]
    gone = client.values(
        ("mailpitDeleteEmailsBySearch", "to:jane@example.com"),
        ("mailpitGetAllMails",),
        ("mailpitDeleteAllEmails",),
        ("mailpitGetAllMails",),
    )
    assert [gone[1]["total"], gone[3]["total"]] == [1, 0]
    # no SpamAssassin, as with a Mailpit that has none
    refused = client(
        ("mailpitGetMailSpamAssassinSummary", mail),
        ("mailpitGetMailSpamAssainSummary", mail),
    )
    assert [each["error"] for each in refused] == ["404: File not found\n"] * 2
    assert client.called == client.names


def test_mailpit_api_client(server: Mailsink, id: str) -> None:
    """PyPI's mailpit-api-client."""
    client = Client("mailpit_calls.py", server.url)
    listed, file, headers = client.values(
        ("get_messages", 10, 0),
        ("get_message_attachment", id, "3"),
        ("get_message_headers", id),
    )
    assert (listed["total"], listed["messages"][0]["message_id"]) == (
        1,
        "17@example.com",
    )
    assert file == "hello"
    assert headers["delivered_to"] == ["bob@example.com"]
    # it wants a member that Mailpit has not sent for years
    assert client(("get_message", id)) == [{"error": "KeyError: 'read'"}]
    marked = client.values(("put_messages", [id], "Read", True), ("get_messages",))
    assert marked[1]["unread"] == 0
    with smtplib.SMTP(*server.smtp) as smtp:
        smtp.sendmail("a@b.c", ["d@e.f"], b"To: d@e.f\r\nSubject: left\r\n\r\n")
    gone = client.values(
        ("delete_messages", [id]),
        ("get_messages",),
        ("delete_messages", []),
        ("get_messages",),
    )
    assert [gone[1]["total"], gone[3]["total"]] == [1, 0]
    assert client.called == client.names


def test_npm_mailhog(server: Mailsink, id: str) -> None:
    """npm's mailhog."""
    client = Client("mailhog.js", port(server))
    listed, found, by_sender, by_recipient, by_text = client.values(
        ("messages", 0, 10),
        ("search", "bob@example.com", "to"),
        ("latestFrom", "ann@example.com"),
        ("latestTo", "hid@z.test"),
        ("latestContaining", "Hello"),
    )
    assert (listed["total"], listed["count"], found["count"]) == (1, 1, 1)
    for mail in (by_sender, by_recipient, by_text):
        assert (mail["ID"], mail["subject"]) == (id, "Order 17")
        assert (mail["from"], mail["text"].strip()) == (
            "Ann <ann@example.com>",
            "Hello Bob",
        )
        assert mail["html"].strip() == "<p>Hello</p>"
        assert mail["date"] == "2026-11-02T08:00:00.000Z"
        assert [each["name"] for each in mail["attachments"]] == ["a.txt"]
    nothing, encoded, decoded = client.values(
        ("latestTo", "nobody@example.com"),
        ("encode", "ü", "base64"),
        ("decode", "w7w=", "base64"),
    )
    assert (nothing, encoded, decoded) == (0, "w7w=", "ü")
    config = {"host": "x.example", "port": "25", "email": "x@y.test"}
    (refused,) = client(("releaseMessage", id, config))
    assert "JSON" in refused["error"]  # it takes an error for JSON, as with MailHog
    gone = client.values(
        ("deleteMessage", id), ("messages",), ("deleteAll",), ("messages",)
    )
    assert [each.get("status") or each["total"] for each in gone] == [200, 0, 200, 0]
    assert client.called == client.names


def test_npm_mailhog_deletes_everything(server: Mailsink, id: str) -> None:
    client = Client("mailhog.js", port(server))
    gone = client.values(("deleteAll",), ("messages",))
    assert (gone[0], gone[1]["total"]) == ({"status": 200}, 0)


def test_pypi_mailhog(server: Mailsink, id: str) -> None:
    """PyPI's mailhog."""
    client = Client("mailhog_calls.py", port(server))
    listed, found = client.values(("messages",), ("search", "ann@example.com", "from"))
    assert listed == found
    (mail,) = listed["items"]
    assert (mail["id"], mail["sender"]) == (id, "ann@example.com")
    assert mail["recipients"] == ["bob@example.com", "hid@z.test"]
    assert mail["subject"] == "Order 17"
    assert "Hello Bob" in mail["body"]
    gone = client.values(
        ("messages",),
        ("delete", "$latest"),
        ("messages",),
        ("delete_all",),
        ("search", "Hello"),
    )
    assert [gone[2]["total"], gone[4]["total"]] == [0, 0]
    assert client.called == client.names
