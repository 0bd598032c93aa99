"""Mail libraries of other languages: in plain text, and with STARTTLS.

Certificates first are not trusted, then they are. Each library is recognised by what
it sends, and shows nothing that it does wrong by itself, but for what is listed.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.interop.clients import get
from tests.interop.libraries import LIBRARIES
from tests.running import Mailsink

# What libraries leave to those who use them, or do wrong; nothing where none is named.
WRONG = {
    "net-smtp": {"missing_date", "missing_message_id"},
    "lettre": {"missing_message_id"},
    "email-sender": {"missing_message_id"},
    "vertx-mail": {"size_mismatch"},  # it announces less than it sends
    "emailjs": {"bare_lf_data"},
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A server that offers no STARTTLS: some take it wherever it is offered."""
    server = Mailsink(
        tmp_path_factory.mktemp("plain"), SMTP_HIDE="STARTTLS", STRICT="error"
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(
        tmp_path_factory.mktemp("secure"), HOSTNAME="mx.test", STRICT="error"
    )
    yield server
    server.stop()


def send(name: str, server: Mailsink, trust: str, content: str = "text") -> str:
    """Have a library send its mail; return what it printed if it failed, else ""."""
    _before[server.url] = newest(server).get("id")
    command = LIBRARIES[name].command()
    done = subprocess.run(
        [*command, *map(str, server.smtp), trust, content],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return (done.stdout + done.stderr or "failed") if done.returncode else ""


_before: dict[str, object] = {}  # by server: the newest session before it was sent to


def newest(server: Mailsink) -> dict[str, object]:
    return dict(next(iter(get(server, "sessions?limit=1")["items"]), {}))


def last(server: Mailsink) -> dict[str, object]:
    """Return the newest session, once it is written as ended: the program is gone.

    Its row may be written a moment later: one of before is another's.
    """
    until = time.monotonic() + 120
    while True:
        found = newest(server)
        if found.get("closed_at") and found["id"] != _before[server.url]:
            return found
        assert time.monotonic() < until, found


CONTENTS = [
    (name, content)
    for name, library in LIBRARIES.items()
    for content in ("text", "html")
    if content == "text" or library.alternatives
]


@pytest.mark.parametrize(("name", "content"), CONTENTS)
def test_is_recognised(plain: Mailsink, name: str, content: str) -> None:
    assert send(name, plain, "none", content) == ""
    assert get(plain, "messages/latest")["subject"] == "Order 17"
    found = get(plain, f"sessions/{last(plain)['id']}/findings")
    client = found["client"]["name"].removeprefix("probably ")
    assert client == LIBRARIES[name].name
    wrong = {each["kind"] for each in found["items"] if each["severity"] != "info"}
    assert wrong == WRONG.get(name, set())


@pytest.mark.parametrize("name", LIBRARIES)
def test_starttls(secure: Mailsink, name: str) -> None:
    """A client that left over the certificate comes through once it trusts it."""
    certificate = str(secure.data / "tls-cert.pem")
    refused = send(name, secure, "system")
    if LIBRARIES[name].checks:
        assert refused
        left = get(secure, f"sessions/{last(secure)['id']}/findings")["items"]
        kinds = {each["kind"] for each in left}
        assert kinds & {"tls_untrusted", "left_at_certificate"}
        # Once it is not offered STARTTLS; those who need it do not send then.
        send(name, secure, certificate)
    assert send(name, secure, certificate) == ""
    assert last(secure)["tls"]
    assert last(secure)["messages"] == 1


def test_what_go_means_by_bad_certificate(secure: Mailsink) -> None:
    """Go sends it for an authority that it does not know (RFC 8446 §6.2 means another)."""
    assert "unknown authority" in send("net-smtp", secure, "system")
    session = get(secure, f"sessions/{last(secure)['id']}")
    (failed,) = (
        each for each in session["exchanges"] if "tls_untrusted" in each["flags"]
    )
    assert "does not know who signed it" in failed["line"]
    assert "(alert bad_certificate)" in failed["line"]
