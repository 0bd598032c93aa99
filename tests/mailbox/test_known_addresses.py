"""The addresses that an inbox knows: what may be given, and how they are found."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.errors import Invalid
from inbox.mailbox.known_addresses import Book, clean, key_of, typed_targets


def given(address: str, kind: str = "mailbox", *target: str, name: str = "") -> Any:
    return {"address": address, "name": name, "kind": kind, "target": list(target)}


def test_space_around_is_taken_away() -> None:
    one = given(" ann@example.com ", "moved", " new@example.net ", name=" Ann ")
    assert clean([one]) == [
        given("ann@example.com", "moved", "new@example.net", name="Ann")
    ]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("", []),
        (" ,; \r\n", []),
        ("a@x,b@x;c@x d@x\r\ne@x", ["a@x", "b@x", "c@x", "d@x", "e@x"]),
        (r'"a, \";b"@x,c@x', [r'"a, \";b"@x', "c@x"]),
        ('a@x,"b@x,c@x', ["a@x", '"b@x,c@x']),  # refused: no address has a lone quote
        ('a@x,"\\', ["a@x", '"\\']),
    ],
)
def test_typed_targets(text: str, targets: list[str]) -> None:
    assert typed_targets(text) == targets


GOOD = [
    given('"ann bee"@example.com'),
    given("ann@[192.0.2.1]"),
    given("jürgen@müller.example"),
    given("postmaster@example.com", "alias", "ann@example.com", "bob@example.com"),
    given("staff@example.com", "list", "ann@example.com"),
    given("smith@example.com", "ambiguous"),
]


@pytest.mark.parametrize("one", GOOD)
def test_what_may_be_given(one: Any) -> None:
    assert clean([one]) == [one]


BAD = [
    ([given("")], '"" is not an address: it is empty'),
    ([given("ann")], '"ann" is not an address: the domain is missing'),
    ([given("ann@b> x")], '"ann@b> x" is not an address'),
    ([given("@route:ann@example.com")], "write it as user@example.com"),
    ([given("Ann <ann@example.com>")], "is not an address"),
    ([given("ann\n@example.com")], r'"ann\\x0a@example.com" is not an address'),
    ([given("ann\x85@example.com")], "control character"),
    ([given("ann\ud800@example.com")], "control character"),
    ([given("a" * 400 + "@example.com")], "longer than 320"),
    ([given("ann@example.com", "mailbox", "bob@example.com")], "has no target"),
    ([given("ann@example.com", "moved")], "moved takes exactly one target"),
    (
        [given("ann@example.com", "forwarded", "b@example.com", "c@example.com")],
        "forwarded takes exactly one target",
    ),
    ([given("ann@example.com", "alias")], "an alias needs a target"),
    ([given("ann@example.com", "list")], "a list needs members"),
    ([given("ann@example.com", "list", "bob")], '"bob" is not an address'),
    (
        [given("a@example.com", "list", "b@example.com", "b@EXAMPLE.COM")],
        "a target is given twice",
    ),
    (
        [given("a@example.com", "list", *(f"u{n}@example.com" for n in range(101)))],
        "at most 100 targets",
    ),
    ([given("ann@example.com", name="A\nB")], "the name may not contain"),
    ([given("ann@example.com", name="A <b@c>")], "the name may not contain"),
    ([given("ann@example.com", name="x" * 201)], "longer than 200"),
    ([given('"ann"@example.com'), given("ann@Example.com")], "given twice"),
    ([given(f"u{n}@example.com") for n in range(1001)], "at most 1000 addresses"),
]


@pytest.mark.parametrize(("addresses", "words"), BAD)
def test_what_may_not(addresses: list[Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        clean(addresses)


def test_spellings_of_one_address() -> None:
    assert key_of('"ann"@Example.COM') == key_of("ann@example.com")
    assert key_of(r'"a\nn"@x') == key_of("ann@x")
    assert key_of(r'"a\\n"@x') == r"a\n@x"
    assert key_of('"a@b"@x') == "a@b@x"
    assert key_of("Ann@example.com") != key_of("ann@example.com")
    assert key_of("Postmaster") == "Postmaster@"


BOOK = Book(
    [
        given("ann@example.com", name="Ann Smith"),
        given("bob@example.com", name="Bob Smith"),
        given("ann@example.net", "moved", "ann@example.com"),
        given("staff@example.com", "list", "ann@example.com", "carl@example.com"),
    ]
)


def found(text: str) -> list[str]:
    return [each.address for each in BOOK.called(text)]


def test_whom_a_name_may_mean() -> None:
    assert found("ann@example.com") == ["ann@example.com"]
    assert found("ANN@example.com") == ["ann@example.com"]
    assert found("ann@elsewhere.example") == []
    assert found("Ann") == ["ann@example.com", "ann@example.net"]
    assert found("STAFF") == ["staff@example.com"]
    assert found("smith") == ["ann@example.com", "bob@example.com"]
    assert found("bob smith") == ["bob@example.com"]
    assert found('"Bob Smith"') == ["bob@example.com"]  # RFC 5321 §4.1.1.6
    assert found("smi") == found('""') == []


def test_names_stand_before_their_mailboxes() -> None:
    assert BOOK.named("ann@EXAMPLE.com") == "Ann Smith <ann@EXAMPLE.com>"
    assert BOOK.named("carl@example.com") == "<carl@example.com>"
