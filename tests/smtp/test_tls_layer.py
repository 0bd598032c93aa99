"""What comes within TLS, or behind its end, does not fill the memory or the time of others."""

from __future__ import annotations

import pytest

from mailsink.smtp.profile import Profile
from mailsink.smtp.tls.layer import TlsLayer
from tests.smtp import tls_client
from tests.smtp.harness import Session


def secured() -> tuple[Session, TlsLayer]:
    session = Session(
        Profile(hostname="mx.test", tls=tls_client.server(), implicit_tls=True)
    )
    session.secure()
    layer = session.machine.session.tls
    assert layer is not None
    return session, layer


@pytest.mark.parametrize("end", [b"", b"\x17\x03\x03\x00\x20" + b"x" * 32])
def test_garbage_behind_the_end_is_not_kept(end: bytes) -> None:
    """The end: close_notify, or a record that is none."""
    session, layer = secured()
    assert session.tls is not None
    session.machine.block_output(True)  # it waits to say goodbye
    session.machine.receive(end or session.tls.close())
    for _ in range(10):
        session.machine.receive(b"x" * 100_000)
    assert layer.ended
    assert layer._incoming.pending == 0


def test_records_without_text_end_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As new keys without end do (RFC 8446 §4.6.3), which Python's ssl cannot send."""
    session, _ = secured()
    monkeypatch.setattr(TlsLayer, "_read", lambda layer: b"")
    for _ in range(16):
        session.deliver(b"x" * 4096)
    assert not session.ended
    session.deliver(b"x")
    assert session.ended
    assert session.ending == "tls_failed"
