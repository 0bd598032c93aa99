"""Every reply code at every stage where RFC 5321 allows it, and each trick of the network.

As smtplib meets them, on one server.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rules.replies_on_demand import (
    ALLOWED,
    CASES,
    CODES,
    At,
    client,
    rules,
    words,
)
from tests.running import Mailsink

_LINES = {
    "helo": "EHLO c.test",
    "mail": "MAIL FROM:<a@b.test>",
    "rcpt": "RCPT TO:<b@b.test>",
    "data": "DATA",
    "rset": "RSET",
    "VRFY": "VRFY joe",
    "EXPN": "EXPN all",
    "HELP": "HELP",
    "NOOP": "NOOP",
    "quit": "QUIT",
}
_BEFORE = {
    "mail": ["helo"],
    "rcpt": ["helo", "mail"],
    "data": ["helo", "mail", "rcpt"],
    "body": ["helo", "mail", "rcpt", "data"],
}
TRICKS: dict[str, dict[str, Any]] = {
    "rst": {"close": "before", "reset": True},
    "before": {"close": "before"},
    "half": {"code": 450, "text": ["x" * 200], "close": "half"},
    "after": {"close": "after"},
    "drip": {"code": 450, "text": ["x" * 90], "drip": 1000},
    "stall": {"stall": True},
    "delay": {"code": 450, "delay_ms": 100},
    "garble": {"garble": True},
    "cut": {"keep": 2},
}
TLS = {
    "wrong_name": ("tls-wrong-name", ssl.SSLCertVerificationError, "Hostname mismatch"),
    "expired": ("tls-expired", ssl.SSLCertVerificationError, "certificate has expired"),
    "no_cipher": ("tls", ssl.SSLError, "HANDSHAKE_FAILURE"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """One that gives each reply and plays each trick on demand."""
    made = Mailsink(tmp_path_factory.mktemp("mailsink"), SMTPS="127.0.0.1:0")
    tricks = [
        {
            "stage": "rcpt",
            "actions": actions,
            "conditions": {"forward_path": f"{name}@*"},
        }
        for name, actions in TRICKS.items()
    ]
    tls = [
        {"stage": "starttls", "actions": {"tls_failure": kind}, "conditions": {"client": f"127.90.0.{n}"}}
        for n, kind in enumerate(TLS, 1)
    ]  # fmt: skip
    made.post("rules/import", mailsink_rules=1, rules=[*rules(), *tricks, *tls])
    yield made
    made.stop()
    assert "Traceback" not in made.stderr, made.stderr


def test_the_table_has_all_codes() -> None:
    assert {code for codes in ALLOWED.values() for code in codes} == CODES


@pytest.mark.parametrize(("at", "code"), CASES, ids=lambda each: str(each))
def test_a_reply_on_demand(server: Mailsink, at: At, code: int) -> None:
    talking = smtplib.SMTP(source_address=(client(at, code), 0))
    heard = talking.connect(*server.smtp)
    if at.stage != "connect":
        for each in _BEFORE.get(at.stage, ["helo"] if at.stage != "helo" else []):
            talking.docmd(_LINES[each])
        if at.stage == "body":
            talking.send(b"x\r\n.\r\n")
            heard = talking.getreply()
        else:
            heard = talking.docmd(_LINES[at.verb or at.stage])
    said = heard[1].decode()
    assert (heard[0], said.split(" (why:")[0]) == (code, "\n".join(words(at, code)))
    talking.close()


def rcpt(server: Mailsink, path: str, timeout: float = 30) -> tuple[int, bytes]:
    talking = smtplib.SMTP(*server.smtp, timeout=timeout)
    try:
        talking.ehlo()
        talking.mail("a@b.test")
        return talking.rcpt(f"{path}@b.test")
    finally:
        talking.close()


GONE = smtplib.SMTPServerDisconnected


@pytest.mark.parametrize(
    ("trick", "said"),
    [("rst", "reset by peer"), ("before", "Connection unexpectedly closed")],
)
def test_a_connection_breaks(server: Mailsink, trick: str, said: str) -> None:
    with pytest.raises(GONE, match=said):
        rcpt(server, trick)


def test_a_connection_breaks_half_way_through_a_reply(server: Mailsink) -> None:
    code, text = rcpt(server, "half")  # smtplib takes what came for the reply
    assert code == 450
    assert text.endswith(b"xxx")
    assert len(text) < 200


def test_it_closes_behind_its_reply(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp) as talking:
        talking.ehlo()
        talking.mail("a@b.test")
        assert talking.rcpt("after@b.test")[0] == 250
        with pytest.raises(GONE):
            talking.noop()


def test_a_stall_outlasts_the_patience_of_a_client(server: Mailsink) -> None:
    with pytest.raises(GONE, match="timed out"):
        rcpt(server, "stall", timeout=0.3)


@pytest.mark.parametrize(("trick", "least"), [("drip", 0.09), ("delay", 0.1)])
def test_a_reply_takes_its_time(server: Mailsink, trick: str, least: float) -> None:
    began = time.monotonic()
    assert rcpt(server, trick)[0] == 450
    assert time.monotonic() - began >= least


def test_a_spoilt_reply(server: Mailsink) -> None:
    assert rcpt(server, "cut") == (25, b"")
    assert rcpt(server, "garble")[0] == -1


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
@pytest.mark.parametrize("kind", TLS)
def test_tls_fails_for_a_client_that_looks(
    server: Mailsink, kind: str, implicit: bool
) -> None:
    stem, error, said = TLS[kind]
    trusting = ssl.create_default_context(cafile=str(server.data / f"{stem}-cert.pem"))
    source = (f"127.90.0.{list(TLS).index(kind) + 1}", 0)
    before = _newest(server)
    with pytest.raises(error, match=said):
        _begin_tls(server, source, trusting, implicit)
    while (session := _newest(server)) == before or session["ending"] is None:
        pass
    assert session["ending"] == "tls_failed"
    lines = server.get(f"sessions/{session['id']}/exchanges")["items"]
    (handshake,) = [each for each in lines if each["kind"] == "tls"]
    assert handshake["rule"].startswith("#")
    assert handshake["flags"] == ["tls_on_purpose"]


def _begin_tls(
    server: Mailsink, source: tuple[str, int], trusting: ssl.SSLContext, implicit: bool
) -> None:
    if implicit:
        port = server.address("SMTPS")[1]
        smtplib.SMTP_SSL("localhost", port, context=trusting, source_address=source)
    else:
        with smtplib.SMTP("localhost", server.smtp[1], source_address=source) as one:
            one.starttls(context=trusting)


def _newest(server: Mailsink) -> Any:
    items = server.get("sessions?limit=1")["items"]
    return items[0] if items else None


def test_certificates_of_failures_are_beside_the_own(server: Mailsink) -> None:
    kept = {each.name for each in Path(server.data).glob("tls-*-cert.pem")}
    assert kept == {"tls-wrong-name-cert.pem", "tls-expired-cert.pem"}
