"""The PROXY protocol: headers good and bad, whom they make of a client, and hostile ones."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from aiosmtpd.proxy_protocol import get_proxy
from hypothesis import given
from hypothesis import strategies as st

from mailsink.smtp.machine import Machine
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import proxy_header
from mailsink.smtp.protocol.events import ExchangeOpened, SessionUpdated
from mailsink.smtp.protocol.proxy_header import SIGNATURE, BadHeaderError, Header, parse
from tests.smtp import tls_client
from tests.smtp.harness import EHLO, Session
from tests.smtp.tls_client import TlsClient

BEHIND = Profile(hostname="mx.test", proxy_from=(ip_network("192.0.2.0/24"),))
TCP4 = b"PROXY TCP4 198.51.100.9 203.0.113.1 4711 25\r\n"
CLIENT, SERVER = ("198.51.100.9", 4711), ("203.0.113.1", 25)


def binary(command: int, family: int, block: bytes = b"") -> bytes:
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(block)) + block


def inet(client: str, server: str, client_port: int, server_port: int) -> bytes:
    ends = IPv4Address(client).packed + IPv4Address(server).packed
    return ends + struct.pack("!HH", client_port, server_port)


def inet6(client: str, server: str, client_port: int, server_port: int) -> bytes:
    ends = IPv6Address(client).packed + IPv6Address(server).packed
    return ends + struct.pack("!HH", client_port, server_port)


BLOCK4 = inet("198.51.100.9", "203.0.113.1", 4711, 25)
BLOCK6 = inet6("2001:db8::9", "2001:db8::1", 4711, 25)
EXTRA = b"\x02\x00\x04mail\x04\x00\x01\0"  # TLV: the name asked for, padding
ENDS6 = (("2001:db8::9", 4711), ("2001:db8::1", 25))
GOOD = {
    "1, TCP4": (TCP4, (CLIENT, SERVER)),
    "1, TCP6": (b"PROXY TCP6 2001:db8::9 2001:db8::1 4711 25\r\n", ENDS6),
    "1, IPv4 in TCP6": (
        b"PROXY TCP6 ::ffff:198.51.100.9 ::ffff:203.0.113.1 4711 25\r\n",
        (CLIENT, SERVER),
    ),
    "1, the longest": (
        b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
        (),
    ),
    "1, UNKNOWN": (b"PROXY UNKNOWN\r\n", ()),
    "2, TCP4": (binary(1, 0x11, BLOCK4), (CLIENT, SERVER)),
    "2, TCP4 and more": (binary(1, 0x11, BLOCK4 + EXTRA), (CLIENT, SERVER)),
    "2, TCP6": (binary(1, 0x21, BLOCK6), ENDS6),
    "2, LOCAL": (binary(0, 0), ()),
    "2, LOCAL with addresses": (binary(0, 0x11, BLOCK4), ()),
    "2, LOCAL of no family": (binary(0, 0xFF, b"anything"), ()),
    "2, UNSPEC": (binary(1, 0, b"anything"), ()),
    "2, UDP": (binary(1, 0x12, BLOCK4), ()),
    "2, UNIX": (binary(1, 0x31, bytes(216)), ()),
    "2, the longest": (
        binary(1, 0x11, BLOCK4 + bytes(4096 - len(BLOCK4))),
        (CLIENT, SERVER),
    ),
}
BAD = {
    "SMTP": b"EHLO x\r\n",
    "TLS": b"\x16\x03\x01",
    "half of the word": b"PROMISE\r\n",
    "lower case": b"proxy TCP4 ",
    "no such family": b"PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n",
    "UDP": b"PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n",
    "two spaces": b"PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n",
    "a field too many": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
    "a field too few": b"PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
    "no address": b"PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n",
    "octal": b"PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n",
    "IPv6 as TCP4": b"PROXY TCP4 ::1 ::2 1 2\r\n",
    "IPv4 as TCP6": b"PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n",
    "a zone": b"PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n",
    "not ASCII": b"PROXY TCP4 1.1.1.\xb2 2.2.2.2 1 2\r\n",
    "a port with a zero": b"PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
    "a port too high": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
    "a line too long": b"PROXY UNKNOWN " + b"x" * 93,
    "version 3": SIGNATURE + b"\x31\x11\x00\x00",
    "a third command": binary(2, 0x11, BLOCK4),
    "a fifth family": binary(1, 0x41, BLOCK4),
    "a fourth transport": binary(1, 0x13, BLOCK4),
    "too short for IPv4": binary(1, 0x11, BLOCK4[:11]),
    "too short for IPv6": binary(1, 0x21, BLOCK6[:35]),
    "too long": SIGNATURE + b"\x21\x11\x10\x01",
}


class TestParse:
    @pytest.mark.parametrize(("octets", "ends"), GOOD.values(), ids=GOOD)
    def test_good(self, octets: bytes, ends: tuple[tuple[str, int], ...]) -> None:
        version = 2 if octets.startswith(SIGNATURE) else 1
        assert parse(octets) == Header(version, len(octets), *ends)
        assert parse(octets + b"EHLO x\r\n") == Header(version, len(octets), *ends)
        for length in range(len(octets)):
            assert parse(octets[:length]) is None

    @pytest.mark.parametrize("octets", BAD.values(), ids=BAD)
    def test_bad(self, octets: bytes) -> None:
        with pytest.raises(BadHeaderError):
            parse(octets)

    @given(st.binary(max_size=200))
    def test_hostile(self, octets: bytes) -> None:
        for start in (b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21"):
            try:
                header = parse(start + octets)
            except BadHeaderError:
                continue
            assert header is None or header.octets <= len(start + octets)

    @given(
        st.one_of(
            st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)),
            st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6)),
        ),
        st.integers(0, 65535),
        st.integers(0, 65535),
    )
    def test_like_aiosmtpd(
        self,
        ends: tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address],
        client_port: int,
        server_port: int,
    ) -> None:
        client, server = ends
        line = (
            f"PROXY TCP{client.version} {client} {server} {client_port} {server_port}"
        )
        block = client.packed + server.packed
        block += struct.pack("!HH", client_port, server_port)
        family = 0x11 if client.version == 4 else 0x21
        for octets in (line.encode() + b"\r\n", binary(1, family, block)):
            ours, theirs = parse(octets), asyncio.run(_theirs(octets))
            assert ours is not None
            assert ours.client is not None
            mapped = getattr(client, "ipv4_mapped", None)
            assert theirs == (client, client_port)
            assert ours.client == (str(mapped or client), client_port)


async def _theirs(octets: bytes) -> tuple[object, object]:
    reader = asyncio.StreamReader()
    reader.feed_data(octets)
    reader.feed_eof()
    data = await get_proxy(reader)
    assert data.valid
    return data.src_addr, data.src_port


class TestSession:
    def test_the_client_is_the_one_announced(self) -> None:
        session = Session(BEHIND)
        assert session.read() == []
        assert session.admitted == []
        assert session.send(TCP4) == ["220 mx.test ESMTP Mailsink"]
        assert session.admitted == ["198.51.100.9"]
        assert session.changes() == {
            "client_address": "198.51.100.9",
            "client_port": 4711,
        }
        header, connect = session.exchanges
        assert header.opened.kind == "notice"
        assert header.opened.octets == len(TCP4)
        assert header.line == (
            "The load balancer at 192.0.2.7:4711 announced the client 198.51.100.9:4711, "
            "which had connected to 203.0.113.1:25 (PROXY version 1)."
        )
        assert (connect.opened.kind, connect.code) == ("connect", 220)
        session.send(EHLO)

    @pytest.mark.parametrize(
        "octets", [b"PROXY UNKNOWN\r\n", binary(0, 0)], ids=["UNKNOWN", "LOCAL"]
    )
    def test_the_balancer_speaks_for_itself(self, octets: bytes) -> None:
        session = Session(BEHIND)
        assert session.send(octets) == ["220 mx.test ESMTP Mailsink"]
        assert session.admitted == ["192.0.2.7"]
        assert session.told(SessionUpdated) == []
        assert "speaks for itself" in session.exchanges[0].line

    def test_octet_by_octet(self) -> None:
        session = Session(BEHIND)
        for octet in binary(1, 0x21, BLOCK6):
            assert session.read() == []
            heard = session.send(bytes([octet]))
        assert heard == ["220 mx.test ESMTP Mailsink"]
        assert session.changes()["client_address"] == "2001:db8::9"

    def test_a_policy_hears_of_the_client(self) -> None:
        session = Session(BEHIND, stages=frozenset({"connect"}))
        session.send(TCP4)
        (consult,) = session.consulted
        assert consult.facts["client_address"] == "198.51.100.9"

    def test_tls_follows_it(self) -> None:
        behind = replace(BEHIND, tls=tls_client.server(), implicit_tls=True)
        session, client = Session(behind), TlsClient(tls_client.trusting())
        _, hello = client.shake_hands()
        session.deliver(TCP4 + hello)
        session.secure(client)
        assert session.read() == ["220 mx.test ESMTP Mailsink"]
        kinds = [each.opened.kind for each in session.exchanges]
        assert kinds == ["notice", "tls", "connect"]
        assert not any(each.flags for each in session.exchanges)
        assert session.changes()["client_address"] == "198.51.100.9"

    def test_before_tls_nothing_is_answered_either(self) -> None:
        behind = replace(BEHIND, tls=tls_client.server(), implicit_tls=True)
        session = Session(behind)
        assert session.send(b"\x16\x03\x01") == []
        assert session.last.flags == {"bad_proxy_header"}

    def test_who_talks_early_behind_it_is_known(self) -> None:
        session = Session(BEHIND)
        assert len(session.send(TCP4 + b"NOOP\r\n")) == 2
        assert session.exchanges[1].flags == {"early_talker"}

    @pytest.mark.parametrize("octets", [b"EHLO x\r\n", b"\x16\x03\x01\x02"])
    def test_without_one_nothing_is_answered(self, octets: bytes) -> None:
        session = Session(BEHIND)
        assert session.send(octets) == []
        assert (session.ended, session.ending) == (True, "refused")
        assert session.last.flags == {"bad_proxy_header"}
        assert session.last.opened.octets == len(octets)
        assert "it began with something else" in session.last.line
        assert session.last.replied is None

    def test_who_says_nothing_is_let_go(self) -> None:
        session = Session(BEHIND)
        session.send(b"PROXY TCP4 ")
        assert session.tick(4.9) == []
        assert not session.ended
        assert session.tick(0.2) == []
        assert session.ending == "timeout"
        assert session.last.flags == {"bad_proxy_header"}

    def test_who_leaves_before_it(self) -> None:
        session = Session(BEHIND)
        session.drop()
        assert (session.ending, session.exchanges) == ("dropped", [])
        session = Session(BEHIND)
        session.send(b"PROXY TCP4 ")
        session.half_close()
        assert session.ending == "dropped"
        assert session.last.flags == {"bad_proxy_header"}

    @pytest.mark.parametrize("how", [Machine.drain, Machine.stop])
    def test_shutdown(self, how: Callable[[Machine], None]) -> None:
        session = Session(BEHIND)
        how(session.machine)
        assert session.wake() == []
        assert (session.ending, session.exchanges) == ("shutdown", [])

    @pytest.mark.parametrize("octets", [TCP4, binary(1, 0x11, BLOCK4), binary(0, 0)])
    def test_of_who_is_not_trusted_is_refused_in_words(self, octets: bytes) -> None:
        session = Session(Profile(proxy_from=(ip_network("10.0.0.0/8"),)))
        session.read()
        assert session.send(octets + EHLO) == [
            "554 5.7.0 A PROXY header is not believed from your address"
        ]
        assert (session.ended, session.ending) == (True, "refused")
        assert session.last.flags >= {"proxy_not_trusted"}
        assert session.told(SessionUpdated) == []

    def test_a_word_that_only_looks_like_it_is_an_unknown_command(self) -> None:
        session = Session()
        session.read()
        assert session.send(b"PROXY\r\n")[0].startswith("500 5.5.2 ")
        assert session.send(b"\r\n")[0].startswith("500 5.5.2 ")

    @given(st.lists(st.binary(max_size=30), max_size=8))
    def test_hostile(self, pieces: list[bytes]) -> None:
        for start in (b"", b"PROXY TCP4 1.1.1.1 2.2.2.2 1 ", SIGNATURE + b"\x21\x11"):
            session = Session(BEHIND)
            for piece in (start, *pieces):
                if not session.ended:
                    session.machine.receive(piece)
                    session.wake()
            if not session.ended:
                session.tick(600)
            assert session.ended
            for event in session.told(ExchangeOpened):
                assert event.line.isprintable()


def test_nothing_that_it_began_with_is_told() -> None:
    session = Session(BEHIND)
    session.send(b"AUTH PLAIN AGpvZQBzM2NyZXQ=\r\n")
    assert "AGpv" not in repr(session.events)


def test_the_longest_line_of_the_specification_fits() -> None:
    line = (
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe "
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
    )
    assert len(line) <= proxy_header._LONGEST_LINE
    assert parse(line.encode()) is not None
