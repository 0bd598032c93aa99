"""Mailpit's dialect: marking, deleting, tags, sending, release, and the server's own state."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from inbox.mailbox import marking
from inbox.mailbox.scope import ALL
from inbox.models import Message, Release, Route, Rule
from inbox.outgoing import routes
from inbox.rules import rulebook
from mailsink.conf import CONFIG
from tests import factories
from tests.dialects.conftest import Dialect

pytestmark = pytest.mark.database

MESSAGES = "/api/v1/messages"


@pytest.fixture
def ids(dialect: Dialect) -> list[str]:
    """Three messages, newest first."""
    made = [
        factories.message(b"Subject: number %d\r\n\r\n" % number) for number in range(3)
    ]
    return [str(each.pk) for each in reversed(made)]


def unread(dialect: Dialect) -> list[str]:
    found = dialect.get(MESSAGES)["messages"]
    return [each["ID"] for each in found if not each["Read"]]


def test_marking(dialect: Dialect, ids: list[str]) -> None:
    # keys in any case, ids that are not there, no Content-Type
    given = {"read": True, "ids": [ids[0], "nothing"], "more": 1}
    assert dialect.text("PUT", MESSAGES, given) == "ok"
    assert unread(dialect) == ids[1:]
    assert dialect.text("PUT", MESSAGES, {"Read": True, "Search": "number 2"}) == "ok"
    dialect.text("PUT", MESSAGES, {"Read": True, "Search": "subject:1"})
    assert unread(dialect) == ids[2:]
    assert dialect.text("PUT", MESSAGES, {"IDs": ids[:1]}) == "ok"  # unread, then
    assert unread(dialect) == [ids[0], ids[2]]
    assert dialect.text("PUT", MESSAGES, {"Read": True}) == "ok"
    assert unread(dialect) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "EOF"),
        (b" \n", "EOF"),
        (b"{", "unexpected EOF"),
        (b'{"a', "unexpected EOF"),
        (b"nope", "invalid character 'n' looking for beginning of value"),
        (b"{x}", "invalid character 'x' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b"{} {}", "invalid character '{' after top-level value"),
        (b"[1]", "json: cannot unmarshal array into Go value of type object"),
        (
            b'{"IDs": "x"}',
            "json: cannot unmarshal string into Go value of type []string",
        ),
        (b'{"IDs": [1]}', "json: cannot unmarshal number into Go value of type string"),
        (b'{"Read": 1}', "json: cannot unmarshal number into Go value of type bool"),
        (b'{"Search": "\\u0000"}', "a text has a U+0000 in it"),
        (b"[" * 100_000, "exceeded max depth"),
        (b"\xff", "invalid character in string literal"),
        (
            b'{"IDs": ["a"], "Search": "b"}',
            "You may specify either IDs or a search query, not both",
        ),
    ],
)
def test_bodies_that_cannot_be_read(dialect: Dialect, body: bytes, words: str) -> None:
    assert dialect.text("PUT", MESSAGES, body, status=400) == words


def test_deleting(dialect: Dialect, ids: list[str]) -> None:
    assert dialect.text("DELETE", MESSAGES, {"ids": [*ids[:1], "nothing"]}) == "ok"
    assert unread(dialect) == ids[1:]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"IDs": []}', b"nonsense", b"null"])
def test_deleting_everything(dialect: Dialect, ids: list[str], body: bytes) -> None:
    """Clients delete everything without a body; it stays in the trash for a while."""
    marking.update(ALL, ids[0], pinned=True)
    assert dialect.text("DELETE", MESSAGES, body) == "ok"
    assert unread(dialect) == [ids[0]]
    assert Message.objects.filter(deleted_at__isnull=False).count() == 2


def test_forms(dialect: Dialect, ids: list[str]) -> None:
    """mailpit-api-client of PyPI sends them, and Mailpit would delete everything."""
    form = f"ids={ids[0]}&Read=true".encode()
    assert dialect.text("PUT", MESSAGES, form) == "ok"
    assert unread(dialect) == ids[1:]
    assert dialect.text("DELETE", MESSAGES, form) == "ok"
    assert unread(dialect) == ids[1:]
    assert dialect.get(MESSAGES)["total"] == 2


def test_tags(dialect: Dialect, ids: list[str]) -> None:
    assert dialect.get("/api/v1/tags") == []
    given = {"IDs": ids[:2], "Tags": [" b/ee ", "a", "A", "?"]}
    assert dialect.text("PUT", "/api/v1/tags", given) == "ok"
    assert dialect.get("/api/v1/tags") == ["a", "b ee"]
    assert dialect.get(f"/api/v1/message/{ids[0]}")["Tags"] == ["a", "b ee"]
    dialect.text("PUT", "/api/v1/tags", {"IDs": ids[:1], "Tags": []})
    assert dialect.get(f"/api/v1/message/{ids[0]}")["Tags"] == []
    assert dialect.get("/api/v1/info")["Tags"] == {"a": 1, "b ee": 1}


def test_renaming_tags(dialect: Dialect, ids: list[str]) -> None:
    marking.update(ALL, ids[0], tags=["old", "other"])
    path = "/api/v1/tags/OLD"
    for name, words in (
        ("other", "tag already exists: other"),
        ("", "invalid tag name: "),
        ("a/b", "invalid tag name: a/b"),
    ):
        assert dialect.text("PUT", path, {"Name": name}, status=400) == words
    assert dialect.text("PUT", path, {"Name": "old"}) == "ok"
    assert dialect.text("PUT", path, {"Name": "new name"}) == "ok"
    assert dialect.get("/api/v1/tags") == ["new name", "other"]
    words = dialect.text("PUT", path, {"Name": "x"}, status=400)
    assert words == "tag not found: OLD"
    assert dialect.text("DELETE", path, status=400) == "tag not found: OLD"
    assert dialect.text("DELETE", "/api/v1/tags/new%20name") == "ok"
    assert dialect.get("/api/v1/tags") == ["other"]


def test_tags_of_any_letters(dialect: Dialect, ids: list[str]) -> None:
    """Our own API allows more of them."""
    marking.update(ALL, ids[0], tags=['a "b" -c'])
    assert dialect.text("DELETE", "/api/v1/tags/a%20%22b%22%20-c") == "ok"
    assert dialect.get("/api/v1/tags") == []


SENT: dict[str, Any] = {
    "From": {"Email": "ann@example.com", "Name": "Ann, of Ü"},
    "To": [{"Email": "bob@example.com", "Name": "Bob"}],
    "Cc": [{"Email": "cc@example.com"}],
    "Bcc": ["bcc@example.com"],
    "ReplyTo": [{"Email": "reply@example.com", "Name": ""}],
    "Subject": "Grüße",
    "Text": "Hellö\n.\nno end of line",
    "HTML": '<p>Hi <img src="cid:pic"></p>',
    "Attachments": [
        {"Content": b64encode(b"note").decode(), "Filename": "note.txt"},
        {
            "Content": "data:image/png;base64,"
            + b64encode(b"\x89PNG\r\n\x1a\n").decode(),
            "Filename": "p.png",
            "ContentID": "pic",
        },
    ],
    "Tags": ["one", "two"],
    "Headers": {"X-Custom": "yes"},
}


def test_sending(dialect: Dialect) -> None:
    id = dialect.json("POST", "/api/v1/send", SENT)["ID"]
    one = dialect.get(f"/api/v1/message/{id}")
    assert one["From"] == {"Name": "Ann, of Ü", "Address": "ann@example.com"}
    assert one["To"] == [{"Name": "Bob", "Address": "bob@example.com"}]
    assert [each["Address"] for each in one["Cc"]] == ["cc@example.com"]
    assert [each["Address"] for each in one["Bcc"]] == ["bcc@example.com"]
    assert [each["Address"] for each in one["ReplyTo"]] == ["reply@example.com"]
    assert one["Subject"] == "Grüße"
    assert (one["Text"], one["HTML"]) == (SENT["Text"], SENT["HTML"])
    assert one["Tags"] == ["one", "two"]
    assert one["ReturnPath"] == "ann@example.com"
    (file,) = one["Attachments"]
    assert (file["FileName"], file["ContentType"]) == ("note.txt", "text/plain")
    (picture,) = one["Inline"]
    assert (picture["ContentID"], picture["ContentType"]) == ("pic", "image/png")
    found = dialect.get(f"/api/v1/message/{id}/headers")
    assert found["X-Custom"] == ["yes"]
    assert found["X-Tags"] == ["one, two"]
    assert "Received" not in found
    (listed,) = dialect.get(MESSAGES)["messages"]
    assert listed["Attachments"] == 1


@pytest.mark.parametrize("body", ["text", "html"])
def test_sending_one_body(dialect: Dialect, body: str) -> None:
    given = {"from": {"EMAIL": "a@b.c"}, "to": [{"email": "d@e.f"}], body: "<b>x</b>"}
    id = dialect.json("POST", "/api/v1/send", given)["ID"]
    one = dialect.get(f"/api/v1/message/{id}")
    assert one["Subject"] == ""
    assert one["HTML"] == ("<b>x</b>" if body == "html" else "")
    assert one["Text"].strip() == ("x" if body == "html" else "<b>x</b>")


def test_who_sends(dialect: Dialect) -> None:
    login = "Basic " + b64encode(b"ann:secret").decode()
    dialect.ask("POST", "/api/v1/send", SENT, Authorization=login)
    assert dialect.get("/api/v1/message/latest")["Username"] == "ann"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"From": None}, "error building message: from not set"),
        ({"From": {"Name": "x"}}, "error building message: from not set"),
        (
            {"To": [], "Cc": [], "Bcc": []},
            "error building message: no recipients (to, cc, bcc) set",
        ),
        ({"To": [{"Email": "x"}]}, "invalid To address: x"),
        ({"Cc": [{"Email": "a b"}]}, "invalid Cc address: a b"),
        ({"Bcc": ["@x"]}, "invalid Bcc address: @x"),
        ({"ReplyTo": [{"Email": "x\r\ny@z"}]}, "invalid Reply-To address: x\r\ny@z"),
        ({"Headers": {"sUBJECT": "x"}}, 'cannot overwrite header: "sUBJECT"'),
        ({"Headers": {"x-tags": "x"}}, 'cannot overwrite header: "x-tags"'),
        (
            {"Headers": {"X-A: b": "x"}},
            'error building message: "X-A: b" is not a header',
        ),
        ({"Headers": {"X-A": "x\r\nX-B: y"}}, "error building message: "),
        ({"Subject": "x\nBcc: y"}, "error building message: "),
        (
            {"Attachments": [{"Content": "?", "Filename": "f"}]},
            'error decoding base64 attachment "f": ',
        ),
        (
            {
                "Attachments": [
                    {"Content": "", "Filename": "f", "ContentType": "a\r\nb/c"}
                ]
            },
            "error building message: ",
        ),
        ({"Bcc": [f"{n}@x.test" for n in range(200)]}, "more than 100 recipients"),
        ({"Subject": "x" * 40_000}, "characters"),
        ({"Headers": {"X": "x" * 40_000}}, "characters"),
        ({"Attachments": [{}] * 501}, "more than 500 attachments"),
        ({"Attachments": [{"Filename": "f" * 1001}]}, "name of a file is too long"),
    ],
)
def test_what_cannot_be_sent(
    dialect: Dialect, changes: dict[str, Any], words: str
) -> None:
    answer = dialect.ask("POST", "/api/v1/send", SENT | changes)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert words in answer.json()["Error"]
    assert not Message.objects.exists()


def test_sending_what_is_no_json(dialect: Dialect) -> None:
    answer = dialect.ask("POST", "/api/v1/send", b"")
    assert (answer.status_code, answer.json()) == (400, {"Error": "EOF"})


def test_sending_too_much(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    small = type("Small", (), {"max_message_size": 10})()
    monkeypatch.setattr("inbox.api.mailpit.sending.CONFIG", small)
    answer = dialect.ask("POST", "/api/v1/send", SENT)
    assert answer.status_code == 413
    assert answer.json() == {"Error": "http: request body too large"}
    assert CONFIG.max_message_size > 10


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: "data:application/pdf;base64," + text,
        lambda text: text.replace("/", "\\/"),  # PHP
        lambda text: text.replace("+", "\\u002B"),  # .NET
    ],
)
def test_sending_large_files(dialect: Dialect, written: Callable[[str], str]) -> None:
    """What is taken out of the JSON comes back as it was."""
    file = bytes(range(256)) * 12_000
    content = written(b64encode(file).decode())
    quoted = {"Content": "HERE", "Filename": "f.bin"}
    both = [quoted, {"Content": "aGVsbG8=", "Filename": "g.bin"}, quoted]
    body = json.dumps(SENT | {"Attachments": both}).replace("HERE", content)
    id = dialect.json("POST", "/api/v1/send", body.encode())["ID"]
    found = dialect.get(f"/api/v1/message/{id}")["Attachments"]
    sums = [each["Checksums"]["SHA256"] for each in found]
    large, small = (hashlib.sha256(each).hexdigest() for each in (file, b"hello"))
    assert sums == [large, small, large]


@pytest.mark.parametrize(
    "body",
    [
        b'{"Text": "%s"}' % (b"x " * 1024 * 1024),
        b'{"To": [%s]}' % (b"[]," * 1024 * 1024),
        b'"' * 3 * 1024 * 1024,
        b'{"Attachments": [{"Content": "%s"}]}' % (b"\\u0041" * 512 * 1024),
    ],
)
def test_sending_more_than_is_read(dialect: Dialect, body: bytes) -> None:
    """Only files may be large: to read other JSON would hold up all mail."""
    answer = dialect.ask("POST", "/api/v1/send", body)
    assert answer.status_code == 413
    assert answer.json() == {"Error": "http: request body too large"}


def test_sending_a_large_file_that_is_broken(dialect: Dialect) -> None:
    for content in ("A" * 5001, "A" * 2_000_000 + "=" + "A" * 2_000_003):
        files = [{"Content": content, "Filename": "f"}]
        answer = dialect.ask("POST", "/api/v1/send", SENT | {"Attachments": files})
        assert answer.status_code == 400
        assert "error decoding base64" in answer.json()["Error"]


def test_release(dialect: Dialect, ids: list[str]) -> None:
    path = f"/api/v1/message/{ids[0]}/release"
    asked = {"To": ["ann@example.com", " ann@example.com"]}
    assert "has no route" in dialect.text("POST", path, asked, status=400)
    routes.add({"name": "a", "host": "a.example", "tls": "off", "allow": ["x.test"]})
    words = dialect.text("POST", path, asked, status=400)
    assert words == "Failed: Address(es) do not match the allowlist: ann@example.com"
    routes.add({"name": "b", "host": "b.example", "tls": "off", "allow": ["*"]})
    assert dialect.text("POST", path, asked) == "ok"
    release = Release.objects.get()
    assert release.route_name == "b"
    assert [each.forward_path for each in release.recipients.all()] == asked["To"][:1]
    assert dialect.text("POST", path, ["bob@example.com"]) == "ok"
    latest = "/api/v1/message/latest/release"
    assert dialect.text("POST", latest, asked) == "ok"


@pytest.mark.parametrize(
    ("id", "body", "status", "words"),
    [
        ("nothing", b"{}", 404, "404 page not found"),
        ("latest", b"", 400, "EOF"),
        ("latest", b"{}", 400, "No valid addresses found"),
        ("latest", b'{"To": ["x"]}', 400, "Invalid email address: x"),
    ],
)
def test_release_refused(
    dialect: Dialect, ids: list[str], id: str, body: bytes, status: int, words: str
) -> None:
    path = f"/api/v1/message/{id}/release"
    assert dialect.text("POST", path, body, status=status) == words


def test_info(dialect: Dialect, ids: list[str]) -> None:
    found = dialect.get("/api/v1/info")
    assert (
        list(found)
        == (
            "Version LatestVersion Database DatabaseSize Messages Unread Tags RuntimeStats"
        ).split()
    )
    assert (
        list(found["RuntimeStats"])
        == (
            "Uptime Memory MessagesDeleted SMTPAccepted SMTPAcceptedSize SMTPRejected "
            "SMTPIgnored"
        ).split()
    )
    assert (found["Messages"], found["Unread"]) == (3, 3)
    assert found["DatabaseSize"] > 0
    assert all(isinstance(each, int) for each in found["RuntimeStats"].values())


def test_webui(dialect: Dialect) -> None:
    found = dialect.get("/api/v1/webui")
    assert (
        list(found)
        == (
            "Label MessageRelay SpamAssassin ChaosEnabled DuplicatesIgnored "
            "HideDeleteAllButton"
        ).split()
    )
    assert (
        list(found["MessageRelay"])
        == (
            "Enabled SMTPServer ReturnPath AllowedRecipients BlockedRecipients OverrideFrom "
            "PreserveMessageIDs RecipientAllowlist"
        ).split()
    )
    assert found["MessageRelay"]["Enabled"] is False
    routes.add({"name": "a", "host": "a.example", "tls": "off", "allow": ["x.test"]})
    relay = dialect.get("/api/v1/webui")["MessageRelay"]
    assert (relay["Enabled"], relay["SMTPServer"]) == (True, "a.example:25")
    assert Route.objects.count() == 1


OFF = {
    "Sender": {"ErrorCode": 451, "Probability": 0},
    "Recipient": {"ErrorCode": 451, "Probability": 0},
    "Authentication": {"ErrorCode": 535, "Probability": 0},
}


def test_chaos(dialect: Dialect) -> None:
    address = "/api/v1/chaos"
    assert dialect.get(address) == OFF
    sender = {"ErrorCode": 550, "Probability": 7}
    changed = dialect.json("PUT", address, {"sender": sender})
    assert changed == dialect.get(address) == {**OFF, "Sender": sender}
    assert Rule.objects.filter(is_on=True).count() == 1
    quiet = {"ErrorCode": 421, "Probability": 0}
    changed = dialect.json("PUT", address, {"Recipient": quiet})
    assert changed == {**OFF, "Recipient": quiet}
    assert dialect.json("PUT", address, {}) == OFF
    assert Rule.objects.filter(is_on=True).count() == 0


def test_chaos_whose_rule_was_changed(dialect: Dialect) -> None:
    sender = {"ErrorCode": 550, "Probability": 7}
    dialect.json("PUT", "/api/v1/chaos", {"sender": sender})
    rule = Rule.objects.get(is_on=True)
    rulebook.change(ALL, rule.pk, {"actions": {"close": "before"}, "limits": {}})
    always = {"ErrorCode": 451, "Probability": 100}
    assert dialect.get("/api/v1/chaos") == {**OFF, "Sender": always}


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ({"ErrorCode": 200}, "error code must be between 400 and 599"),
        (
            {"ErrorCode": 451, "Probability": 101},
            "probability must be between 0 and 100",
        ),
        (
            {"ErrorCode": "x"},
            "json: cannot unmarshal string into Go value of type float64",
        ),
        (
            {"ErrorCode": 451.5},
            "json: cannot unmarshal number into Go value of type int",
        ),
        (7, "json: cannot unmarshal number into Go value of type object"),
    ],
)
def test_chaos_that_is_wrong(dialect: Dialect, trigger: object, words: str) -> None:
    assert dialect.text("PUT", "/api/v1/chaos", {"Sender": trigger}, 400) == words
    assert not Rule.objects.exists()


_MAIL = {"From": {"Email": "a@b.test"}, "To": [{"Email": "c@d.test"}]}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"Subject": "a" * 2000}, "Subject has more than 2000 characters"),
        ({"Headers": {"X-A": "a" * 10_000}}, "x-a has more than 10000 characters"),
        ({"Headers": {f"X-{n}": "a" * 9000 for n in range(4)}}, "header is too long"),
        ({"To": [{"Email": "c@d.test", "Name": "\xe9 " * 40}] * 99}, "too long"),
        ({"To": [{"Email": "c" * 320 + "@d.test"}]}, "more than 320 characters"),
        ({"To": [{"Email": "(" * 300}]}, "invalid To address"),
        ({"Headers": {"Message-ID": "(" * 9000}}, "recursion"),
        ({"Headers": {"Message-ID": "<a@[" + "a" * 99}}, "error building message"),
        ({"Headers": {"content-transfer-encoding": "base64"}}, "cannot overwrite"),
    ],
)
def test_what_takes_the_mail_library_long_is_refused(
    dialect: Dialect, more: dict[str, Any], words: str
) -> None:
    answer = dialect.ask("POST", "/api/v1/send", _MAIL | more)
    assert answer.status_code == 400
    assert words in json.loads(answer.content)["Error"]


def test_fields_of_clients_are_not_read_as_addresses(dialect: Dialect) -> None:
    """The library would take minutes for the addresses of such a field."""
    given = _MAIL | {"Headers": {"Resent-To": "(" * 9000, "Sender": "\xe9 " * 300}}
    id = dialect.json("POST", "/api/v1/send", given)["ID"]
    headers = dialect.get(f"/api/v1/message/{id}/headers")
    assert len(headers["Resent-To"]) == len(headers["Sender"]) == 1


@pytest.mark.parametrize(
    ("headers", "marked"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, True),
        ({"Sec-Purpose": "prefetch;prerender"}, False),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate",
          "Sec-Fetch-Dest": "iframe"}, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/message/{}", "/view/{}.txt"])
def test_no_page_of_others_marks_mail_read(
    dialect: Dialect, ids: list[str], path: str, headers: dict[str, str], marked: bool
) -> None:
    dialect.ask("GET", path.format(ids[0]), **headers)
    assert (ids[0] not in unread(dialect)) == marked


def test_forms_of_ids(dialect: Dialect, ids: list[str]) -> None:
    assert dialect.text("DELETE", MESSAGES, b"ids=") == "ok"
    assert dialect.text("PUT", MESSAGES, b"ids=&read=true") == "ok"
    assert unread(dialect) == ids
    many = b"ids=a&" * 10_002
    for method in ("PUT", "DELETE"):
        assert dialect.ask(method, MESSAGES, many).status_code == 422
    assert dialect.text("PUT", MESSAGES, f"iDs={ids[1]}&read=true".encode()) == "ok"
    assert unread(dialect) == [ids[0], ids[2]]
    assert dialect.text("DELETE", MESSAGES, f"iDs={ids[1]}".encode()) == "ok"
    assert unread(dialect) == [ids[0], ids[2]]
    assert dialect.get(MESSAGES)["total"] == 2
