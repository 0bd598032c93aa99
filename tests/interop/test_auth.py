"""Real clients log in by every mechanism they know, with the right password and a wrong."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.clients import MAIL, MAIL_TEXT
from tests.interop.postfix import postfix
from tests.interop.test_curl import curl, letter
from tests.interop.test_msmtp import msmtp
from tests.interop.test_swaks import swaks
from tests.interop.transcripts import Wire
from tests.running import Mailsink

USER, PASSWORD = "joe", "s3cret"
MSMTP = ("plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer")
CURL = ("PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER")
BASE64 = ("am9l", "czNjcmV0", "AGpvZQBzM2NyZXQ=")  # of user, password, and both


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A Mailsink that takes no mail but joe's, and has stored no secret in the end."""
    data = tmp_path_factory.mktemp("guarded")
    server = Mailsink(
        data, HOSTNAME="mx.test", SMTP_AUTH=f"{USER}:{PASSWORD}", SMTP_REQUIRE_AUTH="1"
    )
    yield server
    server.stop()
    assert server.stderr == ""
    stored = b"".join(each.read_bytes() for each in data.glob("*.sqlite3*"))
    assert stored
    for secret in (PASSWORD, *BASE64[1:]):
        assert secret.encode() not in stored


@pytest.fixture
def wire(guarded: Mailsink) -> Wire:
    return Wire(guarded)


def logged_in(wire: Wire, mechanism: str) -> None:
    """Hold the session to a good login, and mail that was stored."""
    session = wire.sessions()[-1]
    assert session["auth"] == {"mechanism": mechanism, "username": USER}
    assert session["protocol"] == "ESMTPA"
    assert session["messages"] == 1
    assert session["worst_code"] < 400


def refused(wire: Wire, mechanism: str) -> None:
    """Hold the session to a login that failed, after which no mail was taken."""
    session = wire.sessions()[-1]
    assert session["auth"] == {"mechanism": mechanism, "username": USER}
    assert session["messages"] == 0
    assert 535 in [each["code"] for each in session["exchanges"]]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks(guarded: Mailsink, wire: Wire, mechanism: str) -> None:
    login = ("--auth", mechanism, "--auth-user", USER, "--auth-password")
    swaks(guarded, *login, PASSWORD)
    logged_in(wire, mechanism)
    wire.matches(f"auth-swaks-{mechanism.lower()}")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_with_a_wrong_password(
    guarded: Mailsink, wire: Wire, mechanism: str
) -> None:
    swaks(
        guarded,
        *("--auth", mechanism, "--auth-user", USER, "--auth-password", "wrong"),
        code=28,  # no login worked
    )
    refused(wire, mechanism)


@pytest.mark.parametrize("mechanism", MSMTP)
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_msmtp(guarded: Mailsink, wire: Wire, mechanism: str, password: str) -> None:
    """SCRAM-SHA-256 among others, for which the server has to prove itself too."""
    good = password == PASSWORD
    msmtp(
        guarded,
        *(f"--auth={mechanism}", f"--user={USER}", f"--passwordeval=echo {password}"),
        *("--tls=off", "--from=a@example.com", "b@example.com"),
        text=MAIL_TEXT,
        code=0 if good else 77,  # EX_NOPERM
    )
    (logged_in if good else refused)(wire, mechanism.upper())
    wire.matches(f"auth-msmtp-{mechanism}{'' if good else '-wrong'}")


@pytest.mark.parametrize("mechanism", CURL)
@pytest.mark.parametrize("initial", [(), ("--sasl-ir",)])
def test_curl(
    guarded: Mailsink,
    wire: Wire,
    tmp_path: Path,
    mechanism: str,
    initial: tuple[str, ...],
) -> None:
    """With an initial response (--sasl-ir), and without."""
    curl(guarded.smtp, *letter(tmp_path), *_login(mechanism, PASSWORD), *initial)
    logged_in(wire, mechanism)
    at_once = "-at-once" if initial else ""
    wire.matches(f"auth-curl-{mechanism.lower()}{at_once}")


@pytest.mark.parametrize("mechanism", CURL)
def test_curl_with_a_wrong_password(
    guarded: Mailsink, wire: Wire, tmp_path: Path, mechanism: str
) -> None:
    wrong = _login(mechanism, "wrong")
    curl(guarded.smtp, *letter(tmp_path), *wrong, code=67)  # login denied
    refused(wire, mechanism)


def test_curl_by_xoauth2(
    start_mailsink: Callable[..., Mailsink], tmp_path: Path
) -> None:
    """Which it takes where OAUTHBEARER is not offered, whatever it is told."""
    server = start_mailsink(
        HOSTNAME="mx.test", SMTP_AUTH=f"{USER}:{PASSWORD}", SMTP_HIDE="OAUTHBEARER"
    )
    wire = Wire(server)
    curl(server.smtp, *letter(tmp_path), *_login("XOAUTH2", PASSWORD))
    logged_in(wire, "XOAUTH2")
    wire.matches("auth-curl-xoauth2")
    # It reads that the token is bad, and leaves without another word.
    curl(server.smtp, *letter(tmp_path), *_login("XOAUTH2", "wrong"), code=67)
    session = wire.sessions(2)[-1]
    assert (session["ending"], session["messages"]) == ("dropped", 0)
    assert session["exchanges"][-1]["code"] == 334


def _login(mechanism: str, secret: str) -> tuple[str, ...]:
    option = ("--login-options", f"AUTH={mechanism}")
    if "OAUTH" in mechanism:
        return ("--user", f"{USER}:", "--oauth2-bearer", secret, *option)
    return ("--user", f"{USER}:{secret}", *option)


@pytest.mark.parametrize("mechanism", ["CRAM-MD5", "PLAIN", "LOGIN"])
def test_smtplib(guarded: Mailsink, wire: Wire, mechanism: str) -> None:
    """Tells the password only after it was asked, or at once."""
    for at_once in (True, False):
        with smtplib.SMTP(*guarded.smtp, local_hostname="client.test") as client:
            client.ehlo()
            client.user, client.password = USER, PASSWORD
            method = getattr(client, f"auth_{mechanism.lower().replace('-', '_')}")
            client.auth(mechanism, method, initial_response_ok=at_once)
            client.sendmail("a@example.com", "b@example.com", MAIL)
        logged_in(wire, mechanism)
    wire.matches(f"auth-smtplib-{mechanism.lower()}", count=2)


def test_smtplib_tries_all_it_knows(guarded: Mailsink, wire: Wire) -> None:
    with (
        smtplib.SMTP(*guarded.smtp, local_hostname="client.test") as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login(USER, "wrong")
    refused(wire, "LOGIN")
    wire.matches("auth-smtplib-wrong")


def test_without_a_login_there_is_no_mail(guarded: Mailsink, wire: Wire) -> None:
    swaks(guarded, code=23)  # MAIL was refused
    session = wire.sessions()[-1]
    assert 530 in [each["code"] for each in session["exchanges"]]
    wire.matches("auth-swaks-without")


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_cyrus_sasl(guarded: Mailsink, wire: Wire, password: str) -> None:
    """By Postfix's client: Cyrus SASL names whom it acts for (RFC 5802 §7)."""
    settings = {
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": f"static:{USER}:{password}",
        "smtp_sasl_mechanism_filter": "scram-sha-256",
        "smtp_sasl_security_options": "noanonymous",
        "smtp_tls_security_level": "none",
    }
    with postfix(guarded.smtp, **settings) as relay, smtplib.SMTP(*relay) as client:
        client.sendmail("a@example.com", "b@example.com", MAIL)
        wire.sessions()
    (logged_in if password == PASSWORD else refused)(wire, "SCRAM-SHA-256")
