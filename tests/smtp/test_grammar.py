"""The grammar as properties: what is built by it is taken, and nothing breaks it."""

from __future__ import annotations

import contextlib
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.smtp import grammar
from mailsink.smtp.events import FLAGS

ATEXT = string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~é日\U0001f600"
atoms = st.text(ATEXT, min_size=1, max_size=12)
dot_strings = st.lists(atoms, min_size=1, max_size=3).map(".".join)
quoted = st.text("".join(chr(code) for code in range(32, 127)) + "é", max_size=12).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
letters = string.ascii_letters + string.digits + "ü"
labels = st.tuples(
    st.text(letters, min_size=1, max_size=4),
    st.text(letters + "-", max_size=4),
    st.text(letters, min_size=1, max_size=4),
).map("".join)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
literals = st.one_of(
    st.ip_addresses(v=4).map(lambda ip: f"[{ip}]"),
    st.ip_addresses(v=6).map(lambda ip: f"[IPv6:{ip}]"),
)
domains = st.one_of(names, literals)
mailboxes = st.builds("{}@{}".format, st.one_of(dot_strings, quoted), domains)
routes = st.lists(names, max_size=2).map(
    lambda hops: ",".join(f"@{hop}" for hop in hops) + ":" if hops else ""
)
keywords = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,8}", fullmatch=True)
values = st.text("".join(chr(c) for c in range(33, 127) if c != 61), min_size=1)


@given(routes, mailboxes)
def test_every_path_of_the_grammar_is_taken(route: str, mailbox: str) -> None:
    path, rest = grammar.parse_path(f"<{route}{mailbox}> SIZE=1")
    assert path == grammar.Path(mailbox)
    assert rest == "SIZE=1"


@given(domains)
def test_every_domain_of_the_grammar_is_taken(domain: str) -> None:
    assert grammar.check_domain(domain) == ()


@given(st.text(max_size=60))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (grammar.parse_path, grammar.check_domain, grammar.parse_parameters):
        for each in (text, f"<{text}>", f"<{text}@{text}>", f"[{text}]"):
            why = _refusal(parse, each)
            assert why.isascii()
            assert why == "" or why.isprintable()
            assert len(why) < 200


def _refusal(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except grammar.BadSyntax as error:
        return str(error)
    return ""


@given(st.text(max_size=60))
def test_flags_are_of_the_closed_list(text: str) -> None:
    with contextlib.suppress(grammar.BadSyntax):
        assert set(grammar.parse_path(text)[0].flags) <= FLAGS


@given(st.dictionaries(keywords.map(str.upper), st.none() | values, max_size=4))
def test_parameters_survive(parameters: dict[str, str | None]) -> None:
    text = " ".join(
        key if value is None else f"{key.lower()}={value}"
        for key, value in parameters.items()
    )
    assert grammar.parse_parameters(text) == parameters


@given(st.text("".join(chr(code) for code in range(128))))
def test_xtext_round_trip(text: str) -> None:
    coded = grammar.xtext(text)
    assert grammar.unxtext(coded) == text
    assert all("!" <= each <= "~" and each != "=" for each in coded)


@pytest.mark.parametrize("text", ["a=b", "+2b", "+2", "a b", "é", "+"])
def test_what_is_not_xtext(text: str) -> None:
    with pytest.raises(grammar.BadSyntax):
        grammar.unxtext(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<a@b", "closing"),
        ("<@a:>", "local part"),
        ("<.a@b>", "begins or ends with a dot"),
        ('<"a@b>', "not closed"),
        ('<"a"b@c>', "must follow the quoted"),
        ("<a@b@c>", '"@"'),
        ("<a@b c>", "a blank"),
        ("<a@-b>", "hyphen"),
        ("<a@b..c>", "two in a row"),
        ("<a@[1.2.3]>", "no valid IP"),
        ("<a@[1.2.3.4>", 'closing "]"'),
        ("<a@[IPv6:fe80::1%eth0]>", "no valid IP"),
        ("<a@" + "b" * 256 + ">", "longer than 255"),
        ("<a,b@c>", '","'),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(grammar.BadSyntax) as caught:
        grammar.parse_path(text)
    assert why in str(caught.value)
