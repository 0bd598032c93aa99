"""Every word that the services say to people is marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest

from inbox import explain
from inbox.capture.rows import ExchangeRow, SessionRow
from inbox.checks.check_kinds import GROUPS, SEVERITY_WORDS
from inbox.checks.check_kinds import KINDS as CHECKED
from inbox.explain import attempt_history, plain_text, reply_codes, traces
from inbox.explain.attempt_history import Attempt, AttemptHistory
from inbox.explain.envelope_parameters import asked
from inbox.explain.evidence import Evidence, EvidenceKind, Sent
from inbox.explain.lines import details, line
from inbox.explain.outcomes import Facts
from inbox.explain.quantities import Noun, ago, counted, waited
from inbox.insight.findings.clients import KnownClient
from inbox.insight.findings.finding_kinds import KINDS
from inbox.insight.findings.fixes import _FIXES, fix
from inbox.models import Session
from mailsink.smtp.protocol.events import Ending
from tests.translated import catalog, marked, unmarked

NOW = datetime.now(UTC)
# Names and units that are the same in all languages, and what the client said.
_SAME = re.compile(
    r"RFC [0-9]+[^)]*|SMTPUTF8|SMTP|RSET|BDAT|DATA|EHLO|QUIT|MAIL|RCPT|TLSv?|app\.test|TLS_AES\w+|"
    r"[A-Z-]+: |Message-ID|AUTH PLAIN ann|UTC|\bms\b|\bmin\b|ann@example\.com"
)


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    with marked():
        yield


def all_marked(*texts: str) -> None:
    for each in texts:
        assert "⟦" in each or not re.search(r"[a-z]{2}", each), each
        rest = _SAME.sub("", unmarked(each))
        assert not re.search(r"[A-Za-z]{2}", rest), each


def a_session(**fields: object) -> SessionRow:
    row = SessionRow(uuid4(), uuid4(), "127.0.0.1:1025", "10.0.0.1", 9, "SMTP", NOW)
    for name, value in {"helo": "app.test", **fields}.items():
        setattr(row, name, value)
    return row


def an_exchange(**fields: object) -> ExchangeRow:
    row = ExchangeRow(uuid4(), 1, "command", "MAIL", "MAIL", 6, 2_031_400)
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def test_quantities() -> None:
    all_marked(*(counted(n, noun) for n in (1, 2) for noun in get_args(Noun)))
    all_marked(
        *(ago(NOW - timedelta(seconds=s), NOW) for s in (1, 9, 90, 9999, 999999))
    )
    all_marked(waited(1_000_000))


@pytest.mark.parametrize("code", sorted({*reply_codes._CODES, 299}))
def test_replies(code: int) -> None:
    for enhanced in ("", *(f"{code // 100}.{rest}" for rest in reply_codes._DETAILS)):
        said = an_exchange(code=code, enhanced=enhanced, reply=f"{code} X")
        all_marked(*explain.meaning(code, enhanced, "ETRN"))
        all_marked(*filter(None, [explain.reason(said)]))
        for term, words in details(said, [str(explain.meaning(code)[0])]):
            all_marked(term)
            all_marked(*(each for each in words if re.search("[a-z]{3}", each)))


SILENCES = ("was silent for", "did not end its line within", "lasted longer than")


@pytest.mark.parametrize("ending", [None, *get_args(Ending)])
@pytest.mark.parametrize("verb", ["", "RCPT"])
@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        *(
            Facts(refusal=an_exchange(verb="RCPT", code=550), refused=n)
            for n in (0, 1, 3)
        ),
        *(Facts(refusal=an_exchange(verb=v, code=503)) for v in ("MAIL", "AUTH", "")),
        Facts(refusal=an_exchange(verb="EHLO", code=501)),
        Facts(refusal=an_exchange(verb="MAIL", code=599)),
        Facts(refusal=an_exchange(kind="notice", code=421)),
        Facts(body_octets=0),
        Facts(body_octets=7),
        *(Facts(last_line=f"It {said} 9 seconds.") for said in SILENCES),
        Facts(flags=frozenset({"tls_on_plain"})),
    ],
)
def test_sessions(ending: str | None, verb: str, facts: Facts) -> None:
    session = a_session(ending=ending, last_verb=verb, auth_mechanism="PLAIN")
    session.auth_username = "ann"
    all_marked(explain.headline(session, facts), explain.outcome(session, facts))
    if ending:
        all_marked(explain.ending(session, facts))
    for then in (None, an_exchange(kind="body"), an_exchange(verb="QUIT")):
        all_marked(
            *explain.following(an_exchange(code=550, replied_us=3), then, session)
        )


def test_text() -> None:
    session = Session(helo="app.test", listener="", protocol="SMTP", opened_at=NOW)
    session.auth_mechanism, session.auth_username = "PLAIN", "ann"
    all_marked(plain_text.head(session).replace(str(session.pk), ""))


def test_lines() -> None:
    lines = [
        an_exchange(kind="body", verb="", line=""),
        an_exchange(kind="body", verb="", line="", flags="aborted_in_data"),
        an_exchange(kind="chunk", verb="BDAT", line="BDAT 9", octets=3),
        an_exchange(kind="connect", verb="", line=""),
        an_exchange(kind="auth", verb="", line=""),
    ]
    for each in lines:
        shown = line(each)
        all_marked(shown.remark, shown.gap, shown.name)
    shown = line(an_exchange(rule="1", delayed_us=9, reply="250-A\n250-B\n250 C"))
    all_marked(shown.slowed, shown.reply.replace("250-A", ""))


def test_parameters() -> None:
    all_marked(
        *asked(
            "MAIL FROM:<> SIZE=9 BODY=8BITMIME SMTPUTF8 AUTH=<> RET=HDRS BY=9;RT "
            "MT-PRIORITY=4 HOLDFOR=9 HOLDUNTIL=2026-01-01T00:00:00Z REQUIRETLS"
        )
    )
    all_marked(*asked("RCPT TO:<a@b.test> NOTIFY=SUCCESS,DELAY"))


def test_findings() -> None:
    nobody = KnownClient("", "", "")
    for kind in KINDS.values():
        all_marked(fix(kind, nobody)) if kind.fix else None
    for name, clients in _FIXES.items():
        for key, words in clients.items():
            if re.match(r"[A-Z][a-z]+ ", words):  # else it is code
                all_marked(fix(KINDS[name], KnownClient(key, "", "")))


def test_checks() -> None:
    for kind in CHECKED.values():
        assert {kind.title, kind.sentence, kind.fix} - {""} <= catalog()
    assert {*GROUPS.values(), *SEVERITY_WORDS.values()} <= catalog()


@pytest.mark.parametrize("kind", get_args(EvidenceKind))
def test_traces(kind: EvidenceKind) -> None:
    evidence = Evidence(
        kind=kind, at=NOW, peer="app.test", deleted_at=NOW, removed_at=NOW,
        cause="count", session=uuid4(), said="⟦said⟧", octets=2,
    )  # fmt: skip
    all_marked(traces.label(evidence), traces.words(evidence, NOW))
    all_marked(traces.sentence("ann@example.com", [evidence], ["1"], NOW))
    nothing, some = Sent(0, 0, False, None), Sent(2, 1, True, NOW)
    for sent in (nothing, some):
        told = traces.aside([evidence, evidence], True, a_session(), sent, [], NOW)  # type: ignore[arg-type]
        all_marked(told)


def test_attempt_histories() -> None:
    first = Attempt(
        NOW, NOW, uuid4(), uuid4(), outcome="rejected", code=451, recipients=2
    )
    ends = [
        first,
        replace(first, code=None, outcome="abandoned", octets=3),
        replace(first, code=None, outcome="reset"),
        replace(first, code=None, outcome="abandoned"),
        replace(first, outcome=None),
        replace(first, code=250, outcome="accepted", refused=1, likely=True),
    ]
    for each in ends:
        all_marked(attempt_history.label(each), attempt_history.words(each))
    for joined in ("message-id", "body", "envelope", None):
        history = AttemptHistory(ends, 0, 9, joined)  # type: ignore[arg-type]
        all_marked(
            attempt_history.summary(history),
            attempt_history.basis(history),
            attempt_history.upshot(history),
        )
