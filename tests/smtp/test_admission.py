"""No client takes all connections."""

from __future__ import annotations

import pytest

from mailsink.smtp.net.admission import Admission
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies


@pytest.mark.parametrize(("most", "of_one"), [(1000, 900), (100, 90), (99, 99), (2, 2)])
def test_one_client_leaves_room_for_others(most: int, of_one: int) -> None:
    admission, profile = Admission(), Profile(max_connections=most)
    for _ in range(of_one):
        admission.connected()
        assert admission.admit("192.0.2.7", profile) is None
    admission.connected()
    assert admission.admit("192.0.2.7", profile) is not None
    admission.disconnected("192.0.2.7")
    if of_one < most:
        admission.connected()
        assert admission.admit("192.0.2.8", profile) is None


def test_the_refusal_names_the_client() -> None:
    admission, profile = Admission(), Profile(max_connections_per_client=1)
    admission.connected()
    admission.admit("192.0.2.7", profile)
    admission.connected()
    assert admission.admit("192.0.2.7", profile) is replies.TOO_MANY_FROM_CLIENT


def test_0_lets_one_client_hold_all_connections() -> None:
    admission = Admission()
    profile = Profile(max_connections=100, max_connections_per_client=0)
    for _ in range(100):
        admission.connected()
        assert admission.admit("192.0.2.7", profile) is None
    admission.connected()
    assert admission.admit("192.0.2.7", profile) is replies.TOO_MANY_CONNECTIONS
