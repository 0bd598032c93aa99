"""Where applications reach SMTP, and the one-time words that prove it."""

from __future__ import annotations

import re

import pytest

from inbox.onboarding import probe
from inbox.onboarding.endpoints import reach


def test_reach_loopback() -> None:
    to = reach(["[::1]:1025", "127.0.0.1:1026"])
    assert to is not None
    assert (to.host, to.port, to.loopback) == ("127.0.0.1", 1026, True)
    assert to.authority == "127.0.0.1:1026"
    assert to.bind_all == "0.0.0.0:1026"


@pytest.mark.parametrize(
    ("bound", "host", "authority"),
    [
        ("0.0.0.0:25", "127.0.0.1", "127.0.0.1:25"),
        ("[::]:25", "::1", "[::1]:25"),
        ("192.0.2.7:25", "192.0.2.7", "192.0.2.7:25"),
    ],
)
def test_reach_from_outside(bound: str, host: str, authority: str) -> None:
    to = reach([bound])
    assert to is not None
    assert (to.host, to.authority, to.loopback) == (host, authority, False)


def test_reach_nothing_where_smtp_is_off() -> None:
    assert reach([]) is None


def test_word_is_kept_only_if_it_is_one_of_ours() -> None:
    assert probe.word("probe-7f3k9x") == "probe-7f3k9x"
    for given in ("", "probe-", "probe-7F3K", "x' onload='", "probe-7f3k9x\n"):
        assert re.fullmatch("probe-[a-z0-9]{6}", probe.word(given))
    assert probe.word() != probe.word()
