"""Handshakes that a rule has fail, at STARTTLS and where a listener begins with TLS."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from mailsink.failing_tls import failing_contexts
from mailsink.ports import GO_ON, Consult, Decision, TlsFailure
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.tls.planned_failure import FailingContexts
from mailsink.smtp.tls.starttls_denylist import StarttlsDenylist
from tests.smtp import tls_client
from tests.smtp.harness import EHLO, Exchange, Session, ready
from tests.smtp.tls_client import NAME, TlsClient

RULE = "#7 bad TLS"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def contexts(folder: Path) -> FailingContexts:
    return failing_contexts(folder, NAME)


def trusting(folder: Path, stem: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / f"{stem}-cert.pem"))


def failing(
    contexts: FailingContexts, kind: TlsFailure, implicit: bool = False, **options: Any
) -> Session:
    """A session whose TLS is to fail, at the point where the client begins it."""

    def decide(consult: Consult) -> Decision:
        at_tls = consult.stage == "starttls"
        return Decision(tls_failure=kind, rule=RULE) if at_tls else GO_ON

    session = Session(
        Profile(
            hostname=NAME,
            tls=tls_client.server(),
            failing_tls=contexts,
            implicit_tls=implicit,
            **options,
        ),
        stages=frozenset({"starttls"}),
        decide=decide,
    )
    if not implicit:
        session.send(EHLO)
        assert session.send(b"STARTTLS\r\n") == ["220 2.0.0 Ready to start TLS"]
        assert session.last.replied is not None
        assert session.last.replied.rule == RULE
    return session


def tls(session: Session) -> Exchange:
    (exchange,) = [one for one in session.exchanges if one.opened.kind == "tls"]
    return exchange


EXPECTED: list[tuple[TlsFailure, str, str, str]] = [
    ("wrong_name", "tls-wrong-name", "Hostname mismatch", "for another name"),
    ("expired", "tls-expired", "certificate has expired", "that has expired"),
    ("no_cipher", "tls-wrong-name", "HANDSHAKE_FAILURE", "no cipher that clients have"),
]


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
@pytest.mark.parametrize(("kind", "trusted", "heard", "said"), EXPECTED)
def test_a_handshake_fails_as_planned(
    contexts: FailingContexts,
    folder: Path,
    implicit: bool,
    kind: TlsFailure,
    trusted: str,
    heard: str,
    said: str,
) -> None:
    session = failing(contexts, kind, implicit)
    with pytest.raises(ssl.SSLError, match=heard):
        session.secure(TlsClient(trusting(folder, trusted)))
    assert session.ending == "tls_failed"
    exchange = tls(session)
    assert exchange.opened.rule == RULE
    assert exchange.flags == {"tls_on_purpose"}
    assert f"By rule {RULE} Mailsink" in exchange.opened.line
    assert said in exchange.opened.line


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str
)
def test_no_version_has_a_cipher(
    contexts: FailingContexts, version: ssl.TLSVersion
) -> None:
    context = tls_client.careless()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        failing(contexts, "no_cipher").secure(TlsClient(context))


@pytest.mark.parametrize("kind", ["wrong_name", "expired"])
def test_a_careless_client_goes_on_and_is_recorded(
    contexts: FailingContexts, kind: TlsFailure
) -> None:
    session = failing(contexts, kind)
    session.secure(TlsClient(tls_client.careless()))
    assert session.send(EHLO)[0].startswith("250-")
    line = tls(session).opened.line
    assert line.startswith("TLSv1.3 with ")
    assert line.endswith("The client took it all the same.")
    assert tls(session).opened.rule == RULE


def test_who_left_by_a_rule_is_offered_starttls_again(
    contexts: FailingContexts,
) -> None:
    denylist = StarttlsDenylist()
    session = failing(contexts, "expired", starttls_denylist=denylist)
    with pytest.raises(ssl.SSLError):
        session.secure(TlsClient(tls_client.suspicious()))
    assert denylist.clients(session.machine.session.unix_time()) == []


def test_a_reply_at_starttls_is_none_where_tls_comes_first(
    contexts: FailingContexts,
) -> None:
    busy = Decision(Reply(454, "4.7.0", ("Not now",)))
    session = Session(
        Profile(hostname=NAME, tls=tls_client.server(), implicit_tls=True),
        stages=frozenset({"starttls"}),
        decide=lambda consult: busy,
    )
    session.secure()
    assert session.read()[0].startswith(f"220 {NAME} ")


def test_without_such_contexts_tls_is_as_usual() -> None:
    session = ready(
        profile=Profile(hostname=NAME, tls=tls_client.server()),
        stages=frozenset({"starttls"}),
        decide=lambda consult: Decision(tls_failure="expired"),
    )
    session.send(b"STARTTLS\r\n")
    session.secure()
    assert session.send(EHLO)[0].startswith("250-")


def test_certificates_are_kept(tmp_path: Path) -> None:
    folder = tmp_path
    failing_contexts(folder, NAME)
    made = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert made.keys() == {
        "tls-wrong-name-cert.pem", "tls-wrong-name-key.pem",
        "tls-expired-cert.pem", "tls-expired-key.pem",
    }  # fmt: skip
    failing_contexts(folder, NAME)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == made
    failing_contexts(folder, "other.test")
    changed = {
        each.name for each in folder.iterdir() if each.read_bytes() != made[each.name]
    }
    assert changed == {"tls-expired-cert.pem", "tls-expired-key.pem"}
