"""Strict mode, as sessions meet it: who is judged, what is refused, and its limits."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from inbox.insight import mail_faults
from inbox.insight.mail_faults import LARGEST, Fault, TookTooLong
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Mute
from inbox.policy import message_judge, strict_setting
from inbox.policy.message_judge import Judgement, MessageJudge
from inbox.policy.policy import InboxPolicy
from inbox.policy.strict_mode import may_ask, sentences
from inbox.policy.strict_setting import StrictSetting
from mailsink.ports import Consult, Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import Body, ExchangeOpened, TransactionEnded
from tests import factories
from tests.insight.test_mail_faults import FAULTY, GOOD
from tests.smtp.harness import Session, ready

pytestmark = pytest.mark.django_db(transaction=True)

BAD = FAULTY["placeholder"]
REFUSED = (
    "554 5.6.0 Strict mode: The mail contains text that looks like a template variable. "
    "(Subject: {{ name }})"
)
ENVELOPE = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@b.test>\r\n"


def started(mode: Any = "error", *ignored: str, **settings: Any) -> InboxPolicy:
    made = InboxPolicy(factories.inbox().pk, StrictSetting(mode, frozenset(ignored)))
    made._judge = MessageJudge(seconds=60)  # however slow this machine is
    made.refresh()
    if settings:
        inboxes.update(ALL, "default", **settings)
    return made


def session(policy: InboxPolicy, **options: Any) -> Session:
    def decide(consult: Consult) -> Decision:
        now = policy.decide_now(consult)  # as the transport does
        return asyncio.run(policy.decide(consult)) if now is None else now

    return ready(decide=decide, asks=policy.asks, stages=policy.stages, **options)


def send(talking: Session, octets: bytes, envelope: bytes = ENVELOPE) -> str:
    talking.send(envelope + b"DATA\r\n")
    return "\n".join(talking.send(octets + b".\r\n"))


def test_a_message_with_an_error_is_refused_and_kept() -> None:
    policy = started()
    talking = session(policy)
    assert send(talking, BAD) == REFUSED
    (ended,) = [each for each in talking.events if isinstance(each, TransactionEnded)]
    assert (ended.outcome, ended.code) == ("rejected", 554)
    assert ended.body is not None
    assert ended.body.content == BAD
    replied = talking.last.replied
    assert replied is not None
    assert replied.rule == "strict mode of inbox default"
    assert send(talking, GOOD).startswith("250 ")  # the next one is none the worse


def test_several_errors_have_a_line_each() -> None:
    octets = FAULTY["repeated_field"].replace(
        b"Hi.", b"{{ a }} http://localhost/ http://10.0.0.1/"
    )
    octets = b"List-Unsubscribe: none\r\n" + octets
    lines = send(session(started()), octets).split("\n")
    assert [line[:4] for line in lines] == ["554-", "554-", "554-", "554 "]
    assert lines[-1] == "554 5.6.0 1 more error"


@pytest.mark.parametrize("kind", FAULTY)
def test_each_refusal_is_ascii_within_the_limit_and_has_its_link(kind: str) -> None:
    profile = Profile(hostname="mx.test", public_url="https://mail.shop.test")
    lines = send(session(started(), profile=profile), FAULTY[kind]).split("\n")
    assert all(line.isascii() and len(line) <= 510 for line in lines)
    assert "(why: https://mail.shop.test/s/" in lines[-1]
    assert "\\x" not in lines[0]


@pytest.mark.parametrize("kind", mail_faults.KINDS.values())
def test_each_sentence_is_ascii(kind: Any) -> None:
    (line,) = sentences([Fault(kind, "HTML", 3, "https://localhost/")])
    assert line.isascii()
    assert line.endswith(" (HTML line 3: https://localhost/)")


def test_chunks_are_judged_as_data_is() -> None:
    talking = session(started())
    talking.send(ENVELOPE)
    half = len(BAD) // 2
    assert talking.send(b"BDAT %d\r\n" % half + BAD[:half])[0].startswith("250 ")
    rest = BAD[half:]
    (line,) = talking.send(b"BDAT %d LAST\r\n" % len(rest) + rest)
    assert line == REFUSED


def test_pipelining_goes_on_behind_a_refusal() -> None:
    talking = session(started())
    talking.send(ENVELOPE + b"DATA\r\n")
    lines = talking.send(BAD + b".\r\n" + ENVELOPE + b"DATA\r\n")
    assert [line[:3] for line in lines] == ["554", "250", "250", "354"]
    assert talking.send(GOOD + b".\r\n")[0].startswith("250 ")


def test_each_recipient_of_lmtp_gets_the_refusal() -> None:
    profile = Profile(hostname="mx.test", protocol="lmtp")
    policy = started()
    talking = Session(
        profile,
        decide=lambda consult: asyncio.run(policy.decide(consult)),
        stages=policy.stages,
    )
    talking.send(b"LHLO client.test\r\n")
    talking.send(ENVELOPE + b"RCPT TO:<c@b.test>\r\nDATA\r\n")
    lines = talking.send(BAD + b".\r\n")
    assert lines == [
        REFUSED.replace("5.6.0 ", f"5.6.0 <{name}@b.test> ") for name in "bc"
    ]


def test_dsn_changes_nothing() -> None:
    envelope = (
        b"MAIL FROM:<a@b.test> RET=HDRS ENVID=1\r\n"
        b"RCPT TO:<b@b.test> NOTIFY=SUCCESS ORCPT=rfc822;b@b.test\r\n"
    )
    assert send(session(started()), BAD, envelope) == REFUSED


def test_flags_of_the_envelope_and_the_body_are_errors() -> None:
    policy = started()
    spaced = ENVELOPE.replace(b"FROM:<", b"FROM: <")
    assert send(session(policy), GOOD, spaced).startswith("554 ")
    assert send(session(policy), GOOD.replace(b"Hi.", b"Hi.\rHo.")).startswith("554 ")
    assert send(session(started("error", "lenient_path")), GOOD, spaced)[:3] == "250"


MODES: list[tuple[str, str, bool]] = [
    ("error", "server", True), ("error", "off", False), ("error", "report", False),
    ("off", "server", False), ("off", "error", True), ("report", "server", False),
]  # fmt: skip


@pytest.mark.parametrize(("server", "inbox", "refuses"), MODES)
def test_the_inbox_may_differ_from_the_server(
    server: str, inbox: str, refuses: bool
) -> None:
    policy = started(server, strict=inbox)
    assert (send(session(policy), BAD) == REFUSED) == refuses
    assert ("body" in policy.stages) == refuses


def test_kinds_are_ignored_by_server_inbox_and_mute() -> None:
    assert send(session(started("error", "placeholder")), BAD)[:3] == "250"
    policy = started(strict_ignored=["placeholder"])
    assert send(session(policy), BAD)[:3] == "250"
    assert send(session(policy), FAULTY["repeated_field"])[:3] == "554"
    kind, where = "repeated_field", factories.inbox()
    Mute.objects.create(inbox=where, kind=kind, reason="x", at="2026-11-29T00:00Z")
    policy.refresh()
    assert send(session(policy), FAULTY["repeated_field"])[:3] == "250"


ASKING = [
    "app+strict",
    "app+strict@b.test",
    "strict.mailsink.test",
    "a.strict.mailsink.test",
]
NOT_ASKING = ["", "app", "strict", "app+strictly", "app+strict.b.test", "strict.b.test", "unstrict.mailsink.test"]  # fmt: skip


def test_names_that_ask_for_it() -> None:
    assert all(map(may_ask, ASKING))
    assert not any(map(may_ask, NOT_ASKING))


def test_a_client_asks_for_it_by_its_name() -> None:
    policy = started("off")
    assert policy.stages == set()
    talking = session(policy)
    assert send(talking, BAD)[:3] == "250"
    talking.send(b"EHLO strict.mailsink.test\r\n")
    assert send(talking, BAD) == REFUSED
    talking.send(b"EHLO client.test\r\n")
    assert send(talking, BAD)[:3] == "250"


def test_a_client_asks_for_it_by_its_user_name() -> None:
    policy = started("off")
    talking = session(policy)
    talking.send(b"AUTH PLAIN AGFwcCtzdHJpY3QAcGFzcw==\r\n")  # app+strict
    assert send(talking, BAD) == REFUSED
    deaf = started("off", address_words=False)
    talking = session(deaf)
    talking.send(b"AUTH PLAIN AGFwcCtzdHJpY3QAcGFzcw==\r\n")
    assert send(talking, BAD)[:3] == "250"


def test_the_quota_is_not_used_up_by_what_is_refused() -> None:
    policy = started(quota_octets=len(BAD) + 20)
    talking = session(policy)
    assert send(talking, BAD) == REFUSED
    assert send(talking, BAD.replace(b"{{ name }}", b"Ann"))[:3] == "250"


def judged(judge: MessageJudge, body: Body) -> Judgement:
    return asyncio.run(judge.judge(body, ()))


def of(octets: bytes) -> Body:
    return Body(len(octets), "", True, octets)


def test_over_the_time_limit_a_message_is_accepted_with_a_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = started()
    monkeypatch.setattr(policy, "_judge", MessageJudge(seconds=0))
    talking = session(policy)
    assert send(talking, BAD)[:3] == "250"
    (notice,) = [
        each
        for each in talking.events
        if isinstance(each, ExchangeOpened) and each.kind == "notice"
    ]
    assert (
        notice.line
        == "Strict mode did not check everything: the checks took longer than 0 s."
    )


def test_nothing_waits_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """While both threads are held, the next messages wait; the one too many does not."""
    held, entered = threading.Event(), threading.Semaphore(0)

    def hold(*_: Any) -> Judgement:
        entered.release()
        assert held.wait(120)
        return Judgement()

    monkeypatch.setattr(message_judge, "_judged", hold)

    async def many() -> list[Judgement]:
        judge = MessageJudge(seconds=30, waiting=3)
        tasks = [asyncio.create_task(judge.judge(of(GOOD), ())) for _ in range(3)]
        for _ in range(2):
            await asyncio.to_thread(entered.acquire)
        one_too_many = await judge.judge(of(GOOD), ())
        held.set()
        first = await asyncio.gather(*tasks)
        return [one_too_many, *first, await judge.judge(of(GOOD), ())]

    refused, *rest = asyncio.run(many())
    assert refused.missed == "too many messages waited to be checked"
    assert [each.missed for each in rest] == [""] * 4


def test_a_judgement_that_fails_stops_no_mail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(mail_faults, "find", fail)
    assert judged(MessageJudge(), of(GOOD)).missed == "the checks failed; see the log"
    assert "could not be checked" in caplog.text


def test_work_that_notices_the_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any) -> None:
        raise TookTooLong

    monkeypatch.setattr(mail_faults, "find", slow)
    assert judged(MessageJudge(), of(GOOD)).missed == "the checks took longer than 1 s"


def test_a_spooled_message_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(BAD)
    body = Body(len(BAD), "", True, path=file)
    (fault,) = judged(MessageJudge(), body).faults
    assert fault.kind.name == "placeholder"
    large = judged(MessageJudge(), body._replace(size=LARGEST + 1))
    assert (large.faults, large.missed) == (
        (),
        "the content of messages over 2 MiB is not checked",
    )


def test_unknown_kinds_are_refused_with_a_hint() -> None:
    with pytest.raises(strict_setting.Invalid, match='did you mean "local_link"'):
        strict_setting.clean(["local_links"])
    assert strict_setting.clean(["placeholder", "clipped", "clipped"]) == [
        "clipped",
        "placeholder",
    ]
