"""Releases to a real Postfix and a real Exim, with TLS and a login, octet for octet.

What these took they deliver to the Mailsink that all clients share: it shows what came.
"""

from __future__ import annotations

import re
import shutil
import smtplib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.authority import Certified, certified
from tests.interop.dovecot_auth import dovecot_auth
from tests.interop.exim import exim
from tests.interop.postfix import postfix
from tests.interop.transcripts import Wire
from tests.releasing import ended, post, raw, route, session_of, tried
from tests.running import Mailsink

pytestmark = pytest.mark.usefixtures("lenient")

USER, PASSWORD = "user", "a secret, not a word"
_TRACE = re.compile(rb"Received: [^\r]*\r\n(?:[ \t][^\r]*\r\n)*")
_ADDED = re.compile(r"ORCPT=rfc822;[bc]@example\.com")


class Sent(NamedTuple):
    """A message, and how it is handed in."""

    content: bytes
    options: tuple[str, ...] = ()  # of MAIL
    recipient_options: tuple[str, ...] = ()
    reverse_path: str = "a@example.com"
    recipients: tuple[str, ...] = ("b@example.com", "c@example.com")


_HEADER = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n\r\n"
_UTF8 = "From: björn@example.com\r\nSubject: Grüße\r\n\r\nHei på deg\r\n".encode()

MAILS = {
    "dots": Sent(_HEADER + b".\r\n..\r\n.dots\r\n.\r\nThe end.\r\n"),
    "eightbit": Sent(_HEADER + b"caf\xe9 \xff\xfe\r\n", ("BODY=8BITMIME",)),
    "smtputf8": Sent(_UTF8, ("SMTPUTF8", "BODY=8BITMIME"), (), "björn@example.com"),
    "dsn": Sent(
        _HEADER + b"x\r\n",
        ("RET=HDRS", "ENVID=e+2B1"),
        ("NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;b+2Bc@example.com"),
    ),
    "long lines": Sent(_HEADER + b"\r\n".join([b"x" * 998, b"y" * 99_999, b""])),
    "large": Sent(_HEADER + b"0123456789.\r\n\r\n.\r\n" * 130_000),
    "no fields": Sent(b"\r\nNo header at all.\r\n", (), (), ""),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the servers' users can reach."""
    made = Path(tempfile.mkdtemp(prefix="mailsink-hops-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def files(folder: Path) -> Certified:
    made = certified(folder, "localhost")
    made.key.chmod(0o644)  # of nothing but these tests
    return made


@contextmanager
def running_postfix(
    files: Certified, relay: tuple[str, int]
) -> Iterator[tuple[str, int]]:
    """A Postfix that takes mail from who has logged in, within TLS."""
    with (
        dovecot_auth(files.key.parent, USER, PASSWORD) as path,
        postfix(
            relay,
            smtpd_tls_security_level="may",
            smtpd_tls_auth_only="yes",
            smtpd_tls_cert_file=str(files.certificate),
            smtpd_tls_key_file=str(files.key),
            smtpd_sasl_auth_enable="yes",
            smtpd_sasl_type="dovecot",
            smtpd_sasl_path=str(path),
            smtpd_relay_restrictions="permit_sasl_authenticated, reject",
            local_header_rewrite_clients="",  # else it adds fields that are missing
            smtp_line_length_limit="0",
        ) as address,
    ):
        yield address


_AUTHENTICATORS = {
    "CRAM-MD5": """
begin authenticators
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
""",
    "LOGIN": """
begin authenticators
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
""",
}


@contextmanager
def running_exim(
    files: Certified, relay: tuple[str, int], mechanism: str
) -> Iterator[tuple[str, int]]:
    """An Exim that takes mail from who has logged in by a mechanism, within TLS."""
    authenticators = _AUTHENTICATORS[mechanism].format(user=USER, password=PASSWORD)
    settings = f"""
tls_advertise_hosts = *
tls_certificate = {files.certificate}
tls_privatekey = {files.key}
auth_advertise_hosts = ${{if def:tls_in_cipher{{*}}}}
"""
    prepared = exim(
        relay,
        settings=settings,
        condition="authenticated = *",
        transport="message_linelength_limit = 1000000",
        authenticators=authenticators,
    )
    with prepared as program, program.listening() as address:
        yield address


HOPS = {"postfix": "PLAIN", "exim": "CRAM-MD5", "exim by LOGIN": "LOGIN"}


@pytest.fixture(scope="module", params=HOPS)
def hop(
    request: pytest.FixtureRequest, files: Certified, mailsink: Mailsink
) -> Iterator[tuple[str, str, int]]:
    """A next hop: its name and its address."""
    name: str = request.param
    if name == "postfix":
        running = running_postfix(files, mailsink.smtp)
    else:
        running = running_exim(files, mailsink.smtp, HOPS[name])
    with running as (_host, port):
        yield name, "localhost", port


@pytest.fixture(scope="module")
def origin(
    files: Certified,
    hop: tuple[str, str, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mailsink]:
    """A Mailsink that trusts the authority, with a route to the next hop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(files.authority))
        folder = tmp_path_factory.mktemp("origin")
        server = Mailsink(folder, HOSTNAME="origin.test", BOUNCES="off")
    login = {"username": USER, "password": PASSWORD}
    route(server, hop[1:], tls="required", verify=True, **login)
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


def hand_in(server: Mailsink, sent: Sent) -> None:
    """Send a message to a Mailsink."""
    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo()
        client.sendmail(
            sent.reverse_path,
            sent.recipients,
            sent.content,
            sent.options,
            sent.recipient_options,
        )


def envelope(message: dict[str, Any]) -> dict[str, Any]:
    """Return what of a message's envelope has to come through."""
    given = message["envelope"]
    return {
        "reverse_path": given["reverse_path"],
        "RET, ENVID": words(given["parameters"], "RET", "ENVID"),
        "recipients": [
            (each["forward_path"], words(each["parameters"], "NOTIFY", "ORCPT"))
            for each in given["recipients"]
        ],
    }


def words(parameters: str, *names: str) -> list[str]:
    """Return those of these names; a hop may add the recipient as ORCPT (RFC 3461 §5.2.1)."""
    found = parameters.split()
    return sorted(
        each
        for each in found
        if each.partition("=")[0].upper() in names and not _ADDED.fullmatch(each)
    )


@pytest.mark.parametrize("name", MAILS)
def test_octet_for_octet(
    name: str, hop: tuple[str, str, int], origin: Mailsink, mailsink: Mailsink
) -> None:
    wire = Wire(mailsink)
    hand_in(origin, MAILS[name])
    asked = post(origin, "messages/latest/release", route="hop")
    done = ended(origin, asked["id"])
    assert [each["state"] for each in done["recipients"]] == ["delivered"] * 2, done
    arrived = wire.message()
    octets = raw(mailsink, arrived["id"])
    trace = _TRACE.match(octets)
    assert trace is not None
    assert octets[trace.end() :] == raw(origin) == MAILS[name].content
    assert envelope(arrived) == envelope(origin.get("messages/latest"))
    session = session_of(origin, done)
    assert session["protocol"] == "ESMTPSA"
    assert session["auth"] == {"mechanism": HOPS[hop[0]], "username": USER}
    assert any(each["verb"] == "BDAT" for each in session["exchanges"])
    assert PASSWORD not in str(session)


def test_a_certificate_of_an_unknown_authority(
    hop: tuple[str, str, int], tmp_path: Path
) -> None:
    """Nothing is sent, the login neither, and the release says why."""
    server = Mailsink(tmp_path)
    try:
        login = {"username": USER, "password": PASSWORD}
        route(server, hop[1:], tls="required", verify=True, **login)
        hand_in(server, MAILS["dots"])
        asked = post(server, "messages/latest/release", route="hop")
        waiting = tried(server, asked["id"], 1)
        assert waiting["state"] == "queued"
        text = "The certificate of the server is not accepted: unable to get local issuer certificate."
        assert waiting["recipients"][0]["text"] == text
        session = session_of(server, waiting)
        assert session["ending"] == "tls_failed"
        assert session["exchanges"][-1]["kind"] == "tls"
    finally:
        server.stop()
