"""One Mailsink for all clients, with every listener; what they say to it is held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.transcripts import Wire
from tests.running import Mailsink

_ANY_PORT = "127.0.0.1:0"


@pytest.fixture(scope="session")
def mailsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A running Mailsink that all tests of clients share."""
    server = Mailsink(
        tmp_path_factory.mktemp("mailsink"),
        HOSTNAME="mx.test",
        STRICT="error",  # no mail of a client as it is by default has an error
        BOUNCES="off",  # the last message is the last that a client sent
        SMTPS=_ANY_PORT,
        SUBMISSION=_ANY_PORT,
        LMTP=_ANY_PORT,
        # of loopback's many addresses those that a client has to take on purpose
        SMTP_PROXY_FROM="127.0.0.2",
        SMTP_XCLIENT_FROM="127.0.0.3",
    )
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


@pytest.fixture(scope="module")
def lenient(mailsink: Mailsink) -> Iterator[None]:
    """For tests that send mail with errors on purpose: it is accepted all the same."""
    mailsink.patch("inboxes/default", strict="off")
    yield
    mailsink.patch("inboxes/default", strict="server")


@pytest.fixture(scope="session")
def certificate(mailsink: Mailsink) -> str:
    """The path of the certificate that it made for itself."""
    return str(mailsink.data / "tls-cert.pem")


@pytest.fixture
def wire(mailsink: Mailsink) -> Wire:
    """The sessions from the test's beginning on."""
    return Wire(mailsink)
