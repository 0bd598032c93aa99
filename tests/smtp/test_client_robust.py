"""Any message, in any pieces, and any server that a client may meet."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.smtp.client.delivery import with_dots_doubled
from mailsink.smtp.client.hop_values import OutgoingMail
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import events
from tests.smtp.harness import Session
from tests.smtp.hop import Client, converse, mail


@given(st.lists(st.binary(max_size=12)), st.sampled_from([b"", b"\r\n", b"."]))
def test_dots_however_it_is_cut(pieces: list[bytes], end: bytes) -> None:
    whole = b"".join([*pieces, end])
    sent = b"".join(with_dots_doubled([*pieces, end]))
    assert sent == b"" if not whole else sent.endswith(b"\r\n")
    received = (b"\r\n" + sent).replace(b"\r\n..", b"\r\n.")[2:]
    assert received in (whole, whole + b"\r\n")
    assert not whole.endswith(b"\r\n") or received == whole


@given(
    st.lists(st.sampled_from([b".", b"\r\n", b"x", b"..", b"\r\n.", b"\r\n.\r\n"])),
    st.integers(1, 9),
    st.sampled_from(["CHUNKING", ""]),
)
def test_our_own_server_gets_the_same_octets(
    parts: list[bytes], piece: int, hidden: str
) -> None:
    body = b"".join([*parts, b"\r\n"])
    server = Session(Profile(hostname="mx.test", hidden=frozenset({hidden} - {""})))
    client = Client(mail(body=body, piece=piece))
    converse(client, server)
    assert [each.body.content for each in server.arrivals] == [body]
    assert client.states == ["delivered"]


@given(st.lists(st.binary(max_size=40) | st.sampled_from(
    [b"220 x\r\n", b"250 x\r\n", b"250-x\r\n", b"354 x\r\n", b"550 x\r\n", b"\r\n", b"421 x\r\n"]
), max_size=30))  # fmt: skip
def test_any_server_comes_to_an_end(pieces: list[bytes]) -> None:
    client = Client(mail("b@x.test", "c@x.test"))
    for piece in pieces:
        client.dialogue.receive(piece)
        client.wait(0)
    client.lose()
    assert client.ending is not None
    assert [len(each) for each in client.reports] == [2]


@pytest.mark.parametrize(
    "octets",
    [
        b"250" + b"x" * 9000,
        b"".join(b"250-x\r\n" for _ in range(201)),
        b"x" * (1024 * 1024 + 1),
        (b"250-" + b"x" * 4000 + b"\r\n") * 20,
        (b"250-" + b"\1" * 4000 + b"\r\n") * 5,  # recorded as \x01
    ],
)
def test_replies_without_end(octets: bytes) -> None:
    client = Client(mail())
    client.receive(octets)
    assert client.ending == "error"
    client.dialogue.receive(octets)  # no more is kept
    assert client.states == ["deferred"]


def talkative(*mails: OutgoingMail) -> Client:
    """A client that is about to hear much of a server."""
    client = Client(*mails)
    client.hear("220 hop.test ESMTP")
    client.hear("250-hop.test", "250 PIPELINING")
    client.hear("250 Ok")
    return client


def long(code: int) -> list[str]:
    """A reply of 60,000 characters."""
    return [*[f"{code}-" + "x" * 2996] * 20, f"{code} x"]


def test_a_session_hears_so_much_of_a_server() -> None:
    """All of it is recorded, and each try is a session of its own."""
    to = [f"{n}@x.test" for n in range(90)]
    client = talkative(mail(*to), mail(*to))
    while client.ending is None:
        client.hear(*long(450))
    replied = (e for e in client.events if isinstance(e, events.ExchangeReplied))
    heard = sum(len(line) for each in replied for line in each.reply)
    assert (client.ending, 8 << 20 < heard < 9 << 20) == ("error", True)
    assert {each.code for each in client.reports[0]} == {450}
    assert set(client.states) == {"deferred"}


def test_the_reply_to_a_message_is_heard_whatever_came_before() -> None:
    """Else it would go out twice."""
    client = talkative(mail(*(f"{n}@x.test" for n in range(139))))
    for _ in range(100):
        client.hear(*long(250))
    for reply in (["354 Go on"], ["250 Ok"], ["250 Ok"]):  # and MAIL again
        client.hear(*reply)
    for _ in range(39):
        client.hear(*long(250))
    client.hear(*long(354))  # with which it is too much
    client.hear("250 Ok")
    assert set(client.states) == {"delivered"}
    assert client.ending == "error"


def test_replies_in_any_pieces() -> None:
    text = b"220-a\r\n220 b\r\n"
    for at in itertools.product([0, 1], repeat=4):
        client = Client(mail())
        cuts = [3 * n + shift for n, shift in enumerate(at)]
        for begin, end in itertools.pairwise([0, *cuts, len(text)]):
            client.receive(text[begin:end])
        assert client.writes == [b"EHLO sink.test\r\n"]
