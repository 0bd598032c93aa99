"""Patterns that get text from outside take linear time."""

from __future__ import annotations

import re

import pytest

from inbox.insight.findings import signs
from inbox.mailbox import known_addresses
from mailsink.mime import codes
from tests.growth import assert_linear

_SEEDS = ('"\\', '"', "-1", "a", "1_", " ", ",", "/a1", "(", "by a with b (", "by a ")
_SEARCHED = {
    "targets": known_addresses._TYPED,
    "secret": codes._SECRET,
    **signs._RELAYS,
}


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("pattern", _SEARCHED.values(), ids=_SEARCHED)
def test_searching_takes_linear_time(pattern: re.Pattern[str], seed: str) -> None:
    assert_linear(lambda size: pattern.findall(seed * (size // len(seed)) + "!"))


@pytest.mark.parametrize(
    ("field", "client"),
    [
        ("from a by mx.test with esmtp (Exim 4.96) (envelope-from x)", "exim"),
        ("from a by mx.test with esmtps (TLS1.3) (Exim 4.96)", "exim"),
        ("from a by mx.test (Postfix) with ESMTP", "postfix"),
    ],
)
def test_relays_are_known_by_their_field(field: str, client: str) -> None:
    found = [key for key, pattern in signs._RELAYS.items() if pattern.search(field)]
    assert found == [client]
