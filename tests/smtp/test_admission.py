"""No client takes all connections."""

from __future__ import annotations

import pytest

from mailsink.smtp.net.admission import Admission
from mailsink.smtp.net.shared_counts import SharedCounts
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply


class Connection:
    """A connection that was silent for some seconds."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds
        self.gave_way = False

    def idle(self) -> float:
        return self.seconds

    def give_way(self) -> None:
        self.gave_way = True


def admit(
    admission: Admission,
    client: str,
    profile: Profile,
    connection: Connection | None = None,
) -> Reply | None:
    admission.connected()
    return admission.admit(connection or Connection(), client, profile)


@pytest.mark.parametrize(("most", "of_one"), [(1000, 900), (100, 90), (99, 99), (2, 2)])
def test_one_client_leaves_room_for_others(most: int, of_one: int) -> None:
    admission, profile = Admission(), Profile(max_connections=most)
    for _ in range(of_one):
        assert admit(admission, "192.0.2.7", profile) is None
    one_too_many = Connection()
    assert admit(admission, "192.0.2.7", profile, one_too_many) is not None
    admission.disconnected(one_too_many, "192.0.2.7")
    if of_one < most:
        assert admit(admission, "192.0.2.8", profile) is None


def test_the_refusal_names_the_client() -> None:
    admission, profile = Admission(), Profile(max_connections_per_client=1)
    admit(admission, "192.0.2.7", profile)
    assert admit(admission, "192.0.2.7", profile) is replies.TOO_MANY_FROM_CLIENT


def test_a_network_of_64_bits_is_one_client() -> None:
    admission, profile = Admission(), Profile(max_connections_per_client=1)
    first = Connection()
    admit(admission, "2001:db8:1:2::7", profile, first)
    other = Connection()
    refused = admit(admission, "2001:db8:1:2::8", profile, other)
    assert refused is replies.TOO_MANY_FROM_CLIENT
    assert admit(admission, "2001:db8:1:3::7", profile) is None
    admission.disconnected(other, "2001:db8:1:2::8")
    admission.disconnected(first, "2001:db8:1:2::7")
    assert admit(admission, "2001:db8:1:2::9", profile) is None


def test_0_lets_one_client_hold_all_connections() -> None:
    admission = Admission()
    profile = Profile(max_connections=100, max_connections_per_client=0)
    for _ in range(100):
        assert admit(admission, "192.0.2.7", profile) is None
    assert admit(admission, "192.0.2.7", profile) is replies.TOO_MANY_CONNECTIONS


def test_the_idlest_of_the_client_with_most_gives_way() -> None:
    admission, profile = Admission(), Profile(max_connections=5)
    held = [Connection(seconds) for seconds in (40, 50, 31)]
    for each in held:
        admit(admission, "192.0.2.7", profile, each)
    older = Connection(300)
    admit(admission, "192.0.2.8", profile, older)
    admit(admission, "192.0.2.8", profile)
    assert admit(admission, "192.0.2.9", profile) is None
    assert [each.gave_way for each in held] == [False, True, False]
    assert not older.gave_way


@pytest.mark.parametrize(
    ("seconds", "client"), [(29, "192.0.2.8"), (40, "192.0.2.7")], ids=["busy", "own"]
)
def test_neither_the_busy_nor_those_of_the_same_client_give_way(
    seconds: float, client: str
) -> None:
    admission, profile = Admission(), Profile(max_connections=2)
    held = [Connection(seconds), Connection(seconds)]
    for each in held:
        admit(admission, "192.0.2.7", profile, each)
    assert admit(admission, client, profile) is replies.TOO_MANY_CONNECTIONS
    assert not any(each.gave_way for each in held)


def test_clients_that_have_left_are_forgotten() -> None:
    admission, profile = Admission(), Profile(max_connections_per_client=1)
    for number in range(1000):
        client, both = f"192.0.2.{number}", [Connection(), Connection()]
        for each in both:  # the second is one too many
            admit(admission, client, profile, each)
        for each in both:
            admission.disconnected(each, client)
    assert not admission._by_client
    assert admit(admission, "192.0.2.1", profile) is None


def of_two_processes() -> tuple[Admission, Admission, SharedCounts]:
    """Return the admissions of two processes, and the counts of the second."""
    one, two = SharedCounts(2), SharedCounts(2)
    two._memory, two._key = one._memory, one._key  # as a fork would have it
    one.take_row(0)
    two.take_row(1)
    return Admission(one), Admission(two), two


def test_processes_count_a_client_together() -> None:
    one, two, _ = of_two_processes()
    profile = Profile(max_connections_per_client=2)
    first = Connection()
    assert admit(one, "192.0.2.7", profile, first) is None
    assert admit(two, "192.0.2.7", profile) is None
    assert admit(one, "192.0.2.7", profile) is replies.TOO_MANY_FROM_CLIENT
    assert admit(two, "192.0.2.8", profile) is None


def test_what_leaves_a_process_makes_room_in_another() -> None:
    one, two, _ = of_two_processes()
    profile = Profile(max_connections_per_client=1)
    first = Connection()
    admit(one, "192.0.2.7", profile, first)
    one.disconnected(first, "192.0.2.7")
    assert admit(two, "192.0.2.7", profile) is None


def test_processes_count_all_connections_together() -> None:
    one, two, _ = of_two_processes()
    profile = Profile(max_connections=2, max_connections_per_client=0)
    assert admit(one, "192.0.2.7", profile) is None
    assert admit(two, "192.0.2.8", profile) is None
    assert admit(two, "192.0.2.9", profile) is replies.TOO_MANY_CONNECTIONS


def test_what_a_dead_process_counted_is_forgotten() -> None:
    one, two, counts = of_two_processes()
    profile = Profile(max_connections_per_client=1)
    admit(two, "192.0.2.7", profile)
    counts.take_row(1)  # the next process in its place
    assert admit(one, "192.0.2.7", profile) is None
