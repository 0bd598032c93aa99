"""What a ClientHello tells, and that nothing a client begins with can hurt."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.smtp.profile import Profile
from mailsink.smtp.tls.client_hello import ClientHello, read_client_hello
from tests.smtp import tls_client
from tests.smtp.harness import Session
from tests.smtp.tls_client import TlsClient, careless

HELLO = TlsClient(careless()).shake_hands()[1]


def test_name_and_versions() -> None:
    assert read_client_hello(HELLO) == ClientHello(
        "mx.test", "TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3"
    )


def test_without_a_name() -> None:
    hello = TlsClient(careless(), name=None).shake_hands()[1]
    assert read_client_hello(hello).sni == ""


def test_an_old_client() -> None:
    hello = TlsClient(careless(ssl.TLSVersion.TLSv1)).shake_hands()[1]
    assert read_client_hello(hello).versions == "up to TLS 1.0"


def test_a_hello_cut_into_records() -> None:
    message = HELLO[5:]
    records = b"".join(
        b"\x16\x03\x01" + len(piece).to_bytes(2) + piece
        for piece in (message[:7], message[7:40], message[40:])
    )
    assert read_client_hello(records) == read_client_hello(HELLO)


@pytest.mark.parametrize("name", [b"mx\xfftest", b"mx\ntest", b"mx\0test"])
def test_a_name_that_is_none(name: bytes) -> None:
    session = Session(Profile(tls=tls_client.server(), implicit_tls=True))
    session.deliver(HELLO.replace(b"mx.test", name))
    if not session.ended:
        assert session.take(), "it goes on"
        session.drop()
    assert session.ending == "tls_failed"
    assert "\n" not in read_client_hello(HELLO.replace(b"mx.test", name)).sni


@given(st.binary(max_size=300))
def test_whatever_a_client_begins_with(octets: bytes) -> None:
    read_client_hello(octets)
    read_client_hello(b"\x16\x03\x01" + octets)


changes = st.lists(
    st.tuples(st.integers(0, len(HELLO) - 1), st.integers(0, 255)), max_size=4
)


@given(changes, st.integers(1, len(HELLO)))
def test_a_hello_that_is_spoilt_ends_one_session_only(
    changes: list[tuple[int, int]], length: int
) -> None:
    hello = bytearray(HELLO)
    for at, octet in changes:
        hello[at] = octet
    session = Session(Profile(tls=tls_client.server(), implicit_tls=True))
    session.deliver(bytes(hello[:length]))
    if not session.ended:
        session.drop()
    assert session.ending == "tls_failed"
