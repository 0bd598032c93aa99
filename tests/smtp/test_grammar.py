"""The grammar as properties: what is built by it is taken, and nothing breaks it."""

from __future__ import annotations

import contextlib
import re
import string
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsink.smtp.protocol import grammar
from mailsink.smtp.protocol.events import FLAGS

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
    assert path == grammar.Path(mailbox, ("source_route",) if route else ())
    assert rest == "SIZE=1"


# The grammar once more, written as the RFC writes it, for ASCII without literals.
LOCAL = (
    r"""(?:[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*"""
)
LOCAL += r"""|"(?:[ !#-\[\]-~]|\\[ -~])*")"""
DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
DOMAIN = rf"{DOMAIN}(?:\.{DOMAIN})*"
PATH = re.compile(rf"<(?:@{DOMAIN}(?:,@{DOMAIN})*:)?{LOCAL}@{DOMAIN}>")


@given(st.text('ab1.-"\\@<> ,:;+_()\x7f', max_size=24).map("<{}>".format))
@example('<"a>b"@a>')
@example('<@a:"@"@b>')
@example('<"\\""@a>')
def test_what_is_taken_without_a_flag_is_the_grammar(text: str) -> None:
    try:
        path, rest = grammar.parse_path(text)
        taken = set(path.flags) <= {"source_route"} and path.mailbox and not rest
    except grammar.BadSyntax:
        taken = False
    assert bool(taken) == bool(PATH.fullmatch(text))


@pytest.mark.parametrize(
    ("path", "flags"),
    [
        (f"<{'a' * 64}@b>", ()),
        (f"<{'a' * 65}@b>", ("long_path",)),
        (f"<{'é' * 32}@b>", ()),
        (f"<{'é' * 33}@b>", ("long_path",)),
        (f"<a@{'b' * 63}.example>", ()),
        (f"<a@{'b' * 64}.example>", ("long_path",)),
        (f"<a@b_{'b' * 64}.example>", ("long_path", "underscore_domain")),
        (f"<a@{'b.' * 125}cc>", ()),
        (f"<a@{'b.' * 125}ccc>", ("long_path",)),
        (f"<@{'r.' * 125}cc:a@b>", ("long_path", "source_route")),
        ("<a@[x400:c=de]>", ("unknown_literal",)),
        ("<postmaster>", ("unqualified_address",)),
    ],
)
def test_lengths_and_other_deviations_are_flagged(
    path: str, flags: tuple[str, ...]
) -> None:
    assert grammar.parse_path(path)[0].flags == flags


@pytest.mark.parametrize("address", ["0.0.0.0", "255.255.255.255", "192.000.002.001"])
def test_ipv4_as_the_grammar_has_it(address: str) -> None:
    assert grammar.check_domain(f"[{address}]") == ()


@pytest.mark.parametrize("address", ["1.2.3", "1.2.3.4.5", "256.0.0.1", "0001.2.3.4",
                                     "1.2.3.", "1.2.3.a", "\u0661.2.3.4", "-1.2.3.4"])  # fmt: skip
def test_what_is_no_ipv4(address: str) -> None:
    with pytest.raises(grammar.BadSyntax):
        grammar.check_domain(f"[{address}]")


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
        ("<a@b c>", "a space"),
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


@pytest.mark.parametrize(
    "text",
    [
        '<"' + '\\"' * 6000,
        "<" + '"\\' * 6000,
        "<" + '""' * 6000,
        "<@" + "a,@" * 4000,
        "<@" + "a-" * 6000 + "!:",
        "<a@" + "a-" * 6000,
        "<" + "a." * 6000 + "@b>",
    ],
)
def test_a_long_line_costs_no_more_than_its_length(text: str) -> None:
    began = time.process_time()
    for _ in range(10):
        assert _refusal(grammar.parse_path, text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("path", "flags"),
    [
        ("<a..b@docomo.test>", ("lenient_local",)),
        ("<.a@b>", ("lenient_local",)),
        ("<a...@b.>", ("lenient_domain", "lenient_local")),
        ("<é..x@b>", ("lenient_local",)),
        ("<a@my_host.>", ("lenient_domain", "underscore_domain")),
        ("<a@[fe80::1]>", ("lenient_domain",)),
        ("<a@[iPv6:1:2:3:4:5:6::8]>", ("lenient_domain",)),
        ("<a@[IPv6:1:2:3:4:5::1.2.3.4]>", ("lenient_domain",)),
        ("<a@[IPv6:1:2:3:4::1.2.3.4]>", ()),
        ("<a@b>", ()),
    ],
)
def test_what_is_a_little_off_is_taken_leniently(
    path: str, flags: tuple[str, ...]
) -> None:
    assert grammar.parse_path(path, lenient=True)[0].flags == flags
    if flags:
        with pytest.raises(grammar.BadSyntax):
            grammar.parse_path(path)


@pytest.mark.parametrize(
    "path",
    ["<..@b>", "<.@b>", "<a@.>", "<a@b..>", "<a@.b>", "<a. b@c>", "<a.(b@c>", "<@b>"],
)
def test_what_is_further_off_is_refused(path: str) -> None:
    with pytest.raises(grammar.BadSyntax):
        grammar.parse_path(path, lenient=True)


@pytest.mark.parametrize(
    "name",
    ["host.", "(none)", "(NONE)", "host.(none)", "FE80::1", "fe80::1%eth0", "[2001:db8::1]",
     "[IPv6:fe80::1%eth0]", "[fe80::1%2]", "IPv6:2001:db8::1", "a.b.test."],
)  # fmt: skip
def test_a_name_of_ehlo_that_is_a_little_off(name: str) -> None:
    assert grammar.check_hello(name, lenient=True) == ("lenient_domain",)
    with pytest.raises(grammar.BadSyntax):
        grammar.check_hello(name, lenient=False)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..",
        "(none",
        "(none).",
        "a b.(none)",
        "[",
        "[]",
        "::1::",
        "-x",
        "a:b",
        "%",
    ],
)
def test_a_name_of_ehlo_that_is_none(name: str) -> None:
    with pytest.raises(grammar.BadSyntax):
        grammar.check_hello(name, lenient=True)


@given(st.text('ab.-:[]()%IPv6none"@_', max_size=24))
def test_leniency_never_refuses_what_the_grammar_takes(text: str) -> None:
    for lenient, strict in (
        (
            lambda: grammar.parse_path(f"<{text}>", True),
            lambda: grammar.parse_path(f"<{text}>"),
        ),
        (
            lambda: grammar.check_hello(text, True),
            lambda: grammar.check_hello(text, False),
        ),
    ):
        with contextlib.suppress(grammar.BadSyntax):
            assert strict() == lenient()


def test_leniency_costs_no_more_than_the_length() -> None:
    began = time.process_time()
    for text in ("." * 12_000, "a." * 6000, ".a" * 6000 + "!", "a" * 12_000 + "."):
        for each in (f"<{text}@b>", f"<a@{text}>", f"<a@{text}.>"):
            with contextlib.suppress(grammar.BadSyntax):
                grammar.parse_path(each, lenient=True)
        with contextlib.suppress(grammar.BadSyntax):
            grammar.check_hello(text, lenient=True)
    assert time.process_time() - began < 1
