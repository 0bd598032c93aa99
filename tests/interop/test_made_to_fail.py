"""Foreign clients that a rule has fail: each reply, each trick, and TLS as they see it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.clients import run
from tests.programs import environment, program
from tests.rules.replies_on_demand import CASES, At, client, rules
from tests.running import Mailsink

_SENT = ("connect", "helo", "mail", "rcpt", "data", "body")  # what a mail comes to
_TLS = {"wrong_name": 1, "expired": 2, "no_cipher": 3}
_TRICKS: dict[str, dict[str, Any]] = {
    "rst": {"close": "before", "reset": True},
    "half": {"code": 450, "text": ["x" * 200], "close": "half"},
    "drip": {"code": 450, "drip": 500},
    "stall": {"stall": True},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    made = Mailsink(tmp_path_factory.mktemp("mailsink"), SMTPS="127.0.0.1:0")
    tls = [
        {"stage": "starttls", "actions": {"tls_failure": kind}, "conditions": {"client": f"127.90.0.{n}"}}
        for kind, n in _TLS.items()
    ]  # fmt: skip
    tricks = [
        {
            "stage": "rcpt",
            "actions": actions,
            "conditions": {"forward_path": f"{name}@*"},
        }
        for name, actions in _TRICKS.items()
    ]
    made.post("rules/import", mailsink_rules=1, rules=[*rules(), *tls, *tricks])
    yield made
    made.stop()
    assert "Traceback" not in made.stderr, made.stderr


def output(*command: str) -> str:
    """What a client prints, however it ends."""
    done = subprocess.run(
        command, env=environment(command[0]), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout


def of_a_mail(*more: str) -> list[tuple[At, int]]:
    return [(at, code) for at, code in CASES if at.stage in (*_SENT, *more)]


@pytest.mark.parametrize(("at", "code"), of_a_mail("quit"), ids=str)
def test_swaks_hears_each_reply(server: Mailsink, at: At, code: int) -> None:
    said = swaks(server, "--local-interface", client(at, code))
    assert f"{code}-{code} on demand" in said


def swaks(server: Mailsink, *arguments: str, to: str = "b@example.com") -> str:
    host, port = server.smtp
    return output(
        program("swaks", "swaks"), "--server", f"{host}:{port}", "--ehlo", "client.test",
        "--from", "a@example.com", "--to", to, *arguments,
    )  # fmt: skip


def test_nodemailer_hears_each_reply(server: Mailsink) -> None:
    host, port = server.smtp
    transport = {"host": host, "port": port, "name": "client.test", "ignoreTLS": True}
    mail = {"from": "a@example.com", "to": "b@example.com", "text": "Hi"}
    cases = of_a_mail()
    said = run(
        program("node", "nodejs"),
        "tests/interop/node/on-demand.js",
        json.dumps(transport),
        json.dumps(mail),
        json.dumps([client(*each) for each in cases]),
    )
    outcomes = json.loads(said)
    for at, code in cases:
        outcome = outcomes[client(at, code)]
        if code < 400:
            response = outcome.get("response", "")
            assert "on demand" in response or at.stage != "body", (at, code, outcome)
            assert response.startswith("250"), (at, code, outcome)
        elif (at.stage, code) == ("helo", 421):
            # It tries HELO, on a connection that is closed by then.
            assert outcome["error"] == "ECONNECTION", outcome
        else:
            assert outcome["code"] == code, (at, code, outcome)


@pytest.mark.parametrize(
    ("trick", "heard"),
    [
        ("rst", "Remote host closed connection unexpectedly"),
        ("half", "Remote host closed connection unexpectedly"),
        ("drip", "450 4.2.1 The mailbox is busy"),
        ("stall", "Timeout"),
    ],
)
def test_swaks_meets_each_trick(server: Mailsink, trick: str, heard: str) -> None:
    patience = "2" if heard == "Timeout" else "120"
    said = swaks(server, "--timeout", patience, to=f"{trick}@example.com")
    assert heard in said, said


@pytest.mark.parametrize(
    ("kind", "trusted", "openssl", "curl"),
    [
        ("wrong_name", "tls-wrong-name", "hostname mismatch", "does not match"),
        ("expired", "tls-expired", "certificate has expired", "certificate has expired"),
        ("no_cipher", "tls", "handshake failure", "handshake failure"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
def test_tls_fails_as_openssl_and_curl_see_it(
    server: Mailsink, implicit: bool, kind: str, trusted: str, openssl: str, curl: str
) -> None:
    port = server.address("SMTPS")[1] if implicit else server.smtp[1]
    address, ca = f"127.90.0.{_TLS[kind]}", str(server.data / f"{trusted}-cert.pem")
    said = output(
        program("openssl", "openssl"), "s_client", "-connect", f"127.0.0.1:{port}",
        "-bind", f"{address}:0", "-CAfile", ca, "-verify_return_error",
        "-verify_hostname", "localhost", *([] if implicit else ["-starttls", "smtp"]),
    )  # fmt: skip
    assert openssl in said.lower(), said
    scheme = "smtps" if implicit else "smtp"
    said = output(
        program("curl", "curl"), f"{scheme}://localhost:{port}", "--ssl-reqd", "-4",
        "--interface", address, "--cacert", ca, "-v",
    )  # fmt: skip
    assert curl in said.lower(), said
