"""How a session with a next hop begins: greeting, hello, TLS, login."""

from __future__ import annotations

import base64
import hmac

import pytest

from mailsink.smtp.client.hop_values import (
    ClientProfile,
    Login,
    TlsPolicy,
)
from mailsink.smtp.profile import Profile
from mailsink.smtp.tls.layer import TlsLayer
from tests.smtp import tls_client
from tests.smtp.harness import Session
from tests.smtp.hop import BODY, GREETING, Client, converse, greeted, mail

LOGIN = Login("user", "secret")


def test_helo_where_the_server_knows_no_ehlo() -> None:
    client = Client(mail())
    client.hear(GREETING)
    assert client.hear("500 What?") == ["HELO sink.test"]
    assert client.hear("250 hop.test") == ["MAIL FROM:<a@example.com>"]
    assert client.facts()["protocol"] == "SMTP"


@pytest.mark.parametrize(
    ("greeting", "state", "ending"),
    [
        ("554 5.3.2 No mail here", "failed", "refused"),
        ("450 4.3.2 Later", "deferred", "refused"),
        ("421 4.3.2 Busy", "deferred", "refused"),
        ("250 Hello", "failed", "refused"),
        ("HTTP/1.1 400 Bad Request", "deferred", "error"),
        ("220-a\r\n250 b", "deferred", "error"),
    ],
)
def test_a_greeting_that_is_none(greeting: str, state: str, ending: str) -> None:
    client = Client(mail("b@x.test", "c@x.test"))
    assert client.hear(greeting) == []
    assert client.states == [state, state]
    assert client.ending == ending


def test_a_server_that_greets_and_then_hangs() -> None:
    client = Client(mail(), profile=ClientProfile("sink.test", patience=0.1))
    client.hear(GREETING)
    client.wait(29.9)
    assert client.ending is None
    client.wait(0.2)
    assert client.ending == "timeout"
    assert client.reports[-1][0].text == "No reply came within 30 seconds."
    assert client.states == ["deferred"]


class TestLogin:
    def profile(self, tls: TlsPolicy = "off") -> ClientProfile:
        return ClientProfile("sink.test", tls, login=LOGIN)

    def test_plain(self) -> None:
        client = Client(mail(), profile=self.profile())
        secret = base64.b64encode(b"\0user\0secret").decode()
        assert greeted(client, "AUTH PLAIN LOGIN") == [f"AUTH PLAIN {secret}"]
        assert client.hear("235 Ok") == ["MAIL FROM:<a@example.com>"]
        assert client.facts() == {
            "helo": "sink.test", "protocol": "ESMTPA",
            "auth_mechanism": "PLAIN", "auth_username": "user",
        }  # fmt: skip
        assert "AUTH PLAIN ********" in client.lines()

    def test_login(self) -> None:
        client = Client(mail(), profile=self.profile())
        assert greeted(client, "AUTH=LOGIN") == ["AUTH LOGIN"]
        assert client.hear("334 VXNlcm5hbWU6") == [base64.b64encode(b"user").decode()]
        assert client.hear("334 UGFzc3dvcmQ6") == [base64.b64encode(b"secret").decode()]
        assert client.hear("235 Ok") == ["MAIL FROM:<a@example.com>"]

    def test_cram_md5_goes_first_where_nothing_is_encrypted(self) -> None:
        client = Client(mail(), profile=self.profile())
        assert greeted(client, "AUTH PLAIN CRAM-MD5") == ["AUTH CRAM-MD5"]
        [answer] = client.hear(f"334 {base64.b64encode(b'<1@x>').decode()}")
        digest = hmac.new(b"secret", b"<1@x>", "md5").hexdigest()
        assert base64.b64decode(answer).decode() == f"user {digest}"
        assert client.hear("235 Ok") == ["MAIL FROM:<a@example.com>"]

    def test_a_bad_challenge_is_cancelled(self) -> None:
        client = Client(mail(), profile=self.profile())
        greeted(client, "AUTH CRAM-MD5")
        assert client.hear("334 !") == ["*"]
        client.hear("501 Cancelled")
        assert client.states == ["deferred"]

    @pytest.mark.parametrize("keyword", ["AUTH PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5"])
    def test_the_password_is_nowhere(self, keyword: str) -> None:
        client = Client(mail(), profile=self.profile())
        greeted(client, keyword)
        client.hear("334 PDFAeD4=")
        client.hear("334 PDFAeD4=")
        client.hear("535 5.7.8 Bad")
        sent = [w.decode().strip().split()[-1] for w in client.writes[1:]]
        secrets = [each for each in sent if each not in ("LOGIN", "CRAM-MD5")]
        recorded = repr(client.events)
        assert secrets
        assert not [each for each in (*secrets, "secret") if each in recorded]

    def test_a_refused_login_is_tried_again_later(self) -> None:
        client = Client(mail(), profile=self.profile())
        greeted(client, "AUTH PLAIN")
        assert client.hear("535 5.7.8 Bad") == []
        assert (client.states, client.ending) == (["deferred"], "refused")
        assert client.reports[0][0].code == 535

    def test_no_way_to_log_in(self) -> None:
        client = Client(mail(), profile=self.profile())
        assert greeted(client, "AUTH XOAUTH2") == []
        assert "the server offers XOAUTH2" in client.reports[0][0].text

    def test_it_is_not_sent_in_plain_text_by_accident(self) -> None:
        client = Client(mail(), profile=self.profile("opportunistic"))
        assert greeted(client, "AUTH PLAIN") == []
        assert "the password was not sent" in client.reports[0][0].text


class TestTls:
    def profile(self, tls: TlsPolicy, context: object = None) -> ClientProfile:
        return ClientProfile(
            "sink.test", tls, context or tls_client.trusting(), tls_client.NAME  # type: ignore[arg-type]
        )  # fmt: skip

    def server(self, **more: object) -> Session:
        return Session(Profile(hostname="mx.test", tls=tls_client.server(), **more))  # type: ignore[arg-type]

    @pytest.mark.parametrize("tls", ["opportunistic", "required"])
    def test_starttls(self, tls: TlsPolicy) -> None:
        client, server = Client(mail(), profile=self.profile(tls)), self.server()
        converse(client, server)
        assert client.states == ["delivered"]
        assert client.ending == "quit"
        assert client.facts()["tls_version"] == "TLSv1.3"
        assert client.facts()["protocol"] == "ESMTPS"
        assert any(line.startswith("TLSv1.3 with ") for line in client.lines())
        assert server.arrivals[0].body.content == BODY

    def test_from_the_first_octet(self) -> None:
        client = Client(mail(), profile=self.profile("implicit"))
        converse(client, self.server(implicit_tls=True))
        assert client.states == ["delivered"]

    @pytest.mark.parametrize("tls", ["opportunistic", "required", "implicit"])
    def test_a_certificate_that_is_not_accepted(self, tls: TlsPolicy) -> None:
        client = Client(mail(), profile=self.profile(tls, tls_client.suspicious()))
        converse(client, self.server(implicit_tls=tls == "implicit"))
        assert (client.states, client.ending) == (["deferred"], "tls_failed")
        text = client.reports[0][0].text
        assert text.startswith("The certificate of the server is not accepted: ")
        assert text in client.lines()

    def test_records_without_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As a server's new keys without end (RFC 8446 §4.6.3)."""
        client = Client(mail(), profile=self.profile("implicit"))
        server = self.server(implicit_tls=True)
        for _ in range(3):  # the handshake alone
            server.deliver(client.take())
            client.dialogue.receive(server.take())
            client.wait(0)
        assert client.facts()["tls_version"] == "TLSv1.3"
        monkeypatch.setattr(TlsLayer, "_read", lambda layer: b"")
        client.dialogue.receive(b"x" * 70_000)
        client.wait(0)
        assert (client.states, client.ending) == (["deferred"], "tls_failed")
        assert "without text" in client.reports[0][0].text

    def test_required_and_not_offered(self) -> None:
        client = Client(mail(), profile=self.profile("required"))
        assert greeted(client) == []
        assert (client.states, client.ending) == (["deferred"], "tls_failed")

    def test_replies_before_the_handshake_are_dropped(self) -> None:
        """They may be an attacker's (CVE-2011-0411, on the client's side)."""
        client = Client(mail(), profile=self.profile("required"))
        assert greeted(client, "STARTTLS") == ["STARTTLS"]
        client.dialogue.receive(b"220 Go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
        client.wait(0)
        assert client.take()[:1] == b"\x16"
        assert not client.dialogue.offer.has("AUTH")
