"""The Received field that a route may add (RFC 5321 section 4.4)."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.policy import SMTP
from typing import Any

import pytest

from inbox.models import Message, Session
from inbox.outgoing import trace_field
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 29, 14, 5, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_field, "mark", lambda: "Mailsink 12ab")
    monkeypatch.setattr(trace_field, "hostname", lambda: "sink.test")


def field(**session: Any) -> bytes:
    given = {"helo": "app.test", "client_address": "192.0.2.7", "protocol": "ESMTPSA"}
    of = factories.session(**given | session)
    return trace_field.of(factories.message(session=of, received_at=AT))


def test_the_field() -> None:
    said = field()
    [message] = Message.objects.all()
    assert said == (
        b"Received: from app.test ([192.0.2.7])\r\n\tby sink.test (Mailsink 12ab)\r\n\t"
        b"with ESMTPSA id %s;\r\n\tSun, 29 Nov 2026 14:05:06 +0000\r\n"
        % str(message.pk).encode()
    )
    read = email.message_from_bytes(said + b"\r\n", policy=SMTP)
    assert len(read["Received"].splitlines()) == 1
    assert not read.defects


@pytest.mark.parametrize(
    ("helo", "said"),
    [
        ("", "[192.0.2.7]"),
        ("a b", "[192.0.2.7]"),
        ("x\r\nBcc: all@evil.test", "[192.0.2.7]"),
        ("x) by evil (", "[192.0.2.7]"),
        ("bücher.test", "[192.0.2.7]"),
        ("[192.0.2.9]", "[192.0.2.9]"),
        ("app.test.", "app.test"),
    ],
)
def test_what_a_client_says_of_itself(helo: str, said: str) -> None:
    assert field(helo=helo).startswith(
        f"Received: from {said} ([192.0.2.7])\r\n".encode()
    )


@pytest.mark.parametrize(
    ("address", "literal"),
    [("2001:db8::1", "[IPv6:2001:db8::1]"), ("fe80::1%eth0", "[IPv6:fe80::1]")],
)
def test_ipv6(address: str, literal: str) -> None:
    assert f"app.test ({literal})".encode() in field(client_address=address)


@pytest.mark.parametrize("protocol", ["", "HTTP", "x\r\ny"])
def test_a_protocol_without_a_name(protocol: str) -> None:
    assert b"with" not in field(protocol=protocol)


def test_an_import_has_no_client() -> None:
    said = trace_field.of(factories.imported())
    assert said.startswith(b"Received: by sink.test (Mailsink 12ab)\r\n\tid ")
    assert Session.objects.get().has_no_client
