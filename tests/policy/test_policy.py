"""What clients are answered by an inbox's settings, on a real database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inbox.mailbox import inboxes, trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import Inbox
from inbox.policy.policy import InboxPolicy
from mailsink.ids import uuid7
from mailsink.ports import GO_ON, Consult, Decision, Stage
from tests import factories
from tests.mailbox.test_known_addresses import given
from tests.smtp.harness import Session

pytestmark = pytest.mark.django_db

ADDRESSES = [
    given("ann@example.com", name="Ann Smith"),
    given("bob@example.com", name="Bob Smith"),
    given("info@example.com", "alias", "ann@example.com"),
    given("far@example.com", "forwarded", "far@example.net"),
    given("gone@example.com", "moved", "new@example.net"),
    given("staff@example.com", "list", "ann@example.com", "carl@example.com"),
    given("smith@example.com", "ambiguous", "ann@example.com", "bob@example.com"),
    given("sam@example.com", "ambiguous"),
    given("weit@example.com", "forwarded", "jürgen@example.net"),
    given("weg@example.com", "moved", "jürgen@example.net"),
    given("jur@example.com", "ambiguous", "jürgen@example.net"),
    given("liste@example.com", "list", "jürgen@example.net"),
    given(r'"a\\b"@example.com', "moved", "ab@example.com"),
]
UNKNOWN = "550 5.1.1 There is no such user here"


def policy(**settings: Any) -> InboxPolicy:
    """A policy of the default inbox with these settings."""
    made = InboxPolicy(factories.inbox().pk)
    made.refresh()
    inboxes.update(ALL, "default", **settings)
    return made


def decide(policy: InboxPolicy, consult: Consult) -> Decision:
    """Have it decided, without a loop: nothing is waited for."""
    with pytest.raises(StopIteration) as stopped:
        policy.decide(consult).send(None)
    decision = stopped.value.value
    assert isinstance(decision, Decision)
    return decision


def answer(policy: InboxPolicy, stage: Stage, **facts: Any) -> list[str]:
    """Return the reply's lines; [] where nothing is decided."""
    if stage not in policy.stages:
        return []
    decision = decide(policy, Consult(stage, uuid7(), facts))
    return list(decision.reply.lines()) if decision.reply else []


def rcpt(policy: InboxPolicy, path: str, **facts: Any) -> list[str]:
    return answer(policy, "rcpt", forward_path=path, verb="RCPT", **facts)


def vrfy(
    policy: InboxPolicy, name: str, verb: str = "VRFY", utf8: int = 0
) -> list[str]:
    return answer(policy, "vrfy", argument=name, verb=verb, smtputf8=utf8)


def expn(policy: InboxPolicy, name: str, utf8: int = 0) -> list[str]:
    return vrfy(policy, name, "EXPN", utf8)


STAGES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"addresses": ADDRESSES[:3]}, {"vrfy"}),
    ({"addresses": ADDRESSES}, {"vrfy", "rcpt"}),
    ({"known_only": True}, {"vrfy", "rcpt"}),
    ({"paused": True}, {"mail", "rcpt"}),
    ({"quota_octets": 10}, {"mail", "rcpt", "body"}),
]


def test_addresses_ask_for_replies_until_that_is_switched_off() -> None:
    asked = policy(paused=True)
    session = Session(decide=lambda each: decide(asked, each), asks=asked.asks)
    session.send(b"EHLO client.test\r\nMAIL FROM:<a@b.test>\r\n")
    heard = session.send(b"RCPT TO:<delay0s-rcpt550@b.test>\r\n")
    assert heard[0].startswith("550 5.1.1 ")
    # what asks for no refusal meets the settings
    heard = session.send(b"RCPT TO:<delay1ms@b.test>\r\n") or session.tick(1)
    assert heard[0].startswith("450 4.2.1 ")
    assert session.last.replied is not None
    assert session.last.replied.delayed_us == 1000
    inboxes.update(ALL, "default", paused=False, address_words=False)
    heard = session.send(b"RCPT TO:<rcpt550@b.test>\r\n")
    assert heard == ["250 2.1.5 Recipient ok"]


@pytest.mark.parametrize(("settings", "stages"), STAGES)
def test_it_is_asked_only_where_it_has_a_say(
    settings: dict[str, Any], stages: set[str]
) -> None:
    assert set(policy(**settings).stages) == stages


RECIPIENTS = {
    "ann@example.com": [],
    "ann@EXAMPLE.COM": [],
    '"ann"@example.com': [],
    "info@example.com": [],
    "staff@example.com": [],
    "far@example.com": ["251 2.1.5 User not local; will forward to <far@example.net>"],
    "gone@example.com": ["551 5.1.6 User not local; please try <new@example.net>"],
    "smith@example.com": [
        "553-5.1.4 Ambiguous; possibilities are",
        "553-5.1.4 Ann Smith <ann@example.com>",
        "553 5.1.4 Bob Smith <bob@example.com>",
    ],
    "sam@example.com": ["553 5.1.4 Ambiguous; there are several users of this name"],
    # as facts have it: text.readable doubles backslashes
    r'"a\\\\b"@example.com': ["551 5.1.6 User not local; please try <ab@example.com>"],
    "weit@example.com": [
        "251 2.6.8 User not local; forwarded to an address that needs SMTPUTF8"
    ],
    "jur@example.com": [
        "550 5.6.8 Ambiguous; the list of possibilities needs SMTPUTF8"
    ],
    "weg@example.com": ["551 5.6.8 User not local; the new address needs SMTPUTF8"],
}


@pytest.mark.parametrize("known_only", [False, True])
@pytest.mark.parametrize("path", RECIPIENTS)
def test_known_recipients(path: str, known_only: bool) -> None:
    asked = policy(addresses=ADDRESSES, known_only=known_only)
    assert rcpt(asked, path) == RECIPIENTS[path]


def test_new_addresses_in_utf8_where_the_client_allows_it() -> None:
    asked = policy(addresses=ADDRESSES)
    assert rcpt(asked, "weit@example.com", smtputf8=1) == [
        "251 2.1.5 User not local; will forward to <jürgen@example.net>"
    ]
    assert rcpt(asked, "weg@example.com", smtputf8=1) == [
        "551 5.1.6 User not local; please try <jürgen@example.net>"
    ]


def test_unknown_recipients() -> None:
    assert rcpt(policy(addresses=ADDRESSES), "who@example.com") == []
    asked = policy(addresses=ADDRESSES, known_only=True)
    assert rcpt(asked, "who@example.com") == [UNKNOWN]
    assert rcpt(asked, "ann@elsewhere.example") == [UNKNOWN]
    assert rcpt(asked, "Ann@example.com") == [
        f"{UNKNOWN}; the case of letters counts: <ann@example.com>"
    ]
    # RFC 5321 §4.5.1
    assert rcpt(asked, "postmaster") == rcpt(asked, "PostMaster@example.com") == []


VERIFIED = {
    "ann@example.com": ["250 2.1.5 Ann Smith <ann@example.com>"],
    "ann": ["250 2.1.5 Ann Smith <ann@example.com>"],
    "info": ["250 2.1.5 Ann Smith <ann@example.com>"],
    "far": RECIPIENTS["far@example.com"],
    "gone@example.com": RECIPIENTS["gone@example.com"],
    "smith": RECIPIENTS["smith@example.com"],
    "staff": ["252 2.1.5 That is a mailing list; EXPN lists its members, if any"],
}


@pytest.mark.parametrize("name", VERIFIED)
def test_vrfy_of_who_is_known(name: str) -> None:
    assert vrfy(policy(addresses=ADDRESSES), name) == VERIFIED[name]


def test_vrfy_of_others() -> None:
    assert vrfy(policy(addresses=ADDRESSES), "who") == []
    asked = policy(addresses=ADDRESSES, known_only=True)
    assert vrfy(asked, "who") == [UNKNOWN]
    assert vrfy(asked, "postmaster") == []


def test_vrfy_of_what_several_are_called() -> None:
    two = [given("joe@a.example", name="Joe A"), given("joe@b.example", name="Joe B")]
    assert vrfy(policy(addresses=two), "joe") == [
        "553-5.1.4 Ambiguous; possibilities are",
        "553-5.1.4 Joe A <joe@a.example>",
        "553 5.1.4 Joe B <joe@b.example>",
    ]


def test_of_many_choices_the_first_are_told() -> None:
    many = [given(f"joe@n{number}.example") for number in range(30)]
    reply = vrfy(policy(addresses=many), "joe")
    assert len(reply) == 22
    assert reply[-2:] == ["553-5.1.4 <joe@n19.example>", "553 5.1.4 and 10 more"]


def test_expn() -> None:
    asked = policy(addresses=ADDRESSES)
    assert expn(asked, "staff@example.com") == [
        "250-2.1.5 Ann Smith <ann@example.com>",
        "250 2.1.5 <carl@example.com>",
    ]
    assert expn(asked, "info") == ["250 2.1.5 Ann Smith <ann@example.com>"]
    for user in ("ann", "gone", "smith"):
        assert expn(asked, user) == [
            "550 5.1.1 That is a user, not a mailing list; use VRFY"
        ]
    assert expn(asked, "who") == []


def test_expn_in_utf8_where_the_client_allows_it() -> None:
    asked = policy(addresses=ADDRESSES)
    assert expn(asked, "liste") == [
        "252 2.6.8 The answer is not ASCII; ask again with SMTPUTF8 behind the name"
    ]
    assert expn(asked, "liste", utf8=1) == ["250 2.1.5 <jürgen@example.net>"]


def test_paused() -> None:
    asked = policy(paused=True, addresses=ADDRESSES)
    paused = ["450 4.2.1 The inbox is paused; try again later"]
    assert rcpt(asked, "ann@example.com") == paused
    assert rcpt(asked, "far@example.com") == paused
    assert rcpt(asked, "gone@example.com") == RECIPIENTS["gone@example.com"]
    assert answer(asked, "mail", parameters="SIZE=10 BODY=7BIT") == []
    for text, keyword in (
        ("BY=120;R", "BY"),
        ("SIZE=1 holdfor=60", "HOLDFOR"),
        ("HOLDUNTIL=2030-01-01T00:00:00Z", "HOLDUNTIL"),
    ):
        assert answer(asked, "mail", parameters=text) == [
            f"455 4.3.2 The parameter {keyword} cannot be honoured while the inbox is "
            "paused"
        ]


def test_a_quota() -> None:
    factories.message(b"x" * 60)
    asked = policy(quota_octets=100)
    assert answer(asked, "mail", parameters="SIZE=40") == []
    assert answer(asked, "mail", parameters="SIZE=41") == [
        "452 4.2.2 41 octets do not fit into the inbox now: 40 are free of its quota"
    ]
    assert answer(asked, "mail", parameters="SIZE=101") == [
        "552 5.2.2 101 octets are more than the inbox may ever hold: its quota is 100"
    ]
    assert answer(asked, "mail", parameters="SIZE=100")[0].startswith("452 4.2.2 100")
    assert rcpt(asked, "ann@example.com") == []
    assert answer(asked, "body", size=41)[0].startswith("452 4.2.2 41 octets")
    assert answer(asked, "body", size=101)[0].startswith("552 5.2.2 101 octets")


def test_what_is_let_in_counts_at_once() -> None:
    asked = policy(quota_octets=100)
    assert answer(asked, "body", size=70) == []
    assert answer(asked, "body", size=31)[0].startswith("452 4.2.2")
    assert answer(asked, "body", size=30) == []
    assert rcpt(asked, "ann@example.com") == [
        "552 5.2.2 The inbox is full: its quota is reached"
    ]


def test_what_is_deleted_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.policy.quota._SHARE", float("inf"))  # count always
    message = factories.message(b"x" * 100)
    asked = policy(quota_octets=100)
    full = ["552 5.2.2 The inbox is full: its quota is reached"]
    assert rcpt(asked, "ann@example.com") == full
    trash.delete(ALL, Selection((message.pk,)))
    asked.refresh()
    assert rcpt(asked, "ann@example.com") == []


def test_which_rule_answered() -> None:
    asked = policy(paused=True, quota_octets=1, addresses=ADDRESSES)

    def rule(stage: Stage, **facts: Any) -> str:
        return decide(asked, Consult(stage, uuid7(), facts)).rule

    gone = rule("rcpt", forward_path="gone@example.com")
    assert gone == "known addresses of inbox default"
    assert rule("rcpt", forward_path="x@example.com") == "pause of inbox default"
    assert rule("mail", parameters="SIZE=2") == "quota of inbox default"
    assert rule("helo") == ""


def test_no_address_is_looked_at_where_none_may_ask() -> None:
    asked, facts = policy(address_words=True), {"forward_path": "rcpt550@example.com"}
    consult = Consult("rcpt", uuid7(), facts)
    assert decide(asked, consult).rule == "address rcpt550@example.com"
    assert decide(asked, replace(consult, may_ask=False)) is GO_ON


def test_another_process_changed_the_settings() -> None:
    asked = policy()
    Inbox.objects.filter(slug="default").update(paused=True)
    assert asked.stages == frozenset()
    asked.refresh()  # as it does each second
    assert "rcpt" in asked.stages


def test_an_inbox_that_was_removed_decides_nothing() -> None:
    made = InboxPolicy(4711)
    made.refresh()
    assert made.stages == frozenset()


def test_one_good_recipient_is_enough() -> None:
    asked = policy(known_only=True, addresses=ADDRESSES)

    session = Session(
        decide=lambda consult: decide(asked, consult), stages=frozenset(asked.stages)
    )
    session.send(b"EHLO x\r\n")
    assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]
    assert session.send(b"RCPT TO:<who@example.com>\r\n") == [UNKNOWN]
    assert session.last.replied is not None
    assert session.last.replied.rule == "known addresses of inbox default"
    assert session.send(b"RCPT TO:<far@example.com>\r\n")[0][:3] == "251"
    session.send(b"DATA\r\n")
    assert session.send(b"x\r\n.\r\n")[0].startswith("250 2.0.0 Ok: queued")
