"""The certificate: made once, kept to ourselves, made again in time; or given."""

from __future__ import annotations

import smtplib
import ssl
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailsink import tls
from tests.running import ANY_PORT, Mailsink, manage
from tests.smtp.tls_client import TlsClient, careless

Start = Callable[..., Mailsink]


def certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "tls-cert.pem").read_bytes())


def assert_pair(folder: Path) -> None:
    """Assert that the key is that of the certificate."""
    octets = (folder / "tls-key.pem").read_bytes()
    key = serialization.load_pem_private_key(octets, None)
    assert certificate(folder).public_key() == key.public_key()


def test_it_is_made_for_the_names_of_this_machine(tmp_path: Path) -> None:
    tls.own_context(tmp_path, "mx.test.")
    made = certificate(tmp_path)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx.test", "localhost"]
    addresses = names.get_values_for_type(x509.IPAddress)
    assert [str(each) for each in addresses] == ["127.0.0.1", "::1"]
    assert made.not_valid_before_utc < datetime.now(UTC)
    assert made.not_valid_after_utc > datetime.now(UTC) + timedelta(days=390)


def test_the_key_is_for_nobody_else(tmp_path: Path) -> None:
    tls.own_context(tmp_path, "mx.test")
    assert stat.S_IMODE((tmp_path / "tls-key.pem").stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "tls-cert.pem",
        "tls-key.pem",
    ]


def test_a_name_may_be_long_or_odd(tmp_path: Path) -> None:
    for name in ("a" * 63 + ".example.test", "under_score", "127.0.0.1", "localhost"):
        tls.own_context(tmp_path, name)


@pytest.mark.parametrize("strict", [False, True])
def test_it_can_be_trusted_by_strict_clients(tmp_path: Path, strict: bool) -> None:
    server = tls.own_context(tmp_path, "mx.test")
    context = ssl.create_default_context(cafile=str(tmp_path / "tls-cert.pem"))
    if strict:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("mx.test", "localhost", "127.0.0.1", "::1"):
        client = TlsClient(context, name)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        ours = server.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(client.shake_hands()[1])
        with pytest.raises(ssl.SSLWantReadError):
            ours.do_handshake()
        assert client.shake_hands(outgoing.read())[0]


def test_it_is_kept(tmp_path: Path) -> None:
    tls.own_context(tmp_path, "mx.test")
    first = certificate(tmp_path)
    tls.own_context(tmp_path, "mx.test")
    assert certificate(tmp_path) == first


def test_it_is_made_anew_for_another_name(tmp_path: Path) -> None:
    tls.own_context(tmp_path, "mx.test")
    first = certificate(tmp_path)
    tls.own_context(tmp_path, "other.test")
    assert certificate(tmp_path) != first


def test_it_is_made_anew_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tls, "_LIFE", timedelta(days=31))
        tls.own_context(tmp_path, "mx.test")
        first = certificate(tmp_path)
        tls.own_context(tmp_path, "mx.test")
        assert certificate(tmp_path) == first, "a day is left"
        patch.setattr(tls, "_RENEWED", timedelta(days=32))
        tls.own_context(tmp_path, "mx.test")
    assert certificate(tmp_path) != first


@pytest.mark.parametrize("name", ["tls-cert.pem", "tls-key.pem"])
@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_it_is_made_anew_where_it_is_broken(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    tls.own_context(tmp_path, "mx.test")
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    pair = (tmp_path / "tls-cert.pem", tmp_path / "tls-key.pem")
    before = [each.exists() and each.read_bytes() for each in pair]
    tls.own_context(tmp_path, "mx.test")
    assert all(now.read_bytes() != was for now, was in zip(pair, before, strict=True))
    assert_pair(tmp_path)


def test_a_key_of_another_certificate_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    tls.own_context(tmp_path, "mx.test")
    tls.own_context(tmp_path / "other", "mx.test")
    (tmp_path / "other" / "tls-key.pem").replace(tmp_path / "tls-key.pem")
    first = certificate(tmp_path)
    tls.own_context(tmp_path, "mx.test")
    assert certificate(tmp_path) != first
    assert_pair(tmp_path)


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder with a certificate and its key, as somebody would give them."""
    folder = tmp_path / "given"
    folder.mkdir()
    tls.own_context(folder, "mail.example")
    return folder


def refused(cert: Path, key: Path, data: Path) -> str:
    done = manage("serve", *ANY_PORT, data=data, TLS_CERT=str(cert), TLS_KEY=str(key))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("mailsink: MAILSINK_TLS_CERT and MAILSINK_TLS_KEY: ")
    return done.stderr


def test_a_pair_that_cannot_be_used_stops_the_start(
    tmp_path: Path, given: Path
) -> None:
    cert, key = given / "tls-cert.pem", given / "tls-key.pem"
    other = rsa.generate_private_key(65537, 2048)
    (given / "other.pem").write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (given / "locked.pem").write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"s3cret"),
        )
    )
    said = refused(cert, given / "other.pem", tmp_path)
    assert "the key is not that of the certificate" in said
    assert "encrypted" in refused(cert, given / "locked.pem", tmp_path)
    assert "in PEM form" in refused(key, cert, tmp_path)


def test_a_given_pair_is_served(start_mailsink: Start, given: Path) -> None:
    cert = given / "tls-cert.pem"
    server = start_mailsink(TLS_CERT=str(cert), TLS_KEY=str(given / "tls-key.pem"))
    assert not (server.data / "tls-key.pem").exists()
    with smtplib.SMTP(*server.smtp) as client:
        client._host = "mail.example"  # type: ignore[attr-defined]
        client.starttls(context=ssl.create_default_context(cafile=str(cert)))
        assert client.noop()[0] == 250


def test_a_first_start_serves_with_one_of_its_own(start_mailsink: Start) -> None:
    server = start_mailsink(*ANY_PORT, SMTPS="127.0.0.1:0", TLS_MIN="1.3")
    smtps = next(line for line in server.lines if line.startswith("SMTPS"))
    port = int(smtps.rpartition(":")[2])
    trusting = ssl.create_default_context(cafile=str(server.data / "tls-cert.pem"))
    with smtplib.SMTP_SSL("127.0.0.1", port, context=trusting) as client:
        assert client.sock is not None
        assert client.noop()[0] == 250
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        smtplib.SMTP_SSL("127.0.0.1", port, context=careless(ssl.TLSVersion.TLSv1_2))
    assert server.stop() == 0


def test_sigterm_with_a_tls_session_open(start_mailsink: Start) -> None:
    server = start_mailsink()
    client = smtplib.SMTP(*server.smtp)
    client.starttls(context=careless())
    client.ehlo()
    server.process.terminate()
    assert client.getreply()[0] == 421
    client.close()
    assert server.wait() == 0
    assert server.stderr == ""
