"""The other ways in: LMTP, and a load balancer that announces its client by PROXY or XCLIENT."""

from __future__ import annotations

import smtplib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.clients import MAIL, MAIL_TEXT, run
from tests.interop.postfix import postfix
from tests.interop.transcripts import Wire
from tests.programs import environment, program
from tests.running import Mailsink

BALANCER, TRUSTED = "127.0.0.2", "127.0.0.3"  # see conftest.py


def swaks(address: tuple[str, int], *arguments: str, code: int = 0) -> str:
    return run(
        program("swaks", "swaks"),
        *("--server", "{}:{}".format(*address), "--helo", "client.test"),
        *("--from", "a@example.com", "--to", "b@example.com,c@example.com"),
        *arguments,
        code=code,
    )


def final_codes(message: dict[str, Any]) -> list[int | None]:
    return [each["final_code"] for each in message["envelope"]["recipients"]]


def client_of(wire: Wire) -> tuple[str, int]:
    session = wire.sessions()[-1]
    return session["client_address"], session["client_port"]


@contextmanager
def haproxy(
    server: tuple[str, int], folder: Path, keywords: str, option: str = ""
) -> Iterator[tuple[str, int]]:
    """Run a private HAProxy before a server; gives its (host, port).

    keywords: of its line for the server; option: a line of its section
    """
    path = program("haproxy", "haproxy")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        (folder / "haproxy.cfg").write_text(
            "defaults\n mode tcp\n timeout connect 9s\n timeout client 120s\n"
            " timeout server 120s\n timeout check 120s\n"
            f"listen mail\n bind fd@{listening.fileno()}\n {option}\n"
            f" server mailsink {server[0]}:{server[1]} source {BALANCER} {keywords}\n"
        )
        process = subprocess.Popen(
            [path, "-db", "-f", str(folder / "haproxy.cfg")],
            env=environment(path),
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield listening.getsockname()[:2]
        finally:
            process.terminate()
            process.wait()


class TestLmtp:
    """RFC 2033: LHLO, and a reply to the message for each recipient."""

    def test_swaks(self, mailsink: Mailsink, wire: Wire) -> None:
        said = swaks(mailsink.address("LMTP"), "--protocol", "LMTP")
        assert "<c@example.com> Ok: queued as" in said
        assert final_codes(wire.message()) == [250, 250]
        wire.matches("lmtp-swaks")

    def test_smtp_source(self, mailsink: Mailsink, wire: Wire) -> None:
        """Reads as many replies as it had recipients, or waits for ever."""
        run(
            program("smtp-source", "postfix"),
            *("-L", "-d", "-m", "2", "-r", "3", "-M", "client.test"),
            *("-f", "a@example.com", "-t", "b@example.com"),
            "{}:{}".format(*mailsink.address("LMTP")),
        )
        assert final_codes(wire.message()) == [250, 250, 250]
        wire.matches("lmtp-smtp-source")

    def test_msmtp(self, mailsink: Mailsink, wire: Wire) -> None:
        host, port = mailsink.address("LMTP")
        run(
            program("msmtp", "msmtp"),
            *(
                "--file=/dev/null",
                f"--host={host}",
                f"--port={port}",
                "--protocol=lmtp",
            ),
            *("--domain=client.test", "--tls=off", "--from=a@example.com"),
            *("b@example.com", "c@example.com"),
            text=MAIL_TEXT,
        )
        assert final_codes(wire.message()) == [250, 250]
        wire.matches("lmtp-msmtp")

    def test_smtplib(self, mailsink: Mailsink, wire: Wire) -> None:
        """Reads one reply only, so it has one recipient here (CPython's gh-76984)."""
        with smtplib.LMTP(*mailsink.address("LMTP"), "client.test") as client:
            client.sendmail("a@example.com", ["b@example.com"], MAIL)
        assert final_codes(wire.message()) == [250]
        wire.matches("lmtp-smtplib")

    def test_postfix(self, mailsink: Mailsink, wire: Wire) -> None:
        """Delivers to both recipients in one transaction, as the last hop would."""
        host, port = mailsink.address("LMTP")
        lmtp = {
            "relayhost": "",
            "default_transport": f"lmtp:inet:{host}:{port}",
            "lmtp_destination_recipient_limit": "50",
        }
        with postfix((host, port), **lmtp) as relay, smtplib.SMTP(*relay) as client:
            client.sendmail("a@example.com", ["b@example.com", "c@example.com"], MAIL)
            assert final_codes(wire.message()) == [250, 250]
            wire.matches("lmtp-postfix")


class TestProxy:
    """HAProxy's header, before the greeting."""

    def swaks(self, mailsink: Mailsink, version: str, *arguments: str) -> None:
        address = mailsink.address("SMTPS" if "--tlsc" in arguments else "SMTP")
        families = {"1": "TCP4", "2": "AF_INET"}
        more = ("--proxy-protocol", "STREAM", "--proxy-command", "PROXY")
        swaks(
            address,
            *("--local-interface", BALANCER, "--proxy-version", version),
            *("--proxy-family", families[version], *(more if version == "2" else ())),
            *("--proxy-source", "192.0.2.7", "--proxy-source-port", "4711"),
            *("--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25"),
            *arguments,
        )

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_swaks(self, mailsink: Mailsink, wire: Wire, version: str) -> None:
        self.swaks(mailsink, version)
        assert wire.message()
        assert client_of(wire) == ("192.0.2.7", 4711)
        wire.matches(f"proxy-swaks-{version}")

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_before_tls(self, mailsink: Mailsink, wire: Wire, version: str) -> None:
        """The header goes in plain text before the handshake (RFC 8314's port)."""
        self.swaks(mailsink, version, "--tlsc")
        assert wire.message()
        assert client_of(wire) == ("192.0.2.7", 4711)
        assert wire.sessions()[-1]["protocol"] == "ESMTPS"

    @pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2"])
    def test_haproxy(
        self, mailsink: Mailsink, wire: Wire, tmp_path: Path, version: str
    ) -> None:
        """A real load balancer, whose client comes from an address of its own."""
        with haproxy(mailsink.smtp, tmp_path, version) as address:
            source = ("127.0.0.9", 0)
            with smtplib.SMTP(*address, "client.test", source_address=source) as client:
                assert client.sock is not None
                own: tuple[str, int] = client.sock.getsockname()
                client.sendmail("a@example.com", ["b@example.com"], MAIL)
        assert wire.message()
        assert client_of(wire) == own
        header = wire.sessions()[-1]["exchanges"][0]["line"]
        assert "which had connected to {}:{}".format(*address) in header

    def test_haproxys_health_check(
        self, mailsink: Mailsink, wire: Wire, tmp_path: Path
    ) -> None:
        """Says HELO for itself (LOCAL), and leaves well."""
        check = "send-proxy-v2 check inter 500ms"
        with haproxy(mailsink.smtp, tmp_path, check, "option smtpchk EHLO probe.test"):
            session = wire.sessions()[-1]
        assert session["client_address"] == BALANCER
        assert "speaks for itself" in session["exchanges"][0]["line"]
        assert session["helo"] == "probe.test"
        assert session["worst_code"] == 250

    def test_curl(self, mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
        """Announces itself, by version 1."""
        (tmp_path / "mail").write_bytes(MAIL)
        run(
            program("curl", "curl"),
            *(
                "--silent",
                "--show-error",
                "--interface",
                BALANCER,
                "--haproxy-protocol",
            ),
            *("--url", "smtp://{}:{}/client.test".format(*mailsink.smtp)),
            *("--mail-from", "a@example.com", "--mail-rcpt", "b@example.com"),
            *("--upload-file", str(tmp_path / "mail")),
        )
        assert wire.message()
        address, port = client_of(wire)
        assert address == BALANCER
        header = wire.sessions()[-1]["exchanges"][0]["line"]
        assert f"announced the client {BALANCER}:{port}" in header

    def test_a_client_without_a_header(self, mailsink: Mailsink, wire: Wire) -> None:
        """Waits for a greeting in vain, and is let go."""
        swaks(mailsink.smtp, "--local-interface", BALANCER, code=6)
        (session,) = wire.sessions()
        assert session["exchanges"][-1]["flags"] == ["bad_proxy_header"]
        wire.matches("proxy-swaks-none")

    def test_a_header_of_who_is_not_trusted(
        self, mailsink: Mailsink, wire: Wire
    ) -> None:
        swaks(
            mailsink.smtp,
            *("--proxy-version", "1", "--proxy-family", "TCP4", "--proxy-source"),
            *("192.0.2.7", "--proxy-source-port", "4711", "--proxy-dest", "192.0.2.1"),
            *("--proxy-dest-port", "25"),
            code=6,
        )
        assert client_of(wire)[0] == "127.0.0.1"
        wire.matches("proxy-swaks-untrusted")


class TestXclient:
    """Postfix's XCLIENT, after EHLO."""

    def test_swaks(self, mailsink: Mailsink, wire: Wire) -> None:
        """Tells all in one command, and is greeted again."""
        swaks(
            mailsink.smtp,
            *("--local-interface", TRUSTED, "--xclient-addr", "192.0.2.7"),
            *("--xclient-port", "4711", "--xclient-name", "client.example"),
            *("--xclient-helo", "client.example", "--xclient-login", "joe"),
            *("--xclient-proto", "ESMTP", "--xclient-destaddr", "192.0.2.1"),
            *("--xclient-destport", "25"),
        )
        assert wire.message()
        assert client_of(wire) == ("192.0.2.7", 4711)
        assert wire.sessions()[-1]["auth"]["username"] == "joe"
        wire.matches("xclient-swaks")

    def test_swaks_twice(self, mailsink: Mailsink, wire: Wire) -> None:
        """Sends two, for two greetings."""
        swaks(
            mailsink.smtp,
            *("--local-interface", TRUSTED, "--xclient-helo", "client.example"),
            *("--xclient-delim", "--xclient-addr", "IPV6:2001:db8::7"),
        )
        assert client_of(wire) == ("2001:db8::7", 0)
        wire.matches("xclient-swaks-twice")

    def test_swaks_is_not_trusted(self, mailsink: Mailsink, wire: Wire) -> None:
        """Is not offered it, and leaves."""
        swaks(mailsink.smtp, "--xclient-addr", "192.0.2.7", code=33)
        assert client_of(wire)[0] == "127.0.0.1"
        wire.matches("xclient-swaks-untrusted")
