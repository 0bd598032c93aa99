"""Each condition at each stage: it holds there, or such a rule is refused with the reason."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from inbox.errors import Invalid
from inbox.mailbox.scope import ALL
from inbox.policy.policy import InboxPolicy
from inbox.rules import rulebook
from inbox.rules.rule_fields import STAGES
from mailsink.ports import Consult, Decision
from mailsink.smtp.profile import Profile
from tests.rules.test_rules import policy
from tests.smtp import tls_client
from tests.smtp.harness import Session

__all__ = ["policy"]
pytestmark = pytest.mark.django_db(transaction=True)

CONDITIONS: dict[str, dict[str, Any]] = {
    "client": {"client": "192.0.2.0/24"},
    "helo": {"helo": "client.*"},
    "user": {"user": "joe"},
    "reverse_path": {"reverse_path": "a@b.test"},
    "forward_path": {"forward_path": "c@*"},
    "header": {"header": "Subject", "header_value": "x"},
    "body": {"body": "hello"},
    "errors": {"errors": True},
    "size_over": {"size_over": 5},
    "tls": {"tls": False},
    "transaction": {"transaction": 1},
    "session": {"session": 1},
    "attempt": {"attempt": 1},
    "verb": {},  # the one of the stage
}
_BEFORE = {"connect", "starttls", "auth", "etrn"}  # a transaction
_ALL = {*STAGES}
REFUSED: dict[str, set[str]] = {
    "helo": {"connect"},
    "user": {"connect"},
    "reverse_path": _BEFORE | {"helo"},
    "forward_path": _BEFORE | {"helo", "mail"},
    "header": _ALL - {"body"},
    "body": _ALL - {"body"},
    "errors": _ALL - {"body"},
    "size_over": _ALL - {"mail", "body", "any"},
    "transaction": _BEFORE,
    "attempt": _ALL - {"rcpt", "data", "bdat", "body"},
    "verb": {"connect", "body"},
}
VERBS = {"helo": "EHLO", "any": "NOOP"}
# Every stage, with a login and a transaction open wherever they can be.
LINES = [
    b"EHLO client.test\r\n", b"AUTH PLAIN AGpvZQBw\r\n", b"EHLO client.test\r\n",
    b"NOOP\r\n", b"VRFY joe\r\n", b"ETRN b.test\r\n",
    b"MAIL FROM:<a@b.test> SIZE=99\r\n", b"RCPT TO:<c@d.test>\r\n", b"NOOP\r\n",
    b"VRFY joe\r\n", b"DATA\r\n", b"Subject: x\r\n\r\n{{ name }} hello\r\n.\r\n",
    b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<c@d.test>\r\n", b"EHLO client.test\r\n",
    b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<c@d.test>\r\n", b"BDAT 1\r\nx", b"RSET\r\n",
    b"STARTTLS\r\n",
]  # fmt: skip


def acted(policy: InboxPolicy) -> set[str]:
    """The stages at which a rule acted, in sessions that come to all of them."""
    found = set()

    def decide(consult: Consult) -> Decision:
        now = policy.decide_now(consult)
        decided = asyncio.run(policy.decide(consult)) if now is None else now
        if decided.rule:
            found.add(consult.stage)
        return decided

    profile = Profile(hostname="mx.test", tls=tls_client.server())
    begin = [*LINES[:2], *LINES[6:8]]
    bdat, rset = LINES[17:19]
    quits, ends = [*begin, b"QUIT\r\n"], [*begin, bdat, rset]
    for lines in (LINES, quits, ends, [*begin, LINES[0]]):
        session = Session(profile, decide=decide, stages=policy.stages)
        for each in lines:
            session.send(each)
    return found


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_holds_or_is_refused(policy: InboxPolicy, name: str) -> None:
    for stage in STAGES:
        verb = {"verb": VERBS.get(stage, stage.upper())} if name == "verb" else {}
        fields = {
            "stage": stage,
            "conditions": CONDITIONS[name] | verb,
            "actions": {"keep": 500},  # which changes no reply
        }
        if stage in REFUSED.get(name, ()):
            with pytest.raises(Invalid, match="at the stage"):
                rulebook.add(ALL, "default", fields)
            continue
        one = rulebook.add(ALL, "default", fields)
        found = acted(policy)
        assert stage in found or (stage == "any" and found), stage
        rulebook.delete(ALL, one.pk)
