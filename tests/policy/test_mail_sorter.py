"""Which inbox a client is for: the kinds of conditions in their order, the first that holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inbox.errors import InvalidMember
from inbox.policy import sorting_conditions
from inbox.policy.mail_sorter import MailSorter, Sorted, WantedInbox
from inbox.rules.text_patterns import TextPattern
from mailsink.ids import uuid7
from mailsink.ports import Consult, Stage
from mailsink.smtp.protocol.events import NOT_PLACED, Body, Placement


def inbox(slug: str, **given: Any) -> Sorted:
    logins, parent = given.pop("logins", ()), given.pop("parent", "")
    return Sorted(slug, sorting_conditions.clean(given), logins, parent)


SORTER = MailSorter(
    [
        inbox("default"),
        inbox("ann", users=["ann*"], logins=["shop"]),
        inbox("rcpt", recipients=["*@shop.test", "/^(x+)+y@/"]),
        inbox("helo", helo=["ci-*.test"]),
        inbox("net", networks=["192.0.2.0/24", "2001:db8::/32"]),
        inbox("port", listeners=["*:2525"]),
        inbox("quiet", header=False),
        inbox("ann-late", parent="ann"),
        inbox("ann-other"),
    ]
)


def placed(stage: Stage, before: Placement = NOT_PLACED, **facts: Any) -> Placement:
    body = facts.pop("body", None)
    consult = Consult(stage, uuid7(), facts, body=body, placement=before)
    return SORTER.place(consult)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("", "")),
        ({"listener": "127.0.0.1:2525"}, ("port", "listener")),
        ({"listener": "127.0.0.1:25255"}, ("", "")),
        (
            {"listener": "127.0.0.1:2525", "client_address": "192.0.2.7"},
            ("net", "network"),
        ),
        ({"client_address": "2001:db8::7"}, ("net", "network")),
        ({"client_address": "gone"}, ("", "")),
        ({"client_address": "192.0.2.7", "helo": "CI-7.test"}, ("helo", "helo")),
        ({"helo": "ci-7.test", "user": "anna"}, ("ann", "user")),
        ({"user": "shop"}, ("ann", "user")),
        ({"user": "shop+strict"}, ("ann", "user")),
        ({"user": "shop+strict+strict"}, ("ann", "user")),
        ({"user": "shop+late"}, ("ann-late", "user")),
        ({"user": "shop+Late+strict"}, ("ann-late", "user")),
        # that inbox is another's
        ({"user": "shop+other"}, ("ann", "user")),
        ({"user": "shopper"}, ("", "")),
    ],
)
def test_a_session(facts: dict[str, str], expected: tuple[str, str]) -> None:
    assert placed("auth", **facts) == expected


def test_the_name_of_helo_is_its_argument() -> None:
    assert placed("helo", argument="ci-1.test", helo="old.test").inbox == "helo"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (("", ""), "rcpt"),
        (("net", "network"), "rcpt"),
        (("helo", "helo"), "rcpt"),
        (("ann", "user"), "ann"),
        (("other", "recipient"), "other"),
    ],
)
def test_a_recipient_comes_behind_the_user(
    before: tuple[Any, Any], expected: str
) -> None:
    found = placed("rcpt", Placement(*before), forward_path="joe@SHOP.test")
    assert found.inbox == expected
    stays = placed("rcpt", Placement(*before), forward_path="joe@other.test")
    assert stays == Placement(*before)


def mail(octets: bytes) -> Body:
    return Body(len(octets), "", True, content=octets)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"Subject: x\r\nX-Mailsink-Inbox: net\r\n\r\n", "net"),
        (b"x-mailsink-inbox:NET", "net"),
        (b"Subject: x\r\n\r\nX-Mailsink-Inbox: net\r\n", ""),
        (b"Subject: x\r\n X-Mailsink-Inbox: net\r\n\r\n", ""),
        (b"X-Mailsink-Inbox: nobody\r\n\r\n", ""),
        (b"X-Mailsink-Inbox: quiet\r\n\r\n", ""),
        (b"", ""),
    ],
)
def test_a_header_field_comes_last(octets: bytes, expected: str) -> None:
    assert placed("body", body=mail(octets)).inbox == expected
    other = Placement("port", "listener")
    assert placed("body", other, body=mail(octets)) == other


def test_a_message_in_a_file_is_read_only_where_it_may_matter(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"X-Mailsink-Inbox: net\r\n\r\n")
    body = Body(25, "", True, path=path)
    assert placed("body", body=body).inbox == "net"
    free = Consult("body", uuid7(), {}, body=body)
    bound = Consult(
        "body", uuid7(), {}, body=body, placement=Placement("net", "network")
    )
    assert SORTER.has_to_read(free)
    assert not SORTER.has_to_read(bound)


@pytest.mark.parametrize(
    ("user", "wanted"),
    [
        ("shop+new", WantedInbox("ann", "new")),
        ("shop+new+strict", WantedInbox("ann", "new")),
        ("shop+other", WantedInbox("ann", "other")),
        ("shop+late", None),
        ("shop", None),
        ("nobody+new", None),
        ("shop+strict", None),
    ],
)
def test_a_label_asks_for_an_inbox(user: str, wanted: WantedInbox | None) -> None:
    assert SORTER.wanted(Consult("auth", uuid7(), {"user": user})) == wanted


def test_it_is_asked_only_where_a_condition_has_a_say() -> None:
    assert MailSorter([inbox("default")]).stages == frozenset()
    assert MailSorter([inbox("default"), inbox("a")]).stages == {"body"}
    quiet = [inbox("default", header=False), inbox("a", header=False)]
    assert MailSorter(quiet).stages == frozenset()
    by_recipient = inbox("a", recipients=["*@a.test"], header=False)
    assert MailSorter([by_recipient]).stages == {"rcpt"}
    logged_in = {"connect", "helo", "auth", "mail"}
    assert MailSorter([inbox("a", logins=["a"])]).stages == logged_in


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("networks", "10.0.0.0/99"),
        ("networks", "example.com"),
        ("recipients", "/(/"),
        ("recipients", "a\nb"),
        ("users", ""),
        ("helo", "x" * 501),
    ],
)
def test_what_cannot_be_used_is_named(kind: str, pattern: str) -> None:
    with pytest.raises(InvalidMember) as raised:
        sorting_conditions.clean({kind: [pattern]})
    assert raised.value.member == f"conditions.{kind}"
    with pytest.raises(InvalidMember):
        sorting_conditions.clean({kind: [str(n) for n in range(101)]})


def test_a_login_that_is_gone_begins_no_message() -> None:
    def revoked(stage: Stage, user: str, by: Placement) -> bool:
        return SORTER.is_revoked(Consult(stage, uuid7(), {"user": user}, placement=by))

    as_user = Placement("ann", "user")
    assert revoked("mail", "gone", as_user)
    assert revoked("mail", "gone+late", as_user)
    for there in ("shop", "shop+late", "anna"):
        assert not revoked("mail", there, as_user)
    assert not revoked("rcpt", "gone", as_user)
    assert not revoked("mail", "gone", NOT_PLACED)


@pytest.mark.parametrize("kind", ["users", "recipients", "helo", "listeners"])
def test_regular_expressions_are_bounded_together(kind: str) -> None:
    """Each is tried at each recipient, whoever sends it: 100 of these hold mail up."""
    costly = [f"/{'(a?){40}' * 8}x{number}/" for number in range(4)]
    assert sorting_conditions.clean({kind: costly[:3]})[kind] == costly[:3]  # type: ignore[literal-required]
    with pytest.raises(InvalidMember, match="repeat too much"):
        sorting_conditions.clean({kind: costly})


def test_no_more_conditions_are_looked_at_than_there_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A request may bring 100,000, each of which takes its time."""
    looked_at = []

    def pattern(text: str) -> TextPattern:
        looked_at.append(text)
        return TextPattern(text)

    monkeypatch.setattr(sorting_conditions, "TextPattern", pattern)
    many = [f"/a{number}/" for number in range(200)]
    with pytest.raises(InvalidMember, match="at most 100"):
        sorting_conditions.clean({"recipients": many})
    assert looked_at == []
    costly = [f"/{'(a?){40}' * 8}x{number}/" for number in range(90)]
    with pytest.raises(InvalidMember, match="repeat too much"):
        sorting_conditions.clean({"recipients": costly})
    assert len(looked_at) < 10


def test_wildcards_are_bounded_as_regular_expressions_are() -> None:
    usual = [f"*@{number}.example" for number in range(100)]
    assert sorting_conditions.clean({"recipients": usual})["recipients"] == usual
    many = [f"*a*b*c*d*e*f*g*h*{number}" for number in range(100)]
    with pytest.raises(InvalidMember, match="too many wildcards"):
        sorting_conditions.clean({"recipients": many})


def test_inboxes_of_labels_share_the_limits_of_the_first() -> None:
    """A manager makes hundreds, all of whose patterns are tried at each recipient."""
    costly = [f"/{'(a?){40}' * 8}x{number}/" for number in range(3)]
    beside = [{"recipients": costly[:2]}, {"recipients": [], "users": costly}]
    assert sorting_conditions.clean({"recipients": costly[:1]}, beside)
    assert sorting_conditions.clean({"helo": costly}, beside)
    with pytest.raises(InvalidMember, match="repeat too much"):
        sorting_conditions.clean({"recipients": costly}, beside)
    with pytest.raises(InvalidMember, match="at most 100"):
        sorting_conditions.clean(
            {"users": ["x"]}, [{"users": [f"{n}"]} for n in range(100)]
        )
    assert sorting_conditions.clean({}, [{"users": costly * 100}])


def test_conditions_beyond_the_limits_may_be_as_much_as_before() -> None:
    """An earlier version let them be: they could not even become fewer."""
    costly = [f"/{'(a?){40}' * 8}x{number}/" for number in range(6)]
    before = {"recipients": costly[:5]}
    for given in (costly[:5], costly[:4], costly[1:5]):
        assert sorting_conditions.clean({"recipients": given}, (), before)
    with pytest.raises(InvalidMember, match="repeat too much"):
        sorting_conditions.clean({"recipients": costly}, (), before)
    many = [f"{n}" for n in range(101)]
    beside = [{"users": many[:60]}]
    before = {"users": many[:50]}
    assert sorting_conditions.clean({"users": many[:50]}, beside, before)
    with pytest.raises(InvalidMember, match="at most 100"):
        sorting_conditions.clean({"users": many[:51]}, beside, before)
