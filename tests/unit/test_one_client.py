"""Which addresses count as one client."""

from __future__ import annotations

import pytest

from mailsink.one_client import client_of


@pytest.mark.parametrize(
    ("address", "other", "is_same"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:1:2::7", "2001:DB8:1:2:ffff::8", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("::1", "127.0.0.1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "unknown", False),
    ],
)
def test_who_counts_as_one_client(address: str, other: str, is_same: bool) -> None:
    assert (client_of(address) == client_of(other)) is is_same
