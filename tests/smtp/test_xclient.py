"""XCLIENT: who may send it, what it tells of a client, and what it begins again."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.ports import GO_ON, Consult, Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import grammar
from mailsink.smtp.protocol.events import SessionUpdated
from mailsink.smtp.protocol.replies import Reply
from tests.smtp.harness import Session, play, ready

NETWORKS = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
TRUSTING = Profile(hostname="mx.test", xclient_from=NETWORKS)
GREETING = "220 mx.test ESMTP Mailsink"


def told(command: str, profile: Profile = TRUSTING) -> Session:
    session = ready(profile=profile)
    assert session.send(f"XCLIENT {command}\r\n".encode()) == [GREETING]
    return session


def test_a_whole_session() -> None:
    session = play(
        """
        C: EHLO balancer.test
        S: ...
        S: 250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT
        S: 250 HELP
        C: xclient NAME=client.example addr=198.51.100.9 PORT=4711 DESTPORT=25
        S: 220 mx.test ESMTP Mailsink
        C: MAIL FROM:<a@b>
        S: 503 5.5.1 Wrong order: send EHLO first
        C: XCLIENT HELO=client.example PROTO=ESMTP DESTADDR=203.0.113.1
        S: 220 mx.test ESMTP Mailsink
        C: EHLO client.example
        S: ...
        S: 250 HELP
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
        C: XCLIENT ADDR=198.51.100.9
        S: 503 5.5.1 XCLIENT may not stand in a transaction
        C: RSET
        S: 250 2.0.0 Ok, forgotten
        C: HELP XCLIENT
        S: 214-2.0.0 Syntax: XCLIENT name=value...
        S: 214-2.0.0 When: outside a transaction
        S: 214 2.0.0 See postfix.org/XCLIENT_README.html
        """,
        profile=TRUSTING,
    )
    facts = session.changes()
    assert (facts["client_address"], facts["client_port"]) == ("198.51.100.9", 4711)
    assert facts["helo"] == "client.example"


@pytest.mark.parametrize(
    ("attribute", "facts"),
    [
        ("ADDR=198.51.100.9", {"client_address": "198.51.100.9", "client_port": 0}),
        ("ADDR=ipv6:2001:DB8::9", {"client_address": "2001:db8::9"}),
        ("ADDR=IPV6:::ffff:198.51.100.9", {"client_address": "198.51.100.9"}),
        ("ADDR=[Unavailable]", {"client_address": "unknown"}),
        ("PORT=65535", {"client_address": "192.0.2.7", "client_port": 65535}),
        ("PORT=[TEMPUNAVAIL]", {"client_address": "192.0.2.7", "client_port": 0}),
        ("HELO=a+20b", {"helo": "a b"}),
        ("HELO=+00+0A+FF", {"helo": "\\x00\\x0a\\xff"}),
        ("HELO=[UNAVAILABLE]", {"helo": ""}),
        ("LOGIN=joe", {"auth_mechanism": "XCLIENT", "auth_username": "joe"}),
        ("LOGIN=j+C3+B6", {"auth_username": "jö"}),
        ("LOGIN=[UNAVAILABLE]", {"auth_mechanism": "", "auth_username": ""}),
    ],
)
def test_what_is_told(attribute: str, facts: dict[str, str | int]) -> None:
    changes = told(attribute).changes()
    assert changes == changes | facts


def test_who_has_a_login_has_authenticated() -> None:
    session = told("LOGIN=joe")
    session.send(b"EHLO x\r\n")
    assert session.changes()["protocol"] == "ESMTPA"
    assert session.send(b"AUTH PLAIN AGEAYg==\r\n")[0].startswith("503 ")


def test_an_own_login_is_forgotten() -> None:
    session = ready(profile=TRUSTING)
    session.send(b"AUTH PLAIN AGpvZQBzM2NyZXQ=\r\n")
    session.send(b"XCLIENT ADDR=198.51.100.9\r\nEHLO x\r\n")
    changes = session.changes()
    assert (changes["protocol"], changes["auth_username"]) == ("ESMTP", "")
    assert session.send(b"AUTH PLAIN AGpvZQBzM2NyZXQ=\r\n")[0].startswith("235 ")


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "ADDR",
        "=1",
        "COLOUR=red",
        "ADDR=1.1.1.1 ADDR=1.1.1.2",
        "ADDR=",
        "ADDR=2001:db8::1",
        "ADDR=IPV6:1.1.1.1",
        "ADDR=IPV6:fe80::1%eth0",
        "ADDR=1.1.1",
        "DESTADDR=here",
        "PORT=65536",
        "PORT=-1",
        "PORT=" + "0" * 5000,
        "PROTO=LMTP",
        "NAME=-.example",
        "NAME=" + "a." * 130 + "b",
        "HELO=" + "x" * 256,
        "LOGIN=" + "x" * 256,
        "LOGIN=a+b",
        "LOGIN=+4",
        "LOGIN=\u00f6",
    ],
)
def test_bad_syntax_changes_nothing(arguments: str) -> None:
    session = ready(profile=TRUSTING)
    before = len(session.told(SessionUpdated))
    (reply,) = session.send(f"XCLIENT {arguments}\r\n".encode())
    assert reply.startswith("501 5.5.4 ")
    assert len(session.told(SessionUpdated)) == before
    assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]


def test_others_are_neither_offered_nor_believed() -> None:
    for profile in (Profile(), Profile(xclient_from=(ip_network("10.0.0.0/8"),))):
        session = Session(profile)
        session.read()
        assert not any("XCLIENT" in line for line in session.send(b"EHLO x\r\n"))
        assert session.send(b"XCLIENT ADDR=10.0.0.1\r\n") == [
            "550 5.7.0 XCLIENT is not believed from your address"
        ]
        assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]


def test_it_can_be_hidden() -> None:
    session = ready(
        profile=Profile(xclient_from=NETWORKS, hidden=frozenset(["XCLIENT"]))
    )
    assert session.send(b"XCLIENT PORT=1\r\n")[0].startswith("502 ")


def test_an_address_that_it_gave_makes_nobody_trusted_or_distrusted() -> None:
    session = told("ADDR=203.0.113.1")
    assert session.send(b"XCLIENT ADDR=203.0.113.2\r\n") == [GREETING]
    stranger = ready(profile=Profile(xclient_from=(ip_network("10.0.0.0/8"),)))
    assert stranger.send(b"XCLIENT ADDR=10.0.0.1\r\n")[0].startswith("550 ")


def test_the_address_behind_a_balancer_counts() -> None:
    own = (ip_network("192.0.2.7"),)
    session = Session(Profile(hostname="mx.test", proxy_from=own, xclient_from=own))
    session.send(b"PROXY TCP4 203.0.113.1 203.0.113.2 1 2\r\n")
    assert session.send(b"XCLIENT PORT=1\r\n")[0].startswith("550 ")


def test_a_policy_judges_the_new_client() -> None:
    def decide(consult: Consult) -> Decision:
        if consult.facts["client_address"] == "203.0.113.1":
            return Decision(Reply(554, "5.7.1", ("Not you",)))
        return GO_ON

    session = Session(TRUSTING, decide=decide, stages=frozenset({"connect"}))
    session.read()
    assert session.send(b"XCLIENT ADDR=203.0.113.1\r\n") == ["554 5.7.1 Not you"]
    assert (session.ended, session.ending) == (True, "refused")


def test_lmtp_is_greeted_as_lmtp() -> None:
    session = Session(
        Profile(hostname="mx.test", protocol="lmtp", xclient_from=NETWORKS)
    )
    session.send(b"LHLO x\r\n")
    assert session.send(b"XCLIENT PORT=1\r\n") == ["220 mx.test LMTP Mailsink"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "X"]
            ),
            st.one_of(
                st.text(st.characters(max_codepoint=127), max_size=20).map(
                    grammar.xtext
                ),
                st.sampled_from(
                    ["[UNAVAILABLE]", "IPV6:::1", "1.2.3.4", "25", "+", ""]
                ),
                st.text(max_size=10),
            ),
        ),
        max_size=9,
    )
)
def test_hostile(attributes: list[tuple[str, str]]) -> None:
    session = ready(profile=TRUSTING)
    line = " ".join(f"{name}={value}" for name, value in attributes)
    line = line.replace("\r", "").replace("\n", "")
    lines = session.send(f"XCLIENT {line}\r\n".encode("utf-8", "replace"))
    assert lines[0][:3] in ("220", "500", "501")
    for value in session.changes().values():
        assert isinstance(value, int) or (value.isprintable() and len(value) < 1100)
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_turn_is_for_the_client_and_not_for_its_proxy() -> None:
    session = told(
        "ADDR=198.51.100.9",
        Profile(hostname="mx.test", xclient_from=NETWORKS, turn=NETWORKS),
    )
    session.send(b"EHLO x\r\n")
    (reply,) = session.send(b"TURN\r\n")
    assert reply == "502 5.5.1 TURN is not offered here"
