"""Address fields: the examples of RFC 5322, and what programs and people make of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime.addresses import Address, addresses, groups

OF_THE_RFC = [
    # A.1.2
    ('"Joe Q. Public" <john.q.public@example.com>',
     [("Joe Q. Public", "john.q.public@example.com")]),
    ("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
     [("Mary Smith", "mary@x.test"), ("", "jdoe@example.org"), ("Who?", "one@y.test")]),
    ('<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
     [("", "boss@nil.test"), ('Giant; "Big" Box', "sysservices@example.net")]),
    # A.1.3
    ("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
     [("Ed Jones", "c@a.test"), ("", "joe@where.test"), ("John", "jdoe@one.test")]),
    ("Undisclosed recipients:;", []),
    # A.5
    ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
     [("Pete", "pete@silly.test")]),
    ("A Group(Some people)      :Chris Jones <c@(Chris's host.)public.example>,"
     "          joe@example.org,   John <jdoe@one.test> (my dear friend); (the end of the group)",
     [("Chris Jones", "c@public.example"), ("", "joe@example.org"), ("John", "jdoe@one.test")]),
    ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", []),
    # A.6.1, A.6.3
    ("Joe Q. Public <john.q.public@example.com>", [("Joe Q. Public", "john.q.public@example.com")]),
    ("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
     [("Mary Smith", "mary@example.net"), ("", "jdoe@test.example")]),
    ("John Doe <jdoe@machine(comment).  example>", [("John Doe", "jdoe@machine.example")]),
    ("Mary Smith                  <mary@example.net>", [("Mary Smith", "mary@example.net")]),
]  # fmt: skip
OBSOLETE = [  # RFC 5322 §4.4
    ("< @a.test , @b.test : kim @ c.test >", [("", "kim@c.test")]),
    ('"a b" . c @ d . test', [("", '"a b".c@d.test')]),
    ("kim (here) . lee @ (there) x.test (Kim)", [("Kim", "kim.lee@x.test")]),
    (",,kim@x.test,(nobody),", [("", "kim@x.test")]),
    ("one: kim@x.test; two:; lee@x.test", [("", "kim@x.test"), ("", "lee@x.test")]),
    ("outer: inner: kim@x.test;, lee@x.test;", [("", "kim@x.test"), ("", "lee@x.test")]),
    ("kim@[192.0.2.7], Lee <lee@[IPv6:2001:db8::7]>",
     [("", "kim@[192.0.2.7]"), ("Lee", "lee@[IPv6:2001:db8::7]")]),
]  # fmt: skip
TOLERATED = [
    ('"orders: kim @ shop" real@shop.test', [("orders: kim @ shop", "real@shop.test")]),
    ("kim@x.test Kim Lee", [("Kim Lee", "kim@x.test")]),
    ("Kim <<kim@x.test>>", [("Kim", "kim@x.test")]),
    ("<kim@x.test, lee@y.test>", [("", "kim@x.test"), ("", "lee@y.test")]),
    ("<kim@x.test; Lee <lee@y.test", [("", "kim@x.test"), ("Lee", "lee@y.test")]),
    ("kim@x.test>, [lee@y.test]", [("", "kim@x.test"), ("", "lee@y.test")]),
    ("'kim@x.test', \"lee@y.test\"", [("", "kim@x.test"), ("", "lee@y.test")]),
    ('"Kim <kim@x.test>, Lee <lee@y.test>', [("Kim", "kim@x.test"), ("Lee", "lee@y.test")]),
    ('"Kim <kim@x.test>, "Lee" <lee@y.test>', [("Kim", "kim@x.test"), ("Lee", "lee@y.test")]),
    ('Kim" <kim@x.test>, lee@y.test', [("Kim", "kim@x.test"), ("", "lee@y.test")]),
    ("Kim (boss <kim@x.test>, lee@y.test", [("Kim boss", "kim@x.test"), ("", "lee@y.test")]),
    ("Kim <kim@x.test> Lee <lee@y.test>", [("Kim", "kim@x.test"), ("Lee", "lee@y.test")]),
    ("kim@x.test lee@y.test", [("", "kim@x.test"), ("", "lee@y.test")]),
    ("<mailto:kim@x.test>", [("", "kim@x.test")]),
    ("[Team] Kim <kim@x.test>", [("[Team] Kim", "kim@x.test")]),
    ("Kim <>", [("Kim", "")]),
    ('"" <kim@x.test>, ""', [("", "kim@x.test")]),
    ('"Lee, Kim" <kim@x.test>, "a@b, c@d" <e@x.test>',
     [("Lee, Kim", "kim@x.test"), ("a@b, c@d", "e@x.test")]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), OF_THE_RFC + OBSOLETE + TOLERATED)
def test_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    assert addresses(value) == [Address(*each) for each in expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("undisclosed-recipients:;", [("undisclosed-recipients", [])]),
        ('"Hidden, all": ;', [("Hidden, all", [])]),
        ("(start)Nobody  :(none)  ;", [("Nobody", [])]),
        ("=?utf-8?q?Empf=C3=A4nger?=:;", [("Empfänger", [])]),
        ("one:a@b; two:;", [("one", ["a@b"]), ("two", [])]),
        ("a@b, <c@[IPv6:::1]>", [("", ["a@b", "c@[IPv6:::1]"])]),
        ("a@b; c@d", [("", ["a@b", "c@d"])]),
        ("x@y, Ops: Ann <a@b>,c@d;, z@y", [("", ["x@y"]), ("Ops", ["a@b", "c@d"]), ("", ["z@y"])]),
        ("Ops: a@b, c@d", [("Ops", ["a@b", "c@d"])]),
        (":a@b;", [("", ["a@b"])]),
    ],
)  # fmt: skip
def test_groups(value: str, expected: list[tuple[str, list[str]]]) -> None:
    found = groups(value)
    assert [(name, [at for _, at in members]) for name, members in found] == expected


@given(st.text(st.sampled_from("\"'()<>[]\\@.,;: ab="), max_size=60))
def test_any_text_is_read(value: str) -> None:
    for name, address in addresses(value):
        assert name or address
    members = [each for _, group in groups(value) for each in group]
    assert members == addresses(value)


@pytest.mark.parametrize(
    "unit",
    ['"', '""', "(", "((a)", "<", "<@", '\\"', '"a\\', "(\\", "[", ":", "@ ", ". ",
     '"@"', "a@b ", '"<a@b>,', '<a@b>,"', "<a@b> ", "a(b)", "(c)@"],
)  # fmt: skip
def test_hostile_fields_take_no_time(unit: str) -> None:
    started = time.process_time()
    addresses(unit * (250_000 // len(unit)))
    assert time.process_time() - started < 3
