"""The lists of a route: only what they name may leave, and nothing if they cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.outgoing.allowing import fault, refusal
from tests.outgoing.address_strategies import address, lists
from tests.outgoing.allow_oracle import Lists, may_go


@pytest.mark.parametrize(
    ("address", "allow"),
    [
        ("ann@example.com", ["ann@example.com"]),
        ("Ann@Example.COM", ["ann@example.com"]),
        ("ann@example.com", ["example.com"]),
        ("ann@example.com", ["*@example.com"]),
        ("ann+test@example.com", ["ann+*@example.com"]),
        ("ann@mail.example.com", ["*.example.com"]),
        ("ann@example.com", ["*"]),
        ("ann@[192.0.2.1]", ["[192.0.2.1]"]),
        ("ann@bücher.example", ["xn--bcher-kva.example"]),
        ("ann@xn--bcher-kva.example", ["bücher.example"]),
        ("user%other.example@example.com", ["user%other.example@example.com"]),
    ],
)
def test_allowed(address: str, allow: list[str]) -> None:
    assert refusal(address, allow, []) == ""


@pytest.mark.parametrize(
    ("address", "allow", "deny"),
    [
        ("ann@example.com", [], []),
        ("ann@example.com", ["bob@example.com"], []),
        ("ann@example.com.evil.test", ["example.com"], []),
        ("ann@evil-example.com", ["*.example.com"], []),
        ("ann@example.com", ["*.example.com"], []),
        ("ann@example.com", ["*"], ["example.com"]),
        ("ann@example.com", ["*"], ["ANN@example.com"]),
        ("ann@bücher.example", ["*"], ["xn--bcher-kva.example"]),
        ("ann@xn--bcher-kva.example", ["*"], ["*@bücher.example"]),
        ("ann@example.com.", ["*"], ["example.com"]),
        # another hop behind the one that is allowed
        ("ann%evil.test@example.com", ["example.com"], []),
        ("evil.test!ann@example.com", ["example.com"], []),
        ('"ann@evil.test"@example.com', ["*@example.com"], []),
        ("ann%evil.test@example.com", ["*"], []),
        # the next hop may take it for one that is denied
        ('"ann"@example.com', ['"ann"@example.com'], ["ann@example.com"]),
        ('"a\\nn"@example.com', ['"a\\nn"@example.com'], ["ann@example.com"]),
        ("ann%b.test@example.com", ["ann%b.test@example.com"], ["b.test"]),
        ("b.test!ann@example.com", ["b.test!ann@example.com"], ["ann@b.test"]),
        ("a%b.test%c.test@d.test", ["a%b.test%c.test@d.test"], ["*.test"]),
        (f"{'a!' * 40}b%c@d.test", [f"{'a!' * 40}b%c@d.test"], ["e.test"]),
        ("ann@xn--bcher-kva.example", ["*"], ["*ücher.example"]),
        ("ann@[127.0.0.01]", ["*"], ["[127.0.0.1]"]),
        ("ann@[IPv6:::ffff:127.0.0.1]", ["*"], ["[127.0.0.1]"]),
        ("ann@[IPv6:0::1]", ["*"], ["[ipv6:::1]"]),
        # without a domain nothing can be compared
        ("postmaster", ["*"], []),
        ("", ["*"], []),
        ("ann@", ["*"], []),
        # domains and local parts that the next hop may read in another way
        ("ann@straße.example", ["*"], ["xn--strae-oqa.example"]),
        ("ann@bücher\u2024example", ["*"], ["bücher.example"]),
        ("ann@straße.example", ["strasse.example"], []),
        ("\u017fam@example.com", ["sam@example.com"], []),  # a long s
        # lists that cannot be read
        ("ann@example.com", None, []),
        ("ann@example.com", "*", []),
        ("ann@example.com", ["*", 1], []),
        ("ann@example.com", ["*", ""], []),
        ("ann@example.com", {"*": 1}, []),
        ("ann@example.com", ["*"], None),
        ("ann@example.com", ["*"], ["a@b@c"]),
        ("ann@example.com", ["*"] * 501, []),
    ],
)
def test_refused(address: str, allow: object, deny: object) -> None:
    assert refusal(address, allow, deny)


@pytest.mark.parametrize("pattern", ["", "a b", "a\n", "a@b@c", "a@", "x" * 255])
def test_faults_of_a_pattern(pattern: str) -> None:
    assert fault(pattern)


_LABEL = st.sampled_from(["example", "evil", "test", "com", "bücher", "mail"])
_DOMAIN = st.lists(_LABEL, min_size=1, max_size=3).map(".".join)
_ADDRESS = st.tuples(st.sampled_from(["ann", "bob", "a%b", "a+b"]), _DOMAIN).map(
    "@".join
)


@given(st.lists(_ADDRESS, max_size=3), st.lists(_ADDRESS, max_size=3), _ADDRESS)
def test_whole_addresses_allow_only_themselves(
    allow: list[str], deny: list[str], address: str
) -> None:
    allowed = not refusal(address, allow, deny)
    assert allowed == (address in allow and address not in deny)


@given(st.text(max_size=40), st.lists(st.text(max_size=12), max_size=3))
def test_never_fails(address: str, patterns: list[str]) -> None:
    refusal(address, patterns, patterns)
    refusal(f"{address}@{address}", ["*"], patterns)


@given(address, lists)
def test_nothing_that_an_oracle_refuses(address: str, lists: Lists) -> None:
    """It reads the documentation by itself, and thinks of what a next hop may make of it."""
    assert refusal(address, *lists) or may_go(address, *lists)
