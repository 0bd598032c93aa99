"""HTTPS that Mailsink serves itself: who is let in, what is heard, and renewed certificates."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509

from mailsink import tls
from tests.programs import environment, program
from tests.running import ANY_PORT, ROOT, Mailsink, manage
from tests.smtp.tls_client import careless

BOTH = (*ANY_PORT, "--https", "127.0.0.1:0")
Start = Callable[..., Mailsink]
LARGE = 3_000_000  # octets: many pieces, and more than a socket holds


def https(server: Mailsink) -> str:
    """Return the URL that it prints for HTTPS."""
    return next(
        line.split()[1].rstrip("/")
        for line in server.lines
        if line.startswith("Web   https://")
    )


def address(server: Mailsink) -> tuple[str, int]:
    host, port = https(server).removeprefix("https://").split(":")
    return host, int(port)


def trusting(cert: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(cert))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path_factory.mktemp("https"), *BOTH)
    yield server
    server.stop()
    assert "Traceback" not in server.stderr


@pytest.fixture
def asking(server: Mailsink) -> Iterator[http.client.HTTPSConnection]:
    """A connection that trusts the certificate of the data folder, and checks its name."""
    context = trusting(server.data / "tls-cert.pem")
    connection = http.client.HTTPSConnection(*address(server), context=context)
    with closing(connection):
        yield connection


@contextmanager
def plain(server: Mailsink) -> Iterator[socket.socket]:
    with socket.create_connection(address(server), timeout=120) as client:
        yield client


@contextmanager
def secure(
    server: Mailsink, context: ssl.SSLContext | None = None
) -> Iterator[ssl.SSLSocket]:
    with plain(server) as raw:
        used = context or trusting(server.data / "tls-cert.pem")
        with used.wrap_socket(raw, server_hostname="localhost") as client:
            yield client


def answer(server: Mailsink) -> bytes:
    """Return the answer to a new client; empty if it is turned away."""
    try:
        with secure(server) as client:
            client.sendall(get("/health/live", "Connection: close"))
            return rest(client)
    except (ssl.SSLError, ConnectionError):
        return b""


def rest(client: socket.socket) -> bytes:
    octets = b""
    while more := client.recv(65536):
        octets += more
    return octets


def get(path: str, *fields: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]
    return "\r\n".join(lines).encode()


def test_the_address_is_printed_as_https(server: Mailsink) -> None:
    assert f"[http] accessible via {https(server)}/" in server.lines
    assert any(line.startswith("Web   http://") for line in server.lines)


def test_links_in_replies_lead_there(server: Mailsink) -> None:
    with smtplib.SMTP(*server.smtp) as client:
        client.helo("app.test")
        client.mail("app@shop.test")
        code, words = client.rcpt("rcpt550@example.com")
    assert code == 550
    assert f"(why: {https(server)}/s/".encode() in words


def test_curl(server: Mailsink) -> None:
    curl = program("curl", "curl")
    done = subprocess.run(
        [curl, "-sS", "--http1.1", "--cacert", server.data / "tls-cert.pem",
         "-w", " %{http_version} %{ssl_verify_result}", f"{https(server)}/health/ready"],
        env=environment(curl), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    body, version, verified = done.stdout.rsplit(" ", 2)
    assert json.loads(body)["status"] == "ok", done
    assert (version, verified) == ("1.1", "0")


def test_one_connection_has_many_requests(
    asking: http.client.HTTPSConnection,
) -> None:
    for path in ("/", "/api/v3/messages", "/health/live", "/static/icons.svg"):
        asking.request("GET", path)
        answer = asking.getresponse()
        assert answer.read()
        assert answer.status == 200
        assert "Strict-Transport-Security" not in answer.headers


def test_much_goes_both_ways(asking: http.client.HTTPSConnection) -> None:
    body = b"Subject: much\r\n\r\n" + b"0123456789abcde\r\n" * (LARGE // 17)
    fields = {"Content-Type": "message/rfc822"}
    asking.request("POST", "/api/v3/messages", body, fields)
    answer = asking.getresponse()
    made = json.loads(answer.read())
    assert answer.status == 201, made
    asking.request("GET", f"/api/v3/messages/{made['ids'][0]}/raw")
    assert asking.getresponse().read() == body


def test_cookies_are_secure_by_https_alone(
    server: Mailsink, asking: http.client.HTTPSConnection
) -> None:
    path = "/?show=mail"
    asking.request("GET", path)
    assert "; Secure" in asking.getresponse().headers["Set-Cookie"]
    by_http = http.client.HTTPConnection(server.url.removeprefix("http://"))
    with closing(by_http):
        by_http.request("GET", path)
        assert "; Secure" not in by_http.getresponse().headers["Set-Cookie"]


def handshake(server: Mailsink, origin: str) -> bytes:
    """Return what a websocket of a page of this origin hears first."""
    request = get(
        "/ws/live",
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", f"Origin: {origin}",
    )  # fmt: skip
    port = address(server)[1]
    request = request.replace(b"Host: localhost", f"Host: localhost:{port}".encode())
    with secure(server) as client:
        client.sendall(request)
        heard = client.recv(4096)
        while heard.startswith(b"HTTP/1.1 101 ") and b'"hello"' not in heard:
            heard += client.recv(4096)
        return heard


def test_a_websocket_is_for_pages_by_https(server: Mailsink) -> None:
    port = address(server)[1]
    assert b'"hello"' in handshake(server, f"https://localhost:{port}")
    assert handshake(server, f"http://localhost:{port}").startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_versions_of_today(server: Mailsink, version: str) -> None:
    context = careless()
    context.maximum_version = context.minimum_version = ssl.TLSVersion[version]
    with secure(server, context) as client:
        client.sendall(get("/health/live", "Connection: close"))
        assert rest(client).startswith(b"HTTP/1.1 200 ")


def test_older_versions_are_refused(server: Mailsink) -> None:
    context = careless(ssl.TLSVersion.TLSv1_1)
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"), secure(server, context):
        pass


def test_plain_http_hears_what_to_do(server: Mailsink) -> None:
    with plain(server) as client:
        client.sendall(get("/"))
        heard = rest(client)
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert b"https://" in heard


def test_smtp_clients_hear_where_mail_goes(server: Mailsink) -> None:
    with plain(server) as client:
        client.sendall(b"EHLO app.test\r\n")
        assert rest(client).startswith(b"554 5.3.2 This is Mailsink's web page")
    with secure(server) as client:
        client.sendall(b"EHLO app.test\r\n")
        assert rest(client).startswith(b"554 5.3.2 This is Mailsink's web page")


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x00\x05hello", b"\x16garbage" * 9])
def test_what_is_no_tls_is_closed(server: Mailsink, said: bytes) -> None:
    with plain(server) as client:
        client.sendall(said)
        assert rest(client)[:1] in (b"\x15", b""), "an alert (RFC 8446 §6), if any"


def test_a_refusal_amid_a_body_is_read_to_its_end(server: Mailsink) -> None:
    """The server says that no more comes, and takes what the client still sends."""
    with secure(server) as client:
        client.sendall(
            b"POST /settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
        )
        client.sendall(b"x" * 200_000)
        heard = rest(client)
    assert heard.startswith(b"HTTP/1.1 413 ")
    assert heard.rstrip().endswith(b"MAILSINK_MAX_MESSAGE_SIZE.")


def test_the_client_need_not_say_goodbye(server: Mailsink) -> None:
    """Who asked for a close gets one, though it never answers the server's close_notify."""
    context = careless()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    with plain(server) as raw:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        client.write(get("/health/live", "Connection: close"))
        raw.sendall(outgoing.read())
        assert rest(raw), "and the end of the connection"


def test_half_handshakes_give_way_to_others(tmp_path: Path) -> None:
    server = Mailsink(tmp_path / "few", *BOTH, descriptors=128)
    hello = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = careless().wrap_bio(*hello)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    half = hello[1].read()[:100]
    waiting = []
    try:
        for _ in range(300):
            waiting.append(socket.create_connection(address(server), timeout=120))
            with suppress(OSError):  # it was closed for another one by now
                waiting[-1].sendall(half)
        # While all the others arrive at once, one more may be asked to come again. But
        # the time for a handshake is not over yet.
        assert any(answer(server).startswith(b"HTTP/1.1 200 ") for _ in range(20))
    finally:
        for each in waiting:
            each.close()
        server.stop()


def test_a_public_name_is_kept_on_https(start_mailsink: Start) -> None:
    server = start_mailsink(*BOTH, PUBLIC_URL="https://mail.example")
    with secure(server) as client:
        client.sendall(
            get("/health/live", "Connection: close").replace(
                b"localhost", b"mail.example"
            )
        )
        assert b"strict-transport-security: max-age=" in rest(client).lower()
    with socket.create_connection(server.address("Web"), timeout=120) as raw:
        raw.sendall(get("/health/live", "Connection: close"))
        assert b"strict-transport-security" not in rest(raw).lower()


def pair(folder: Path) -> dict[str, str]:
    """Make a certificate; return the variables that name it."""
    folder.mkdir()
    tls.own_context(folder, "mail.example")
    cert, key = folder / "tls-cert.pem", folder / "tls-key.pem"
    return {"HTTPS_CERT": str(cert), "HTTPS_KEY": str(key)}


def serial(octets: bytes) -> int:
    return x509.load_der_x509_certificate(octets).serial_number


def shown(server: Mailsink) -> int:
    """Return the serial number of the certificate that newcomers see."""
    with secure(server, careless()) as client:
        octets = client.getpeercert(binary_form=True)
    assert octets
    return serial(octets)


def shown_to_mail(server: Mailsink) -> int:
    with smtplib.SMTP(*server.smtp) as client:
        client.starttls(context=careless())
        assert isinstance(client.sock, ssl.SSLSocket)
        octets = client.sock.getpeercert(binary_form=True)
    assert octets
    return serial(octets)


def replace(renewed: str, file: str) -> None:
    """Put a file in the place of another at once: half of one would be a fault of its own."""
    Path(shutil.copy(renewed, f"{file}.new")).replace(file)


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        threading.Event().wait(0.05)


def test_renewed_files_are_taken_while_it_runs(
    start_mailsink: Start, tmp_path: Path
) -> None:
    given, renewed = pair(tmp_path / "given"), pair(tmp_path / "renewed")
    cert, key = given["HTTPS_CERT"], given["HTTPS_KEY"]
    server = start_mailsink(*BOTH, TLS_CERT=cert, TLS_KEY=key)
    first = shown(server)
    assert shown_to_mail(server) == first
    with secure(server, careless()) as early:
        replace(renewed["HTTPS_CERT"], cert)
        # Each looks at the files in its own time.
        until(lambda: server.stderr.count("the renewed files are not used") == 2)
        assert shown(server) == shown_to_mail(server) == first, (
            "its key is not there yet"
        )
        ready = json.loads(server_ready(server))
        assert "the key is not that of" in ready["checks"]["certificates"]
        replace(renewed["HTTPS_KEY"], key)
        until(lambda: shown(server) != first)
        until(lambda: shown_to_mail(server) != first)
        early.sendall(get("/health/live", "Connection: close"))
        assert rest(early).startswith(b"HTTP/1.1 200 "), "begun with the one before"
    assert json.loads(server_ready(server))["checks"]["certificates"] == "ok"
    assert server.stderr.count("\n") == 2, "one line for each that uses them"


def server_ready(server: Mailsink) -> bytes:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    with closing(connection):
        connection.request("GET", "/health/ready")
        return connection.getresponse().read()


def test_a_certificate_of_its_own(start_mailsink: Start, tmp_path: Path) -> None:
    server = start_mailsink(*BOTH, **pair(tmp_path / "web"))
    assert shown(server) != shown_to_mail(server)


def test_a_pair_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    given = pair(tmp_path / "one") | {
        "HTTPS_KEY": pair(tmp_path / "other")["HTTPS_KEY"]
    }
    done = manage("serve", *BOTH, data=tmp_path / "data", **given)
    assert (done.returncode, done.stderr) == (
        1,
        "mailsink: MAILSINK_HTTPS_CERT and MAILSINK_HTTPS_KEY: the key is not that of the "
        "certificate\n",
    )


def test_an_expired_one_is_named(start_mailsink: Start, tmp_path: Path) -> None:
    """It is shown all the same: mail has to be taken, and pages can be read."""
    holder = tls.Holder(("mail.example",), expired=True)
    tls.kept_context(tmp_path, "tls", holder, "1.2")
    cert, key = tmp_path / "tls-cert.pem", tmp_path / "tls-key.pem"
    server = start_mailsink(*BOTH, HTTPS_CERT=str(cert), HTTPS_KEY=str(key))
    (line,) = server.stderr.splitlines()
    assert line.startswith(
        "mailsink: warning: MAILSINK_HTTPS_CERT and MAILSINK_HTTPS_KEY: the certificate expired"
    )
    assert shown(server)


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if "MAILSINK" not in name}
    return subprocess.run(
        [sys.executable, "-m", "mailsink", *arguments],
        cwd=ROOT, env={**kept, **variables}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_commands_know_their_own_server(server: Mailsink) -> None:
    host, port = address(server)
    done = command(
        "ready", "--wait",
        MAILSINK_HTTP="off", MAILSINK_HTTPS=f"{host}:{port}", MAILSINK_DATA=str(server.data),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_trust_an_authority_that_is_given(server: Mailsink) -> None:
    url = https(server).replace("127.0.0.1", "localhost")
    trusted = {"SSL_CERT_FILE": str(server.data / "tls-cert.pem"), "MAILSINK_URL": url}
    done = command("ready", "--wait", **trusted)
    assert (done.returncode, done.stderr) == (0, "")
    refused = command("inboxes", "list", MAILSINK_URL=url)
    assert refused.returncode == 1
    assert "is not trusted" in refused.stderr
    assert "SSL_CERT_FILE" in refused.stderr
