"""format=flowed: soft line breaks, quotes, stuffing and DelSp (RFC 3676)."""

from __future__ import annotations

import time

import pytest

from mailsink.mime import bodies, structure
from mailsink.mime.flowed import joined

FLOWED = {"format": "flowed"}
DELSP = {"format": "Flowed", "delsp": "Yes"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one \ntwo\nthree", "one two\nthree"),
        ("a \n\nb", "a \n\nb"),  # an empty line is fixed, and ends what flows
        (" From here\n > no quote\n  two spaces", "From here\n> no quote\n two spaces"),
        ("> q \n> r\n>> deep \n> back", "> q r\n>> deep \n> back"),
        (">unstuffed \n> stuffed\n>", "> unstuffed stuffed\n>"),
        ("bye \n-- \nAnn", "bye \n-- \nAnn"),
        ("> bye \n> -- \n> Ann", "> bye \n> -- \n> Ann"),
        ("ends in a space ", "ends in a space "),
        ("", ""),
    ],
)
def test_soft_breaks_are_joined(text: str, expected: str) -> None:
    assert joined(text, FLOWED) == expected


def test_delsp_takes_the_space_with_the_break() -> None:
    text = "https://shop.test/a/bcd \nefg?x=1 and  \nmore\n> q \n> r"
    assert joined(text, DELSP) == "https://shop.test/a/bcdefg?x=1 and more\n> qr"


def test_delsp_alone_and_fixed_text_mean_nothing() -> None:
    assert joined("one \ntwo", {"delsp": "yes"}) == "one \ntwo"
    assert joined("one \ntwo", {"format": "fixed"}) == "one \ntwo"


def test_a_body_is_joined_where_it_is_read() -> None:
    head = b"Content-Type: text/plain; charset=utf-8; FORMAT=flowed; DelSp=yes\r\n\r\n"
    octets = head + b"wrapped in the mid \r\ndle of a word\r\n"
    root = structure.parse(octets).root
    assert bodies.text_of(octets, root) == "wrapped in the middle of a word\n"


def test_html_is_never_flowed() -> None:
    octets = b"Content-Type: text/html; format=flowed\r\n\r\n<pre>a \r\nb</pre>"
    root = structure.parse(octets).root
    assert bodies.text_of(octets, root) == "<pre>a \nb</pre>"


@pytest.mark.parametrize("unit", ["a \n", ">", "> \n", " ", "\n", "-- \n"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    started = time.process_time()
    joined(unit * 500_000, FLOWED)
    assert time.process_time() - started < 5
