"""Mailpit's dialect: lists, a message, its source, header fields, parts and documents."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from django.test import Client

from inbox.api.mailpit import summaries
from inbox.api.mailpit.parts import NumberedParts
from inbox.mailbox import messages
from inbox.mailbox.scope import ALL
from mailsink.mime.mails import ParsedMessage
from mailsink.mime.structure import Part
from tests import factories
from tests.dialects.conftest import Dialect

pytestmark = pytest.mark.database

SUMMARY = (
    "ID MessageID Read From To Cc Bcc ReplyTo Subject Created Username Tags Size "
    "Attachments Snippet"
).split()
LIST = "total unread count messages_count messages_unread start tags messages".split()
MESSAGE = (
    "ID MessageID From To Cc Bcc ReplyTo ReturnPath Subject ListUnsubscribe Date Tags "
    "Username Text HTML Size Inline Attachments"
).split()
MAIL = b"""\
From: Ann <ann@example.com>\r
To: Bob <bob@example.com>, c@example.com\r
Reply-To: r@example.com\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <1> & co\r
Date: Mon, 02 Nov 2026 10:00:00 +0200\r
Message-ID: <1@example.com>\r
x-ip: 10.0.0.1\r
X-Two: a\r
X-Two: b\r
 c\r
List-Unsubscribe: <mailto:leave@example.com>, <https://example.com/leave>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain\r
\r
Plain\r
--a\r
Content-Type: multipart/related; boundary=r\r
\r
--r\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Hi <img src="cid:pic@x"> <img src=cid:none></p>\r
--r\r
Content-Type: image/png\r
Content-ID: <pic@x>\r
Content-Transfer-Encoding: base64\r
\r
iVBORw0KGgo=\r
--r--\r
--a--\r
--m\r
Content-Type: application/pdf; name="a b.pdf"\r
Content-Disposition: attachment; filename="a b.pdf"\r
\r
%PDF\r
--m\r
Content-Type: text/html\r
Content-Disposition: attachment; filename="page.html"\r
\r
<script>1</script>\r
--m--\r
"""


@pytest.fixture
def mail(dialect: Dialect) -> str:
    """A message with everything; its id."""
    session = factories.session(ending="quit", auth_username="ann")
    made = factories.message(
        MAIL,
        session=session,
        recipients=["bob@example.com", "c@example.com", "hidden@example.com"],
        received_at=datetime(2026, 11, 2, 9, 0, 0, 120_900, UTC),
        tags=["beta", "Alpha"],
    )
    return str(made.pk)


def test_an_empty_list(dialect: Dialect) -> None:
    found = dialect.get("/api/v1/messages")
    assert list(found) == LIST
    assert found["messages"] == found["tags"] == []
    assert all(found[name] == 0 for name in LIST[:6])


def test_a_list(dialect: Dialect, mail: str) -> None:
    found = dialect.get("/api/v1/messages")
    (one,) = found["messages"]
    assert list(one) == SUMMARY
    assert one == {
        "ID": mail,
        "MessageID": "1@example.com",
        "Read": False,
        "From": {"Name": "Ann", "Address": "ann@example.com"},
        "To": [
            {"Name": "Bob", "Address": "bob@example.com"},
            {"Name": "", "Address": "c@example.com"},
        ],
        "Cc": None,
        "Bcc": [{"Name": "", "Address": "hidden@example.com"}],
        "ReplyTo": [{"Name": "", "Address": "r@example.com"}],
        "Subject": "Grüße <1> & co",
        "Created": "2026-11-02T09:00:00.12Z",
        "Username": "ann",
        "Tags": ["Alpha", "beta"],
        "Size": len(dialect.ask("GET", f"/api/v1/message/{mail}/raw").content),
        "Attachments": 2,
        "Snippet": "Plain",
    }
    assert found["tags"] == ["Alpha", "beta"]
    assert [found[name] for name in LIST[:6]] == [1, 1, 1, 1, 1, 0]


def test_null_and_empty_lists(dialect: Dialect) -> None:
    """A list has null where nobody is; a search for ReplyTo too."""
    factories.message(b"Subject: s\r\n\r\n", recipients=[])
    (one,) = dialect.get("/api/v1/messages")["messages"]
    assert [one[name] for name in ("To", "Cc", "Bcc", "ReplyTo")] == [None] * 3 + [[]]
    (one,) = dialect.get("/api/v1/search?query=subject:s")["messages"]
    assert [one[name] for name in ("To", "Cc", "Bcc", "ReplyTo")] == [None] * 4
    one = dialect.get("/api/v1/message/latest")
    assert [one[name] for name in ("To", "Cc", "Bcc", "ReplyTo")] == [[]] * 4
    assert one["From"] == {"Name": "", "Address": ""}
    assert one["ReturnPath"] == "ann@example.com"


def test_a_sender_that_is_no_address(dialect: Dialect) -> None:
    factories.message(b"From: nobody at all\r\n\r\n")
    found = dialect.get("/api/v1/message/latest")["From"]
    assert found["Name"] or found["Address"]


def test_pages(dialect: Dialect) -> None:
    made = [str(factories.message().pk) for _ in range(5)]

    def ids(query: str) -> list[int]:
        found = dialect.get(f"/api/v1/messages{query}")
        assert (found["total"], found["count"]) == (5, len(found["messages"]))
        return [made.index(each["ID"]) for each in found["messages"]]

    assert ids("") == [4, 3, 2, 1, 0]
    assert ids("?start=1&limit=2") == [3, 2]
    assert ids("?start=4&limit=2") == [0]
    assert ids("?start=9") == []
    assert ids("?start=3&limit=0") == [4, 3, 2, 1, 0]  # all, wherever it starts
    assert ids("?start=-1&limit=x") == [4, 3, 2, 1, 0]
    assert ids("?before=2020-01-01") == []
    assert ids("?before=nonsense") == [4, 3, 2, 1, 0]


def test_a_message(dialect: Dialect, mail: str) -> None:
    one = dialect.get(f"/api/v1/message/{mail}")
    assert list(one) == MESSAGE
    assert one["Date"] == "2026-11-02T10:00:00+02:00"
    assert one["ReturnPath"] == "ann@example.com"
    assert one["Text"] == "Plain"
    assert one["HTML"].startswith("<p>Hi <img")
    assert one["ListUnsubscribe"] == {
        "Header": "<mailto:leave@example.com>, <https://example.com/leave>",
        "Links": ["mailto:leave@example.com", "https://example.com/leave"],
        "Errors": "",
        "HeaderPost": "List-Unsubscribe=One-Click",
    }
    (inline,) = one["Inline"]
    png = b"\x89PNG\r\n\x1a\n"
    assert inline == {
        "PartID": "1.2.2",
        "FileName": "pic@x",
        "ContentType": "image/png",
        "ContentID": "pic@x",
        "Size": len(png),
        "Checksums": {
            "MD5": hashlib.md5(png).hexdigest(),
            "SHA1": hashlib.sha1(png).hexdigest(),
            "SHA256": hashlib.sha256(png).hexdigest(),
        },
    }
    named = [(each["PartID"], each["FileName"]) for each in one["Attachments"]]
    assert named == [("2", "a b.pdf"), ("3", "page.html")]


def test_reading_marks_read(dialect: Dialect, mail: str) -> None:
    for path in ("headers", "raw", "part/2"):
        dialect.ask("GET", f"/api/v1/message/{mail}/{path}")
        assert not getattr(messages.get(ALL, mail), "read")  # noqa: B009
    dialect.get(f"/api/v1/message/{mail}")
    assert getattr(messages.get(ALL, mail), "read")  # noqa: B009
    assert dialect.get("/api/v1/messages")["unread"] == 0


def test_ids(dialect: Dialect, mail: str) -> None:
    """Clients that take letters and digits alone may leave the hyphens out."""
    assert dialect.get(f"/api/v1/message/{mail.replace('-', '')}")["ID"] == mail
    assert dialect.get("/api/v1/message/latest")["ID"] == mail
    later = factories.message(b"Subject: later\r\n\r\n")
    assert dialect.get("/api/v1/message/latest")["ID"] == str(later.pk)
    found = dialect.get("/api/v1/message/latest?query=from:ann@example.com")
    assert found["ID"] == mail


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/message/nothing", "404 page not found"),
        ("/api/v1/message/nothing/raw", "404 page not found"),
        ("/api/v1/message/latest", "Message not found"),
        ("/api/v1/message/latest?query=to:x", "Message not found"),
        ("/view/nothing.html", "404 page not found"),
        ("/api/v1/nothing", "File not found\n"),
        ("/api/v1/message/x/sa-check", "File not found\n"),
    ],
)
def test_what_is_not_there(dialect: Dialect, path: str, words: str) -> None:
    assert dialect.text("GET", path, status=404) == words


def test_headers(dialect: Dialect, mail: str) -> None:
    """Names are as Go writes them, in order; what Mailpit adds is there."""
    found = dialect.get(f"/api/v1/message/{mail}/headers")
    assert list(found) == sorted(found)
    assert found["Message-Id"] == ["<1@example.com>"]
    assert found["X-Ip"] == ["10.0.0.1"]
    assert found["X-Two"] == ["a", "b c"]
    assert found["Subject"] == ["=?utf-8?q?Gr=C3=BC=C3=9Fe?= <1> & co"]
    assert found["Return-Path"] == ["<ann@example.com>"]
    assert found["Bcc"] == ["<hidden@example.com>"]
    (received,) = found["Received"]
    assert received.startswith("from client.example (unknown [127.0.0.1]) by ")
    assert "for <bob@example.com>; Mon, 02 Nov 2026 09:00:00 +0000" in received


def test_raw(dialect: Dialect, mail: str) -> None:
    answer = dialect.ask("GET", f"/api/v1/message/{mail}/raw")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.endswith(MAIL)
    assert "Content-Disposition" not in answer
    answer = dialect.ask("GET", f"/api/v1/message/{mail}/raw?dl=1")
    name = f'attachment; filename="{mail}.eml"'
    assert answer["Content-Disposition"] == name


def test_what_a_client_said_adds_no_field(dialect: Dialect) -> None:
    session = factories.session(ending="quit", helo="x\r\nX-Evil: 1")
    factories.message(session=session, recipients=["a@b.c\r\nX-Evil: 1"])
    raw = dialect.ask("GET", "/api/v1/message/latest/raw").content
    assert b"X-Evil" in raw
    assert b"\nX-Evil" not in raw


def test_parts(dialect: Dialect, mail: str) -> None:
    answer = dialect.ask("GET", f"/api/v1/message/{mail}/part/2")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content == b"%PDF"
    answer = dialect.ask("GET", f"/api/v1/message/{mail}/part/1.2.2")
    assert answer["Content-Disposition"] == 'inline; filename="pic%40x"'
    # a browser is not to run what a mail carries
    answer = dialect.ask("GET", f"/api/v1/message/{mail}/part/3")
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["Content-Security-Policy"].startswith("sandbox")
    path = f"/api/v1/message/{mail}/part/9"
    assert dialect.text("GET", path, status=404) == "404 page not found"


def test_a_message_that_is_one_part(dialect: Dialect) -> None:
    factories.message(b"Content-Type: image/png\r\n\r\npicture")
    one = dialect.get("/api/v1/message/latest")
    assert [each["PartID"] for each in one["Attachments"]] == ["0"]
    assert (one["Inline"], one["Text"], one["HTML"]) == ([], "", "")
    factories.message(b"Content-Type: text/html\r\n\r\n<p>Made <b>text</b></p>")
    one = dialect.get("/api/v1/message/latest")
    assert one["Text"].strip() == "Made text"
    assert one["Attachments"] == one["Inline"] == []


def test_an_enclosed_message_is_one_part(dialect: Dialect) -> None:
    factories.message(
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nfirst\r\n--x\r\n"
        b"\r\nsecond\r\n--x\r\nContent-Type: message/rfc822; name=m.eml\r\n\r\n"
        b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\ninner\r\n--y--\r\n"
        b"--x--\r\n"
    )
    one = dialect.get("/api/v1/message/latest")
    assert one["Text"] == "first\n--\nsecond"
    assert [each["PartID"] for each in one["Inline"]] == ["3"]


def test_documents(dialect: Dialect, mail: str) -> None:
    answer = dialect.ask("GET", "/view/latest.html")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    html = answer.content.decode()
    assert f'<img src="/api/v1/message/{mail}/part/1.2.2">' in html
    assert "cid:none" in html
    assert answer["Content-Security-Policy"].startswith("sandbox")
    answer = dialect.ask("GET", f"/view/{mail}.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content == b"Plain"
    factories.message(b"Subject: no html\r\n\r\n")
    words = dialect.text("GET", "/view/latest.html", status=404)
    assert words == "This message does not contain a HTML part"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "navigate"},
        {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    ],
)
def test_a_browser_gets_what_the_frame_shows(
    dialect: Dialect, mail: str, headers: dict[str, str]
) -> None:
    answer = dialect.ask("GET", f"/view/{mail}.html", **headers)
    html = answer.content.decode()
    assert '<base target="_blank">' in html
    assert 'src="data:image/png;base64,' in html
    assert "script-src" not in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_addresses_of_pages(dialect: Dialect) -> None:
    assert Client().get("/view/latest").headers["Location"] == "/"
    mail = str(factories.message().pk)
    for id in ("latest", mail):
        answer = Client().get(f"/view/{id}")
        assert (answer.status_code, answer["Location"]) == (302, f"/messages/{mail}")


def test_slashes_that_are_too_many(dialect: Dialect, mail: str) -> None:
    here = "http://testserver"
    answer = dialect.ask("GET", f"{here}//view/latest.html?query=from:ann")
    assert answer.status_code == 301
    assert answer["Location"] == "/view/latest.html?query=from:ann"


def test_links_that_open_elsewhere(dialect: Dialect) -> None:
    factories.message(b"Content-Type: text/html\r\n\r\n<a href=x>y</a><abbr>")
    html = dialect.ask("GET", "/view/latest.html?embed=1").content
    wanted = b'<a target="_blank" rel="noreferrer noopener" href=x>y</a><abbr>'
    assert html == wanted


def test_health(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dialect.text("GET", "/livez") == dialect.text("GET", "/readyz") == ""
    checks = {"database": lambda: "gone"}
    monkeypatch.setattr("inbox.api.health.checks", checks)
    assert dialect.text("GET", "/readyz", status=503) == "Service Unavailable\n"


def test_methods(dialect: Dialect) -> None:
    assert dialect.text("POST", "/api/v1/tags", status=405) == "Method Not Allowed\n"
    assert dialect.ask("POST", "/api/v1/messages")["Allow"] == "DELETE, GET, PUT"
    assert dialect.text("OPTIONS", "/api/v1/messages") == ""
    assert dialect.ask("HEAD", "/api/v1/messages").status_code == 200


def test_other_origins(dialect: Dialect) -> None:
    """No other page may read an answer, as Mailpit has it without MP_API_CORS."""
    origin = {"Origin": "http://elsewhere.example"}
    answer = dialect.ask("GET", "/api/v1/messages", **origin)
    assert answer.status_code == 403
    assert answer.content == b"Blocked due to CORS violation\n"
    answer = dialect.ask("OPTIONS", "/api/v1/messages", **origin)
    assert answer["Access-Control-Allow-Origin"] == ""
    answer = dialect.ask("GET", "/api/v1/messages", Origin="http://testserver")
    assert answer["Access-Control-Allow-Origin"] == "http://testserver"


def test_a_list_reads_a_limited_number_of_octets(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of messages beyond the limit, it says what the indexer counted."""
    raw = b"Content-Type: application/pdf; name=a\r\n\r\n" + b"a" * 1000
    for _ in range(5):
        factories.message(raw, attachments=7)
    read: list[object] = []
    opened = messages.open_raw
    monkeypatch.setattr(messages, "open_raw", lambda m: read.append(m) or opened(m))
    monkeypatch.setattr(summaries, "_MOST_READ", 2500)
    found = dialect.get("/api/v1/messages")["messages"]
    assert [each["Attachments"] for each in found] == [1, 1, 7, 7, 7]
    assert len(read) == 2


def test_numbers_of_many_parts_are_not_looked_up() -> None:
    """Each part knows its number: among 10,000, looking for it would take the square."""
    part = b"--b\r\nContent-Type: text/plain; name=a\r\n\r\n\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 3
    parsed = ParsedMessage(lambda: raw)
    root = parsed.parsed.parts[0]
    root.children = _Unsearchable(root.children)
    assert list(NumberedParts(parsed).leaves) == ["1", "2", "3"]


class _Unsearchable(list[Part]):
    """Children of a part among which nobody looks for one."""

    def index(self, *_: object) -> int:
        raise AssertionError("looked for a part")
