"""Costly octets on the port of HTTPS, by many connections at once: another's mail goes on."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.attack.web import LONGEST, Others, mail
from tests.running import ANY_PORT, Mailsink
from tests.smtp.tls_client import TlsClient, careless

_MAILS = 10
_HEAD = (
    b"POST /api/v3/messages HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: message/rfc822\r\nContent-Length: 90000000\r\n\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(
        tmp_path_factory.mktemp("https"), *ANY_PORT, "--https", "127.0.0.1:0"
    )
    yield server
    server.stop()


def secure(
    server: Mailsink, stack: ExitStack, context: ssl.SSLContext | None = None
) -> tuple[socket.socket, TlsClient]:
    """Return a connection whose handshake is done, and its TLS."""
    line = next(line for line in server.lines if "https://" in line)
    host, port = line.split("//")[1].rstrip("/").split(":")
    client = stack.enter_context(
        socket.create_connection((host, int(port)), timeout=120)
    )
    client_tls, done, came = TlsClient(context or careless(), None), False, b""
    while not done:
        done, octets = client_tls.shake_hands(came)
        client.sendall(octets)
        came = b"" if done else client.recv(65536)
    return client, client_tls


def small_records(octets: bytes, client_tls: TlsClient) -> bytes:
    """Return a record for each octet."""
    for each in octets:
        client_tls.object.write(bytes([each]))
    return client_tls.owed()


def flood(client: socket.socket, octets: bytes) -> None:
    with suppress(OSError, ssl.SSLError):  # it was closed for what it sent
        client.sendall(octets)


def test_records_of_one_octet(server: Mailsink) -> None:
    mail(server)
    with ExitStack() as stack:
        threads = []
        for _ in range(12):
            client, client_tls = secure(server, stack)
            client.sendall(client_tls.wrap(_HEAD))
            octets = small_records(b"x" * 8_000, client_tls)
            threads.append(threading.Thread(target=flood, args=(client, octets)))
        with Others(server) as others:
            for each in threads:
                each.daemon = True
                each.start()
            while len(others.waits) < _MAILS:
                threading.Event().wait(0.05)
    assert max(others.waits) < LONGEST, sorted(others.waits)


def expanded(secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 §7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    return HKDFExpand(SHA384(), length, info).derive(secret)


def new_keys(secret: bytes, count: int) -> bytes:
    """Return records that ask for new keys (RFC 8446 §4.6.3), each under those before.

    secret: of a client that has sent nothing within TLS_AES_256_GCM_SHA384
    """
    records = b""
    for _ in range(count):
        key, nonce = expanded(secret, "key", 32), expanded(secret, "iv", 12)
        said = b"\x18\x00\x00\x01\x01" + b"\x16"  # KeyUpdate, requested; a handshake's
        head = b"\x17\x03\x03" + (len(said) + 16).to_bytes(2, "big")
        records += head + AESGCM(key).encrypt(nonce, said, head)
        secret = expanded(secret, "traffic upd", 48)
    return records


def test_new_keys_without_end_come_to_an_end(server: Mailsink, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    context = careless()
    context.keylog_filename = str(keys)
    with ExitStack() as stack:
        client, client_tls = secure(server, stack, context)
        assert client_tls.object.cipher()[0] == "TLS_AES_256_GCM_SHA384"  # type: ignore[index]
        (secret,) = (
            bytes.fromhex(line.split()[2])
            for line in keys.read_text().splitlines()
            if line.startswith("CLIENT_TRAFFIC_SECRET_0 ")
        )
        flood(client, new_keys(secret, 4_000))
        with suppress(ConnectionResetError):
            while client.recv(65536):  # what it answers
                pass
    mail(server)
